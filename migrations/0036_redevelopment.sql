-- Land taken into use again (再开发利用): which site or parcel, for which use, by which decision of which day.
create table redevelopment (
    id uuid primary key,
    division_code text not null references division (code),
    site_id uuid references site (id),
    parcel_code text,
    name text not null check (name <> ''),
    use_system text not null,
    use_code text not null,
    decision text not null check (decision in ('allocation', 'grant', 'permit', 'change_of_use')),
    decided_on date not null,
    area_m2 double precision not null check (area_m2 > 0),
    survey_conclusion text check (survey_conclusion in ('not_contaminated', 'risk_acceptable', 'effect_met')),
    survey_reviewed_on date,
    document_id uuid,
    withdrawn_reason text check (withdrawn_reason <> ''),
    check (site_id is not null or parcel_code is not null),
    check ((survey_conclusion is null) = (survey_reviewed_on is null))
);
select platform_versioned('redevelopment');
create index redevelopment_division on redevelopment (division_code, id);
create index redevelopment_site on redevelopment (site_id) where site_id is not null;
comment on table redevelopment is 'land taken into use again, by the decision that gave it; what the shares of safely used building land are counted on';
comment on column redevelopment.site_id is 'the registered site, where the land is one';
comment on column redevelopment.parcel_code is 'code of the parcel, where it has one';
comment on column redevelopment.use_system is 'GB/T 21010-2017, LUSC-2023 or GB 50137-2011';
comment on column redevelopment.decision is 'allocation 划拨决定书, grant 出让合同, permit 规划许可, change_of_use 改变用途';
comment on column redevelopment.area_m2 is 'area given, m2; the site''s where none was stated';
comment on column redevelopment.survey_conclusion is 'conclusion of the survey of a parcel that is no registered site; a site''s own log says it for a site';
comment on column redevelopment.withdrawn_reason is 'why it was entered in error; null while it counts';
