-- Warnings that a county's priority-protection land (优先保护类耕地) shrank or dropped in quality, and their follow-up.
create table protection_warning (
    id uuid primary key,
    number text collate "C" not null unique check (number <> ''),
    division_code text not null references division (code),
    year integer not null,
    kind text not null check (kind in ('quality_dropped', 'area_shrunk')),
    status text not null check (status in ('raised', 'issued', 'answered', 'restricted', 'closed')),
    status_since date not null,
    raised_on date not null,
    first_move_on date not null,
    last_move_on date not null,
    moves integer not null check (moves >= 1),
    lost_m2 numeric(20, 2) not null check (lost_m2 > 0),
    gained_m2 numeric(20, 2) not null check (gained_m2 >= 0),
    issuer_level text not null check (issuer_level in ('prefecture', 'province')),
    issuer_division text not null references division (code),
    addressee text not null check (addressee <> ''),
    restriction text not null check (restriction in ('eia_approvals', 'regional_approvals')),
    document_number text,
    issued_on date,
    served_on date,
    restricted_from date,
    restricted_to date,
    closed_on date,
    recorded_at timestamptz not null,
    unique (division_code, year, kind),
    check (first_move_on <= last_move_on),
    check (restricted_from <= restricted_to),
    check (restricted_from is not null or restricted_to is null),
    check ((closed_on is not null) = (status = 'closed'))
);
select platform_versioned('protection_warning');
create index protection_warning_status on protection_warning (status, id);
create index protection_warning_issuer on protection_warning (issuer_division, id);
comment on table protection_warning is 'one warning per county, year and kind: priority-protection land shrank or dropped in quality';
comment on column protection_warning.number is 'county, 预警, year, 质量 or 面积: 152921-预警-2026-质量';
comment on column protection_warning.division_code is 'the county that is warned';
comment on column protection_warning.year is 'calendar year of the days of its moves';
comment on column protection_warning.kind is 'quality_dropped: priority land lost to another class; area_shrunk: net loss by other causes';
comment on column protection_warning.status_since is 'civil day of the step that led to the status';
comment on column protection_warning.raised_on is 'civil day on which the registry raised it';
comment on column protection_warning.first_move_on is 'civil day of the earliest of its moves; picks the texts';
comment on column protection_warning.moves is 'how many moves it counts';
comment on column protection_warning.lost_m2 is 'priority-protection area that its moves took away, m2';
comment on column protection_warning.gained_m2 is 'priority-protection area that moves brought back since it was raised, m2';
comment on column protection_warning.issuer_level is 'who has to warn: the prefecture or the province of the county';
comment on column protection_warning.addressee is 'row of the table of who warns: its identifier';
comment on column protection_warning.restriction is 'what it can lead to, as the county''s own text words it';
comment on column protection_warning.document_number is 'number of the warning as issued';
comment on column protection_warning.served_on is 'day on which the county government was served';
comment on column protection_warning.restricted_from is 'first day of the restriction imposed last';
comment on column protection_warning.restricted_to is 'last day of it; null: until it is lifted';

create table protection_move (
    id uuid primary key,
    warning_id uuid not null references protection_warning (id),
    seq integer not null check (seq >= 1),
    unit_code text not null,
    moved_on date not null,
    cause text not null
        check (cause in ('class_changed', 'land_use_changed', 'unit_split', 'unit_merged', 'boundary_corrected')),
    before_m2 numeric(20, 2) not null check (before_m2 >= 0),
    after_m2 numeric(20, 2) not null check (after_m2 >= 0),
    recorded_at timestamptz not null,
    unique (warning_id, seq),
    check (before_m2 <> after_m2)
);
select platform_versioned('protection_move');
comment on table protection_move is 'what a warning counts: priority-protection area of a unit before and after a change';
comment on column protection_move.seq is 'the warning''s first, second ... move';
comment on column protection_move.moved_on is 'first day on which the change holds';
comment on column protection_move.before_m2 is 'priority-protection area of the unit or group before, m2';
comment on column protection_move.after_m2 is 'the same after, m2';

create table protection_event (
    id uuid primary key,
    warning_id uuid not null references protection_warning (id),
    seq integer not null check (seq >= 1),
    type text not null,
    occurred_on date not null,
    status_before text,
    status_after text not null,
    voids_seq integer,
    facts jsonb not null check (jsonb_typeof(facts) = 'object'),
    by_role text,
    by_division text,
    recorded_at timestamptz not null,
    unique (warning_id, seq),
    unique (warning_id, voids_seq),
    check ((voids_seq is not null) = (type = 'entered_in_error')),
    check ((status_before is null) = (seq = 1))
);
select platform_versioned('protection_event');
comment on table protection_event is 'the log of a warning: entries are added and never changed';
comment on column protection_event.seq is 'the warning''s first, second ... entry; the first is its raising';
comment on column protection_event.occurred_on is 'civil day on which it happened';
comment on column protection_event.status_before is 'where the warning stood before; null for its raising';
comment on column protection_event.voids_seq is 'the entry that this one says was a mistake';
comment on column protection_event.facts is 'what the entry says: number, days, text, reason, amounts';
comment on column protection_event.by_role is 'role of whoever made it; null for the registry itself and the operator';
