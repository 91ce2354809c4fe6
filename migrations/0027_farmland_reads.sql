-- Pages in the order of codes come straight off the index: the condition stands outside the union, so that the planner merges
-- the two tables in their order and stops at the page's end.
create or replace function farmland_units_at(day date, known timestamptz) returns table (
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
    from (select * from farmland_unit union all select * from farmland_unit_history) as u
    where case when known is null then u.sys_to is null
        else u.sys_from <= known and (u.sys_to is null or u.sys_to > known) end
$$;

create or replace function farmland_changes_known(known timestamptz) returns setof farmland_change
language sql stable parallel safe as $$
    select c.* from (select * from farmland_change union all select * from farmland_change_history) as c
    where case when known is null then c.sys_to is null
        else c.sys_from <= known and (c.sys_to is null or c.sys_to > known) end
$$;

-- No version in a history is without an end: these indexes are empty, and say so to a question about now.
create index farmland_unit_history_now on farmland_unit_history (code) where sys_to is null;
create index farmland_change_history_now on farmland_change_history (effective_on desc, id desc) where sys_to is null;
create index farmland_change_history_day on farmland_change_history (effective_on desc, id desc);
