-- Farmland in time: what is true of a unit is kept as tracks, each fact with the day from which it holds and, through the
-- history, with the time in which the registry knew it so. Units begin and end, and changes say what became of which.

-- ---- changes of outlines: units that end in others ----

create table farmland_change (
    id uuid primary key,
    kind text not null check (kind in ('split', 'merge', 'redraw', 'left_farming')),
    division_code text not null references division (code),
    effective_on date not null,
    reason text not null check (reason <> ''),
    document_id uuid,
    became_system text,
    became_code text,
    voided boolean not null default false,
    void_reason text,
    constraint farmland_change_became check
        ((kind = 'left_farming') = (became_system is not null) and (became_system is null) = (became_code is null)),
    constraint farmland_change_void check (voided = (void_reason is not null))
);
select platform_versioned('farmland_change');
create index farmland_change_day on farmland_change (effective_on desc, id desc);
comment on table farmland_change is 'splits, mergers and corrections of boundaries of farmland units, and land that left farming';
comment on column farmland_change.kind is 'split 拆分, merge 合并, redraw 边界更正, left_farming 转出农用地';
comment on column farmland_change.effective_on is 'day on which the parents end and the children begin';
comment on column farmland_change.became_system is 'land-use system of became_code, where the land left farming';
comment on column farmland_change.became_code is 'land-use code of what the land became, where it left farming';
comment on column farmland_change.voided is 'entered in error: the parents live on, and the children never were';

-- ---- units begin and end ----

do $$
declare
    t text;
begin
    foreach t in array array['farmland_unit', 'farmland_unit_history'] loop
        execute format($f$alter table %I
            add column land_type_since date,
            add column reclassification_due_on date,
            add column began_on date,
            add column began_by uuid,
            add column ended_on date,
            add column ended_by uuid$f$, t);
    end loop;
end $$;
alter table farmland_unit
    add constraint farmland_unit_began_by foreign key (began_by) references farmland_change (id),
    add constraint farmland_unit_ended_by foreign key (ended_by) references farmland_change (id),
    add constraint farmland_unit_life check (ended_on >= began_on and (ended_by is null or ended_on is not null));
comment on table farmland_unit is 'farmland units; class and land type are the last of their tracks, farmland_class and farmland_land_type';
comment on column farmland_unit.class is 'last class of the track: priority_protection 优先保护类, safe_use 安全利用类, strict_control 严格管控类, or unclassified';
comment on column farmland_unit.class_since is 'first day on which that class holds; null: before anything known';
comment on column farmland_unit.land_type is 'last land type of the track';
comment on column farmland_unit.land_type_since is 'first day on which that land type holds; null: before anything known';
comment on column farmland_unit.reclassification_due_on is 'day of a change of land use since which no class was approved; null: none is due';
comment on column farmland_unit.began_on is 'first day on which the unit exists; null: before anything known';
comment on column farmland_unit.began_by is 'the change that made it; null: registered as it was';
comment on column farmland_unit.ended_on is 'first day on which the unit exists no more; null: it exists';
comment on column farmland_unit.ended_by is 'the change in which it ended; the one that made it, where that was void';
create index farmland_unit_began on farmland_unit (began_on) where began_on is not null;
create index farmland_unit_ended on farmland_unit (ended_on) where ended_on is not null;
create index farmland_unit_due on farmland_unit (division_code, code) where reclassification_due_on is not null;
create index farmland_unit_history_code on farmland_unit_history (code);
create index farmland_unit_history_division on farmland_unit_history (division_code, code);

create table farmland_parentage (
    id uuid primary key,
    change_id uuid not null references farmland_change (id),
    parent_id uuid not null references farmland_unit (id),
    child_id uuid references farmland_unit (id)
);
select platform_versioned('farmland_parentage');
create index farmland_parentage_change on farmland_parentage (change_id);
create index farmland_parentage_parent on farmland_parentage (parent_id);
create index farmland_parentage_child on farmland_parentage (child_id);
comment on table farmland_parentage is 'which unit came of which, by which change';
comment on column farmland_parentage.child_id is 'null where the land left farming';

-- ---- the tracks ----

