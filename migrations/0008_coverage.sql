-- Where which registers are kept, and which ground was investigated and found clean. Without this, "no record" would be
-- read as "clean".
create table coverage_area (
    id uuid primary key,
    code text not null unique check (code <> ''),
    name text not null check (name <> ''),
    division_code text not null references division (code),
    registers text[] not null check (
        cardinality(registers) > 0
        and registers <@ array['suspected_sites', 'contaminated_sites', 'control_list', 'farmland', 'key_units', 'control_zones']),
    status text not null check (status in ('kept', 'investigated_clean')),
    as_of date not null,
    source text,
    ended_on date,
    geom geometry(Geometry, 4490) not null,
    check (as_of <= ended_on),
    constraint coverage_area_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('coverage_area');
create index coverage_area_geom on coverage_area using gist (geom);
create index coverage_area_division on coverage_area (division_code);
comment on table coverage_area is 'areas for which registers are kept, or that were investigated and found clean';
comment on column coverage_area.registers is 'the registers it speaks of';
comment on column coverage_area.status is 'kept: the register is complete here; investigated_clean: looked for and not found';
comment on column coverage_area.as_of is 'the day whose state it tells: of the register, or of the investigation';
comment on column coverage_area.source is 'who says so: report, notice, document';
comment on column coverage_area.ended_on is 'the day from which it no longer holds';
comment on column coverage_area.geom is 'the area, CGCS2000 (EPSG:4490) lon/lat';
