//! The reference system of a file, and its coordinates turned.

use crate::kernel::{Error, Fault, Result, Text};
use crate::platform::App;
use crate::platform::crs::{self, Crs};
use crate::platform::geofile::{self, Declared, Identified, Said};
use crate::registers::ImportFeature;
use serde_json::Value;

/// The reference system that holds for a file: the file's own where it says one, else the one given. Gives a remark where
/// what the file says could not be held against what was given.
///
/// # Errors
/// `crs_contradiction` when both are there and differ; `crs_missing` where the file ought to say one and neither does;
/// `crs_unreadable` for what cannot be recognised; `crs_unknown`, `crs_other_datum` for what cannot be turned.
pub(super) async fn settle(app: &App, declared: &Declared, given: Option<Crs>) -> Result<(Crs, Option<Fault>)> {
    let (own, remark) = own(declared, given)?;
    let crs = match (own, given) {
        (Some(own), Some(given)) if !own.same(given) => {
            return Err(contradiction(&own.name(), given));
        }
        (Some(crs), _) | (None, Some(crs)) => crs,
        (None, None) => Crs::LonLat,
    };
    crs.require(app.db()).await?;
    Ok((crs, remark))
}

/// The system that a file says.
fn own(declared: &Declared, given: Option<Crs>) -> Result<(Option<Crs>, Option<Fault>)> {
    let text = match declared {
        Declared::Nothing => return Ok((None, None)),
        Declared::Member(member) => return Ok((Crs::from_member(member)?, None)),
        Declared::Missing(_) if given.is_some() => return Ok((None, None)),
        Declared::Missing(why) => {
            return Err(Error::fault(
                "/crs",
                "crs_missing",
                Text::new(
                    format!("{}，请用参数 crs 注明坐标系（如 EPSG:4490、EPSG:4549）。", why.zh),
                    format!(
                        "The file does not say its reference system ({}); name it with the parameter crs (EPSG:4490, EPSG:4549).",
                        why.en
                    ),
                ),
            ));
        }
        Declared::WellKnown(text) => text,
        Declared::Code { name, definition } => {
            let by_text = definition.as_deref().map(geofile::identify);
            return match (Crs::parse(name), by_text) {
                // The code and the text beside it are to say the same.
                (Some(code), Some(Identified { said: Said::Is(own), name: text })) if !own.same(code) => {
                    Err(unreadable(&format!("{name} / {text}")))
                }
                (Some(code), _) => Ok((Some(code), None)),
                (None, _) if given.is_some() => Ok((None, Some(unchecked(name)))),
                (None, _) => Err(unreadable(name)),
            };
        }
    };
    let Identified { name, said } = geofile::identify(text);
    match said {
        Said::Is(crs) => Ok((Some(crs), None)),
        Said::OtherDatum => Err(Error::fault(
            "/crs",
            "crs_other_datum",
            Text::new(
                format!(
                    "文件的坐标系为“{name}”，其基准面不是 CGCS2000 或 WGS 84（如 1954 北京、1980 西安）；转换需要当地控制点参数，否则偏差可达百米。请先转换为 CGCS2000。"
                ),
                format!(
                    "The file is in `{name}`, on another datum than CGCS2000 or WGS 84 (Beijing 1954 and Xian 1980 are such); turning it \
                     needs local control points, without which coordinates are wrong by up to some hundred metres. Turn it into CGCS2000 first."
                ),
            ),
        )),
        Said::Unknown if given.is_some() => Ok((None, Some(unchecked(&name)))),
        Said::Unknown => Err(unreadable(&name)),
    }
}

fn contradiction(own: &str, given: Crs) -> Error {
    Error::fault(
        "/crs",
        "crs_contradiction",
        Text::new(
            format!("文件声明的坐标系（{own}）与参数 crs（{}）不同。", given.name()),
            format!("The file says {own} and the parameter crs says {}.", given.name()),
        ),
    )
}

fn unreadable(name: &str) -> Error {
    Error::fault(
        "/crs",
        "crs_unreadable",
        Text::new(
            format!("无法识别文件的坐标系“{name}”，请用参数 crs 注明（如 EPSG:4490、EPSG:4549）。"),
            format!(
                "The file's reference system `{name}` is not recognised; name it with the parameter crs (EPSG:4490, EPSG:4549)."
            ),
        ),
    )
}

fn unchecked(name: &str) -> Fault {
    Fault::new(
        "/crs",
        "crs_not_checked",
        Text::new(
            format!("无法识别文件的坐标系“{name}”，按参数 crs 处理。"),
            format!("The file's reference system `{name}` is not recognised; the parameter crs was followed."),
        ),
    )
}

/// Turns the coordinates of a batch. Gives, for the features that cannot be turned, what is wrong, by their place in the
/// batch.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn turn(app: &App, code: i32, batch: &mut [ImportFeature]) -> Result<Vec<(usize, Fault)>> {
    let mut geometries: Vec<&mut Value> = batch.iter_mut().map(|feature| &mut feature.geometry).collect();
    crs::turn(app.db(), code, &mut geometries).await
}
