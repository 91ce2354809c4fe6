//! Views of rows as GeoJSON features: one feature, one page of them, and the areas that requests carry.

use crate::kernel::AreaGeometry;
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Area, Bbox, Day, DivisionCode, Error, Result, wkb};
use axum::http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Decimals of degrees on the wire: 1e-9 degrees is a tenth of a millimetre, so what was sent comes back.
const DECIMALS: u8 = 9;

/// Always `Feature`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum FeatureType {
    /// A GeoJSON feature.
    Feature,
}

/// Always `FeatureCollection`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum CollectionType {
    /// A GeoJSON feature collection.
    FeatureCollection,
}

/// A row as a GeoJSON feature.
#[derive(Debug, Serialize, ToSchema)]
pub struct Feature<P: ToSchema> {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// The row's identifier (UUIDv7).
    pub id: uuid::Uuid,
    /// Its outline; `null` where none is known.
    #[schema(value_type = Option<AreaGeometry>)]
    pub geometry: Option<Box<RawValue>>,
    /// Its attributes.
    pub properties: P,
}

/// A page of features.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeaturePage<P: ToSchema> {
    /// `FeatureCollection`.
    #[serde(rename = "type")]
    pub kind: CollectionType,
    /// The features of this page.
    pub features: Vec<Feature<P>>,
    /// How many are on this page.
    #[serde(rename = "numberReturned")]
    #[schema(example = 1)]
    pub number_returned: usize,
    /// `self`, and `next` where there is more.
    pub links: Vec<Link>,
}

/// A link to another page.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PageLink)]
pub struct Link {
    /// Address: whole where it is known how clients reach the server, else relative to it.
    #[schema(example = "/v1/farmland-units?cursor=c2hvcnQ&limit=100")]
    pub href: String,
    /// Relation.
    #[schema(example = "next")]
    pub rel: String,
    /// Media type of what is there.
    #[serde(rename = "type")]
    #[schema(example = "application/geo+json")]
    pub media_type: String,
}

/// A feature as a request sends it, its geometry not judged yet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewFeature<P: ToSchema> {
    /// `Feature`.
    #[serde(rename = "type")]
    pub kind: FeatureType,
    /// Identifiers are given by the registry; one that is sent is not used.
    #[serde(default)]
    pub id: Option<String>,
    /// Polygon or MultiPolygon, CRS84.
    #[schema(value_type = AreaGeometry)]
    pub geometry: serde_json::Value,
    /// Attributes.
    pub properties: P,
}

impl<P: ToSchema> Feature<P> {
    /// A feature of a row's outline as the database gave it.
    ///
    /// # Errors
    /// When the bytes are no geometry: a fault of ours.
    pub fn of(id: uuid::Uuid, wkb: Option<&[u8]>, properties: P) -> Result<Feature<P>> {
        let geometry = wkb.map(geometry).transpose()?;
        Ok(Feature { kind: FeatureType::Feature, id, geometry, properties })
    }
}

/// An outline of the database (WKB) as GeoJSON.
///
/// # Errors
/// When the bytes are no geometry: a fault of ours.
pub fn geometry(bytes: &[u8]) -> Result<Box<RawValue>> {
    let mut text = Vec::with_capacity(bytes.len() * 2);
    wkb::to_geojson(bytes, DECIMALS, &mut text).map_err(Error::internal)?;
    RawValue::from_string(String::from_utf8(text).map_err(Error::internal)?).map_err(Error::internal)
}

impl<P: ToSchema> FeaturePage<P> {
    /// A page of at most `limit` of the features read; one more than `limit` was asked of the database, so that it is
    /// known whether there is a next page. `key` gives what the list is ordered by, `filters` what the cursor is bound to.
    pub fn of(
        uri: &Uri,
        mut features: Vec<Feature<P>>,
        limit: u32,
        filters: &str,
        key: impl Fn(&Feature<P>) -> String,
    ) -> FeaturePage<P> {
        let links = Link::pages(uri, &mut features, limit, filters, super::reply::GEOJSON, key);
        FeaturePage { kind: CollectionType::FeatureCollection, number_returned: features.len(), features, links }
    }
}

