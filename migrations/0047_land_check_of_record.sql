-- What a reply rests on, how it stands, and how far the watch over all replies has come.
drop trigger land_check_append_only on land_check;
alter table land_check
    add column read_seq bigint not null default 0,
    add column log_index bigint unique;
create trigger land_check_append_only before update or delete on land_check
    for each row execute function land_check_append_only();
create trigger land_check_never_emptied before truncate on land_check
    for each statement execute function land_check_append_only();
-- Replies are long, alike, and read whole: lz4 costs a fraction of the default, where the server has it.
do $$
begin
    alter table land_check alter column body set compression lz4;
exception when others then
    raise notice 'replies are compressed with the server''s default';
end $$;
create index land_check_act on land_check (act_id);
comment on column land_check.read_seq is 'end of the audit chain when the registers were read';
comment on column land_check.log_index is 'place in the log of replies; null: answered before there was one';

create table land_check_standing (
    check_id uuid not null references land_check (id),
    seq integer not null check (seq >= 1),
    status text not null check (status in ('superseded', 'withdrawn')),
    since timestamptz not null,
    because jsonb not null check (jsonb_typeof(because) = 'array'),
    verdict_now text check (verdict_now in ('allow', 'allow_recorded', 'warn', 'hold', 'block')),
    reason text,
    key_id uuid references platform_api_key (id),
    act_id uuid not null,
    primary key (check_id, seq),
    check ((status = 'withdrawn') = (reason is not null)),
    check ((status = 'superseded') = (verdict_now is not null))
);
create index land_check_standing_since on land_check_standing (since desc, check_id desc);
comment on table land_check_standing is 'what became of replies: each row from its instant on; none: the reply is valid. Append-only';
comment on column land_check_standing.because is 'what changed: [{what, register, code, text_zh, text_en}]';
comment on column land_check_standing.verdict_now is 'verdict of the same question when it was superseded';
comment on column land_check_standing.reason is 'why it was withdrawn, in the words of whoever did';
create function land_check_standing_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the standing of land checks is append-only' using errcode = 'JT004';
end $$;
create trigger land_check_standing_append_only before update or delete on land_check_standing
    for each row execute function land_check_standing_append_only();
create trigger land_check_standing_never_emptied before truncate on land_check_standing
    for each statement execute function land_check_standing_append_only();

create table land_check_watch (
    one boolean primary key default true check (one),
    seq bigint not null,
    day date,
    rules text,
    sweep_after uuid
);
insert into land_check_watch (one, seq) select true, seq from platform_audit_head;
comment on table land_check_watch is 'how far the watch over replies is: bookkeeping, not audited';
comment on column land_check_watch.seq is 'every write to registers up to this number in the audit chain has been judged';
comment on column land_check_watch.day is 'the civil day up to which what begins and ends by the calendar has been judged';
comment on column land_check_watch.rules is 'digest of the rules and settings that replies were last held against';
comment on column land_check_watch.sweep_after is 'a change of rules is being held against every reply, and this one was the last; null: none is';
