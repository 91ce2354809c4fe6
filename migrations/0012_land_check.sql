-- Land checks (准入查询): what was asked, what was answered, byte for byte, for ever.
create table land_check (
    id uuid primary key,
    number text not null unique,
    division_code text not null references division (code),
    year integer not null,
    serial integer not null check (serial > 0),
    checked_at timestamptz not null,
    on_day date not null,
    operation text not null,
    verdict text not null check (verdict in ('allow', 'allow_recorded', 'warn', 'hold', 'block')),
    awaits_reply boolean not null,
    reference text,
    area_m2 double precision not null,
    geom geometry(Geometry, 4490) not null,
    key_id uuid references platform_api_key (id),
    act_id uuid not null,
    body bytea not null,
    body_sha256 bytea not null check (body_sha256 = sha256(body)),
    unique (division_code, year, serial)
);
create index land_check_geom on land_check using gist (geom);
create index land_check_division on land_check (division_code, id);
comment on table land_check is 'land checks as answered; append-only';
comment on column land_check.number is 'CX, division, year, serial';
comment on column land_check.serial is 'counts from 1 without gaps per division and year';
comment on column land_check.on_day is 'day of the operation; picks the law';
comment on column land_check.awaits_reply is 'whether the ecology bureau''s written reply is needed';
comment on column land_check.key_id is 'key of the caller; null for a command of the operator';
comment on column land_check.body is 'the answer as sent, byte for byte';

create function land_check_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'land checks are append-only' using errcode = 'JT004';
end $$;
create trigger land_check_append_only before update or delete on land_check
    for each row execute function land_check_append_only();

-- The lock on its row is what makes serials follow one another without gaps: it is held until the check is committed.
create table land_check_counter (
    division_code text not null,
    year integer not null,
    last integer not null,
    primary key (division_code, year)
);
comment on table land_check_counter is 'the last serial given per division and year';
