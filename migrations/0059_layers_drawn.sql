-- What of a layer is drawn from which zoom on, said by each row about itself: who asks, what is filtered by and what was
-- known at an instant then make no difference to it.

-- Width of an area: the root of its box's area on the map, of which the latitude's share is as large as the web's
-- projection makes it. 4.21875 degrees are 6 pixels, of 512 to a tile, at zoom 0: 2.0768... is the binary logarithm of
-- that, 0.7213... that of e, halved. Areas that do not overlap are then some 7,000 in a tile at most. One expression
-- without a subquery, so that it is computed in place and not called.
create function layers_drawn_from(shape geometry) returns smallint language sql immutable parallel safe as $$
    select least(24, greatest(0, ceil(2.0768155970508 - 0.72134752044448 * ln(greatest(1e-14,
        (st_xmax(box2d(shape)::box3d) - st_xmin(box2d(shape)::box3d))
        * (st_ymax(box2d(shape)::box3d) - st_ymin(box2d(shape)::box3d))
        / cos(radians(least(85, abs(st_ymin(box2d(shape)::box3d))))))))))::smallint
$$;
comment on function layers_drawn_from is 'the zoom from which on an area is at least 6 of a tile''s 512 pixels wide';

-- One row in four is seen a zoom earlier than it is drawn, one in sixteen two zooms earlier, and so on: it stands there for
-- those left out. Which ones follows from the identifier.
create function layers_seen_from(drawn_from smallint, id uuid) returns smallint language sql immutable parallel safe as $$
    select greatest(3, drawn_from
        + ceil(ln(((uuid_hash(id) & 1073741823) + 1) / 1073741824::float8) / ln(4::float8)))::smallint
$$;
comment on function layers_seen_from is 'the zoom from which on a row stands for its like that are too small to be drawn; 3 at least';

create function layers_spot(shape geometry) returns point language sql immutable parallel safe as $$
    select point((st_xmin(box2d(shape)::box3d) + st_xmax(box2d(shape)::box3d)) / 2,
                 (st_ymin(box2d(shape)::box3d) + st_ymax(box2d(shape)::box3d)) / 2)
$$;
comment on function layers_spot is 'where an area is, as one point: the middle of its box, longitude and latitude';

do $$
declare
    t text;
begin
    foreach t in array array['farmland_unit', 'site', 'key_unit'] loop
        execute format('alter table %I
            add column drawn_from smallint generated always as (layers_drawn_from(geom)) stored,
            add column spot point generated always as (layers_spot(geom)) stored', t);
        -- A version takes them along when it leaves for the history.
        execute format('alter table %I_history add column drawn_from smallint, add column spot point', t);
        execute format('update %I_history set drawn_from = layers_drawn_from(geom), spot = layers_spot(geom)', t);
        execute format('comment on column %I.drawn_from is ''zoom from which on maps draw its outline''', t);
        execute format('comment on column %I.spot is ''where it is, as one point: longitude and latitude''', t);
    end loop;
end $$;
create index site_drawn on site using gist (geom) where drawn_from <= 9;
create index key_unit_drawn on key_unit using gist (geom) where drawn_from <= 9;

alter table farmland_unit
    add column seen_from smallint generated always as (layers_seen_from(layers_drawn_from(geom), id)) stored;
alter table farmland_unit_history add column seen_from smallint;
update farmland_unit_history set seen_from = layers_seen_from(drawn_from, id);
comment on column farmland_unit.seen_from is 'zoom from which on it stands for its like that are too small to be drawn';
-- A quarter of the rows of the next, each: all of them together are a third of the index on every outline.
create index farmland_unit_seen_4 on farmland_unit using gist (geom) where seen_from <= 4;
create index farmland_unit_seen_5 on farmland_unit using gist (geom) where seen_from <= 5;
create index farmland_unit_seen_6 on farmland_unit using gist (geom) where seen_from <= 6;
create index farmland_unit_seen_7 on farmland_unit using gist (geom) where seen_from <= 7;
create index farmland_unit_seen_8 on farmland_unit using gist (geom) where seen_from <= 8;
create index farmland_unit_seen_9 on farmland_unit using gist (geom) where seen_from <= 9;
create index farmland_unit_seen_10 on farmland_unit using gist (geom) where seen_from <= 10;
create index farmland_unit_history_seen_6 on farmland_unit_history using gist (geom) where seen_from <= 6;
create index farmland_unit_history_seen_8 on farmland_unit_history using gist (geom) where seen_from <= 8;
create index farmland_unit_history_seen_10 on farmland_unit_history using gist (geom) where seen_from <= 10;

-- Boundaries have up to some hundred thousand vertices, of which few are seen from afar. Tolerances are a quarter of a pixel
-- of the zoom in the name.
create function layers_outline(shape geometry, zoom integer) returns geometry language sql immutable parallel safe as $$
    select st_simplifypreservetopology(shape, 0.17578125 / 2 ^ zoom)
$$;
comment on function layers_outline is 'an area in as few vertices as a map up to this zoom needs: within a quarter of a pixel, 512 to a tile';
alter table division
    add column outline_3 geometry(Geometry, 4490) generated always as (layers_outline(geom, 3)) stored,
    add column outline_6 geometry(Geometry, 4490) generated always as (layers_outline(geom, 6)) stored,
    add column outline_9 geometry(Geometry, 4490) generated always as (layers_outline(geom, 9)) stored;
alter table division_history
    add column outline_3 geometry(Geometry, 4490),
    add column outline_6 geometry(Geometry, 4490),
    add column outline_9 geometry(Geometry, 4490);
update division_history
set outline_3 = layers_outline(geom, 3), outline_6 = layers_outline(geom, 6), outline_9 = layers_outline(geom, 9);
comment on column division.outline_3 is 'geom as maps up to zoom 3 draw it';
comment on column division.outline_6 is 'geom as maps up to zoom 6 draw it';
comment on column division.outline_9 is 'geom as maps up to zoom 9 draw it';
