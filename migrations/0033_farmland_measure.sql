-- Measures on farmland: safe-use plans, crop ban zones, restructuring plans, remediation, groundwater plans, measures on
-- priority land; the units that each covers, its events and the results of its years.
create table farmland_measure (
    id uuid primary key,
    number text collate "C" not null unique check (number <> ''),
    kind text not null check (kind in ('safe_use_plan', 'crop_ban_zone', 'restructuring_plan', 'remediation',
                                       'groundwater_plan', 'priority_protection')),
    title text not null check (title <> ''),
    division_code text not null references division (code),
    from_on date not null,
    to_on date,
    proposed_by text not null check (proposed_by <> ''),
    proposed_on date not null,
    executor text,
    actions text[] not null default '{}',
    products text[] not null default '{}',
    document_id uuid references document (id),
    note text,
    approved_on date,
    approved_by text,
    approval_number text,
    filed_on date,
    effective_on date,
    uploaded_on date,
    effect_reported_on date,
    ended_on date,
    withdrawn_on date,
    area_m2 double precision check (area_m2 > 0),
    geom geometry(Geometry, 4490),
    check (from_on <= to_on),
    check ((geom is null) = (area_m2 is null)),
    check (kind = 'crop_ban_zone' or (geom is null and products = '{}')),
    check (withdrawn_on is null or effective_on is null),
    check (ended_on is null or effective_on <= ended_on),
    constraint farmland_measure_geom_area check (geom is null or geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('farmland_measure');
create index farmland_measure_geom on farmland_measure using gist (geom);
create index farmland_measure_division on farmland_measure (division_code, number);
create index farmland_measure_effective on farmland_measure (kind, effective_on) where effective_on is not null;
comment on table farmland_measure is 'measures that the law asks for on farmland by its class, and zones in which crops are banned';
comment on column farmland_measure.number is 'division, word of the kind, year, serial: 152921-禁产-2026-0001';
comment on column farmland_measure.kind is 'safe_use_plan 安全利用方案, crop_ban_zone 特定农产品禁止生产区域, restructuring_plan 种植结构调整计划, remediation 修复, groundwater_plan 地下水污染防治方案, priority_protection 优先保护措施';
comment on column farmland_measure.division_code is 'division of whoever makes it; a ban zone is approved by the government of this very division';
comment on column farmland_measure.from_on is 'first day that it is made for; it does not hold before effective_on';
comment on column farmland_measure.to_on is 'last day that it is made for; null: until it is ended';
comment on column farmland_measure.proposed_by is 'the body that makes or proposes it, in the office''s words';
comment on column farmland_measure.executor is 'who carries it out; with remediation never the evaluator of its effect';
comment on column farmland_measure.actions is 'what is done';
comment on column farmland_measure.products is 'products that nobody grows in a ban zone; none named: no edible product at all';
comment on column farmland_measure.effective_on is 'day of the approval or filing from which it can hold; null: a draft, or withdrawn';
comment on column farmland_measure.ended_on is 'the day from which it holds no longer';
comment on column farmland_measure.area_m2 is 'ellipsoidal area of geom (CGCS2000)';
comment on column farmland_measure.geom is 'outline of a ban zone where it has one of its own, CGCS2000 (EPSG:4490) lon/lat';

create table farmland_measure_unit (
    id uuid primary key,
    measure_id uuid not null references farmland_measure (id),
    unit_id uuid not null references farmland_unit (id),
    area_share double precision not null check (area_share > 0 and area_share <= 1),
    removed boolean not null default false,
    unique (measure_id, unit_id)
);
select platform_versioned('farmland_measure_unit');
create index farmland_measure_unit_by_unit on farmland_measure_unit (unit_id);
create index farmland_measure_unit_history_by_measure on farmland_measure_unit_history (measure_id);
create index farmland_measure_unit_history_by_unit on farmland_measure_unit_history (unit_id);
comment on table farmland_measure_unit is 'farmland units that a measure covers, for as long as it holds';
comment on column farmland_measure_unit.area_share is 'share of the unit''s area that is covered; 1: all of it';
comment on column farmland_measure_unit.removed is 'taken out of the measure';

create table farmland_measure_target (
    id uuid primary key,
    measure_id uuid not null references farmland_measure (id),
    year integer not null check (year between 2000 and 2999),
    action text not null,
    area_m2 double precision not null check (area_m2 > 0),
    removed boolean not null default false,
    unique (measure_id, year, action)
);
select platform_versioned('farmland_measure_target');
create index farmland_measure_target_history_by_measure on farmland_measure_target_history (measure_id);
comment on table farmland_measure_target is 'area that a plan is to reach, by year and action';

create table farmland_measure_event (
    id uuid primary key,
    measure_id uuid not null references farmland_measure (id),
    seq integer not null check (seq >= 1),
    type text not null check (type in ('approved', 'filed', 'uploaded', 'effect_report_filed', 'ended', 'withdrawn',
                                       'entered_in_error')),
    occurred_on date not null,
    body text,
    number text,
    document_id uuid references document (id),
    reason text,
    recorded_by text not null,
    recorded_at timestamptz not null,
    voided boolean not null default false,
    unique (measure_id, seq)
);
select platform_versioned('farmland_measure_event');
create index farmland_measure_event_history_by_measure on farmland_measure_event_history (measure_id);
comment on table farmland_measure_event is 'what happened to a measure: its approval, filing, upload, report of effect, end';
comment on column farmland_measure_event.body is 'the government that approved, the system uploaded to, the agency that evaluated';
comment on column farmland_measure_event.number is 'number of the approval or filing, or the receipt of the upload';
comment on column farmland_measure_event.recorded_by is 'role of whoever recorded it, no personal data';
comment on column farmland_measure_event.voided is 'entered in error; an event of that type says when and why';

create table farmland_measure_result (
    id uuid primary key,
    measure_id uuid not null references farmland_measure (id),
    unit_id uuid not null references farmland_unit (id),
    year integer not null check (year between 2000 and 2999),
    implemented boolean not null,
    products_ok text not null check (products_ok in ('yes', 'no', 'unknown')),
    document_id uuid references document (id),
    note text,
    unique (measure_id, unit_id, year)
);
select platform_versioned('farmland_measure_result');
create index farmland_measure_result_year on farmland_measure_result (year, unit_id);
create index farmland_measure_result_history_by_measure on farmland_measure_result_history (measure_id);
create index farmland_measure_result_history_year on farmland_measure_result_history (year);
comment on table farmland_measure_result is 'what was done on a unit in a year under a measure, and whether its products were up to standard';
comment on column farmland_measure_result.document_id is 'the evidence';

-- The lock on its row is what makes serials follow one another without gaps: it is held until the measure is committed.
create table farmland_measure_counter (
    division_code text not null,
    year integer not null,
    kind text not null,
    last integer not null check (last > 0),
    primary key (division_code, year, kind)
);
comment on table farmland_measure_counter is 'the last serial given per division, year and kind';

-- ---- the one way to ask for what was known ----

create function farmland_measures_known(known timestamptz) returns setof farmland_measure
language sql stable parallel safe as $$
    select * from farmland_measure as n where known is null or n.sys_from <= known
    union all
    select * from farmland_measure_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function farmland_measures_known is 'measures as known at an instant (null: now)';

create function farmland_measure_units_known(known timestamptz) returns setof farmland_measure_unit
language sql stable parallel safe as $$
    select * from farmland_measure_unit as n where (known is null or n.sys_from <= known) and not n.removed
    union all
    select * from farmland_measure_unit_history as h
    where known is not null and h.sys_from <= known and h.sys_to > known and not h.removed
$$;
comment on function farmland_measure_units_known is 'units that measures cover as known at an instant (null: now)';

create function farmland_measure_events_known(known timestamptz) returns setof farmland_measure_event
language sql stable parallel safe as $$
    select * from farmland_measure_event as n where known is null or n.sys_from <= known
    union all
    select * from farmland_measure_event_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function farmland_measure_events_known is 'events of measures as known at an instant (null: now)';

create function farmland_measure_results_known(known timestamptz) returns setof farmland_measure_result
language sql stable parallel safe as $$
    select * from farmland_measure_result as n where known is null or n.sys_from <= known
    union all
    select * from farmland_measure_result_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function farmland_measure_results_known is 'results of measures as known at an instant (null: now)';

create function farmland_measure_targets_known(known timestamptz) returns setof farmland_measure_target
language sql stable parallel safe as $$
    select * from farmland_measure_target as n where (known is null or n.sys_from <= known) and not n.removed
    union all
    select * from farmland_measure_target_history as h
    where known is not null and h.sys_from <= known and h.sys_to > known and not h.removed
$$;
comment on function farmland_measure_targets_known is 'targets of plans as known at an instant (null: now)';

-- How a measure stands on a day; `rules::standing` says the same, and a test compares the two.
create function farmland_measure_status(kind text, from_on date, to_on date, approved_on date, effective_on date,
    ended_on date, withdrawn_on date, day date) returns text
language sql immutable parallel safe as $$
    select case
        when withdrawn_on <= day then 'withdrawn'
        when effective_on <= day and (ended_on <= day or to_on < day) then 'ended'
        when effective_on <= day and from_on <= day then 'in_force'
        when effective_on <= day and kind = 'crop_ban_zone' then 'approved'
        when effective_on <= day then 'filed'
        when approved_on <= day then 'approved'
        else 'draft' end
$$;
comment on function farmland_measure_status is 'draft, approved, filed, in_force, ended or withdrawn on a day';
