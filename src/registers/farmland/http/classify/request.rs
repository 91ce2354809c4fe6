//! What a classification is asked with.

use super::super::super::ClassNumbers;
use super::super::super::actions::classify::{self as actions, GivenSample, GivenUnit, MAX_GIVEN, MAX_UNITS};
use super::super::super::rules::classify::{Given, Medium, Sample};
use super::super::{FarmlandClass, LandType};
use super::Options;
use super::answer::Detail;
use crate::kernel::quantity::{Measured, Written};
use crate::kernel::{AreaGeometry, Bbox, Day, DivisionCode, Error, FarmlandUnitId, Fault, Result, Text};
use crate::standards::{screening, substances};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// What to classify, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassifyRequest {
    /// Units of the registry.
    #[serde(default)]
    unit_ids: Option<Vec<FarmlandUnitId>>,
    /// Units of the registry in this division and below.
    #[serde(default)]
    division: Option<DivisionCode>,
    /// Units of the registry that meet `west,south,east,north` (CRS84).
    #[serde(default)]
    #[schema(example = "114.6,23.6,114.8,23.8")]
    bbox: Option<String>,
    /// Units of the registry that meet this area.
    #[serde(default)]
    #[schema(value_type = Option<AreaGeometry>)]
    geometry: Option<Value>,
    /// Units brought with the request, at most 10,000. The registry is then not looked at.
    #[serde(default)]
    units: Option<Vec<BroughtUnit>>,
    /// Samples brought with `units`, at most 100,000.
    #[serde(default)]
    samples: Option<Vec<BroughtSample>>,
    /// The civil day: classes, land types and units of that day, samples taken on it or before; today when left out.
    #[serde(default)]
    pub(super) on: Option<Day>,
    /// As the registry knew it then; now when left out.
    #[serde(default)]
    pub(super) known_at: Option<DateTime<Utc>>,
    /// Numbers to try in the place of those that hold.
    #[serde(default)]
    options: Option<ClassifyOptions>,
    /// How much to tell of each unit; every step up to 1,000 units, the classes above, when left out.
    #[serde(default)]
    pub(super) detail: Option<Detail>,
    /// Whether to suggest outlines for the parts to be cut out; at most 200 units.
    #[serde(default)]
    pub(super) outlines: bool,
}

/// Numbers in the place of those that hold where the units lie.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClassifyOptions {
    /// A class is dominant when more than this share of the points has it, per cent.
    #[schema(minimum = 50, maximum = 100)]
    dominance_percent: Option<u32>,
    /// So many contiguous points that are not of the dominant class are a part of their own.
    #[schema(minimum = 1, maximum = 1000)]
    min_contiguous: Option<u32>,
    /// With fewer product points the soil's class stands.
    #[schema(minimum = 1, maximum = 1000)]
    crop_min_samples: Option<u32>,
    /// Share of products within their limits that relaxes strict control, per cent.
    #[schema(minimum = 50, maximum = 100)]
    crop_share_percent: Option<u32>,
    /// Above this share of its limit a product is far over it, per cent.
    #[schema(minimum = 100, maximum = 10000)]
    crop_heavy_percent: Option<u32>,
    /// What becomes of a unit outside the survey's scope that has no points, nor touches a unit that has.
    #[serde(default)]
    outside_survey: OutsideSurvey,
    /// The survey's scope. Units of the registry that do not meet it lie outside.
    #[schema(value_type = Option<AreaGeometry>)]
    survey_scope: Option<Value>,
}

/// What becomes of units outside the survey's scope.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum OutsideSurvey {
    /// 不判定
    #[default]
    Unclassified,
    /// 暂列优先保护类
    Priority,
}

/// A unit brought with a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BroughtUnit {
    /// Tells it from the others of the request.
    #[schema(example = "U1", max_length = 500)]
    code: String,
    /// Kind of farmland.
    land_type: LandType,
    /// Paddy and upland in turn (水旱轮作): held to the stricter screening value.
    #[serde(default)]
    rotation: bool,
    /// Where it lies; the numbers of that place are used.
    #[serde(default)]
    division_code: Option<DivisionCode>,
    /// Its class so far.
    #[serde(default)]
    class: Option<FarmlandClass>,
    /// Its outline. Units whose outlines share a point touch each other, and samples are found by it.
    #[serde(default)]
    #[schema(value_type = Option<AreaGeometry>)]
    geometry: Value,
    /// Codes of further units that it touches.
    #[serde(default)]
    neighbours: Vec<String>,
    /// It lies outside the survey's scope.
    #[serde(default)]
    outside_survey: bool,
}

