-- Stricter and additional limit values that a province sets (Ecological Environment Code art. 400). The two national
-- standards are part of the program; what is here stands beside them.
create table standard_local (
    id uuid primary key,
    code text collate "C" not null check (code <> ''),
    key text collate "C" not null check (key <> ''),
    kind text not null check (kind in ('construction', 'farmland')),
    name_zh text not null check (name_zh <> ''),
    name_en text,
    division_code text not null references division (code),
    instrument_zh text not null check (instrument_zh <> ''),
    instrument_en text,
    number text,
    article text,
    url text,
    document_id uuid references document (id),
    verified boolean not null default false,
    effective_from date not null,
    effective_to date,
    withdrawn_on date,
    reason text,
    recorded_at timestamptz not null,
    check (effective_to >= effective_from),
    check (not verified or document_id is not null),
    check (withdrawn_on is null or reason is not null)
);
select platform_versioned('standard_local');
create unique index standard_local_version on standard_local (key, effective_from) where withdrawn_on is null;
create index standard_local_division on standard_local (division_code);
create index standard_local_history_division on standard_local_history (division_code);
comment on table standard_local is 'local standards of soil, a row per version; a later version ends the one before';
comment on column standard_local.code is 'number of the standard as printed, such as DB15/T 1-2020';
comment on column standard_local.key is 'the code without blanks and signs, in small letters';
comment on column standard_local.kind is 'construction 建设用地 or farmland 农用地';
comment on column standard_local.division_code is 'where it holds, here and below';
comment on column standard_local.instrument_zh is 'title of the paper that sets the values, as stated by who entered it';
comment on column standard_local.number is 'number of that paper, where it is not the code';
comment on column standard_local.article is 'article or table of that paper';
comment on column standard_local.verified is 'held against the text, which is filed as document_id';
comment on column standard_local.effective_to is 'last day as stated; a later version may end it sooner';
comment on column standard_local.withdrawn_on is 'day on which it was withdrawn as entered in error; it then never held';
comment on column standard_local.reason is 'why it was last changed or withdrawn';

create table standard_local_limit (
    id uuid primary key,
    local_id uuid not null references standard_local (id),
    seq integer not null check (seq > 0),
    substance text collate "C" not null check (substance <> ''),
    land text not null
        check (land in ('class1', 'class2', 'construction', 'paddy', 'orchard', 'other', 'any')),
    ph_gt numeric,
    ph_le numeric,
    screening_value numeric,
    screening_unit text,
    intervention_value numeric,
    intervention_unit text,
    note text,
    check (ph_gt < ph_le),
    check (screening_value > 0 and intervention_value > 0),
    check ((screening_value is null) = (screening_unit is null)),
    check ((intervention_value is null) = (intervention_unit is null)),
    check (screening_value is not null or intervention_value is not null),
    unique (local_id, seq)
);
select platform_versioned('standard_local_limit');
comment on table standard_local_limit is 'limit values of local standards; they never change, a wrong one is withdrawn with its standard';
comment on column standard_local_limit.substance is 'key of the substance';
comment on column standard_local_limit.land is 'for which land: classes of GB 36600 (construction: both), kinds of GB 15618 (any: all)';
comment on column standard_local_limit.ph_gt is 'the band begins above this pH';
comment on column standard_local_limit.ph_le is 'the band ends with this pH';
comment on column standard_local_limit.screening_value is 'screening value in screening_unit, as printed';
comment on column standard_local_limit.intervention_value is 'intervention value in intervention_unit, as printed';
