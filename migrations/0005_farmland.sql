-- Farmland units (农用地单元) with their soil-quality class.
create table farmland_unit (
    id uuid primary key,
    code text not null unique check (code <> ''),
    division_code text not null references division (code),
    land_type text not null check (land_type in ('paddy', 'upland', 'irrigated', 'orchard', 'grassland', 'forest')),
    crop text,
    township text,
    village text,
    pbf boolean,
    class text not null default 'unclassified'
        check (class in ('priority_protection', 'safe_use', 'strict_control', 'unclassified')),
    class_since date,
    area_m2 double precision not null check (area_m2 > 0),
    stated_area_m2 double precision check (stated_area_m2 > 0),
    geom geometry(Geometry, 4490) not null,
    constraint farmland_unit_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('farmland_unit');
create index farmland_unit_geom on farmland_unit using gist (geom);
create index farmland_unit_division on farmland_unit (division_code, code);
comment on table farmland_unit is 'farmland units and the class given to them; earlier classes are in the history';
comment on column farmland_unit.pbf is 'permanent basic farmland; null: not known';
comment on column farmland_unit.class is 'priority_protection 优先保护类, safe_use 安全利用类, strict_control 严格管控类, or unclassified';
comment on column farmland_unit.class_since is 'first day on which the class holds; null: not known';
comment on column farmland_unit.area_m2 is 'ellipsoidal area of geom (CGCS2000)';
comment on column farmland_unit.stated_area_m2 is 'area as the source states it, where it does';
comment on column farmland_unit.geom is 'outline, CGCS2000 (EPSG:4490) lon/lat';
