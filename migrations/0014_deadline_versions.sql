-- Clocks know by which text and number they were counted, run several at a time for a record, and can be extended,
-- suspended and called off with cause. Every clock opened before was the six months: its columns say so.
do $$
declare
    t text;
begin
    foreach t in array array['deadline', 'deadline_history'] loop
        execute format($f$alter table %I
            add column occasion text not null default '',
            add column internal boolean not null default false,
            add column confidence text not null default 'recalled'
                check (confidence in ('verified', 'recalled', 'unconfirmed')),
            add column parameter text default 'preliminary_survey_months',
            add column parameter_value integer default 6 check (parameter_value >= 0),
            add column jurisdiction text not null default '' check (jurisdiction ~ '^[0-9]{0,6}$'),
            add column configured boolean not null default false,
            add column set_due_on date,
            add column changes jsonb not null default '[]' check (jsonb_typeof(changes) = 'array'),
            add column suspended_on date,
            add column round integer not null default 0 check (round >= 0),
            add column cause text$f$, t);
    end loop;
end $$;
alter table deadline
    alter column occasion drop default,
    alter column internal drop default,
    alter column confidence drop default,
    alter column parameter drop default,
    alter column parameter_value drop default,
    alter column jurisdiction drop default,
    alter column configured drop default,
    add constraint deadline_period check ((parameter is null) = (parameter_value is null) and (parameter is null) = (set_due_on is not null));
comment on column deadline.occasion is 'tells clocks of one rule for one record apart: a year, an event; empty where it has one at a time';
comment on column deadline.internal is 'a local service level (内部时限), not law';
comment on column deadline.confidence is 'how well rule and number are known: verified, recalled, unconfirmed';
comment on column deadline.parameter is 'the parameter that gave the length of the period; null where the last day was set';
comment on column deadline.parameter_value is 'its value, in the parameter''s unit (months, working days, month × 100 + day)';
comment on column deadline.jurisdiction is 'first digits of the divisions in which that value holds; empty for the nation';
comment on column deadline.configured is 'the value was set by the operator, unconfirmed';
comment on column deadline.set_due_on is 'the last day as set by a notice or plan, before any rolling';
comment on column deadline.changes is 'extensions, suspensions and resumptions that stand, in their order: [{kind, on, until?, days?, cause?, document_id?, was_due_on, due_on}]';
comment on column deadline.suspended_on is 'since when it is suspended; null while it runs';
comment on column deadline.round is 'counts the changes that moved the last day: each begins the steps of escalation anew';
comment on column deadline.cause is 'why it was called off';

drop index deadline_running;
create unique index deadline_running on deadline (subject_register, subject_id, rule, occasion) where closed_on is null;
-- What is escalated, and what is overdue: running clocks by their last day.
create index deadline_running_due on deadline (due_on) where closed_on is null and suspended_on is null;
create index deadline_opened on deadline (opened_on);

-- The last day as it stood on a day: an extension counts from the day it was decided. The same rules as
-- registers/deadline/rules/status.rs; a test holds the two against each other.
create function deadline_due_then(due_on date, changes jsonb, asked date) returns date
language sql immutable parallel safe as $$
    select coalesce(
        (select (c.value ->> 'was_due_on')::date
         from jsonb_array_elements(changes) with ordinality as c (value, n)
         where (c.value ->> 'on')::date > asked order by c.n limit 1),
        due_on)
$$;
create function deadline_suspended_since(changes jsonb, asked date) returns date
language sql immutable parallel safe as $$
    select case when latest.value ->> 'kind' = 'suspended' then (latest.value ->> 'on')::date end
    from (select c.value from jsonb_array_elements(changes) with ordinality as c (value, n)
          where (c.value ->> 'on')::date <= asked and c.value ->> 'kind' in ('suspended', 'resumed')
          order by c.n desc limit 1) as latest
$$;
create function deadline_status_changed(due_then date, suspended date, suspended_at_close date, closed_on date,
                                        cancelled boolean, asked date, due_soon_days integer)
returns text language sql immutable parallel safe as $$
    select case
        when closed_on <= asked and cancelled then 'cancelled'
        when closed_on <= asked and coalesce(suspended_at_close, closed_on) <= due_then then 'met'
        when closed_on <= asked then 'met_late'
        when suspended is not null then 'suspended'
        when asked > due_then then 'overdue'
        when due_then - asked <= due_soon_days then 'due_soon'
        else 'open'
    end
$$;
drop function deadline_status(date, date, boolean, date, integer);
create function deadline_status(due_on date, closed_on date, cancelled boolean, changes jsonb, asked date,
                                due_soon_days integer)
returns text language sql immutable parallel safe as $$
    select case
        when changes = '[]' then deadline_status_changed(due_on, null, null, closed_on, cancelled, asked, due_soon_days)
        else deadline_status_changed(
            deadline_due_then(due_on, changes, asked), deadline_suspended_since(changes, asked),
            deadline_suspended_since(changes, closed_on), closed_on, cancelled, asked, due_soon_days)
    end
$$;

-- Each step of escalation of a clock is here once, however many servers look.
create table deadline_escalation (
    deadline_id uuid not null references deadline (id),
    round integer not null check (round >= 0),
    step text not null check (step ~ '^(t-60|t-30|t-7|t0|week-[1-9][0-9]*)$'),
    due_on date not null,
    reached_on date not null,
    act_id uuid not null,
    recorded_at timestamptz not null,
    primary key (deadline_id, round, step)
);
comment on table deadline_escalation is 'steps of escalation that were taken: 60, 30, 7 days before the last day, on it, and weekly after';
comment on column deadline_escalation.round is 'the clock''s round when it was taken: a last day that was moved begins anew';
comment on column deadline_escalation.step is 't-60, t-30, t-7, t0, week-1, week-2, …';
comment on column deadline_escalation.due_on is 'the last day as it then was';
comment on column deadline_escalation.reached_on is 'the civil day on which it was taken; later than the step''s own day where the clock was entered late';
comment on column deadline_escalation.act_id is 'the act that took it';
comment on column deadline_escalation.recorded_at is 'when it was taken';
create function deadline_escalation_stays() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed or deleted', tg_table_name using errcode = 'JT003';
end $$;
create trigger deadline_escalation_stays before update or delete on deadline_escalation
    for each row execute function deadline_escalation_stays();
