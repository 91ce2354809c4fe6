//! Many areas at once: topology, area and repair of a whole batch in one statement, and the book-keeping of which rows
//! are still wanted.

use super::topology;
use crate::kernel::{Area, Fault, Result, Text};
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Share of an area by which a repair may change it. Beyond it the outline is not what its author meant, and nobody but
/// its author can say what was.
pub const REPAIR_MAX_CHANGE: f64 = 0.01;

/// Where a row of a batch stands.
#[derive(Debug)]
pub enum Row<T> {
    /// Wanted still.
    Ready(Ready<T>),
    /// Given up, with what is wrong.
    Faulty(Vec<Fault>),
}

/// A row without fault so far.
#[derive(Debug)]
pub struct Ready<T> {
    /// What was read of it.
    pub item: T,
    /// Its outline, where it has one.
    pub shape: Option<Shape>,
    /// What was repaired, if anything was.
    pub repaired: Option<Fault>,
}

/// An outline as it will be stored.
#[derive(Debug, Clone)]
pub struct Shape {
    /// EWKB, EPSG:4490.
    pub ewkb: Vec<u8>,
    /// Ellipsoidal area, m².
    pub area_m2: f64,
}

/// A batch on its way in. Rows keep the order of the file.
#[derive(Debug)]
pub struct Batch<T> {
    /// The rows.
    pub rows: Vec<Row<T>>,
}

impl<T> Batch<T> {
    /// Judges the outlines of what was read. A row is what its reader made of attributes, beside its geometry;
    /// `geometry_required` says whether one without geometry is at fault.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn settle<'a>(
        conn: &mut PgConnection,
        read: impl IntoIterator<Item = (Result<T, Vec<Fault>>, &'a Value)>,
        geometry_required: bool,
    ) -> Result<Batch<T>> {
        let mut rows = Vec::new();
        let mut shapes = Vec::new();
        for (item, geometry) in read {
            let area = match geometry {
                Value::Null if !geometry_required => Ok(None),
                given => Area::from_geojson(given, "/geometry").map(Some),
            };
            rows.push(match (item, area) {
                (Ok(item), Ok(area)) => {
                    if let Some(area) = area {
                        shapes.push((rows.len(), area.to_ewkb()));
                    }
                    Row::Ready(Ready { item, shape: None, repaired: None })
                }
                (Err(faults), Ok(_)) | (Ok(_), Err(faults)) => Row::Faulty(faults),
                (Err(mut faults), Err(more)) => {
                    faults.extend(more);
                    Row::Faulty(faults)
                }
            });
        }
        for (index, judged) in judge(conn, shapes).await? {
            match (judged, &mut rows[index]) {
                (Ok((shape, repaired)), Row::Ready(row)) => {
                    row.shape = Some(shape);
                    row.repaired = repaired;
                }
                (Err(fault), row) => *row = Row::Faulty(vec![fault]),
                (Ok(_), Row::Faulty(_)) => {}
            }
        }
        Ok(Batch { rows })
    }

    /// The rows still wanted.
    pub fn ready(&self) -> impl Iterator<Item = &Ready<T>> {
        self.rows.iter().filter_map(|row| match row {
            Row::Ready(ready) => Some(ready),
            Row::Faulty(_) => None,
        })
    }

    /// Gives up the rows in which `judge` finds a fault.
    pub fn reject_where(&mut self, mut judge: impl FnMut(&T) -> Option<Fault>) {
        for row in &mut self.rows {
            if let Row::Ready(ready) = row
                && let Some(fault) = judge(&ready.item)
            {
                *row = Row::Faulty(vec![fault]);
            }
        }
    }

    /// Gives up every row whose key an earlier row of the batch has. `name` is the attribute that holds the key.
    pub fn reject_repeated(&mut self, name: &str, key: impl Fn(&T) -> &str) {
        let mut seen = HashSet::new();
        self.reject_where(|item| {
            let key = key(item);
            (!seen.insert(key.to_owned())).then(|| repeated_in_file(name, key))
        });
    }

    /// How many rows are wanted, how many of these were repaired, and how many were given up.
    pub fn counts(&self) -> (usize, usize, usize) {
        let ready = self.ready().count();
        (ready, self.ready().filter(|row| row.repaired.is_some()).count(), self.rows.len() - ready)
    }
}

