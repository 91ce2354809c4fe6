//! All SQL of `reference_layer`, `reference_column` and `reference_feature`.

use super::rules::columns::{Column, FieldKind};
use crate::kernel::{Day, Error, ReferenceColumnId, ReferenceFeatureId, ReferenceLayerId, Result};
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

/// A layer as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    pub id: ReferenceLayerId,
    pub name: String,
    pub kind: String,
    pub title_zh: String,
    pub title_en: String,
    pub source: Option<String>,
    pub as_of: Option<Day>,
    pub division_code: Option<String>,
    pub public: bool,
    pub on_import: String,
    pub loaded_on: Option<Day>,
    pub revision: i32,
    pub sys_from: DateTime<Utc>,
}

/// Adds a layer.
pub async fn insert(conn: &mut PgConnection, new: &Layer) -> Result<()> {
    sqlx::query!(
        "insert into reference_layer (id, name, kind, title_zh, title_en, source, as_of, division_code, public, on_import)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        new.id as ReferenceLayerId,
        new.name,
        new.kind,
        new.title_zh,
        new.title_en,
        new.source,
        new.as_of as Option<Day>,
        new.division_code,
        new.public,
        new.on_import,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes what can be changed of a layer.
pub async fn update(conn: &mut PgConnection, layer: &Layer) -> Result<()> {
    sqlx::query!(
        "update reference_layer set title_zh = $2, title_en = $3, source = $4, as_of = $5, public = $6, on_import = $7,
             kind = $8
         where id = $1",
        layer.id as ReferenceLayerId,
        layer.title_zh,
        layer.title_en,
        layer.source,
        layer.as_of as Option<Day>,
        layer.public,
        layer.on_import,
        layer.kind,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps the day of an import and what geometries it brought; where it changed columns, the layer is another version.
pub async fn loaded(
    conn: &mut PgConnection,
    id: ReferenceLayerId,
    on: Day,
    shapes: &[String],
    columns_changed: bool,
) -> Result<()> {
    sqlx::query!(
        "update reference_layer
         set loaded_on = $2, shapes = (select coalesce(array_agg(distinct s order by s), '{}') from unnest(shapes || $3::text[]) as s)
         where id = $1 and (loaded_on is distinct from $2 or not shapes @> $3::text[] or $4)",
        id as ReferenceLayerId,
        on as Day,
        shapes,
        columns_changed,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A layer by its name, locked until the act is over.
pub async fn lock(conn: &mut PgConnection, name: &str) -> Result<Option<Layer>> {
    Ok(sqlx::query_as!(
        Layer,
        r#"select id as "id: ReferenceLayerId", name, kind, title_zh, title_en, source, as_of as "as_of: Day", division_code,
               public, on_import, loaded_on as "loaded_on: Day", revision, sys_from
           from reference_layer where name = $1 for update"#,
        name,
    )
    .fetch_optional(conn)
    .await?)
}

/// A layer by its name as known at an instant; one that is not public only to departments.
pub async fn find(
    conn: &mut PgConnection,
    name: &str,
    public_only: bool,
    known_at: Option<DateTime<Utc>>,
) -> Result<Option<Layer>> {
    Ok(sqlx::query_as!(
        Layer,
        r#"select id as "id!: ReferenceLayerId", name as "name!", kind as "kind!", title_zh as "title_zh!",
               title_en as "title_en!", source, as_of as "as_of: Day", division_code, public as "public!",
               on_import as "on_import!", loaded_on as "loaded_on: Day", revision as "revision!", sys_from as "sys_from!"
           from (
               select * from reference_layer where $3::timestamptz is null or sys_from <= $3
               union all
               select * from reference_layer_history where sys_from <= $3 and sys_to > $3) as v
           where name = $1
               -- What is no longer public was never for those who ask now.
               and (not $2 or public and (select c.public from reference_layer c where c.id = v.id))"#,
        name,
        public_only,
        known_at,
    )
    .fetch_optional(conn)
    .await?)
}

/// What layers are narrowed to.
pub struct LayerFilter {
    pub public_only: bool,
    pub kind: Option<String>,
    /// Layers that are complete for this division, or for one above it.
    pub division: Option<String>,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Layers by their names.
pub async fn list(conn: &mut PgConnection, filter: &LayerFilter) -> Result<Vec<Layer>> {
    Ok(sqlx::query_as!(
        Layer,
        r#"select id as "id!: ReferenceLayerId", name as "name!", kind as "kind!", title_zh as "title_zh!",
               title_en as "title_en!", source, as_of as "as_of: Day", division_code, public as "public!",
               on_import as "on_import!", loaded_on as "loaded_on: Day", revision as "revision!", sys_from as "sys_from!"
           from (
               select * from reference_layer where $4::timestamptz is null or sys_from <= $4
               union all
               select * from reference_layer_history where sys_from <= $4 and sys_to > $4) as v
           where (not $1 or public and (select c.public from reference_layer c where c.id = v.id))
               and ($2::text is null or kind = $2)
               and ($3::text is null or division_code is null
                   or division_code = any(select unnest(d.ancestors) from division d where d.code = $3))
               and ($5::text is null or name > $5)
           order by name
           limit $6"#,
        filter.public_only,
        filter.kind,
        filter.division,
        filter.known_at,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// A column as stored.
struct ColumnRow {
    layer_id: ReferenceLayerId,
    key: String,
    name: String,
    kind: String,
    kind_is_set: bool,
    title_zh: Option<String>,
    title_en: Option<String>,
    public: bool,
    in_use: bool,
    place: i32,
}

fn kind(wire: &str) -> Result<FieldKind> {
    FieldKind::parse(wire).ok_or_else(|| Error::internal(format!("a column is stored with the kind {wire}")))
}

impl ColumnRow {
    fn read(self) -> Result<(ReferenceLayerId, Column)> {
        let column = Column {
            kind: kind(&self.kind)?,
            key: self.key,
            name: self.name,
            kind_is_set: self.kind_is_set,
            title_zh: self.title_zh,
            title_en: self.title_en,
            public: self.public,
            in_use: self.in_use,
            place: self.place,
        };
        Ok((self.layer_id, column))
    }
}

/// The columns of layers as known at an instant, by layer and place; those too that are in use no more.
pub async fn columns(
    conn: &mut PgConnection,
    layers: &[ReferenceLayerId],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<(ReferenceLayerId, Column)>> {
    let rows = sqlx::query_as!(
        ColumnRow,
        r#"select layer_id as "layer_id!: ReferenceLayerId", key as "key!", name as "name!", kind as "kind!",
               kind_is_set as "kind_is_set!", title_zh, title_en, public as "public!", in_use as "in_use!", place as "place!"
           from (
               select * from reference_column where $2::timestamptz is null or sys_from <= $2
               union all
               select * from reference_column_history where sys_from <= $2 and sys_to > $2) as v
           where layer_id = any($1)
           order by layer_id, place"#,
        &layers.iter().map(|id| id.0).collect::<Vec<_>>(),
        known_at,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(ColumnRow::read).collect()
}

/// Adds columns to a layer, and takes over those that it has.
pub async fn put_columns(
    conn: &mut PgConnection,
    layer: ReferenceLayerId,
    now: DateTime<Utc>,
    columns: &[Column],
) -> Result<()> {
    sqlx::query!(
        "insert into reference_column as t
             (id, layer_id, key, name, kind, kind_is_set, title_zh, title_en, public, in_use, place)
         select id, $1, key, name, kind, kind_is_set, title_zh, title_en, public, in_use, place
         from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::text[], $9::boolean[],
                     $10::boolean[], $11::integer[])
             as v (id, key, name, kind, kind_is_set, title_zh, title_en, public, in_use, place)
         on conflict (layer_id, key) do update set kind = excluded.kind, kind_is_set = excluded.kind_is_set,
             title_zh = excluded.title_zh, title_en = excluded.title_en, public = excluded.public, in_use = excluded.in_use
         where (t.kind, t.kind_is_set, t.title_zh, t.title_en, t.public, t.in_use) is distinct from
             (excluded.kind, excluded.kind_is_set, excluded.title_zh, excluded.title_en, excluded.public, excluded.in_use)",
        layer as ReferenceLayerId,
        &columns.iter().map(|_| ReferenceColumnId::new(now).0).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.key.clone()).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.kind.as_str().to_owned()).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.kind_is_set).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.title_zh.clone()).collect::<Vec<_>>() as &[Option<String>],
        &columns.iter().map(|c| c.title_en.clone()).collect::<Vec<_>>() as &[Option<String>],
        &columns.iter().map(|c| c.public).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.in_use).collect::<Vec<_>>(),
        &columns.iter().map(|c| c.place).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A layer as a collection.
pub struct Collection {
    pub id: ReferenceLayerId,
    pub name: String,
    pub kind: String,
    pub title_zh: String,
    pub title_en: String,
    pub source: Option<String>,
    pub as_of: Option<Day>,
    pub public: bool,
    pub shapes: Vec<String>,
    pub columns: Vec<Column>,
}

/// Every layer with its columns in use, by name, of one moment.
pub async fn collections(conn: &mut PgConnection) -> Result<Vec<Collection>> {
    let rows = sqlx::query!(
        r#"select l.id as "id: ReferenceLayerId", l.name, l.kind, l.title_zh, l.title_en, l.source, l.as_of as "as_of: Day",
               l.public, l.shapes, c.key as "key?", c.name as "column_name?", c.kind as "column_kind?",
               c.kind_is_set as "kind_is_set?", c.title_zh as column_zh, c.title_en as column_en,
               c.public as "column_public?", c.place as "place?"
           from reference_layer l left join reference_column c on c.layer_id = l.id and c.in_use
           order by l.name, c.place"#,
    )
    .fetch_all(conn)
    .await?;
    let mut all: Vec<Collection> = Vec::new();
    for row in rows {
        if all.last().is_none_or(|last| last.id != row.id) {
            all.push(Collection {
                id: row.id,
                name: row.name,
                kind: row.kind,
                title_zh: row.title_zh,
                title_en: row.title_en,
                source: row.source,
                as_of: row.as_of,
                public: row.public,
                shapes: row.shapes,
                columns: Vec::new(),
            });
        }
        let (Some(key), Some(name), Some(wire), Some(kind_is_set), Some(public), Some(place), Some(layer)) =
            (row.key, row.column_name, row.column_kind, row.kind_is_set, row.column_public, row.place, all.last_mut())
        else {
            continue;
        };
        let (title_zh, title_en) = (row.column_zh, row.column_en);
        let kind = kind(&wire)?;
        layer.columns.push(Column { key, name, kind, kind_is_set, title_zh, title_en, public, in_use: true, place });
    }
    Ok(all)
}

/// A feature as it is loaded, with its geometry (EWKB).
#[derive(Debug, Clone)]
pub struct NewFeature {
    pub id: ReferenceFeatureId,
    pub code: String,
    pub name: Option<String>,
    pub attributes: Value,
    pub ended_on: Option<Day>,
    pub ewkb: Vec<u8>,
}

/// Adds features, and takes over those whose code the layer knows; gives how many were added or changed.
pub async fn put(conn: &mut PgConnection, layer: ReferenceLayerId, rows: &[NewFeature]) -> Result<u64> {
    let done = sqlx::query!(
        r#"insert into reference_feature as t (id, layer_id, code, name, attributes, ended_on, geom)
           select id, $1, code, name, attributes, ended_on, st_geomfromewkb(ewkb)
           from unnest($2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::date[], $7::bytea[])
               as v (id, code, name, attributes, ended_on, ewkb)
           on conflict (layer_id, code) do update set name = excluded.name, attributes = excluded.attributes,
               ended_on = excluded.ended_on, geom = excluded.geom
           where (t.name, t.attributes, t.ended_on) is distinct from (excluded.name, excluded.attributes, excluded.ended_on)
               or not st_orderingequals(t.geom, excluded.geom)"#,
        layer as ReferenceLayerId,
        &rows.iter().map(|r| r.id.0).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.code.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.name.clone()).collect::<Vec<_>>() as &[Option<String>],
        &rows.iter().map(|r| r.attributes.clone()).collect::<Vec<_>>(),
        &rows.iter().map(|r| r.ended_on).collect::<Vec<_>>() as &[Option<Day>],
        &rows.iter().map(|r| r.ewkb.clone()).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Ends the features of a layer that are none of these codes, from a day on; gives how many.
pub async fn end_others(conn: &mut PgConnection, layer: ReferenceLayerId, codes: &[String], on: Day) -> Result<u64> {
    let done = sqlx::query!(
        "update reference_feature set ended_on = $3
         where layer_id = $1 and (ended_on is null or ended_on > $3)
           and not exists (select 1 from unnest($2::text[]) as kept (code) where kept.code = reference_feature.code)",
        layer as ReferenceLayerId,
        codes,
        on as Day,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Validity of points and lines, in their order: why one is none.
pub async fn faults(conn: &mut PgConnection, ewkbs: &[Vec<u8>]) -> Result<Vec<Option<String>>> {
    Ok(sqlx::query_scalar!(
        r#"select case when not st_isvalid(st_geomfromewkb(b.ewkb)) then st_isvalidreason(st_geomfromewkb(b.ewkb)) end as reason
           from unnest($1::bytea[]) with ordinality as b (ewkb, ord) order by b.ord"#,
        ewkbs,
    )
    .fetch_all(conn)
    .await?)
}

/// A feature as stored.
pub struct FeatureRow {
    pub id: ReferenceFeatureId,
    pub code: String,
    pub name: Option<String>,
    pub attributes: Value,
    pub ended_on: Option<Day>,
    pub wkb: Vec<u8>,
}

/// What features are narrowed to.
pub struct FeatureFilter {
    pub layer: ReferenceLayerId,
    pub boxes: Option<[Vec<u8>; 2]>,
    pub true_on: Day,
    pub known_at: Option<DateTime<Utc>>,
    pub after: Option<String>,
    pub limit: i64,
}

/// Features of a layer by their codes.
pub async fn features(conn: &mut PgConnection, filter: &FeatureFilter) -> Result<Vec<FeatureRow>> {
    let [first, second] = match &filter.boxes {
        Some([first, second]) => [Some(first), Some(second)],
        None => [None, None],
    };
    Ok(sqlx::query_as!(
        FeatureRow,
        r#"select id as "id!: ReferenceFeatureId", code as "code!", name, attributes as "attributes!",
               ended_on as "ended_on: Day", st_asbinary(geom) as "wkb!"
           from (
               select * from reference_feature where layer_id = $1 and ($5::timestamptz is null or sys_from <= $5)
               union all
               select * from reference_feature_history where layer_id = $1 and sys_from <= $5 and sys_to > $5) as v
           where ($2::bytea is null or st_intersects(geom, st_geomfromewkb($2)) or st_intersects(geom, st_geomfromewkb($3)))
               and (ended_on is null or ended_on > $4)
               and ($6::text is null or code > $6)
           order by code
           limit $7"#,
        filter.layer as ReferenceLayerId,
        first,
        second,
        filter.true_on as Day,
        filter.known_at,
        filter.after,
        filter.limit,
    )
    .fetch_all(conn)
    .await?)
}

/// A feature near a parcel, as the database answers.
pub struct NearRow {
    pub id: ReferenceFeatureId,
    pub layer: String,
    pub kind: String,
    pub code: String,
    pub name: Option<String>,
    pub relation: String,
    pub overlap_m2: f64,
    pub distance_m: f64,
}

/// Features of each kind that a parcel meets, or that lie within the metres asked for that kind (`null`: that it meets only),
/// the nearest first, at most `limit` of each kind.
pub async fn near(
    conn: &mut PgConnection,
    parcel: &[u8],
    kinds: &[String],
    metres: &[Option<f64>],
    on: Day,
    known_at: Option<DateTime<Utc>>,
    limit: i64,
) -> Result<Vec<NearRow>> {
    Ok(sqlx::query_as!(
        NearRow,
        r#"select f.id as "id!: ReferenceFeatureId", f.layer as "layer!", k.kind as "kind!", f.code as "code!", f.name,
               f.relation as "relation!", f.overlap_m2 as "overlap_m2!", f.distance_m as "distance_m!"
           from unnest($2::text[], $3::float8[]) with ordinality as k (kind, metres, ord)
               cross join (select g from st_geomfromewkb($1) as g) as p
               cross join lateral (
                   select r.id, l.name as layer, r.code, r.name, o.relation, o.overlap_m2, o.distance_m
                   -- Layer by layer, so that the features of all others are not read.
                   from (
                           select id, name from reference_layer
                           where kind = k.kind and ($6::timestamptz is null or sys_from <= $6)
                           union all
                           select id, name from reference_layer_history
                           where $6::timestamptz is not null and kind = k.kind and sys_from <= $6 and sys_to > $6) as l
                       cross join lateral (
                           select id, code, name, ended_on, geom from reference_feature
                           where layer_id = l.id and geom && platform_near_box(p.g, k.metres)
                               and ($6::timestamptz is null or sys_from <= $6)
                           union all
                           select id, code, name, ended_on, geom from reference_feature_history
                           where $6::timestamptz is not null and layer_id = l.id
                               and geom && platform_near_box(p.g, k.metres) and sys_from <= $6 and sys_to > $6) as r
                       cross join lateral (
                           select case when not st_intersects(r.geom, p.g) then 'near'
                                       when st_touches(r.geom, p.g) then 'touches' else 'overlaps' end as relation,
                                  case when st_dimension(r.geom) = 2 and st_intersects(r.geom, p.g)
                                       then st_area(st_collectionextract(st_intersection(r.geom, p.g), 3)::geography)
                                       else 0 end as overlap_m2,
                                  st_distance(r.geom::geography, p.g::geography) as distance_m) as o
                   where (r.ended_on is null or r.ended_on > $4)
                       and (o.relation <> 'near' or o.distance_m <= k.metres)
                   order by o.distance_m, r.code
                   limit $5) as f
           order by k.ord, f.distance_m, f.layer, f.code"#,
        parcel,
        kinds,
        metres as &[Option<f64>],
        on as Day,
        limit,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}

/// A loaded layer that is complete for a division.
pub struct CoveringRow {
    pub kind: String,
    pub name: String,
    pub source: Option<String>,
    pub as_of: Option<Day>,
}

/// The loaded layers of some kinds that are complete for a division, given with those above it.
pub async fn covering(
    conn: &mut PgConnection,
    division: &[String],
    kinds: &[String],
    known_at: Option<DateTime<Utc>>,
) -> Result<Vec<CoveringRow>> {
    Ok(sqlx::query_as!(
        CoveringRow,
        r#"select kind as "kind!", name as "name!", source, coalesce(as_of, loaded_on) as "as_of: Day"
           from (
               select kind, name, source, as_of, loaded_on, division_code from reference_layer
               where $3::timestamptz is null or sys_from <= $3
               union all
               select kind, name, source, as_of, loaded_on, division_code from reference_layer_history
               where $3::timestamptz is not null and sys_from <= $3 and sys_to > $3) as v
           where loaded_on is not null and kind = any($2) and (division_code is null or division_code = any($1))
           order by kind, name"#,
        division,
        kinds,
        known_at,
    )
    .fetch_all(conn)
    .await?)
}
