-- What the registry knew of tracks and changes at an instant, and why a unit's record was corrected.
do $$
declare
    t text;
begin
    foreach t in array array['farmland_unit', 'farmland_unit_history'] loop
        execute format('alter table %I add column correction_reason text', t);
    end loop;
end $$;
comment on column farmland_unit.correction_reason is 'why this version corrects the one before; null where something else made it';

-- Set-returning and plain, so that the planner sees through them: without an instant only what is known now is read.
create function farmland_classes_known(known timestamptz) returns setof farmland_class
language sql stable parallel safe as $$
    select * from farmland_class as c where not c.withdrawn and (known is null or c.sys_from <= known)
    union all
    select * from farmland_class_history as h
    where known is not null and not h.withdrawn and h.sys_from <= known and h.sys_to > known
$$;
comment on function farmland_classes_known is 'classes that held as known at an instant (null: now)';

create function farmland_land_types_known(known timestamptz) returns setof farmland_land_type
language sql stable parallel safe as $$
    select * from farmland_land_type as c where not c.withdrawn and (known is null or c.sys_from <= known)
    union all
    select * from farmland_land_type_history as h
    where known is not null and not h.withdrawn and h.sys_from <= known and h.sys_to > known
$$;
comment on function farmland_land_types_known is 'land types that held as known at an instant (null: now)';

create function farmland_changes_known(known timestamptz) returns setof farmland_change
language sql stable parallel safe as $$
    select * from farmland_change as c where known is null or c.sys_from <= known
    union all
    select * from farmland_change_history as h where known is not null and h.sys_from <= known and h.sys_to > known
$$;
comment on function farmland_changes_known is 'changes of outlines as known at an instant (null: now), those entered in error among them';

-- Whether a version of a unit was made in error: it is ended by the change that made it.
create function farmland_is_void(began_by uuid, ended_by uuid) returns boolean
language sql immutable parallel safe as $$ select coalesce(began_by = ended_by, false) $$;
comment on function farmland_is_void is 'whether a farmland unit never was: the change that made it was entered in error';

-- The area of a unit in the ledger: rounded before anything is summed, in hundredths of a square metre, so that sums are exact.
create function farmland_ledger_area(area_m2 double precision) returns bigint
language sql immutable parallel safe as $$ select round(area_m2::numeric * 100)::bigint $$;
comment on function farmland_ledger_area is 'area of a farmland unit in the ledger, in 0.01 m2';
