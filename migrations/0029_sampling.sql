-- Soil and crop samples: where they are taken, what was taken when, what the laboratory found.
create table sampling_point (
    id uuid primary key,
    code text not null unique check (code <> ''),
    name text,
    division_code text not null references division (code),
    program text not null check (program in ('survey', 'routine_monitoring', 'self_monitoring', 'investigation')),
    site_id uuid references site (id),
    key_unit_id uuid references key_unit (id),
    owner_credit_code text check (owner_credit_code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'),
    land_type text check (land_type in ('paddy', 'upland', 'irrigated', 'orchard', 'grassland', 'forest')),
    rotation boolean not null default false,
    land_use_system text,
    land_use_code text,
    township text,
    village text,
    in_use_from date,
    in_use_to date,
    source text,
    geom geometry(Point, 4490),
    check ((land_use_system is null) = (land_use_code is null)),
    check (in_use_from <= in_use_to)
);
select platform_versioned('sampling_point');
create index sampling_point_geom on sampling_point using gist (geom);
create index sampling_point_division on sampling_point (division_code, code);
create index sampling_point_owner on sampling_point (owner_credit_code) where owner_credit_code is not null;
comment on table sampling_point is 'places where soil, crops, water or air are sampled';
comment on column sampling_point.program is 'survey 详查/普查, routine_monitoring 国控/省控例行监测, self_monitoring 企业自行监测, investigation 地块调查';
comment on column sampling_point.site_id is 'the site that an investigation is about';
comment on column sampling_point.key_unit_id is 'the key unit whose self-monitoring it serves';
comment on column sampling_point.owner_credit_code is 'credit code of the land user who may see its self-monitoring';
comment on column sampling_point.land_type is 'kind of farmland, as stated; null: not stated, or no farmland';
comment on column sampling_point.rotation is 'paddy and upland in turn (水旱轮作)';
comment on column sampling_point.land_use_system is 'system of land_use_code';
comment on column sampling_point.in_use_from is 'first day of use; null: since before anything known';
comment on column sampling_point.in_use_to is 'last day of use; null: in use';
comment on column sampling_point.geom is 'CGCS2000 (EPSG:4490) lon/lat; null: no position was stated';

create table sampling_sample (
    id uuid primary key,
    point_id uuid not null references sampling_point (id),
    code text not null unique check (code <> ''),
    program text not null check (program in ('survey', 'routine_monitoring', 'self_monitoring', 'investigation')),
    medium text not null
        check (medium in ('soil', 'crop', 'plant', 'groundwater', 'surface_water', 'sediment', 'air', 'other')),
    product text,
    material text,
    depth_from_m numeric check (depth_from_m >= 0),
    depth_to_m numeric check (depth_to_m >= 0),
    sampled_on date not null,
    laboratory text,
    method text,
    ph numeric check (ph between 0 and 14),
    document_id uuid references document (id),
    stated_geom geometry(Point, 4490),
    withdrawn boolean not null default false,
    reason text,
    check (depth_from_m <= depth_to_m),
    check (not withdrawn or reason is not null)
);
select platform_versioned('sampling_sample');
create index sampling_sample_point on sampling_sample (point_id, sampled_on);
create index sampling_sample_day on sampling_sample (sampled_on);
comment on table sampling_sample is 'samples as taken; never deleted, but withdrawn with a reason';
comment on column sampling_sample.program is 'the point''s at the time of sampling, unless stated otherwise';
comment on column sampling_sample.medium is 'what was sampled; only soil is held to the soil standards';
comment on column sampling_sample.product is 'the crop''s name, of crop samples';
comment on column sampling_sample.material is 'the material in the words or codes of the report';
comment on column sampling_sample.depth_from_m is 'upper end, metres below ground';
comment on column sampling_sample.ph is 'soil pH; null: not measured';
comment on column sampling_sample.stated_geom is 'position that the report states, where it differs from the point''s';
comment on column sampling_sample.reason is 'of the last correction or of the withdrawal';

create table sampling_result (
    id uuid primary key,
    sample_id uuid not null references sampling_sample (id),
    substance text not null,
    below boolean not null,
    value numeric not null check (value >= 0),
    unit text not null,
    mg_kg numeric not null,
    method text,
    limit_value numeric check (limit_value > 0),
    limit_unit text,
    limit_mg_kg numeric check (limit_mg_kg > 0),
    limit_instrument text,
    withdrawn boolean not null default false,
    reason text,
    unique (sample_id, substance),
    check ((limit_value is null) = (limit_unit is null) and (limit_value is null) = (limit_mg_kg is null)),
    check (not withdrawn or reason is not null)
);
select platform_versioned('sampling_result');
comment on table sampling_result is 'what the laboratory found; one row per sample and substance';
comment on column sampling_result.substance is 'key of the substance in the standards'' list';
comment on column sampling_result.below is 'below the limit of detection, which is value (<)';
comment on column sampling_result.value is 'the number as stated';
comment on column sampling_result.unit is 'the unit as stated';
comment on column sampling_result.mg_kg is 'value in mg/kg, exact';
comment on column sampling_result.limit_value is 'limit that the report of a crop sample states, in limit_unit';
comment on column sampling_result.limit_instrument is 'where the report says that this limit is from';
comment on column sampling_result.reason is 'of the last correction or of the withdrawal';

-- ---- the one way to ask: each table as known at an instant (null: now) ----

create function sampling_points_at(known timestamptz) returns setof sampling_point
language sql stable parallel safe as $$
    select * from sampling_point as n where known is null or n.sys_from <= known
    union all
    select * from sampling_point_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function sampling_points_at is 'sampling points as known at an instant; null: now';

create function sampling_samples_at(known timestamptz) returns setof sampling_sample
language sql stable parallel safe as $$
    select * from sampling_sample as n where known is null or n.sys_from <= known
    union all
    select * from sampling_sample_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function sampling_samples_at is 'samples as known at an instant; null: now';
create index sampling_sample_history_point on sampling_sample_history (point_id);

create function sampling_results_at(known timestamptz) returns setof sampling_result
language sql stable parallel safe as $$
    select * from sampling_result as n where known is null or n.sys_from <= known
    union all
    select * from sampling_result_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function sampling_results_at is 'results as known at an instant; null: now';
create index sampling_result_history_sample on sampling_result_history (sample_id);

-- A row that was taken, with a remark: a value that its file does not have.
alter table platform_job_row drop constraint platform_job_row_status_check;
alter table platform_job_row add constraint platform_job_row_status_check check (status in ('rejected', 'repaired', 'noted'));

-- Which unit a point lay in, as known at an instant, is asked of the units' earlier outlines too.
create index if not exists farmland_unit_history_geom on farmland_unit_history using gist (geom);
