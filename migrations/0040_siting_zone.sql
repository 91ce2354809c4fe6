-- Zones within which the siting of industry is controlled, as published; the statement that a place has published its zones;
-- and divisions whose approvals are limited (限批).
create table siting_zone (
    id uuid primary key,
    code text not null unique check (code <> ''),
    name text not null check (name <> ''),
    kind text not null check (kind in ('priority_farmland_concentration', 'permanent_basic_farmland_concentration')),
    division_code text not null references division (code),
    published_by text not null check (published_by <> ''),
    published_on date not null,
    document_number text,
    document_id uuid,
    ended_on date,
    end_reason text,
    area_m2 double precision not null check (area_m2 > 0),
    geom geometry(Geometry, 4490) not null,
    check (published_on <= ended_on),
    constraint siting_zone_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('siting_zone');
create index siting_zone_geom on siting_zone using gist (geom);
create index siting_zone_division on siting_zone (division_code, kind);
comment on table siting_zone is 'published zones in which the siting of industry is controlled';
comment on column siting_zone.code is 'the name that the publisher files it under';
comment on column siting_zone.kind is 'priority_farmland_concentration 优先保护类耕地集中区域, permanent_basic_farmland_concentration 永久基本农田集中区域';
comment on column siting_zone.published_on is 'the day from which it holds';
comment on column siting_zone.ended_on is 'the day from which it no longer holds';
comment on column siting_zone.area_m2 is 'ellipsoidal area of geom (CGCS2000)';
comment on column siting_zone.geom is 'outline, CGCS2000 (EPSG:4490) lon/lat';

create table siting_zone_publication (
    id uuid primary key,
    division_code text not null references division (code),
    kind text not null check (kind in ('priority_farmland_concentration', 'permanent_basic_farmland_concentration')),
    as_of date not null,
    published_by text not null check (published_by <> ''),
    document_number text,
    document_id uuid,
    withdrawn_reason text check (withdrawn_reason <> ''),
    unique (division_code, kind, as_of)
);
select platform_versioned('siting_zone_publication');
comment on table siting_zone_publication is 'that a division has published all its zones of a kind, none among them; without it, no zone is not known to mean none';
comment on column siting_zone_publication.as_of is 'the day whose state it tells';
comment on column siting_zone_publication.withdrawn_reason is 'why it was entered in error; null while it counts';

create table siting_zone_restriction (
    id uuid primary key,
    division_code text not null references division (code),
    label text not null check (label in ('eia_approvals', 'regional_approvals')),
    covers text not null check (covers in ('every_project', 'soil_polluting', 'as_worded')),
    scope text not null check (scope <> ''),
    from_on date not null,
    until_on date,
    authority text not null check (authority <> ''),
    document_number text,
    document_id uuid,
    end_reason text,
    check (from_on <= until_on)
);
select platform_versioned('siting_zone_restriction');
create index siting_zone_restriction_division on siting_zone_restriction (division_code);
comment on table siting_zone_restriction is 'divisions whose approvals of projects are limited by an order (限批)';
comment on column siting_zone_restriction.label is 'eia_approvals 环评限批, regional_approvals 区域限批';
comment on column siting_zone_restriction.covers is 'which projects a check can tell that it covers; as_worded: a person reads the scope';
comment on column siting_zone_restriction.scope is 'the scope in the words of the order';
comment on column siting_zone_restriction.until_on is 'last day; null: until it is lifted';
comment on column siting_zone_restriction.authority is 'who ordered it';
create index siting_zone_history_geom on siting_zone_history using gist (geom);
