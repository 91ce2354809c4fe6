-- Administrative divisions (行政区划) and the development zones that act like counties.
create table division (
    id uuid primary key,
    code text not null unique check (code ~ '^[0-9]{6}$'),
    name_zh text not null check (name_zh <> ''),
    name_en text,
    level text not null check (level in ('nation', 'province', 'prefecture', 'county')),
    kind text not null default 'gb2260' check (kind in ('gb2260', 'development_zone')),
    parent_code text references division (code) deferrable initially deferred,
    parent_derived boolean not null default false,
    ancestors text[] not null,
    valid_from date,
    valid_to date,
    successor_code text,
    geom geometry(Geometry, 4490),
    check (valid_from <= valid_to),
    check ((level = 'nation') = (parent_code is null)),
    constraint division_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('division');
create index division_geom on division using gist (geom);
create index division_parent on division (parent_code);
create index division_ancestors on division using gin (ancestors);
comment on table division is 'administrative divisions with validity; history is never joined on today''s codes';
comment on column division.ancestors is 'codes from the nation down to and including this division; what a scope is matched with';
comment on column division.parent_derived is 'no parent was given: parent_code is the nearest division above by the digits, and is looked for again when one arrives';
comment on column division.valid_from is 'first day of this code, where known';
comment on column division.valid_to is 'last day of this code; null while it lives';
comment on column division.successor_code is 'the code that took its place';
comment on column division.geom is 'boundary, CGCS2000 (EPSG:4490) lon/lat; optional';

-- The nation is the root that every province hangs under.
select set_config('jingtu.act', '00000000-0000-0000-0000-000000000000', true),
       set_config('jingtu.now', '2026-01-01T00:00:00Z', true);
insert into division (id, code, name_zh, name_en, level, ancestors)
values ('00000000-0000-7000-8000-000000000000', '000000', '中华人民共和国', 'People''s Republic of China', 'nation', array['000000']);
