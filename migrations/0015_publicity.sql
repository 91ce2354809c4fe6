-- What must be made public: duties with their publications.
create table publicity_duty (
    id uuid primary key,
    duty text not null,
    subject_register text not null,
    subject_id uuid not null,
    subject_code text not null,
    subject_name text not null,
    division_code text not null check (division_code ~ '^[0-9]{6}$'),
    owner_credit_code text,
    record_is_public boolean not null,
    occasion text not null,
    owed_by text not null,
    owed_since date not null,
    deadline_id uuid,
    first_shown_on date,
    released_on date,
    number bigint generated always as identity,
    check (released_on is null or released_on >= owed_since)
);
select platform_versioned('publicity_duty');
create unique index publicity_duty_owed on publicity_duty (subject_register, subject_id, duty, occasion)
    where released_on is null and first_shown_on is null;
create index publicity_duty_subject on publicity_duty (subject_register, subject_id);
create index publicity_duty_since on publicity_duty (owed_since, id);
create index publicity_duty_division on publicity_duty (division_code, owed_since, id);
create index publicity_duty_owner on publicity_duty (owner_credit_code, owed_since, id) where owner_credit_code is not null;
comment on table publicity_duty is 'duties to make something public, as steps of other registers'' records bring them about';
comment on column publicity_duty.duty is 'identifier in the catalogue of duties';
comment on column publicity_duty.subject_register is 'identifier of the register whose record the duty is about: site';
comment on column publicity_duty.subject_code is 'the record''s code for people';
comment on column publicity_duty.subject_name is 'the record''s name, kept up with it';
comment on column publicity_duty.division_code is 'the record''s division, kept up with it; what a scope is matched with';
comment on column publicity_duty.owner_credit_code is 'credit code of the land user whose record it is';
comment on column publicity_duty.record_is_public is 'everybody may see the record itself: it is in a public list; kept up with it';
comment on column publicity_duty.occasion is 'tells duties of one kind and record apart; empty where a record has one at a time';
comment on column publicity_duty.owed_by is 'role that has to make it public';
comment on column publicity_duty.owed_since is 'civil day of the step that brought the duty about';
comment on column publicity_duty.deadline_id is 'its clock; null where no period runs and the duty is due at once';
comment on column publicity_duty.first_shown_on is 'first day of its earliest publication; null while there is none';
comment on column publicity_duty.number is 'order in which duties were entered';
comment on column publicity_duty.released_on is 'the day on which the duty fell away: the step was voided, or there is nothing left to make public';

create table publicity_publication (
    id uuid primary key,
    duty_id uuid not null references publicity_duty (id),
    seq integer not null check (seq >= 1),
    channel text not null check (channel <> ''),
    url text,
    shown_from date not null,
    shown_to date,
    at_least_until date,
    taken_down_on date,
    document_id uuid,
    withdrawn boolean not null default false,
    unique (duty_id, seq),
    check (shown_to >= shown_from),
    check (taken_down_on >= shown_from)
);
select platform_versioned('publicity_publication');
comment on table publicity_publication is 'where, how and from when to when something was public; one duty may have several, one after the other or side by side';
comment on column publicity_publication.seq is 'the duty''s first, second ... publication';
comment on column publicity_publication.channel is 'website, notice board, announcement, letter: in the office''s words';
comment on column publicity_publication.url is 'address on the web, http or https';
comment on column publicity_publication.shown_from is 'first day';
comment on column publicity_publication.shown_to is 'last day, as announced; null: until it is taken down';
comment on column publicity_publication.at_least_until is 'the earliest last day that the law lets it have; null where the law sets none';
comment on column publicity_publication.taken_down_on is 'last day in fact, where it came down before the announced one';
comment on column publicity_publication.document_id is 'what proves it: screenshot, photograph, page';
comment on column publicity_publication.withdrawn is 'entered in error; kept';

-- How a duty stands on a day: the same rule as registers/publicity/rules/status.rs, for filters and counts; a test holds the
-- two against each other.
create function publicity_status(duty uuid, released_on date, asked date) returns table (status text, met boolean)
language sql stable parallel safe as $$
    with known as (
        select least(p.shown_to, case when p.taken_down_on <= asked then p.taken_down_on end) as shown_to, p.at_least_until
        from publicity_publication p
        where p.duty_id = duty and not p.withdrawn and p.shown_from <= asked
    ), shown as (
        select coalesce(known.shown_to >= asked, true) as now,
               coalesce(known.shown_to >= known.at_least_until, true) as long_enough
        from known
    ), facts as (
        select count(*) as n, coalesce(bool_or(shown.now), false) as now,
               coalesce(bool_or(shown.long_enough), false) as long_enough
        from shown
    )
    select case
               when released_on <= asked then 'released'
               when facts.n = 0 then 'owed'
               when facts.now then 'on_display'
               when facts.long_enough then 'ended'
               else 'taken_down_early'
           end,
           coalesce(released_on > asked, true) and facts.long_enough
    from facts
$$;

-- Whether the last day to make something public is past: that of its clock as it stood then, which is never past while the
-- clock stands still; without a clock, the day on which the duty arose.
create function publicity_is_late(owed_since date, due_on date, changes jsonb, asked date) returns boolean
language sql immutable parallel safe as $$
    select case
        when due_on is null then owed_since < asked
        when deadline_suspended_since(changes, asked) is not null then false
        else deadline_due_then(due_on, changes, asked) < asked
    end
$$;

-- Where on the web a duty of a record was made public last, for layers that say where to read more; null where it was not,
-- or is not there any more.
create function publicity_address(register text, subject uuid, kind text) returns text
language sql stable parallel safe as $$
    select p.url
    from publicity_duty d join publicity_publication p on p.duty_id = d.id
    where d.subject_register = register and d.subject_id = subject and d.duty = kind and d.released_on is null
      and not p.withdrawn and p.taken_down_on is null and p.url is not null
    order by d.number desc, p.seq desc
    limit 1
$$;
