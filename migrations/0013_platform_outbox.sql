-- The outbox: what other systems are told, numbered in the order in which it was committed; and who is told.

-- A UUIDv7 of an instant, for rows that are made many at a time.
create function platform_uuid_v7(at timestamptz) returns uuid language sql volatile parallel safe as $$
    select encode(
        set_bit(
            set_bit(
                overlay(uuid_send(gen_random_uuid())
                        placing substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3) from 1 for 6),
                52, 1),
            53, 1),
        'hex')::uuid
$$;
comment on function platform_uuid_v7 is 'a new identifier (UUIDv7) whose time part is the instant';

-- Where a record lies now: what a subscription to an area is matched with.
create function platform_outbox_place(of_register text, of_id uuid) returns geometry language plpgsql stable as $$
declare
    subject record;
begin
    case of_register
        when 'site' then return (select geom from site where id = of_id);
        when 'farmland', 'farmland_unit' then return (select geom from farmland_unit where id = of_id);
        when 'control_zone', 'control_zones' then return (select geom from control_zone where id = of_id);
        when 'key_unit', 'key_units' then return (select geom from key_unit where id = of_id);
        when 'land_check' then return (select geom from land_check where id = of_id);
        when 'division', 'divisions' then return (select geom from division where id = of_id);
        when 'deadline' then
            select subject_register, subject_id into subject from deadline where id = of_id;
            if not found or subject.subject_register = 'deadline' then
                return null;
            end if;
            return platform_outbox_place(subject.subject_register, subject.subject_id);
        else return null;
    end case;
end $$;
comment on function platform_outbox_place is 'outline of a record of a register, CGCS2000 (EPSG:4490); null where it has none';

create table platform_outbox (
    seq bigint primary key check (seq >= 1),
    id uuid not null unique,
    act_id uuid not null,
    recorded_at timestamptz not null,
    kind text not null check (kind ~ '^[a-z][a-z0-9_.]{0,63}$'),
    register text not null check (register ~ '^[a-z][a-z0-9_]{0,63}$'),
    subject_id uuid not null,
    subject_code text not null,
    division_code text not null check (division_code ~ '^[0-9]{6}$'),
    owner_credit_code text,
    public boolean not null,
    occurred_on date,
    data jsonb not null check (jsonb_typeof(data) = 'object'),
    place geometry(Geometry, 4490)
);
create index platform_outbox_division on platform_outbox (division_code, seq);
create index platform_outbox_kind on platform_outbox (kind, seq);
create index platform_outbox_subject on platform_outbox (register, subject_id, seq);
create index platform_outbox_owner on platform_outbox (owner_credit_code, seq) where owner_credit_code is not null;
create index platform_outbox_public on platform_outbox (seq) where public;
comment on table platform_outbox is 'changes that others are told of, written in the act that made them; append-only';
comment on column platform_outbox.seq is 'from 1 without gaps, in the order of commits: whoever has read up to one number misses nothing below it';
comment on column platform_outbox.kind is 'what happened, such as site.stage_changed';
comment on column platform_outbox.register is 'register of the record that changed, such as site';
comment on column platform_outbox.subject_id is 'the record; deliveries keep the order of one record''s changes';
comment on column platform_outbox.subject_code is 'its code for people';
comment on column platform_outbox.division_code is 'division of the record at the change; what a scope is matched with';
comment on column platform_outbox.owner_credit_code is 'credit code of the land user whose record it is: decides who may read, and is never shown';
comment on column platform_outbox.public is 'everybody may know';
comment on column platform_outbox.occurred_on is 'civil day on which it happened, where it has one';
comment on column platform_outbox.data is 'codes, stages, days and figures; no personal data';
comment on column platform_outbox.place is 'outline of the record at the end of the act, CGCS2000 (EPSG:4490); null where it has none';

create function platform_outbox_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the outbox is append-only' using errcode = 'JT002';
end $$;
create trigger platform_outbox_append_only before update or delete on platform_outbox
    for each row execute function platform_outbox_append_only();
create trigger platform_outbox_never_emptied before truncate on platform_outbox
    for each statement execute function platform_outbox_append_only();
