-- Reference layers: what other bureaus keep and checks look at beside the registers (schools, homes, hospitals, water
-- sources, basic farmland, red lines ...), with whatever attributes their files have.
create table reference_layer (
    id uuid primary key,
    name text not null unique check (name ~ '^[a-z][a-z0-9_-]{0,62}$'),
    kind text not null check (kind in (
        'schools', 'homes', 'hospitals', 'care_homes', 'kindergartens', 'water_sources', 'permanent_basic_farmland', 'red_lines',
        'other')),
    title_zh text not null check (title_zh <> ''),
    title_en text not null check (title_en <> ''),
    source text,
    as_of date,
    division_code text references division (code),
    public boolean not null default false,
    on_import text not null default 'add' check (on_import in ('add', 'replace')),
    loaded_on date
);
select platform_versioned('reference_layer');
create index reference_layer_kind on reference_layer (kind);
comment on table reference_layer is 'layers of other bureaus'' data that checks look at';
comment on column reference_layer.name is 'the name behind the colon of the import target reference:<name>';
comment on column reference_layer.kind is 'what its features are; checks look for them by it';
comment on column reference_layer.source is 'who keeps the data: bureau, document, address';
comment on column reference_layer.as_of is 'the day whose state it tells, as its source says';
comment on column reference_layer.division_code is 'the division that the layer is complete for, and whose bureaus keep it; null: the nation';
comment on column reference_layer.public is 'whether everybody may see it';
comment on column reference_layer.on_import is 'add: a file adds features and changes those it holds; replace: features that a file does not hold end';
comment on column reference_layer.loaded_on is 'day of the last import; null: nothing was ever loaded';

create table reference_feature (
    id uuid primary key,
    layer_id uuid not null references reference_layer (id),
    code text not null check (code <> ''),
    name text,
    attributes jsonb not null check (jsonb_typeof(attributes) = 'object'),
    ended_on date,
    geom geometry(Geometry, 4490) not null,
    unique (layer_id, code),
    constraint reference_feature_geom_kind check (geometrytype(geom) in (
        'POINT', 'MULTIPOINT', 'LINESTRING', 'MULTILINESTRING', 'POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('reference_feature');
create index reference_feature_geom on reference_feature using gist (geom);
create index reference_feature_history_layer on reference_feature_history (layer_id, code);
comment on table reference_feature is 'features of reference layers';
comment on column reference_feature.code is 'what the source calls it; the same code in a later file is the same feature';
comment on column reference_feature.attributes is 'the other attributes of the file, as they came';
comment on column reference_feature.ended_on is 'the day from which it is no longer there';
comment on column reference_feature.geom is 'point, line or area, CGCS2000 (EPSG:4490) lon/lat';
