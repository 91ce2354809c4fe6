-- Statutory clocks, and the years of the working-day calendar that were announced after this program was made.
create table deadline (
    id uuid primary key,
    rule text not null,
    rule_version integer not null,
    subject_register text not null,
    subject_id uuid not null,
    subject_code text not null,
    subject_name text not null,
    division_code text not null check (division_code ~ '^[0-9]{6}$'),
    owner_credit_code text,
    responsible text not null,
    opened_on date not null,
    start_on date not null,
    nominal_due_on date not null,
    due_on date not null,
    provisional boolean not null,
    rolls_forward boolean not null,
    why jsonb not null check (jsonb_typeof(why) = 'array'),
    closed_on date,
    cancelled boolean not null default false,
    check (not cancelled or closed_on is not null)
);
select platform_versioned('deadline');
create unique index deadline_running on deadline (subject_register, subject_id, rule) where closed_on is null;
create index deadline_subject on deadline (subject_register, subject_id);
create index deadline_due on deadline (due_on, id);
create index deadline_division on deadline (division_code);
comment on table deadline is 'statutory clocks: what is due when, and why';
comment on column deadline.rule_version is 'version of the rule that counted this due date';
comment on column deadline.subject_register is 'identifier of the register whose record the clock runs for: site';
comment on column deadline.subject_code is 'the record''s code for people';
comment on column deadline.subject_name is 'the record''s name, kept up with it';
comment on column deadline.division_code is 'the record''s division, kept up with it; what a scope is matched with';
comment on column deadline.owner_credit_code is 'credit code of the land user whose record it is';
comment on column deadline.responsible is 'role that has to act';
comment on column deadline.opened_on is 'from which day the clock is there';
comment on column deadline.start_on is 'the day the period is counted from; itself not counted';
comment on column deadline.nominal_due_on is 'last day before any rolling over rest days';
comment on column deadline.due_on is 'last day in time';
comment on column deadline.provisional is 'the calendar of a year that matters is not announced: due_on may change when it is';
comment on column deadline.rolls_forward is 'the operator''s setting for the rule when the clock was opened';
comment on column deadline.why is 'steps of the counting: [{text_zh, text_en, citations[]}]';
comment on column deadline.closed_on is 'the day on which the duty was done or, when cancelled, fell away';
comment on column deadline.cancelled is 'it fell away instead of being done';

-- Where a clock stands on a day: the same rule as registers/deadline/rules/status.rs, for filters and counts; a test holds
-- the two against each other.
create function deadline_status(due_on date, closed_on date, cancelled boolean, asked date, due_soon_days integer)
returns text language sql immutable parallel safe as $$
    select case
        when closed_on <= asked and cancelled then 'cancelled'
        when closed_on <= asked and closed_on <= due_on then 'met'
        when closed_on <= asked then 'met_late'
        when asked > due_on then 'overdue'
        when due_on - asked <= due_soon_days then 'due_soon'
        else 'open'
    end
$$;

create table deadline_calendar_year (
    id uuid primary key,
    year integer not null unique,
    days jsonb not null check (jsonb_typeof(days) = 'array'),
    sha256 bytea not null check (length(sha256) = 32)
);
select platform_versioned('deadline_calendar_year');
comment on table deadline_calendar_year is 'calendars of rest days loaded by the operator, a row per year; they speak before those built in';
comment on column deadline_calendar_year.days is 'days printed in the notice: [{day, kind: rest|work, name_zh, notice_url}]';
comment on column deadline_calendar_year.sha256 is 'SHA-256 of the file it was read from';
