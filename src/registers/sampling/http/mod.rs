//! `/v1/sampling-points`, `/v1/samples`, `/v1/sampling`.

mod counts;
mod points;
mod runs;
mod samples;
mod screening;
mod upload;

use super::store::Reach;
use crate::kernel::{Error, Result};
use crate::platform::{App, Call, Permission, Scope};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;

/// Operations on samples.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(points::routes())
        .merge(samples::routes())
        .merge(upload::routes())
        .merge(screening::routes())
        .merge(runs::routes())
        .merge(counts::routes())
}

/// Whose sampling it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Program {
    /// 详查、普查
    Survey,
    /// 国控、省控例行监测
    RoutineMonitoring,
    /// 企业自行监测
    SelfMonitoring,
    /// 地块调查
    Investigation,
}

impl Program {
    fn as_str(self) -> &'static str {
        super::PROGRAMS[self as usize]
    }
}

/// What is sampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SampledMedium {
    /// 土壤
    #[default]
    Soil,
    /// 农产品
    Crop,
    /// 其他植物
    Plant,
    /// 地下水
    Groundwater,
    /// 地表水
    SurfaceWater,
    /// 沉积物
    Sediment,
    /// 空气
    Air,
    /// 其他
    Other,
}

impl SampledMedium {
    fn as_str(self) -> &'static str {
        super::MEDIA[self as usize]
    }
}

/// Kind of farmland at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PointLandType {
    /// 水田
    Paddy,
    /// 旱地
    Upland,
    /// 水浇地
    Irrigated,
    /// 园地
    Orchard,
    /// 草地
    Grassland,
    /// 林地
    Forest,
}

impl PointLandType {
    fn as_str(self) -> &'static str {
        super::rules::LAND_TYPES[self as usize]
    }
}

/// A land-use code with its system.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PointLandUse {
    /// `GB/T 21010-2017`, `LUSC-2023`, `GB 50137-2011`.
    #[schema(example = "GB/T 21010-2017")]
    system: String,
    /// Its code.
    #[schema(example = "0601")]
    code: String,
}

/// What the caller sees: departments their divisions, a land user its own self-monitoring.
fn reach(call: &Call) -> Result<Reach> {
    Ok(match call.read(Permission::SamplingRead)? {
        Scope::All => Reach::default(),
        Scope::Divisions(codes) => Reach { divisions: Some(codes), owner: None },
        Scope::Own(code) => Reach { divisions: None, owner: Some(code) },
        Scope::Public => Reach { divisions: Some(Vec::new()), owner: None },
    })
}

/// A field that may be left out, emptied with `null`, or set.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

fn no_point() -> Error {
    Error::not_found("该采样点位", "sampling point")
}

fn no_sample() -> Error {
    Error::not_found("该样品", "sample")
}

/// A reason that says something.
fn reason(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::fault(
            "/reason",
            "required",
            crate::kernel::Text::fixed("须说明理由。", "A reason must be given."),
        ));
    }
    Ok(text.to_owned())
}
