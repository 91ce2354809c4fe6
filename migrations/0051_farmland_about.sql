-- A question about a place names it where the tables are read: in the union's arms, so that each is looked up by its index of
-- outlines and the history is not opened at all for a question about now.
create function farmland_units_about(box geometry, day date, known timestamptz) returns table (
    id uuid, code text, division_code text, class text, pbf boolean, area_m2 double precision, geom geometry, living boolean)
language sql stable parallel safe as $$
    select u.id, u.code, u.division_code,
        case when u.class_since is null or u.class_since <= day then u.class
            else coalesce((select c.class from farmland_class_at(u.id, day, known) as c), 'unclassified') end,
        u.pbf, u.area_m2, u.geom, (u.began_on is null or u.began_on <= day) and (u.ended_on is null or u.ended_on > day)
    from (
        select * from farmland_unit as f where f.geom && box and (known is null or f.sys_from <= known)
        union all
        select * from farmland_unit_history as f
        where known is not null and f.geom && box and f.sys_from <= known and f.sys_to > known) as u
$$;
comment on function farmland_units_about is 'units whose outline meets a box (EPSG:4490), with the class of the day, as known at an instant (null: now)';
