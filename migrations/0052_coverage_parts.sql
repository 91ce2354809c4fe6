-- What is known of a parcel is asked of every parcel: small pieces of coverage areas answer that without reading a county's
-- whole boundary. Pieces belong to the versions of an area from one revision up to another, so that what was known at an
-- instant is answered by them too.
create table coverage_part (
    area_id uuid not null,
    from_revision integer not null,
    to_revision integer,
    geom geometry(Polygon, 4490) not null
);
create index coverage_part_geom on coverage_part using gist (geom);
create index coverage_part_area on coverage_part (area_id, from_revision);
comment on table coverage_part is 'outlines of coverage areas in pieces of few vertices; derived, kept by a trigger';
comment on column coverage_part.from_revision is 'first version of the area with this outline';
comment on column coverage_part.to_revision is 'first version of the area with another one; null: none';

create function coverage_keep_parts() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        if new.geom is not distinct from old.geom then
            return null;
        end if;
        update coverage_part set to_revision = new.revision where area_id = new.id and to_revision is null;
    end if;
    insert into coverage_part (area_id, from_revision, geom)
    select new.id, new.revision, (st_dump(st_subdivide(new.geom, 96))).geom;
    return null;
end $$;
comment on function coverage_keep_parts is 'cuts a coverage area''s outline into pieces whenever it is another';
create trigger coverage_keep_parts after insert or update of geom on coverage_area
    for each row execute function coverage_keep_parts();

insert into coverage_part (area_id, from_revision, to_revision, geom)
select v.id, v.revision, v.next, (st_dump(st_subdivide(v.geom, 96))).geom
from (
    select id, revision, geom, lead(revision) over (partition by id order by revision) as next
    from (
        select id, revision, geom, lag(geom) over (partition by id order by revision) is not distinct from geom as same
        from (select id, revision, geom from coverage_area union all select id, revision, geom from coverage_area_history) as every) as run
    where not same) as v;
