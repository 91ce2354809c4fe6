-- Control zones (管控区域) approved by governments.
create table control_zone (
    id uuid primary key,
    code text not null unique check (code <> ''),
    name text not null check (name <> ''),
    division_code text not null references division (code),
    site_code text,
    approved_by text not null check (approved_by <> ''),
    approved_on date not null,
    document_number text,
    undeveloped boolean not null default true,
    ended_on date,
    area_m2 double precision not null check (area_m2 > 0),
    geom geometry(Geometry, 4490) not null,
    check (approved_on <= ended_on),
    constraint control_zone_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('control_zone');
create index control_zone_geom on control_zone using gist (geom);
create index control_zone_division on control_zone (division_code);
comment on table control_zone is 'zones drawn around land that is temporarily not developed, or otherwise controlled';
comment on column control_zone.code is 'the name that the approving government files it under';
comment on column control_zone.site_code is 'code of the site it was drawn for, where there is one';
comment on column control_zone.undeveloped is 'temporarily undeveloped land (暂不开发利用): no development inside';
comment on column control_zone.ended_on is 'the day on which it was ended and from which it no longer holds';
comment on column control_zone.area_m2 is 'ellipsoidal area of geom (CGCS2000)';
comment on column control_zone.geom is 'outline, CGCS2000 (EPSG:4490) lon/lat';