create table farmland_class (
    id uuid primary key,
    unit_id uuid not null references farmland_unit (id),
    seq bigint generated always as identity,
    from_on date,
    class text not null check (class in ('priority_protection', 'safe_use', 'strict_control', 'unclassified')),
    cd_class smallint check (cd_class between 1 and 3),
    hg_class smallint check (hg_class between 1 and 3),
    as_class smallint check (as_class between 1 and 3),
    pb_class smallint check (pb_class between 1 and 3),
    cr_class smallint check (cr_class between 1 and 3),
    zh_class smallint check (zh_class between 1 and 3),
    trigger text not null check (trigger in ('registered', 'initial_classification', 'land_use_change', 'routine_monitoring',
        'co_monitoring', 'remediation', 'lineage', 'correction')),
    adjustment_id uuid,
    approval_number text,
    approved_on date,
    change_id uuid references farmland_change (id),
    withdrawn boolean not null default false
);
select platform_versioned('farmland_class');
create index farmland_class_track on farmland_class (unit_id, from_on desc nulls last, seq desc) where not withdrawn;
create index farmland_class_day on farmland_class (from_on) where not withdrawn;
create index farmland_class_adjustment on farmland_class (adjustment_id) where adjustment_id is not null;
create index farmland_class_history_track on farmland_class_history (unit_id);
comment on table farmland_class is 'classes of farmland units, each from its day on until the next; of one day the later entry holds';
comment on column farmland_class.seq is 'order of entry';
comment on column farmland_class.from_on is 'first day on which the class holds; null: before anything known';
comment on column farmland_class.cd_class is 'class by cadmium (Cd_CLASS), 1 to 3; the other elements alike';
comment on column farmland_class.zh_class is 'worst of the five elements (ZH_CLASS), before crops were looked at';
comment on column farmland_class.trigger is 'what led to it';
comment on column farmland_class.adjustment_id is 'the adjustment by which it was approved';
comment on column farmland_class.approval_number is 'number of the provincial approval';
comment on column farmland_class.change_id is 'the split, merger or correction of a boundary that the class was inherited in';
comment on column farmland_class.withdrawn is 'entered in error: it never held';

create table farmland_land_type (
    id uuid primary key,
    unit_id uuid not null references farmland_unit (id),
    seq bigint generated always as identity,
    from_on date,
    land_type text not null check (land_type in ('paddy', 'upland', 'irrigated', 'orchard', 'grassland', 'forest')),
    document_id uuid,
    reason text,
    change_id uuid references farmland_change (id),
    withdrawn boolean not null default false
);
select platform_versioned('farmland_land_type');
create index farmland_land_type_track on farmland_land_type (unit_id, from_on desc nulls last, seq desc) where not withdrawn;
create index farmland_land_type_day on farmland_land_type (from_on) where not withdrawn;
create index farmland_land_type_history_track on farmland_land_type_history (unit_id);
comment on table farmland_land_type is 'land types of farmland units, each from its day on until the next; of one day the later entry holds';
comment on column farmland_land_type.seq is 'order of entry';
comment on column farmland_land_type.from_on is 'first day on which the land type holds; null: before anything known';
comment on column farmland_land_type.document_id is 'the paper on the change of land use';
comment on column farmland_land_type.change_id is 'the change of outlines in which the unit began';
comment on column farmland_land_type.withdrawn is 'entered in error: it never held';

-- What the units' versions said becomes the tracks. A version that was to hold from the day of an earlier one, or from
-- before it, put that one right: the registry knew the earlier one until then.
alter table farmland_class disable trigger farmland_class_keep_history;
alter table farmland_land_type disable trigger farmland_land_type_keep_history;
do $$
declare
    fact text;
    said record;
begin
    for fact in select unnest(array['class', 'land_type']) loop
        for said in execute format($q$
            with version as (
                select id, %1$s as value, %2$s as since, act_id, sys_from from farmland_unit
                union all
                select id, %1$s, %2$s, act_id, sys_from from farmland_unit_history),
            run as (
                select *, row_number() over (partition by id order by sys_from) as n from (
                    select *, row(value, since) is distinct from
                        lag(row(value, since)) over (partition by id order by sys_from) as fresh from version) as v
                where fresh)
            select r.id as unit_id, r.value, r.since, r.act_id, r.sys_from, b.act_id as better_act, b.sys_from as better_from
            from run as r left join lateral (
                select act_id, sys_from from run as b
                where b.id = r.id and b.n > r.n
                    and coalesce(b.since, '-infinity') <= coalesce(r.since, '-infinity')
                order by b.n limit 1) as b on true
            order by r.sys_from, r.id$q$, fact, case fact when 'class' then 'class_since' else 'null::date' end)
        loop
            if fact = 'class' then
                with entered as (
                    insert into farmland_class (id, unit_id, from_on, class, trigger, withdrawn, revision, act_id, sys_from)
                    values (gen_random_uuid(), said.unit_id, said.since, said.value, 'registered', said.better_from is not null,
                        case when said.better_from is null then 1 else 2 end, coalesce(said.better_act, said.act_id),
                        coalesce(said.better_from, said.sys_from))
                    returning *)
                insert into farmland_class_history (id, unit_id, seq, from_on, class, trigger, withdrawn, revision, act_id,
                    sys_from, sys_to)
                select id, unit_id, seq, from_on, class, trigger, false, 1, said.act_id, said.sys_from, said.better_from
                from entered where withdrawn;
            else
                with entered as (
                    insert into farmland_land_type (id, unit_id, from_on, land_type, withdrawn, revision, act_id, sys_from)
                    values (gen_random_uuid(), said.unit_id, said.since, said.value, said.better_from is not null,
                        case when said.better_from is null then 1 else 2 end, coalesce(said.better_act, said.act_id),
                        coalesce(said.better_from, said.sys_from))
                    returning *)
                insert into farmland_land_type_history (id, unit_id, seq, from_on, land_type, withdrawn, revision, act_id,
                    sys_from, sys_to)
                select id, unit_id, seq, from_on, land_type, false, 1, said.act_id, said.sys_from, said.better_from
                from entered where withdrawn;
            end if;
        end loop;
    end loop;
