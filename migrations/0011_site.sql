-- Construction-land sites (建设用地地块): the record as it stands, its log of events, and uses barred on its land.
create table site (
    id uuid primary key,
    code text collate "C" not null unique check (code <> ''),
    national_code text collate "C" unique check (national_code ~ '^[0-9]{13}$'),
    directory_code text collate "C" unique,
    name text collate "C" not null check (name <> ''),
    division_code text not null references division (code),
    address text,
    land_user_name text,
    land_user_credit_code text check (land_user_credit_code ~ '^[0-9A-Z]{18}$'),
    land_user_contact text,
    former_industry text check (former_industry ~ '^[0-9]{2,4}$'),
    land_use_system text,
    land_use_code text,
    basis text,
    stage text not null,
    control_mode text,
    stage_since date,
    risk_grade text,
    assessed_class text,
    suspected_on date,
    contaminated_on date,
    on_suspected_list boolean not null,
    in_directory boolean not null,
    on_control_list boolean,
    events integer not null default 0,
    correction_reason text,
    area_m2 double precision not null check (area_m2 > 0),
    invented boolean not null default false,
    geom geometry(Geometry, 4490) not null,
    check ((land_use_system is null) = (land_use_code is null)),
    check (stage in ('candidate', 'suspected', 'preliminary_survey', 'preliminary_review', 'not_contaminated',
                     'contaminated', 'detailed_survey', 'risk_assessment', 'risk_acceptable', 'listed', 'risk_control',
                     'remediation', 'effect_evaluation', 'delisted', 'aftercare')),
    check (control_mode in ('containment', 'safe_use')),
    check ((stage = 'risk_control') = (control_mode is not null)),
    check (risk_grade in ('high', 'medium', 'low')),
    check (assessed_class in ('class_1', 'class_2')),
    constraint site_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('site');
create index site_geom on site using gist (geom);
create index site_division on site (division_code, id);
create index site_stage on site (stage, id);
create index site_owner on site (land_user_credit_code, id) where land_user_credit_code is not null;
create index site_by_name on site (name, id);
create index site_by_area on site (area_m2, id);
create index site_by_stage_since on site (coalesce(stage_since, '0001-01-01'), id);
create index site_public on site (code, id) where in_directory;
comment on table site is 'construction-land sites from lead to aftercare; the stage is what the log of events says';
comment on column site.code is 'the code for people: interim (division 6 + YS or WR + year 4 + serial 4), or as an existing register gave it';
comment on column site.national_code is 'thirteen digits, where the national platform has given them';
comment on column site.directory_code is 'interim code of the entry in the directory of contaminated sites, kept beside the first one';
comment on column site.division_code is 'division whose bureaus are in charge; what a scope is matched with';
comment on column site.land_user_contact is 'personal data: never public, never in a layer';
comment on column site.former_industry is 'GB/T 4754, two to four digits';
comment on column site.land_use_system is 'GB/T 21010-2017, LUSC-2023 or GB 50137-2011';
comment on column site.basis is 'why it is registered, in the office''s words';
comment on column site.control_mode is 'mode of risk control: containment or safe_use';
comment on column site.stage_since is 'civil day since which the site stands at its stage, where known';
comment on column site.risk_grade is 'high, medium or low; null where not found contaminated or not graded by the register it came from';
comment on column site.assessed_class is 'land class of GB 36600 that a clean survey holds for';
comment on column site.suspected_on is 'day of the entry in the list of suspected sites';
comment on column site.contaminated_on is 'day of the entry in the directory of contaminated sites';
comment on column site.on_control_list is 'null: an existing register gave a contained site without saying';
comment on column site.events is 'entries in the log';
comment on column site.correction_reason is 'why this version corrects the one before; null where an event made it';
comment on column site.area_m2 is 'ellipsoidal area, m2';
comment on column site.invented is 'sample data of nobody''s land';
comment on column site.geom is 'outline, CGCS2000 (EPSG:4490) lon/lat';

create table site_event (
    site_id uuid not null references site (id),
    seq integer not null check (seq >= 1),
    type text not null,
    occurred_on date,
    day_assumed boolean not null,
    recorded_at timestamptz not null,
    act_id uuid not null,
    actor_role text,
    actor_key_id uuid,
    actor_division text,
    payload jsonb not null,
    effects jsonb not null check (jsonb_typeof(effects) = 'array'),
    prev_hash bytea not null check (length(prev_hash) = 32),
    hash bytea not null unique check (length(hash) = 32),
    primary key (site_id, seq)
);
comment on table site_event is 'the log of each site, oldest first; a hash chain per site';
comment on column site_event.occurred_on is 'civil day on which it happened; null where an existing register did not say since when';
comment on column site_event.day_assumed is 'the day was not stated but taken to be that of the entry';
comment on column site_event.actor_role is 'role of whoever entered it; null for a registration by the operator';
comment on column site_event.actor_key_id is 'the key; null for the operator at the machine';
comment on column site_event.payload is 'the facts: type and the fields of that type';
comment on column site_event.effects is 'what followed';
comment on column site_event.hash is 'SHA-256 of prev_hash and the entry as JSON with sorted keys and no blanks';

create function site_event_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the log of a site is append-only' using errcode = 'JT002';
end $$;
create trigger site_event_append_only before update or delete on site_event
    for each row execute function site_event_append_only();

create table site_negative_list (
    id uuid primary key,
    site_id uuid not null references site (id),
    use_system text not null,
    code_prefix text not null check (code_prefix <> ''),
    why text,
    since date,
    until date,
    check (since <= until)
);
select platform_versioned('site_negative_list');
create index site_negative_list_site on site_negative_list (site_id);
comment on table site_negative_list is 'uses barred on the land of a site (开发利用负面清单)';
comment on column site_negative_list.code_prefix is 'a land-use code of the system; all below it is meant too';
comment on column site_negative_list.since is 'first day, where known';
comment on column site_negative_list.until is 'last day; null while it holds';

create table site_code_counter (
    division_code text not null,
    year integer not null,
    kind text not null check (kind in ('YS', 'WR')),
    last integer not null check (last >= 0),
    primary key (division_code, year, kind)
);
comment on table site_code_counter is 'last serial given per division, year and kind of interim code; locked until the act commits, so without gaps';