/// The fault of a row whose key an earlier row of the file has, in an attribute.
pub fn repeated_in_file(name: &str, key: &str) -> Fault {
    super::fields::at(
        name,
        "repeated_in_file",
        Text::new(
            format!("{name} `{key}` 在文件中重复，以先出现者为准。"),
            format!("{name} `{key}` stands in the file before; the first one counts."),
        ),
    )
}

type Judged = (usize, Result<(Shape, Option<Fault>), Fault>);

/// Validity, repair and area of outlines, all in one statement.
async fn judge(conn: &mut PgConnection, shapes: Vec<(usize, Vec<u8>)>) -> Result<Vec<Judged>> {
    let (places, ewkbs): (Vec<usize>, Vec<Vec<u8>>) = shapes.into_iter().unzip();
    let verdicts = sqlx::query!(
        r#"select d.valid as "valid!", d.reason, st_x(d.location) as x, st_y(d.location) as y,
               case when d.valid or r.flat is not null then platform_area_m2(i.geom) end as area_m2,
               r.area_m2 as repaired_area_m2,
               case when not d.valid then abs(st_area(i.geom)) end as flat_before,
               r.flat as flat_after,
               r.ewkb as repaired
           from unnest($1::bytea[]) with ordinality as b (ewkb, ord)
               cross join lateral (select st_geomfromewkb(b.ewkb) as geom offset 0) as i
               cross join lateral st_isvaliddetail(i.geom) as d (valid, reason, location)
               left join lateral (
                   select platform_area_m2(m.geom) as area_m2, st_area(m.geom) as flat, st_asewkb(m.geom) as ewkb
                   from (select st_collectionextract(st_makevalid(i.geom), 3) as geom offset 0) as m
                   where not st_isempty(m.geom)) as r on not d.valid
           order by b.ord"#,
        &ewkbs,
    )
    .fetch_all(conn)
    .await?;
    let mut out = Vec::with_capacity(places.len());
    for ((place, ewkb), verdict) in places.into_iter().zip(ewkbs).zip(verdicts) {
        let judged = if verdict.valid {
            match verdict.area_m2 {
                Some(area_m2) if area_m2 > 0.0 => Ok((Shape { ewkb, area_m2 }, None)),
                _ => Err(topology::no_area("/geometry")),
            }
        } else {
            let said = topology::said(verdict.reason.as_deref().unwrap_or_default(), verdict.x, verdict.y);
            // Planar areas compare like with like: an outline that crosses itself has no ellipsoidal area.
            let change = match (verdict.flat_before, verdict.flat_after) {
                (Some(before), Some(after)) if before > 0.0 => (after - before).abs() / before,
                _ => f64::INFINITY,
            };
            match (verdict.repaired, verdict.repaired_area_m2) {
                (Some(ewkb), Some(area_m2)) if change <= REPAIR_MAX_CHANGE && area_m2 > 0.0 => {
                    let percent = change * 100.0;
                    let before = verdict.area_m2.unwrap_or(area_m2);
                    let note = Fault::new(
                        "/geometry",
                        "geometry_repaired",
                        Text::new(
                            format!(
                                "{}已修复：面积由 {before:.1} m² 变为 {area_m2:.1} m²（变化 {percent:.4}%）。",
                                said.zh
                            ),
                            format!(
                                "{} Repaired: the area was {before:.1} m² and is {area_m2:.1} m² (changed by {percent:.4} %).",
                                said.en
                            ),
                        ),
                    );
                    Ok((Shape { ewkb, area_m2 }, Some(note)))
                }
                (Some(_), _) if change.is_finite() && change > REPAIR_MAX_CHANGE => {
                    let percent = change * 100.0;
                    Err(Fault::new(
                        "/geometry",
                        "invalid_geometry",
                        Text::new(
                            format!("{}自动修复会使面积变化 {percent:.1}%，未予修复。", said.zh),
                            format!("{} A repair would change the area by {percent:.1} %, so none was made.", said.en),
                        ),
                    ))
                }
                _ => Err(Fault::new("/geometry", "invalid_geometry", said)),
            }
        };
        out.push((place, judged));
    }
    Ok(out)
}
