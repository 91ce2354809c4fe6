-- Parcels (宗地) and what came of which.
create table parcel_change (
    id uuid primary key,
    kind text not null check (kind in ('split', 'merge', 'redraw', 'rearranged')),
    division_code text not null references division (code),
    effective_on date not null,
    reason text,
    document_id uuid,
    imported boolean not null default false,
    voided boolean not null default false,
    void_reason text,
    check (imported or reason is not null),
    check (voided = (void_reason is not null))
);
select platform_versioned('parcel_change');
create index parcel_change_day on parcel_change (effective_on desc, id desc);
create index parcel_change_division on parcel_change (division_code);
comment on table parcel_change is 'changes of the outlines of parcels: what ended and what began, and why';
comment on column parcel_change.kind is 'split 分割, merge 合并, redraw 边界调整, rearranged 重划: several became several, known from imports only';
comment on column parcel_change.effective_on is 'day on which the parents end and the children begin';
comment on column parcel_change.reason is 'why; null where a file says only what came of which';
comment on column parcel_change.document_id is 'the paper it rests on';
comment on column parcel_change.imported is 'read from a file: nobody held the outlines to each other';
comment on column parcel_change.voided is 'entered in error: the parents live on, and the children never were';

create table parcel (
    id uuid primary key,
    code text not null check (code <> ''),
    code_form text not null check (code_form in ('parcel', 'real_estate_unit', 'other')),
    division_code text not null references division (code),
    address text,
    land_user_name text,
    land_user_credit_code text check (land_user_credit_code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'),
    land_use_system text,
    land_use_code text,
    began_on date,
    began_by uuid references parcel_change (id),
    ended_on date,
    ended_by uuid references parcel_change (id),
    area_m2 double precision not null check (area_m2 > 0),
    geom geometry(Geometry, 4490) not null,
    correction_reason text,
    check ((land_use_system is null) = (land_use_code is null)),
    constraint parcel_life check (ended_on >= began_on and (ended_by is null or ended_on is not null)),
    constraint parcel_geom_area check (geometrytype(geom) in ('POLYGON', 'MULTIPOLYGON'))
);
select platform_versioned('parcel');
-- A parcel made in error leaves its code to the right one.
create unique index parcel_code on parcel (code) where ended_by is null or ended_by is distinct from began_by;
create index parcel_geom on parcel using gist (geom);
create index parcel_division on parcel (division_code, code);
create index parcel_began_by on parcel (began_by) where began_by is not null;
create index parcel_ended_by on parcel (ended_by) where ended_by is not null;
create index parcel_history_code on parcel_history (code);
create index parcel_history_geom on parcel_history using gist (geom);
create index parcel_history_now on parcel_history (code) where sys_to is null;
comment on table parcel is 'parcels of land; whoever asks by the code of one that has ended is told what came of it';
comment on column parcel.code is 'parcel code (宗地代码, 19 characters) or real-estate unit number (不动产单元代码, 28), or another name it goes by';
comment on column parcel.code_form is 'parcel, real_estate_unit: the form of such a code; other: neither';
comment on column parcel.land_user_name is 'who uses the land; for departments only';
comment on column parcel.land_user_credit_code is 'unified social credit code (GB 32100)';
comment on column parcel.land_use_system is 'classification that land_use_code is of';
comment on column parcel.began_on is 'first day on which it exists; null: since before anything known';
comment on column parcel.began_by is 'the change that made it; null: registered as it was';
comment on column parcel.ended_on is 'first day on which it exists no more; null: it exists';
comment on column parcel.ended_by is 'the change in which it ended; the one that made it, where that was void';
comment on column parcel.area_m2 is 'ellipsoidal area of geom (CGCS2000)';
comment on column parcel.geom is 'outline as it is or was last, CGCS2000 (EPSG:4490) lon/lat';
comment on column parcel.correction_reason is 'why this version corrects the one before; null where something else made it';

create table parcel_parentage (
    id uuid primary key,
    change_id uuid not null references parcel_change (id),
    parent_id uuid not null references parcel (id),
    child_id uuid not null references parcel (id),
    unique (change_id, parent_id, child_id),
    check (parent_id <> child_id)
);
select platform_versioned('parcel_parentage');
create index parcel_parentage_parent on parcel_parentage (parent_id);
create index parcel_parentage_child on parcel_parentage (child_id);
comment on table parcel_parentage is 'which parcel came of which, by which change';

-- Set-returning and plain, so that the planner sees through them.
create function parcels_at(day date, known timestamptz) returns table (
    id uuid, code text, code_form text, division_code text, address text, land_user_name text, land_user_credit_code text,
    land_use_system text, land_use_code text, began_on date, began_by uuid, ended_on date, ended_by uuid,
    area_m2 double precision, geom geometry, revision integer, void boolean,
    living boolean)
language sql stable parallel safe as $$
    select u.id, u.code, u.code_form, u.division_code, u.address, u.land_user_name, u.land_user_credit_code,
        u.land_use_system, u.land_use_code, u.began_on, u.began_by, u.ended_on, u.ended_by, u.area_m2, u.geom, u.revision,
        u.ended_by is not null and u.ended_by is not distinct from u.began_by,
        (u.began_on is null or u.began_on <= day) and (u.ended_on is null or u.ended_on > day)
    from (select * from parcel union all select * from parcel_history) as u
    where case when known is null then u.sys_to is null
        else u.sys_from <= known and (u.sys_to is null or u.sys_to > known) end
$$;
comment on function parcels_at is 'parcels as known at an instant (null: now), with existence on a day';

create function parcel_changes_known(known timestamptz) returns setof parcel_change
language sql stable parallel safe as $$
    select c.* from (select * from parcel_change union all select * from parcel_change_history) as c
    where case when known is null then c.sys_to is null
        else c.sys_from <= known and (c.sys_to is null or c.sys_to > known) end
$$;
comment on function parcel_changes_known is 'changes of parcels as known at an instant (null: now), those entered in error among them';