/// A sample brought with a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BroughtSample {
    /// Tells it from the others; its place in the list when left out.
    #[serde(default)]
    id: Option<String>,
    /// Code of the unit it was taken in; left out, the units whose outlines hold its place.
    #[serde(default)]
    unit: Option<String>,
    /// The point at which it was taken. Samples of one point speak through the newest; left out, a point of its own.
    #[serde(default)]
    point: Option<String>,
    /// Longitude of the point (CRS84).
    #[serde(default)]
    lon: Option<f64>,
    /// Latitude of the point. Where a place is not known, the point is taken to lie beside every other (the strict side).
    #[serde(default)]
    lat: Option<f64>,
    /// Day on which it was taken.
    #[serde(default)]
    sampled_on: Option<Day>,
    /// What was sampled.
    #[serde(default)]
    medium: SampleMedium,
    /// Upper edge of the layer, m below the surface. From 0.2 m on it is no topsoil and is not used.
    #[serde(default)]
    depth_from_m: Option<Written>,
    /// pH of the soil.
    #[serde(default)]
    ph: Option<Written>,
    /// What was found.
    results: Vec<BroughtResult>,
}

/// What was sampled.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SampleMedium {
    /// 土壤
    #[default]
    Soil,
    /// 农产品
    Crop,
}

/// A content.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BroughtResult {
    /// CAS number, symbol or name. Farmland is classed by Cd, Hg, As, Pb and Cr; others are left aside.
    #[schema(example = "Cd")]
    substance: String,
    /// The content, or the detection limit with `<`.
    value: Written,
    /// Its unit.
    #[schema(example = "mg/kg")]
    unit: String,
    /// `<` for below detection.
    #[serde(default)]
    qualifier: Option<String>,
    /// The limit that a product's report holds it against.
    #[serde(default)]
    limit: Option<BroughtLimit>,
}

/// A limit of a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BroughtLimit {
    /// The limit.
    value: Written,
    /// Its unit.
    #[schema(example = "mg/kg")]
    unit: String,
}

/// Which land.
pub(super) enum Land {
    Ids(Vec<FarmlandUnitId>),
    Division(String),
    /// GeoJSON, and where it stands in the request.
    Area(Value, &'static str),
    Given {
        units: Vec<GivenUnit>,
        samples: Vec<GivenSample>,
    },
}

impl ClassifyRequest {
    /// The numbers to try.
    ///
    /// # Errors
    /// `out_of_range`; `survey_scope_needed`.
    pub(super) fn options(&self) -> Result<Options> {
        let options = self.options.clone().unwrap_or_default();
        let numbers = ClassNumbers {
            dominance_percent: options.dominance_percent,
            min_contiguous: options.min_contiguous,
            crop_min_samples: options.crop_min_samples,
            crop_share_percent: options.crop_share_percent,
            crop_heavy_percent: options.crop_heavy_percent,
        };
        let (given, mut faults) = match numbers.read("/options") {
            Ok(given) => (given, Vec::new()),
            Err(faults) => (Given::default(), faults),
        };
        let outside_is_priority = options.outside_survey == OutsideSurvey::Priority;
        if outside_is_priority && options.survey_scope.is_none() && self.units.is_none() {
            faults.push(Fault::new(
                "/options/survey_scope",
                "survey_scope_needed",
                Text::fixed(
                    "登记簿不记录详查范围；须给出 survey_scope 才能知道哪些单元在范围之外。",
                    "The registry does not hold the survey's scope; give survey_scope to say which units lie outside.",
                ),
            ));
        }
        if faults.is_empty() {
            Ok(Options { given, outside_is_priority, survey_scope: options.survey_scope })
        } else {
            Err(Error::invalid(faults))
        }
    }

