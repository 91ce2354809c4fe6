-- The three lists (一名单二名录) with their history, what departments tell each other of them, and the negative list's papers.
create table site_list_entry (
    id uuid primary key,
    site_id uuid not null references site (id),
    list text not null check (list in ('suspected_list', 'contaminated_directory', 'control_list')),
    entered_on date,
    entered_seq integer not null check (entered_seq >= 1),
    left_on date,
    left_seq integer check (left_seq > entered_seq),
    left_because text,
    withdrawn boolean not null default false,
    check (left_on is null or left_seq is not null),
    check (left_because is null or left_seq is not null)
);
select platform_versioned('site_list_entry');
create unique index site_list_entry_open on site_list_entry (site_id, list) where left_seq is null and not withdrawn;
create index site_list_entry_by_site on site_list_entry (site_id, entered_seq);
create index site_list_entry_by_list on site_list_entry (list, site_id);
create index site_list_entry_history_by_list on site_list_entry_history (list, sys_to);
create index site_list_entry_history_by_site on site_list_entry_history (site_id);
comment on table site_list_entry is 'periods during which sites were on the three lists; one row per stay';
comment on column site_list_entry.entered_on is 'first day on the list; null where an existing register did not say';
comment on column site_list_entry.entered_seq is 'the event of the site''s log that put it on the list';
comment on column site_list_entry.left_on is 'the day from which it is not on the list any more';
comment on column site_list_entry.left_seq is 'the event that took it off; null while it is on the list';
comment on column site_list_entry.left_because is 'the transition that took it off, as T6';
comment on column site_list_entry.withdrawn is 'the entry in the list was voided as entered in error: it never was';

create table site_list_grade (
    id uuid primary key,
    entry_id uuid not null references site_list_entry (id),
    risk_grade text not null check (risk_grade in ('high', 'medium', 'low')),
    since date,
    seq integer not null check (seq >= 1),
    withdrawn boolean not null default false
);
select platform_versioned('site_list_grade');
create index site_list_grade_entry on site_list_grade (entry_id, seq);
create index site_list_grade_history_entry on site_list_grade_history (entry_id);
comment on table site_list_grade is 'risk grades of entries in the directory; the one with the greatest seq counts';
comment on column site_list_grade.since is 'first day of the grade; null where an existing register did not say';
comment on column site_list_grade.seq is 'the event of the site''s log that graded it';
comment on column site_list_grade.withdrawn is 'the grading was voided as entered in error';

-- What the logs say already, each change recorded when it was recorded there, so that known_at reaches behind this migration.
do $$
declare
    change record;
    entry uuid;
