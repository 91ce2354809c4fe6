-- Consultation of the ecology bureaus on land checks: the letters, the written replies, and what planning shares of a
-- quarter. All of it is append-only: a letter is withdrawn, a reply corrected, by a row of its own.
create table consultation (
    id uuid primary key,
    check_id uuid not null references land_check (id),
    number text collate "C" not null unique check (number <> ''),
    division_code text not null references division (code),
    year integer not null,
    serial integer not null check (serial > 0),
    sender text not null check (sender <> ''),
    addressed_to text not null check (addressed_to <> ''),
    contact text,
    questions text,
    sent_on date not null,
    letter jsonb not null check (jsonb_typeof(letter) = 'object'),
    document_id uuid references document (id),
    sent_by_role text not null,
    sent_by_division text not null,
    recorded_at timestamptz not null,
    unique (division_code, year, serial)
);
select platform_versioned('consultation');
create index consultation_check on consultation (check_id, id);
create index consultation_sent on consultation (division_code, sent_on desc, id desc);
comment on table consultation is 'letters that ask the ecology bureau about a land check; append-only';
comment on column consultation.number is 'ZX, division of the check, year, serial: ZX-140602-2026-0001';
comment on column consultation.division_code is 'division of the check; numbers count per division and year of sending';
comment on column consultation.serial is 'counts from 1 without gaps per division and year';
comment on column consultation.sender is 'who asks, as the letter is signed';
comment on column consultation.addressed_to is 'the bureau asked';
comment on column consultation.contact is 'whom to ask back';
comment on column consultation.questions is 'what is asked beyond the opinion itself';
comment on column consultation.sent_on is 'the day on the letter, from which the time to reply is counted';
comment on column consultation.letter is 'the letter piece by piece: what the PDF is made of';
comment on column consultation.document_id is 'the letter as it was signed';
comment on column consultation.sent_by_role is 'role that sent it; operator for a command at the machine';
comment on column consultation.sent_by_division is 'division of whoever sent it';

create table consultation_withdrawal (
    id uuid primary key,
    consultation_id uuid not null unique references consultation (id),
    withdrawn_on date not null,
    reason text not null check (reason <> ''),
    withdrawn_by_role text not null,
    withdrawn_by_division text not null,
    recorded_at timestamptz not null
);
select platform_versioned('consultation_withdrawal');
comment on table consultation_withdrawal is 'letters taken back before they were answered; append-only';
comment on column consultation_withdrawal.reason is 'why';
comment on column consultation_withdrawal.withdrawn_by_role is 'role that took it back; operator for a command at the machine';

create table consultation_reply (
    id uuid primary key,
    check_id uuid not null references land_check (id),
    consultation_id uuid references consultation (id),
    ordinal integer not null check (ordinal > 0),
    number text not null check (number <> ''),
    replied_on date not null,
    conclusion text not null check (conclusion in ('agrees', 'conditions', 'objects')),
    conditions text,
    body text not null check (body <> ''),
    document_id uuid references document (id),
    corrects text,
    verdict_after text not null check (verdict_after in ('allow', 'allow_recorded', 'warn', 'hold', 'block')),
    replied_by_role text not null,
    replied_by_division text not null,
    recorded_at timestamptz not null,
    unique (check_id, ordinal),
    check ((conclusion = 'conditions') = (conditions is not null)),
    check ((ordinal > 1) = (corrects is not null))
);
select platform_versioned('consultation_reply');
comment on table consultation_reply is 'written replies of the ecology bureaus to land checks; append-only, the last one of a check stands';
comment on column consultation_reply.consultation_id is 'the letter that it answers; null where the bureau wrote by itself';
comment on column consultation_reply.ordinal is 'counts the replies to a check from 1; each after the first corrects the one before';
comment on column consultation_reply.number is 'the bureau''s own number of it';
comment on column consultation_reply.replied_on is 'the day on it';
comment on column consultation_reply.conclusion is 'agrees, conditions (no objection under conditions) or objects';
comment on column consultation_reply.body is 'its text';
comment on column consultation_reply.document_id is 'the reply as it was signed';
comment on column consultation_reply.corrects is 'why it takes the place of the one before';
comment on column consultation_reply.verdict_after is 'the check''s verdict with this reply, by the law of the check''s day and on the records as the check saw them';
comment on column consultation_reply.replied_by_role is 'role that entered it; operator for a command at the machine';

