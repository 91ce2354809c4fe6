-- What lay where at an instant is asked of every site and every zone's outline.
create index farmland_unit_history_geom on farmland_unit_history using gist (geom);
