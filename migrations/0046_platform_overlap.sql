-- Many parcels against a register in one statement, now or as known at an instant.

-- A plain expression, so that it is seen through where it is called and PostGIS keeps the prepared parcel between records.
-- What lies in the parcel whole needs no overlay: its area is on record.
create function platform_overlap_m2(record geometry, parcel geometry, record_m2 double precision) returns double precision
language sql immutable parallel safe as $$
    select case
        when not st_intersects(parcel, record) then null
        when st_covers(parcel, record) then record_m2
        else st_area(st_collectionextract(st_intersection(record, parcel), 3)::geography)
    end
$$;
comment on function platform_overlap_m2 is 'ellipsoidal area (m2) that a record and a parcel (EPSG:4490) share; 0: they touch; null: they are apart';

create index site_history_geom on site_history using gist (geom);
create index control_zone_history_geom on control_zone_history using gist (geom);
create index key_unit_history_geom on key_unit_history using gist (geom);
create index site_negative_list_history_site on site_negative_list_history (site_id);