-- The lock on its row is what makes serials follow one another without gaps: it is held until the letter is committed.
create table consultation_counter (
    division_code text not null,
    year integer not null,
    last integer not null check (last > 0),
    primary key (division_code, year)
);
comment on table consultation_counter is 'the last serial given per division and year';

create table consultation_share (
    id uuid primary key,
    division_code text not null references division (code),
    quarter text not null check (quarter ~ '^2[0-9]{3}Q[1-4]$'),
    edition integer not null check (edition > 0),
    checks bigint not null check (checks >= 0),
    made_at timestamptz not null,
    made_by_role text not null,
    made_by_division text not null,
    reason text,
    body bytea not null,
    sha256 bytea not null check (sha256 = sha256(body)),
    unique (division_code, quarter, edition),
    check ((edition = 1) = (reason is null))
);
select platform_versioned('consultation_share');
comment on table consultation_share is 'land checks of a quarter as planning shared them with the bureaus; append-only, a later edition stands beside the earlier';
comment on column consultation_share.division_code is 'whose checks: this division and all below it';
comment on column consultation_share.quarter is 'calendar quarter of China Standard Time: 2026Q3';
comment on column consultation_share.checks is 'how many checks it tells';
comment on column consultation_share.reason is 'why there is a later edition';
comment on column consultation_share.body is 'the report as JSON, byte for byte as it is answered';

create function consultation_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are append-only', tg_table_name using errcode = 'JT004';
end $$;
create trigger consultation_append_only before update or delete on consultation
    for each row execute function consultation_append_only();
create trigger consultation_append_only before update or delete on consultation_withdrawal
    for each row execute function consultation_append_only();
create trigger consultation_append_only before update or delete on consultation_reply
    for each row execute function consultation_append_only();
create trigger consultation_append_only before update or delete on consultation_share
    for each row execute function consultation_append_only();

-- Checks that await a reply, by division and over all of them: the bureaus' inbox.
create index land_check_awaiting on land_check (division_code, id) where awaits_reply;
create index land_check_awaiting_newest on land_check (id) where awaits_reply;

-- A clock may have no last day: no text and no operator has set its number yet.
alter table deadline drop constraint deadline_period;
do $$
declare
    t text;
begin
    foreach t in array array['deadline', 'deadline_history'] loop
        execute format('alter table %I alter column due_on drop not null, alter column nominal_due_on drop not null', t);
    end loop;
end $$;
alter table deadline add constraint deadline_period check (
    (parameter is null) = (set_due_on is not null)
    and (parameter_value is not null) = (parameter is not null and due_on is not null)
    and (due_on is null) = (nominal_due_on is null)
    and (due_on is not null or changes = '[]'));
comment on column deadline.due_on is 'last day in time; null while no number is set from which it could be counted';
comment on column deadline.nominal_due_on is 'last day before any rolling over rest days; null where due_on is';
comment on column deadline.parameter_value is 'its value, in the parameter''s unit (months, working days, month × 100 + day); null while none is set';

-- Those without a last day stand behind all others.
drop index deadline_due;
create index deadline_due on deadline ((coalesce(due_on, 'infinity'::date)), id);
create index deadline_undated on deadline (rule, id) where due_on is null and closed_on is null;

create or replace function deadline_status_changed(due_then date, suspended date, suspended_at_close date, closed_on date,
                                                   cancelled boolean, asked date, due_soon_days integer)
returns text language sql immutable parallel safe as $$
    select case
        when closed_on <= asked and cancelled then 'cancelled'
        when closed_on <= asked and (due_then is null or coalesce(suspended_at_close, closed_on) <= due_then) then 'met'
        when closed_on <= asked then 'met_late'
        when suspended is not null then 'suspended'
        when asked > due_then then 'overdue'
        when due_then - asked <= due_soon_days then 'due_soon'
        else 'open'
    end
$$;
