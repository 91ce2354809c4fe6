-- How two areas lie to each other: the one shape of that question for every register that land checks look into.

-- The box in which everything within near_m metres of the geometry lies. A degree of latitude is at least 110,574 m; a
-- degree of longitude at least 111,000 m times the cosine of the latitude farthest from the equator.
create function platform_near_box(g geometry, near_m double precision) returns geometry
language sql immutable parallel safe as $$
    select case when coalesce(near_m, 0) <= 0 then st_envelope(g)
        else st_expand(
            g::box2d::geometry,
            near_m / (111000 * cos(radians(least(89.0, greatest(abs(st_ymin(g)), abs(st_ymax(g))) + near_m / 110000)))),
            near_m / 110000)
        end
$$;
comment on function platform_near_box is 'envelope of an EPSG:4490 geometry widened so that it holds all within near_m metres; null: not widened';

-- An outline that goes round the world has an inside on either side, and PostGIS refuses to choose.
create function platform_area_m2(g geometry) returns double precision
language plpgsql immutable strict parallel safe as $$
begin
    return st_area(g::geography);
exception when internal_error then
    return null;
end $$;
comment on function platform_area_m2 is 'ellipsoidal area (m2) of an EPSG:4490 area; null where it has no definite one';

create function platform_overlay(record geometry, parcel geometry, out relation text, out overlap_m2 double precision, out distance_m double precision)
language plpgsql immutable parallel safe as $$
begin
    if not st_intersects(record, parcel) then
        relation := 'near';
        overlap_m2 := 0;
        distance_m := st_distance(record::geography, parcel::geography);
        return;
    end if;
    distance_m := 0;
    -- Where two areas meet in a line or a point as well, only the areal part counts.
    overlap_m2 := st_area(st_collectionextract(st_intersection(record, parcel), 3)::geography);
    relation := case when overlap_m2 > 0 then 'overlaps' else 'touches' end;
end $$;
comment on function platform_overlay is 'relation overlaps|touches|near, ellipsoidal area of the overlap (m2) and ellipsoidal distance (m) of two EPSG:4490 areas';
