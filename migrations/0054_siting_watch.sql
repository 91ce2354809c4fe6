-- Siting checks are watched as land checks are: what they rest on, where it may lie, how they stand, how far the watch is.
drop trigger siting_check_append_only on siting_check;
alter table siting_check
    add column places text[] not null default '{}',
    add column around geometry(Geometry, 4490),
    add column log_index bigint unique;
update siting_check c
set places = array(select jsonb_array_elements_text(b.body #> '{parcel,division_codes}')),
    around = st_setsrid(platform_near_box(c.geom, (
        select max((d ->> 'metres')::double precision) from jsonb_array_elements(b.body -> 'distances') d)), 4490),
    log_index = (b.body #>> '{proof,log_index}')::bigint
from (select id, convert_from(body, 'UTF8')::jsonb as body from siting_check) b
where b.id = c.id;
alter table siting_check
    alter column places drop default,
    alter column around set not null;
create trigger siting_check_append_only before update or delete on siting_check
    for each row execute function siting_check_append_only();
create trigger siting_check_never_emptied before truncate on siting_check
    for each statement execute function siting_check_append_only();
create index siting_check_around on siting_check using gist (around);
create index siting_check_places on siting_check using gin (places);
create index siting_check_act on siting_check (act_id);
comment on column siting_check.places is 'divisions that the land lies in: what is published and ordered for them bears on the answer';
comment on column siting_check.around is 'the box within which records bear on the answer: the land, widened by the farthest distance asked';
comment on column siting_check.log_index is 'place in the log of what was signed; null: answered before there was one';

create table siting_check_standing (
    check_id uuid not null references siting_check (id),
    seq integer not null check (seq >= 1),
    status text not null check (status = 'superseded'),
    since timestamptz not null,
    because jsonb not null check (jsonb_typeof(because) = 'array'),
    verdict_now text not null check (verdict_now in ('allow', 'allow_recorded', 'warn', 'hold', 'block')),
    act_id uuid not null,
    primary key (check_id, seq)
);
create index siting_check_standing_since on siting_check_standing (since desc, check_id desc);
comment on table siting_check_standing is 'what became of siting checks: each row from its instant on; none: the answer is valid. Append-only';
comment on column siting_check_standing.because is 'what changed: [{what, register, code, text_zh, text_en}]';
comment on column siting_check_standing.verdict_now is 'verdict of the same question when it was superseded';
create function siting_check_standing_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the standing of siting checks is append-only' using errcode = 'JT004';
end $$;
create trigger siting_check_standing_append_only before update or delete on siting_check_standing
    for each row execute function siting_check_standing_append_only();
create trigger siting_check_standing_never_emptied before truncate on siting_check_standing
    for each statement execute function siting_check_standing_append_only();

create table siting_check_watch (
    one boolean primary key default true check (one),
    seq bigint not null,
    day date,
    rules text,
    sweep_after uuid
);
insert into siting_check_watch (one, seq) select true, seq from platform_audit_head;
comment on table siting_check_watch is 'how far the watch over siting checks is: bookkeeping, not audited';
comment on column siting_check_watch.seq is 'every write to registers up to this number in the audit chain has been judged';
comment on column siting_check_watch.day is 'the civil day up to which what begins and ends by the calendar has been judged';
comment on column siting_check_watch.rules is 'digest of the rules and settings that answers were last held against';
comment on column siting_check_watch.sweep_after is 'a change of rules is being held against every answer, and this one was the last; null: none is';

-- Each watch looks at its own late answers again.
alter table platform_late_act add column answers text not null default 'land_check';
alter table platform_late_act alter column answers drop default;
comment on column platform_late_act.answers is 'what was answered: whose watch looks at it again';

select platform_watched('siting_zone', 'siting_zones'), platform_watched('siting_zone_publication', 'siting_zones'),
    platform_watched('siting_zone_restriction', 'siting_zones'), platform_watched('reference_layer', 'reference'),
    platform_watched('reference_feature', 'reference');
create index reference_feature_ended on reference_feature (ended_on) where ended_on is not null;
create index reference_feature_history_geom on reference_feature_history using gist (geom);
