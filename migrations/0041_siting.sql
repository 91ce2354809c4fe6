-- Siting checks (选址核查): what was asked, what was answered, byte for byte, for ever.
create table siting_check (
    id uuid primary key,
    number text not null unique,
    division_code text not null references division (code),
    year integer not null,
    serial integer not null check (serial > 0),
    checked_at timestamptz not null,
    on_day date not null,
    activity text not null,
    operation text,
    industry text,
    verdict text not null check (verdict in ('allow', 'allow_recorded', 'warn', 'hold', 'block')),
    reference text,
    area_m2 double precision not null,
    geom geometry(Geometry, 4490) not null,
    key_id uuid references platform_api_key (id),
    act_id uuid not null,
    body bytea not null,
    body_sha256 bytea not null check (body_sha256 = sha256(body)),
    unique (division_code, year, serial)
);
create index siting_check_geom on siting_check using gist (geom);
create index siting_check_division on siting_check (division_code, id);
comment on table siting_check is 'siting checks as answered; append-only';
comment on column siting_check.number is 'XZ, division, year, serial';
comment on column siting_check.serial is 'counts from 1 without gaps per division and year';
comment on column siting_check.on_day is 'day of the project''s approval or plan; picks the law';
comment on column siting_check.industry is 'GB/T 4754-2017, two to four digits';
comment on column siting_check.key_id is 'key of the caller; null for a command of the operator';
comment on column siting_check.body is 'the answer as sent, byte for byte';
comment on column siting_check.geom is 'the project''s land, CGCS2000 (EPSG:4490) lon/lat';

create function siting_check_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'siting checks are append-only' using errcode = 'JT004';
end $$;
create trigger siting_check_append_only before update or delete on siting_check
    for each row execute function siting_check_append_only();

-- The lock on its row is what makes serials follow one another without gaps: it is held until the check is committed.
create table siting_check_counter (
    division_code text not null,
    year integer not null,
    last integer not null,
    primary key (division_code, year)
);
comment on table siting_check_counter is 'the last serial of siting checks given per division and year';