end $$;
alter table farmland_class enable trigger farmland_class_keep_history;
alter table farmland_land_type enable trigger farmland_land_type_keep_history;

-- ---- the one way to ask ----

-- The class of a unit on a day, as known at an instant (null: now); no row before the first fact. Set-returning, so that
-- the planner sees through it.
create function farmland_class_at(unit uuid, day date, known timestamptz) returns table (class text, from_on date, seq bigint)
language sql stable parallel safe as $$
    select f.class, f.from_on, f.seq
    from (
        select c.class, c.from_on, c.seq from farmland_class as c
        where c.unit_id = unit and not c.withdrawn and (c.from_on is null or c.from_on <= day)
            and (known is null or c.sys_from <= known)
        union all
        select h.class, h.from_on, h.seq from farmland_class_history as h
        where known is not null and h.unit_id = unit and not h.withdrawn and (h.from_on is null or h.from_on <= day)
            and h.sys_from <= known and h.sys_to > known) as f
    order by f.from_on desc nulls last, f.seq desc
    limit 1
$$;
comment on function farmland_class_at is 'class of a farmland unit on a day as known at an instant; no row before its first';

create function farmland_land_type_at(unit uuid, day date, known timestamptz)
returns table (land_type text, from_on date, seq bigint)
language sql stable parallel safe as $$
    select f.land_type, f.from_on, f.seq
    from (
        select c.land_type, c.from_on, c.seq from farmland_land_type as c
        where c.unit_id = unit and not c.withdrawn and (c.from_on is null or c.from_on <= day)
            and (known is null or c.sys_from <= known)
        union all
        select h.land_type, h.from_on, h.seq from farmland_land_type_history as h
        where known is not null and h.unit_id = unit and not h.withdrawn and (h.from_on is null or h.from_on <= day)
            and h.sys_from <= known and h.sys_to > known) as f
    order by f.from_on desc nulls last, f.seq desc
    limit 1
$$;
comment on function farmland_land_type_at is 'land type of a farmland unit on a day as known at an instant; no row before its first';

-- Units as known at an instant (null: now), with class and land type on a day; whether they exist on it is a column. The
-- last facts stand on the unit itself, so that the tracks are asked only for days before them.
create function farmland_units_at(day date, known timestamptz) returns table (
    id uuid, code text, division_code text, land_type text, land_type_since date, crop text, township text, village text,
    pbf boolean, class text, class_since date, area_m2 double precision, stated_area_m2 double precision, geom geometry,
    reclassification_due_on date, began_on date, began_by uuid, ended_on date, ended_by uuid, revision integer,
    living boolean)
language sql stable parallel safe as $$
    select u.id, u.code, u.division_code,
        case when u.land_type_since is null or u.land_type_since <= day then u.land_type
            else coalesce((select t.land_type from farmland_land_type_at(u.id, day, known) as t), u.land_type) end,
        case when u.land_type_since is null or u.land_type_since <= day then u.land_type_since
            else (select t.from_on from farmland_land_type_at(u.id, day, known) as t) end,
        u.crop, u.township, u.village, u.pbf,
        case when u.class_since is null or u.class_since <= day then u.class
            else coalesce((select c.class from farmland_class_at(u.id, day, known) as c), 'unclassified') end,
        case when u.class_since is null or u.class_since <= day then u.class_since
            else (select c.from_on from farmland_class_at(u.id, day, known) as c) end,
        u.area_m2, u.stated_area_m2, u.geom,
        case when u.reclassification_due_on <= day then u.reclassification_due_on end,
        u.began_on, u.began_by, u.ended_on, u.ended_by, u.revision,
        (u.began_on is null or u.began_on <= day) and (u.ended_on is null or u.ended_on > day)
    from (
        select * from farmland_unit as n where known is null or n.sys_from <= known
        union all
        select * from farmland_unit_history as h where known is not null and h.sys_from <= known and h.sys_to > known) as u
$$;
comment on function farmland_units_at is 'farmland units as known at an instant, with class, land type and existence on a day';
