-- Where a parcel lies is asked of every parcel: small pieces of boundaries answer that without reading the whole of them.
create table division_part (
    division_id uuid not null references division (id),
    geom geometry(Polygon, 4490) not null
);
create index division_part_geom on division_part using gist (geom);
create index division_part_division on division_part (division_id);
comment on table division_part is 'boundaries of divisions in pieces of few vertices; derived, kept by a trigger';
create function division_keep_parts() returns trigger language plpgsql as $$
begin
    delete from division_part where division_id = new.id;
    if new.geom is not null then
        insert into division_part (division_id, geom)
        select new.id, (st_dump(st_subdivide(new.geom, 96))).geom;
    end if;
    return null;
end $$;
comment on function division_keep_parts is 'cuts a division''s boundary into pieces whenever it is written';
create trigger division_keep_parts after insert or update of geom on division
    for each row execute function division_keep_parts();
insert into division_part (division_id, geom)
select id, (st_dump(st_subdivide(geom, 96))).geom from division where geom is not null;
