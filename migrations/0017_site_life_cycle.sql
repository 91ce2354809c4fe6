-- The whole life cycle: what stands over a site, who is liable, the day of its entry in the control list; and the state
-- machine held below the application too.
do $$
declare
    t text;
begin
    foreach t in array array['site', 'site_history'] loop
        execute format($f$alter table %I
            add column control_listed_on date,
            add column flags text[] not null default '{}'
                check (flags <@ array['spread', 'emergency', 'targets_missed', 'works_stopped']),
            add column liable_party_name text,
            add column liable_party_credit_code text check (liable_party_credit_code ~ '^[0-9A-Z]{18}$')$f$, t);
    end loop;
end $$;
comment on column site.control_listed_on is 'day of the entry in the control list, where known';
comment on column site.flags is 'what stands over the site beside its stage: spread, emergency, targets_missed, works_stopped';
comment on column site.liable_party_name is 'who is liable now, where that is not the land user of the record; for departments only';
comment on column site.liable_party_credit_code is 'credit code of the liable party; its key sees and acts on the site';
create index site_liable on site (liable_party_credit_code, id) where liable_party_credit_code is not null;

-- What the events of the log may do to a stage: registers/site/rules/table.rs as rows. A test holds the two together.
create table site_stage_step (
    from_stage text not null,
    event text not null,
    to_stage text not null,
    primary key (from_stage, event, to_stage)
);
comment on table site_stage_step is 'the ways from stage to stage (risk control as risk_control/<mode>); any other change of a stage is refused';
insert into site_stage_step (from_stage, event, to_stage) values
    ('candidate', 'suspected_listed', 'suspected'),
    ('suspected', 'survey_notice_served', 'preliminary_survey'),
    ('preliminary_survey', 'preliminary_report_submitted', 'preliminary_review'),
    ('preliminary_review', 'preliminary_report_reviewed', 'not_contaminated'),
    ('preliminary_review', 'preliminary_report_reviewed', 'contaminated'),
    ('preliminary_review', 'preliminary_report_reviewed', 'preliminary_survey'),
    ('contaminated', 'detailed_notice_served', 'detailed_survey'),
    ('risk_control/containment', 'detailed_notice_served', 'detailed_survey'),
    ('detailed_survey', 'detailed_report_submitted', 'risk_assessment'),
    ('risk_assessment', 'risk_assessment_reviewed', 'risk_acceptable'),
    ('risk_assessment', 'risk_assessment_reviewed', 'listed'),
    ('contaminated', 'control_plan_filed', 'risk_control/containment'),
    ('listed', 'control_plan_filed', 'risk_control/containment'),
    ('listed', 'control_plan_filed', 'risk_control/safe_use'),
    ('risk_control/containment', 'control_plan_filed', 'risk_control/safe_use'),
    ('listed', 'remediation_plan_filed', 'remediation'),
    ('risk_control/containment', 'remediation_plan_filed', 'remediation'),
    ('risk_control/safe_use', 'remediation_plan_filed', 'remediation'),
    ('risk_control/safe_use', 'effect_report_submitted', 'effect_evaluation'),
    ('remediation', 'effect_report_submitted', 'effect_evaluation'),
    ('effect_evaluation', 'effect_reviewed', 'delisted'),
    ('effect_evaluation', 'effect_reviewed', 'risk_control/safe_use'),
    ('effect_evaluation', 'effect_reviewed', 'remediation'),
    ('delisted', 'aftercare_started', 'aftercare'),
    ('aftercare', 'aftercare_ended', 'delisted');

create function site_stage_label(stage text, control_mode text) returns text
language sql immutable parallel safe as $$ select stage || coalesce('/' || control_mode, '') $$;

-- A stage changes by an entry of the log, and only as the table says; voiding brings back what an entry left.
create function site_stage_guard() returns trigger language plpgsql as $$
declare
    before text := site_stage_label(old.stage, old.control_mode);
    after text := site_stage_label(new.stage, new.control_mode);
    entry text;
begin
    if before = after and new.events = old.events then
        return new;
    end if;
    select e.type into entry from site_event e where e.site_id = new.id and e.seq = new.events;
    if new.events <> old.events + 1 or entry is null then
        raise exception 'site %: stage % to % without an entry in its log', old.code, before, after using errcode = 'JT004';
    end if;
    if before <> after and not exists (
        select 1 from site_stage_step s
        where (entry, before, after) = (s.event, s.from_stage, s.to_stage)
           or (entry = 'entered_in_error' and (s.from_stage, s.to_stage) = (after, before)))
    then
        raise exception 'site %: no step leads from % to % by %', old.code, before, after, entry using errcode = 'JT004';
    end if;
    return new;
end $$;
create trigger site_stage_guard before update on site for each row execute function site_stage_guard();

-- A site begins as a lead, or with the entry that says where it stood; looked at when the act is over.
create function site_first_stage_guard() returns trigger language plpgsql as $$
begin
    if new.stage = 'candidate' and new.events = 0 then
        return null;
    end if;
    if not exists (
        select 1 from site_event e
        where e.site_id = new.id and e.seq = 1 and new.events = 1
          and ((e.type = 'registered' and e.payload ->> 'stage' = new.stage
                and (e.payload ->> 'mode') is not distinct from new.control_mode)
               or (e.type = 'suspected_listed' and new.stage = 'suspected')))
    then
        raise exception 'site %: begins at % without an entry in its log', new.code, new.stage using errcode = 'JT004';
    end if;
    return null;
end $$;
create constraint trigger site_first_stage_guard after insert on site
    deferrable initially deferred for each row execute function site_first_stage_guard();