    /// Which land is asked about.
    ///
    /// # Errors
    /// `one_of` where it is not said in exactly one way; `too_many`; the faults of units and samples at their places.
    pub(super) fn land(self) -> Result<Land> {
        let ways = [
            self.unit_ids.is_some(),
            self.division.is_some(),
            self.bbox.is_some(),
            self.geometry.is_some(),
            self.units.is_some(),
        ];
        if ways.into_iter().filter(|way| *way).count() != 1 {
            return Err(Error::fault(
                "",
                "one_of",
                Text::fixed(
                    "unit_ids、division、bbox、geometry、units 须且只须给出一项。",
                    "Give exactly one of unit_ids, division, bbox, geometry, units.",
                ),
            ));
        }
        if self.samples.is_some() && self.units.is_none() {
            return Err(Error::fault(
                "/samples",
                "units_needed",
                Text::fixed(
                    "samples 须与 units 一同给出；登记的单元用登记的样品判定。",
                    "samples go with units; units of the registry are classed by the samples it holds.",
                ),
            ));
        }
        if let Some(ids) = self.unit_ids {
            at_most("/unit_ids", ids.len(), MAX_UNITS)?;
            return Ok(Land::Ids(ids));
        }
        if let Some(code) = self.division {
            return Ok(Land::Division(code.as_str().to_owned()));
        }
        if let Some(bbox) = self.bbox {
            let bbox = Bbox::parse(&bbox).map_err(|message| Error::fault("/bbox", "bad_bbox", message))?;
            return Ok(Land::Area(boxed(bbox), "/bbox"));
        }
        if let Some(geometry) = self.geometry {
            return Ok(Land::Area(geometry, "/geometry"));
        }
        let (units, samples) = (self.units.unwrap_or_default(), self.samples.unwrap_or_default());
        at_most("/units", units.len(), MAX_GIVEN.0)?;
        at_most("/samples", samples.len(), MAX_GIVEN.1)?;
        let units = units.into_iter().map(BroughtUnit::read).collect();
        let mut faults = Vec::new();
        let samples = samples.into_iter().enumerate().filter_map(|(n, sample)| sample.read(n, &mut faults)).collect();
        if faults.is_empty() { Ok(Land::Given { units, samples }) } else { Err(Error::invalid(faults)) }
    }
}

fn at_most(pointer: &str, there: usize, most: usize) -> Result<()> {
    if there <= most {
        return Ok(());
    }
    Err(Error::fault(
        pointer,
        "too_many",
        Text::new(format!("一次最多 {most} 项。"), format!("At most {most} at once.")),
    ))
}

fn boxed(bbox: Bbox) -> Value {
    let polygons: Vec<Value> = bbox
        .parts()
        .into_iter()
        .map(|Bbox { west, south, east, north }| {
            json!([[[west, south], [east, south], [east, north], [west, north], [west, south]]])
        })
        .collect();
    json!({"type": "MultiPolygon", "coordinates": polygons})
}

impl BroughtUnit {
    fn read(self) -> GivenUnit {
        GivenUnit {
            code: self.code,
            division_code: self.division_code.map(|code| code.as_str().to_owned()),
            land_type: self.land_type.as_str(),
            rotation: self.rotation,
            class: self.class.map(FarmlandClass::as_str),
            geometry: self.geometry,
            neighbours: self.neighbours,
            outside_survey: self.outside_survey,
        }
    }
}

impl BroughtSample {
    /// Reads a sample; its faults are added, each at its place.
    fn read(self, n: usize, faults: &mut Vec<Fault>) -> Option<GivenSample> {
        let (at, before) = (format!("/samples/{n}"), faults.len());
        let ph = self
            .ph
            .filter(|ph| !ph.0.trim().is_empty())
            .and_then(|ph| screening::read_ph(&format!("{at}/ph"), &ph.0).map_err(|fault| faults.push(fault)).ok());
        let depth_from_m = self.depth_from_m.and_then(|depth| {
            actions::depth(&format!("{at}/depth_from_m"), &depth.0).map_err(|fault| faults.push(fault)).ok()
        });
        let place = place(self.lon, self.lat, &at, self.unit.is_some(), faults);
        let (mut contents, mut limits) = ([None; 5], [None; 5]);
        for (k, result) in self.results.into_iter().enumerate() {
            let at = format!("{at}/results/{k}");
            let substance = match substances::read(&format!("{at}/substance"), &result.substance) {
                Ok(substance) => substance,
                Err(fault) => {
                    faults.push(fault);
                    continue;
                }
            };
            let content =
                Measured::read(&at, &result.value.0, &result.unit, result.qualifier.as_deref()).map_err(|more| {
                    faults.extend(more);
                });
            let limit = result.limit.and_then(|limit| {
                Measured::read(&format!("{at}/limit"), &limit.value.0, &limit.unit, None)
                    .map_err(|more| faults.extend(more))
                    .ok()
            });
            let (Some(element), Ok(content)) = (actions::of_five(&substance.key), content) else { continue };
            if contents[element as usize].replace(content).is_some() {
                faults.push(Fault::new(
                    format!("{at}/substance"),
                    "repeated",
                    Text::new(
                        format!("{} 在该样品中重复。", element.symbol()),
                        format!("The sample has {} twice.", element.symbol()),
                    ),
                ));
            }
            limits[element as usize] = limit.map(|limit| limit.mg_kg());
        }
        if faults.len() > before {
            return None;
        }
        let id = self.id.unwrap_or_else(|| format!("#{n}"));
        let sample = Sample {
            point: self.point.unwrap_or_else(|| id.clone()),
            id,
            place,
            taken_on: self.sampled_on,
            medium: match self.medium {
                SampleMedium::Soil => Medium::Soil,
                SampleMedium::Crop => Medium::Crop,
            },
            depth_from_m,
            ph,
            contents,
            limits,
        };
        Some(GivenSample { sample, unit: self.unit })
    }
}

/// Where a point lies: both coordinates or none, and one of place and unit.
fn place(lon: Option<f64>, lat: Option<f64>, at: &str, in_unit: bool, faults: &mut Vec<Fault>) -> Option<[f64; 2]> {
    match (lon, lat) {
        (Some(lon), Some(lat)) if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) => Some([lon, lat]),
        (None, None) if in_unit => None,
        (None, None) => {
            faults.push(Fault::new(
                at,
                "place_missing",
                Text::fixed("须给出所属单元或坐标。", "Give its unit, or longitude and latitude."),
            ));
            None
        }
        _ => {
            faults.push(Fault::new(
                format!("{at}/lon"),
                "bad_position",
                Text::fixed(
                    "lon、lat 须同时给出，且为经度、纬度。",
                    "Give both lon and lat, as degrees of longitude and latitude.",
                ),
            ));
            None
        }
    }
}
