-- Proposals to give farmland units their classes (类别划定与动态调整), step by step to the provincial government's approval
-- and the upload.
create table class_adjustment (
    id uuid primary key,
    number text collate "C" not null unique check (number <> ''),
    division_code text not null references division (code),
    trigger text not null
        check (trigger in ('initial_classification', 'land_use_change', 'routine_monitoring', 'co_monitoring', 'remediation')),
    status text not null
        check (status in ('proposed', 'county_agreed', 'prefecture_agreed', 'province_approved', 'uploaded', 'returned')),
    status_since date not null,
    round integer not null check (round >= 1),
    effective_on date,
    approval_number text,
    approved_on date,
    evidence_documents uuid[] not null,
    evidence_samples uuid[] not null,
    evidence_text text,
    note text,
    confirms boolean not null,
    units_total integer not null check (units_total between 1 and 10000),
    area_m2 double precision not null check (area_m2 > 0),
    changes jsonb not null check (jsonb_typeof(changes) = 'array'),
    proposed_on date not null,
    recorded_at timestamptz not null,
    check ((approval_number is null) = (approved_on is null)),
    check ((approved_on is not null) = (status in ('province_approved', 'uploaded')))
);
select platform_versioned('class_adjustment');
create index class_adjustment_division on class_adjustment (division_code, id);
create index class_adjustment_status on class_adjustment (status, id);
comment on table class_adjustment is 'proposals to give farmland units their classes';
comment on column class_adjustment.number is 'county, 类别, year, serial: 152921-类别-2026-0001';
comment on column class_adjustment.division_code is 'the county of every unit in it; what a scope is matched with';
comment on column class_adjustment.trigger is 'why the classes are given';
comment on column class_adjustment.status_since is 'civil day of the step that led to the status: since then it waits for the next';
comment on column class_adjustment.round is 'the units proposed last: counts from 1, a resubmission adds one';
comment on column class_adjustment.effective_on is 'first day of the new classes; null: the day of the approval';
comment on column class_adjustment.approved_on is 'day of the provincial government''s approval';
comment on column class_adjustment.evidence_documents is 'papers filed as evidence';
comment on column class_adjustment.evidence_samples is 'soil or crop samples named as evidence, as the proposal names them';
comment on column class_adjustment.confirms is 'classes are confirmed too where they stay: periodic confirmation';
comment on column class_adjustment.units_total is 'units of the round';
comment on column class_adjustment.area_m2 is 'ellipsoidal area of the units of the round, m2';
comment on column class_adjustment.changes is 'units and area of the round by class before and after';
comment on column class_adjustment.proposed_on is 'civil day of the first proposal';

create table class_adjustment_unit (
    id uuid primary key,
    adjustment_id uuid not null references class_adjustment (id),
    round integer not null check (round >= 1),
    place integer not null check (place >= 0),
    unit_id uuid not null references farmland_unit (id),
    unit_code text not null,
    from_class text not null check (from_class in ('priority_protection', 'safe_use', 'strict_control', 'unclassified')),
    to_class text not null check (to_class in ('priority_protection', 'safe_use', 'strict_control')),
    element_classes smallint[] check (cardinality(element_classes) = 5),
    reason text,
    area_m2 double precision not null check (area_m2 > 0),
    findings jsonb check (jsonb_typeof(findings) = 'object'),
    open boolean not null,
    unique (adjustment_id, round, unit_id)
);
select platform_versioned('class_adjustment_unit');
-- A unit is in one proposal at a time.
create unique index class_adjustment_unit_open on class_adjustment_unit (unit_id) where open;
create index class_adjustment_unit_unit on class_adjustment_unit (unit_id, adjustment_id);
comment on table class_adjustment_unit is 'the units of each round of a proposal';
comment on column class_adjustment_unit.place is 'place in the request, from 0';
comment on column class_adjustment_unit.from_class is 'class on the day of the proposal';
comment on column class_adjustment_unit.to_class is 'class proposed';
comment on column class_adjustment_unit.element_classes is 'classes of Cd, Hg, As, Pb, Cr, 1 to 3; null entries: not known';
comment on column class_adjustment_unit.area_m2 is 'ellipsoidal area on the day of the proposal, m2';
comment on column class_adjustment_unit.findings is 'the computed classification that the proposal was made from, step by step; null where it was made by hand';
comment on column class_adjustment_unit.open is 'the proposal of this round is neither approved nor returned';

create table class_adjustment_event (
    id uuid primary key,
    adjustment_id uuid not null references class_adjustment (id),
    seq integer not null check (seq >= 1),
    type text not null,
    occurred_on date not null,
    status_before text,
    status_after text not null,
    round integer not null,
    voids_seq integer,
    facts jsonb not null check (jsonb_typeof(facts) = 'object'),
    by_role text,
    by_division text,
    recorded_at timestamptz not null,
    unique (adjustment_id, seq),
    unique (adjustment_id, voids_seq),
    check ((voids_seq is not null) = (type = 'entered_in_error')),
    check ((status_before is null) = (seq = 1))
);
select platform_versioned('class_adjustment_event');
comment on table class_adjustment_event is 'the log of a proposal: entries are added and never changed';
comment on column class_adjustment_event.seq is 'the proposal''s first, second ... entry; the first is the proposal itself';
comment on column class_adjustment_event.occurred_on is 'civil day on which it happened';
comment on column class_adjustment_event.status_before is 'where the proposal stood before; null for the proposal itself';
comment on column class_adjustment_event.round is 'the round that it is about';
comment on column class_adjustment_event.voids_seq is 'the entry that this one says was a mistake';
comment on column class_adjustment_event.facts is 'what the entry says: reviewer, approval, receipt, reason';
comment on column class_adjustment_event.by_role is 'role of whoever made it; null for the operator at the machine';

-- The lock on its row is what makes serials follow one another without gaps: it is held until the proposal is committed.
create table class_adjustment_counter (
    division_code text not null,
    year integer not null,
    last integer not null check (last > 0),
    primary key (division_code, year)
);
comment on table class_adjustment_counter is 'the last serial given per county and year';
