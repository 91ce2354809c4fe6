-- Which act wrote to which register, in the order of commits: what answers rest on, and what makes them untrue.
create table platform_touch (
    seq bigint primary key check (seq >= 1),
    act_id uuid not null,
    at timestamptz not null,
    registers text[] not null check (cardinality(registers) > 0)
);
comment on table platform_touch is 'acts that wrote to registers which answers rest on; append-only';
comment on column platform_touch.seq is 'number of the act''s last line in the audit chain: grows in the order of commits';

create function platform_touch_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the log of writes is append-only' using errcode = 'JT002';
end $$;
create trigger platform_touch_append_only before update or delete on platform_touch
    for each row execute function platform_touch_append_only();
create trigger platform_touch_never_emptied before truncate on platform_touch
    for each statement execute function platform_touch_append_only();

create table platform_register_version (
    register text primary key,
    seq bigint not null,
    changed_at timestamptz
);
comment on table platform_register_version is 'the last act that wrote to each register: the version of its data';
comment on column platform_register_version.seq is 'number of that act''s last line in the audit chain; 0: never written to since this is kept';

create table platform_late_act (
    act_id uuid primary key,
    read_seq bigint not null
);
comment on table platform_late_act is 'acts that answered by registers which another act changed before the answer was committed';
comment on column platform_late_act.read_seq is 'end of the audit chain when the registers were read';

-- One call per statement, however many rows it writes.
create function platform_note_touch() returns trigger language plpgsql as $$
declare
    so_far text := coalesce(current_setting('jingtu.touched', true), '');
begin
    if not (string_to_array(so_far, ',') @> array[tg_argv[0]]) then
        perform set_config('jingtu.touched', case so_far when '' then tg_argv[0] else so_far || ',' || tg_argv[0] end, true);
    end if;
    return null;
end $$;
comment on function platform_note_touch is 'remembers until the end of the act that a register was written to';

-- A table of a register that answers rest on calls this once. Acts are found by their rows, in the history too.
create function platform_watched(t regclass, register text) returns void language plpgsql as $$
begin
    insert into platform_register_version (register, seq) values (register, 0) on conflict do nothing;
    execute format('create trigger %I after insert or update on %s for each statement execute function platform_note_touch(%L)',
        replace(t::text, '.', '_') || '_note_touch', t, register);
    execute format('create index on %s (act_id)', t);
    execute format('create index on %s_history (act_id)', t);
end $$;
comment on function platform_watched is 'makes writes to a table known as writes to a register that answers rest on';

select platform_watched('site', 'sites'), platform_watched('site_negative_list', 'negative_list'),
    platform_watched('control_zone', 'control_zones'), platform_watched('key_unit', 'key_units'),
    platform_watched('farmland_unit', 'farmland'), platform_watched('farmland_class', 'farmland'), platform_watched('coverage_area', 'coverage'),
    platform_watched('division', 'divisions');
