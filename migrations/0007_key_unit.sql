-- Key supervised units (土壤污染重点监管单位) and the ground they produce on.
create table key_unit (
    id uuid primary key,
    code text not null unique check (code <> ''),
    name text not null check (name <> ''),
    credit_code text check (credit_code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'),
    division_code text not null references division (code),
    industry text check (industry ~ '^[0-9]{2,4}$'),
    listed_on date not null,
    removed_on date,
    area_m2 double precision not null check (area_m2 > 0),
    geom geometry(Geometry, 4490) not null,
    check (listed_on <= removed_on),
    constraint key_unit_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('key_unit');
create index key_unit_geom on key_unit using gist (geom);
create index key_unit_division on key_unit (division_code);
comment on table key_unit is 'key supervised units of soil pollution';
comment on column key_unit.code is 'the entry''s name in the list it comes from';
comment on column key_unit.credit_code is 'unified social credit code (GB 32100)';
comment on column key_unit.industry is 'GB/T 4754-2017, two to four digits';
comment on column key_unit.removed_on is 'the day on which it was taken off the list and from which it is no longer on it';
comment on column key_unit.area_m2 is 'ellipsoidal area of geom (CGCS2000)';
comment on column key_unit.geom is 'production land, CGCS2000 (EPSG:4490) lon/lat';
