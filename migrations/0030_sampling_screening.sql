-- Results held to the standards: what came out last, and every run in which something came out otherwise.
create table sampling_rescreening (
    id uuid primary key,
    cause text not null check (cause in ('standard_version', 'ph', 'land_use', 'correction', 'manual')),
    division_code text references division (code),
    sample_id uuid references sampling_sample (id),
    point_id uuid references sampling_point (id),
    judged_on date not null,
    by_role text,
    run_at timestamptz not null,
    samples bigint not null,
    results bigint not null,
    first_judged bigint not null,
    differences bigint not null
);
select platform_versioned('sampling_rescreening');
create index sampling_rescreening_division on sampling_rescreening (division_code, id);
comment on table sampling_rescreening is 'runs that held results to the standards anew';
comment on column sampling_rescreening.cause is 'why: another version of a standard, another pH, another land use, a corrected value, or somebody asked';
comment on column sampling_rescreening.division_code is 'in this division and below; null: everywhere';
comment on column sampling_rescreening.judged_on is 'civil day whose standards were applied';
comment on column sampling_rescreening.by_role is 'role of who asked; null: the operator';
comment on column sampling_rescreening.first_judged is 'results that had not been judged before';
comment on column sampling_rescreening.differences is 'results whose outcome is another than before';

create table sampling_screening (
    id uuid primary key references sampling_sample (id),
    rescreening_id uuid references sampling_rescreening (id),
    judged_on date not null,
    standard text not null,
    local_standards text[] not null,
    land text not null,
    ph numeric,
    worst text not null check (worst in ('within', 'not_comparable', 'above_screening', 'above_intervention')),
    substances text[] not null,
    outcomes text[] not null,
    screening_values numeric[] not null,
    intervention_values numeric[] not null,
    reasons text[] not null,
    check (cardinality(substances) = cardinality(outcomes) and cardinality(substances) = cardinality(screening_values)
        and cardinality(substances) = cardinality(intervention_values) and cardinality(substances) = cardinality(reasons))
);
select platform_versioned('sampling_screening');
comment on table sampling_screening is 'what a soil sample''s results came out as when they were last judged; arrays have one element per substance';
comment on column sampling_screening.id is 'the sample';
comment on column sampling_screening.rescreening_id is 'the run; null: judged when it was loaded';
comment on column sampling_screening.standard is 'number of the national standard applied';
comment on column sampling_screening.local_standards is 'local standards that spoke';
comment on column sampling_screening.land is 'land it was held to: paddy, orchard, other, rotation (GB 15618), class1, class2 (GB 36600)';
comment on column sampling_screening.ph is 'soil pH used';
comment on column sampling_screening.worst is 'worst outcome of all its substances';
comment on column sampling_screening.substances is 'keys of the substances, sums that the standard prints among them';
comment on column sampling_screening.screening_values is 'screening values used, mg/kg; null: none';
comment on column sampling_screening.reasons is 'codes of the reasons, with blanks between';

create function sampling_screenings_at(known timestamptz) returns setof sampling_screening
language sql stable parallel safe as $$
    select * from sampling_screening as n where known is null or n.sys_from <= known
    union all
    select * from sampling_screening_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function sampling_screenings_at is 'screenings as known at an instant; null: now';

create table sampling_difference (
    id uuid primary key,
    rescreening_id uuid not null references sampling_rescreening (id),
    n bigint not null,
    sample_id uuid not null references sampling_sample (id),
    substance text not null,
    before_outcome text,
    before_screening numeric,
    before_intervention numeric,
    after_outcome text,
    after_screening numeric,
    after_intervention numeric,
    meaning text not null,
    unit_id uuid,
    unit_code text,
    unit_class text,
    site_id uuid,
    unique (rescreening_id, n)
);
select platform_versioned('sampling_difference');
create index sampling_difference_sample on sampling_difference (sample_id);
comment on table sampling_difference is 'results that came out otherwise in a run, with what that would mean';
comment on column sampling_difference.n is 'order in the run, from 1';
comment on column sampling_difference.before_outcome is 'null: the substance had no result before';
comment on column sampling_difference.after_outcome is 'null: the result was withdrawn';
comment on column sampling_difference.meaning is 'code of what it would mean';
comment on column sampling_difference.unit_id is 'farmland unit in which the point lies';
comment on column sampling_difference.unit_class is 'class of that unit on the day judged';
