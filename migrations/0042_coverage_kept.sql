-- Coverage areas are records that bureaus keep: corrected with a reason, ended, and read as known at an instant.
do $$
declare
    t text;
begin
    foreach t in array array['coverage_area', 'coverage_area_history'] loop
        execute format('alter table %I add column correction_reason text', t);
    end loop;
end $$;
comment on column coverage_area.correction_reason is 'why this version corrects the one before; null where something else made it';

-- What was covered at an instant is asked of many parcels at once.
create index coverage_area_history_geom on coverage_area_history using gist (geom);

-- Set-returning and plain, so that the planner sees through it.
create function coverage_areas_known(known timestamptz) returns setof coverage_area
language sql stable parallel safe as $$
    select u.* from (select * from coverage_area union all select * from coverage_area_history) as u
    where case when known is null then u.sys_to is null
        else u.sys_from <= known and (u.sys_to is null or u.sys_to > known) end
$$;
comment on function coverage_areas_known is 'coverage areas as known at an instant (null: now), ended ones among them';