impl Link {
    /// `self` and, where there is more, `next` of a page; leaves at most `limit` of the rows read. One more than `limit` was
    /// asked of the database. `key` gives what the list is ordered by, `filters` what the cursor is bound to.
    pub fn pages<T>(
        uri: &Uri,
        rows: &mut Vec<T>,
        limit: u32,
        filters: &str,
        media_type: &str,
        key: impl Fn(&T) -> String,
    ) -> Vec<Link> {
        let mut links = vec![Link::to(uri, "self", None, media_type)];
        if let Some(cursor) = Cursor::behind(rows, limit, filters, key) {
            links.push(Link::to(uri, "next", Some(&cursor), media_type));
        }
        links
    }

    /// A link to the page that was asked for, or, with a cursor, to the one after it.
    fn to(uri: &Uri, rel: &str, cursor: Option<&str>, media_type: &str) -> Link {
        let href = match cursor {
            None => uri.to_string(),
            Some(cursor) => next_address(uri, cursor),
        };
        Link { href, rel: rel.to_owned(), media_type: media_type.to_owned() }
    }
}

/// The address that was asked, with the next page's cursor.
pub fn next_address(uri: &Uri, cursor: &str) -> String {
    let asked = uri.query().unwrap_or_default().split('&');
    let kept = asked.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let pairs: Vec<String> = kept.map(str::to_owned).chain([format!("cursor={cursor}")]).collect();
    let server = match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(host)) => format!("{scheme}://{host}"),
        _ => String::new(),
    };
    format!("{server}{}?{}", uri.path(), pairs.join("&"))
}

/// A `bbox` parameter as one or two areas in EWKB (two across the antimeridian; the same one twice otherwise), for
/// `st_intersects` in a list's statement.
///
/// # Errors
/// `bad_parameter`.
pub fn boxes(bbox: Option<&str>) -> Result<Option<[Vec<u8>; 2]>> {
    let Some(text) = bbox else { return Ok(None) };
    let bbox = Bbox::parse(text).map_err(|message| Error::bad_parameter("bbox", message))?;
    let mut areas = Vec::new();
    for Bbox { west, south, east, north } in bbox.parts() {
        let ring = serde_json::json!([[west, south], [east, south], [east, north], [west, north], [west, south]]);
        let polygon = serde_json::json!({"type": "Polygon", "coordinates": [ring]});
        areas.push(Area::from_geojson(&polygon, "?bbox").map_err(Error::invalid)?.to_ewkb());
    }
    let first = areas.first().cloned().unwrap_or_default();
    let second = areas.pop().unwrap_or_else(|| first.clone());
    Ok(Some([first, second]))
}

/// What lists of areas with a period are asked by.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreaQuery {
    /// In this division and below.
    pub division: Option<DivisionCode>,
    /// `west,south,east,north` in CRS84.
    pub bbox: Option<String>,
    /// Those that hold on this day; today when left out.
    pub on: Option<Day>,
    /// Rows of a page, at most 10000.
    #[param(default = 100, minimum = 1, maximum = 10000)]
    pub limit: Option<u32>,
    /// Where to go on, from a `next` link.
    pub cursor: Option<String>,
}

/// An [`AreaQuery`] as a store needs it. Lists are in the order of codes.
#[derive(Debug)]
pub struct AreaFilter {
    /// Divisions of the caller's scope; `None`: all.
    pub scope: Option<Vec<String>>,
    /// In this division and below.
    pub division: Option<String>,
    /// Boxes of [`boxes`].
    pub boxes: Option<[Vec<u8>; 2]>,
    /// The day.
    pub on: Day,
    /// The code after which to go on.
    pub after: Option<String>,
    /// Rows wanted on the page; one more is asked for.
    pub limit: u32,
    /// What the cursor is bound to.
    pub filters: String,
}

impl AreaQuery {
    /// Judges the parameters.
    ///
    /// # Errors
    /// `bad_parameter`, `bad_cursor`.
    pub fn filter(self, scope: Option<Vec<String>>, today: Day) -> Result<AreaFilter> {
        let filters = format!("{:?}", (&self.division, &self.bbox, self.on, &scope));
        Ok(AreaFilter {
            scope,
            division: self.division.map(|code| code.as_str().to_owned()),
            boxes: boxes(self.bbox.as_deref())?,
            on: self.on.unwrap_or(today),
            after: Cursor::key(self.cursor.as_deref(), &filters)?,
            limit: paging::limit(self.limit)?,
            filters,
        })
    }
}

impl AreaFilter {
    /// The first box, then the second, for binding.
    pub fn both_boxes(&self) -> [Option<&[u8]>; 2] {
        match &self.boxes {
            Some([first, second]) => [Some(first), Some(second)],
            None => [None, None],
        }
    }

    /// Rows to ask the database for.
    pub fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }
}
