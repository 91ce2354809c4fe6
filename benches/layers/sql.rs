//! The bare limit: the same rows by one statement, and the table that the others read.

/// The attributes of `farmland` as it is served, with their types and whether tiles carry them.
pub const ATTRIBUTES: [(&str, &str, bool); 10] = [
    ("code", "text", true),
    ("class", "text", true),
    ("land_type", "text", true),
    ("division_code", "text", true),
    ("area_m2", "float8", true),
    ("area_mu", "float8", true),
    ("crop", "text", true),
    ("pbf", "bool", true),
    ("township", "text", false),
    ("village", "text", false),
];

/// A table with the attributes of the layer, plain, indexed as their manuals ask. In EPSG:4326, which differs from ours by
/// name alone: all of them would else transform every geometry.
pub const TABLE: &str = "drop schema if exists peers cascade;
    create schema peers;
    create table peers.farmland as
        select id, code, class, land_type, division_code, area_m2::float8, (area_m2 * 15 / 10000)::float8 as area_mu, crop, pbf,
            township, village, st_setsrid(geom, 4326)::geometry(Polygon, 4326) as geom
        from farmland_unit where ended_on is null order by id;
    alter table peers.farmland add primary key (id);
    create index on peers.farmland using gist (geom)";

/// A feature as text, made in SQL, of a row `u`.
macro_rules! feature {
    () => {
        "'{\"type\":\"Feature\",\"id\":\"' || u.id || '\",\"geometry\":' || st_asgeojson(u.geom, 7, 0) || ',\"properties\":' ||
         row_to_json(p) || '}'"
    };
}

/// The attributes of a row `u`.
macro_rules! attributes {
    () => {
        " cross join lateral (select u.code, u.class, u.land_type, u.division_code, u.area_m2::float8, \
         (u.area_m2 * 15 / 10000)::float8 as area_mu, u.crop, u.pbf, u.township, u.village) as p "
    };
}

/// The features of a box, in the order of their ids: west, south, east, north, how many. The limit stands below the
/// expressions, which would else be evaluated for every row before the sort.
pub const IN_BOX: &str = concat!(
    "select ",
    feature!(),
    " from (select * from farmland_unit where ended_on is null and geom && st_makeenvelope($1, $2, $3, $4, 4490) order by id limit $5) as u",
    attributes!(),
    "order by u.id"
);

/// As [`IN_BOX`], for a few of many: the rows of the box are sorted. Left to itself the database reads rows in the order of
/// their ids until enough of them are in the box, a tenth of all before it has ten.
pub const FIRST_IN_BOX: &str = concat!(
    "select ",
    feature!(),
    " from (select * from (select * from farmland_unit where ended_on is null and geom && st_makeenvelope($1, $2, $3, $4, 4490) offset 0) as b
            order by id limit $5) as u",
    attributes!(),
    "order by u.id"
);

/// The first features.
pub const FIRST: &str = concat!(
    "select ",
    feature!(),
    " from (select * from farmland_unit where ended_on is null order by id limit $1) as u",
    attributes!(),
    "order by u.id"
);

/// One feature.
pub const ONE: &str =
    concat!("select ", feature!(), " from farmland_unit as u", attributes!(), "where u.ended_on is null and u.id = $1");

/// The whole layer.
pub const WHOLE: &str = concat!(
    "copy (select ",
    feature!(),
    " from farmland_unit as u",
    attributes!(),
    "where u.ended_on is null) to stdout"
);