begin
    for change in
        select v.site_id, v.seq, v.act_id, v.recorded_at, v.type, v.occurred_on, v.payload,
               case when e.value ->> 'kind' = 'undone' then e.value #>> '{effect,kind}' else e.value ->> 'kind' end as kind,
               e.value ->> 'kind' = 'undone' as undone,
               coalesce(e.value ->> 'list', e.value #>> '{effect,list}') as list,
               coalesce(e.value ->> 'grade', e.value #>> '{effect,grade}') as grade
        from site_event v cross join lateral jsonb_array_elements(v.effects) with ordinality as e (value, n)
        order by v.site_id, v.seq,
                 case when coalesce(e.value #>> '{effect,kind}', e.value ->> 'kind') = 'risk_graded' then 1 else 0 end, e.n
    loop
        continue when change.kind not in ('list_entered', 'list_left', 'risk_graded');
        perform set_config('jingtu.act', change.act_id::text, true),
                set_config('jingtu.now', change.recorded_at::text, true);
        if change.kind = 'list_entered' and not change.undone then
            insert into site_list_entry (id, site_id, list, entered_on, entered_seq)
            values (gen_random_uuid(), change.site_id, change.list,
                    -- The day since which an existing register has a stage is that of the entry where the stage is what
                    -- the entry leads to.
                    case when change.type <> 'registered' then change.occurred_on
                         when change.list = case change.payload ->> 'stage'
                                  when 'suspected' then 'suspected_list'
                                  when 'contaminated' then 'contaminated_directory'
                                  when 'listed' then 'control_list' end then change.occurred_on
                    end,
                    change.seq);
        elsif change.kind = 'list_entered' then
            update site_list_entry set withdrawn = true
            where site_id = change.site_id and list = change.list and left_seq is null and not withdrawn;
        elsif change.kind = 'list_left' and not change.undone then
            update site_list_entry set left_on = change.occurred_on, left_seq = change.seq
            where site_id = change.site_id and list = change.list and left_seq is null and not withdrawn;
        elsif change.kind = 'list_left' then
            update site_list_entry set left_on = null, left_seq = null
            where id = (select e.id from site_list_entry e
                        where e.site_id = change.site_id and e.list = change.list and e.left_seq is not null
                          and not e.withdrawn
                        order by e.left_seq desc limit 1);
        elsif change.kind = 'risk_graded' and not change.undone then
            insert into site_list_grade (id, entry_id, risk_grade, since, seq)
            select gen_random_uuid(), e.id, change.grade, coalesce(change.occurred_on, e.entered_on), change.seq
            from site_list_entry e
            where e.site_id = change.site_id and e.list = 'contaminated_directory' and e.left_seq is null
              and not e.withdrawn;
        else
            update site_list_grade set withdrawn = true
            where id = (select g.id from site_list_grade g join site_list_entry e on e.id = g.entry_id
                        where e.site_id = change.site_id and not g.withdrawn order by g.seq desc limit 1);
        end if;
    end loop;
    -- An existing register's grade is in the site's own record.
    for change in
        select s.id, s.risk_grade, e.id as entry_id, e.entered_on, e.entered_seq, e.act_id, e.sys_from
        from site s join site_list_entry e on e.site_id = s.id
        where e.list = 'contaminated_directory' and e.left_seq is null and not e.withdrawn and s.risk_grade is not null
          and not exists (select 1 from site_list_grade g where g.entry_id = e.id)
    loop
        perform set_config('jingtu.act', change.act_id::text, true), set_config('jingtu.now', change.sys_from::text, true);
        insert into site_list_grade (id, entry_id, risk_grade, since, seq)
        values (gen_random_uuid(), change.entry_id, change.risk_grade, change.entered_on, change.entered_seq);
    end loop;
    -- Where a list is said by the site's record and by no event of its log.
    for change in
        select s.id, l.list, l.day, s.act_id, s.sys_from
        from site s
            cross join lateral (values ('suspected_list', s.on_suspected_list, s.suspected_on),
                                       ('contaminated_directory', s.in_directory, s.contaminated_on),
                                       ('control_list', s.on_control_list, null::date)) as l (list, is_on, day)
        where l.is_on
          and not exists (select 1 from site_list_entry e
                          where e.site_id = s.id and e.list = l.list and e.left_seq is null and not e.withdrawn)
    loop
        perform set_config('jingtu.act', change.act_id::text, true), set_config('jingtu.now', change.sys_from::text, true);
        insert into site_list_entry (id, site_id, list, entered_on, entered_seq)
        values (gen_random_uuid(), change.id, change.list, change.day, 1);
    end loop;
    perform set_config('jingtu.act', '', true), set_config('jingtu.now', '', true);
end $$;

-- The exchange of lists between departments: frozen, numbered per division.
create table site_exchange_series (
    division_code text primary key references division (code),
    last integer not null check (last >= 0)
);
comment on table site_exchange_series is 'last number given per division; locked until the act commits, so exchanges come one after another';

create table site_exchange (
    id uuid primary key,
    division_code text not null references division (code),
    number integer not null check (number >= 1),
    from_day date,
    to_day date not null,
    cut_at timestamptz not null,
    made_at timestamptz not null,
    act_id uuid not null,
    made_by text not null,
    unique (division_code, number)
);
comment on table site_exchange is 'what one division''s ecology bureau told the other departments of the three lists';
comment on column site_exchange.number is 'counts the exchanges of a division from 1';
comment on column site_exchange.from_day is 'of a first exchange that does not tell everything: the first day whose entries it tells; of a later one the day of the cut before';
comment on column site_exchange.to_day is 'last day whose entries it tells';
comment on column site_exchange.cut_at is 'what the registry knew at this instant is told';
comment on column site_exchange.made_by is 'role and key, no personal data';

create table site_exchange_row (
    exchange_id uuid not null references site_exchange (id),
    n integer not null check (n >= 1),
    change text not null check (change in ('baseline', 'entered', 'left', 'reinstated', 'withdrawn', 'graded',
                                           'stage_changed', 'moved_out')),
    list text not null,
    entry_id uuid not null references site_list_entry (id),
    site_id uuid not null references site (id),
    code text not null,
    national_code text,
    directory_code text,
    name text not null,
    division_code text not null,
    division_name text not null,
    address text,
    land_user_name text,
    land_user_credit_code text,
    former_industry text,
    land_use_system text,
    land_use_code text,
    entered_on date,
    left_on date,
    left_seq integer,
    withdrawn boolean not null,
    risk_grade text,
    risk_grade_before text,
    stage text not null,
    control_mode text,
    stage_since date,
    stage_before text,
    control_mode_before text,
    area_m2 double precision not null,
    invented boolean not null,
    geom geometry(Geometry, 4490) not null,
    primary key (exchange_id, n)
);
create index site_exchange_row_entry on site_exchange_row (entry_id);
comment on table site_exchange_row is 'one change told by an exchange, with the entry as it then stood; the last one of an entry is what the division was told';
comment on column site_exchange_row.change is 'baseline: not told, taken for told before the first exchange';

create table site_exchange_part (
    exchange_id uuid not null references site_exchange (id),
    format text not null check (format in ('csv', 'xlsx', 'geojson')),
    part integer not null check (part >= 0),
    content bytea not null,
    primary key (exchange_id, format, part)
);
comment on table site_exchange_part is 'the bytes of an exchange''s files, in pieces of a mebibyte';

create table site_exchange_file (
    exchange_id uuid not null references site_exchange (id),
    format text not null check (format in ('csv', 'xlsx', 'geojson')),
    bytes bigint not null check (bytes >= 0),
    sha256 bytea not null check (length(sha256) = 32),
    primary key (exchange_id, format)
);
comment on table site_exchange_file is 'length and SHA-256 of an exchange''s files';

create function site_exchange_frozen() returns trigger language plpgsql as $$
begin
    raise exception 'an exchange is frozen' using errcode = 'JT002';
end $$;
create trigger site_exchange_frozen before update or delete on site_exchange
    for each row execute function site_exchange_frozen();
create trigger site_exchange_row_frozen before update or delete on site_exchange_row
    for each row execute function site_exchange_frozen();
create trigger site_exchange_part_frozen before update or delete on site_exchange_part
    for each row execute function site_exchange_frozen();
create trigger site_exchange_file_frozen before update or delete on site_exchange_file
    for each row execute function site_exchange_frozen();

-- Uses barred by a decision, and lifted by one.
alter table site_negative_list add column document_id uuid, add column lifted_why text;
alter table site_negative_list_history add column document_id uuid, add column lifted_why text;
alter table site_negative_list add check (lifted_why is null or until is not null);
comment on column site_negative_list.document_id is 'the decision, where one is filed';
comment on column site_negative_list.lifted_why is 'why it does not hold any more';
