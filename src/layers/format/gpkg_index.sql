-- The index of a GeoPackage's features and what keeps it right when they are edited (annex F.3, RTree Spatial Indexes).
-- TABLE_ and INDEX_ stand for names in quotes, and TRIGGER_ for how those of the triggers begin.
create virtual table INDEX_ using rtree(id, minx, maxx, miny, maxy);
insert into INDEX_ select fid, minx, maxx, miny, maxy from temp.places order by near;
create trigger TRIGGER_insert" after insert on TABLE_
    when (new.geom not null and not ST_IsEmpty(new.geom))
begin
    insert or replace into INDEX_
    values (new.fid, ST_MinX(new.geom), ST_MaxX(new.geom), ST_MinY(new.geom), ST_MaxY(new.geom));
end;
create trigger TRIGGER_update1" after update of geom on TABLE_
    when old.fid = new.fid and (new.geom notnull and not ST_IsEmpty(new.geom))
begin
    insert or replace into INDEX_
    values (new.fid, ST_MinX(new.geom), ST_MaxX(new.geom), ST_MinY(new.geom), ST_MaxY(new.geom));
end;
create trigger TRIGGER_update2" after update of geom on TABLE_
    when old.fid = new.fid and (new.geom isnull or ST_IsEmpty(new.geom))
begin
    delete from INDEX_ where id = old.fid;
end;
create trigger TRIGGER_update3" after update on TABLE_
    when old.fid != new.fid and (new.geom notnull and not ST_IsEmpty(new.geom))
begin
    delete from INDEX_ where id = old.fid;
    insert or replace into INDEX_
    values (new.fid, ST_MinX(new.geom), ST_MaxX(new.geom), ST_MinY(new.geom), ST_MaxY(new.geom));
end;
create trigger TRIGGER_update4" after update on TABLE_
    when old.fid != new.fid and (new.geom isnull or ST_IsEmpty(new.geom))
begin
    delete from INDEX_ where id in (old.fid, new.fid);
end;
create trigger TRIGGER_delete" after delete on TABLE_
    when old.geom not null
begin
    delete from INDEX_ where id = old.fid;
end;
