//! What the words of a screening mean: which land a soil is held to, and what had to be assumed.

use crate::kernel::{Fault, Text};
use crate::standards::gb15618::Land;
use crate::standards::land_use::{LandUse, SoilClass};
use crate::standards::screening::{Class, GB_15618, LandHeld, Reason};

/// Kind of farmland, as units have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LandType {
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

impl LandType {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            LandType::Paddy => "paddy",
            LandType::Upland => "upland",
            LandType::Irrigated => "irrigated",
            LandType::Orchard => "orchard",
            LandType::Grassland => "grassland",
            LandType::Forest => "forest",
        }
    }

    const fn is_arable(self) -> bool {
        matches!(self, LandType::Paddy | LandType::Upland | LandType::Irrigated)
    }

    /// Whether land of a land-use code of farmland may be of this kind.
    fn fits(self, land_use: LandUse) -> bool {
        let code = land_use.code();
        match self {
            LandType::Paddy => matches!(code, "01" | "0101"),
            LandType::Irrigated => matches!(code, "01" | "0102"),
            LandType::Upland => matches!(code, "01" | "0103"),
            LandType::Orchard => code.starts_with("02"),
            LandType::Forest => code.starts_with("03"),
            LandType::Grassland => code.starts_with("04"),
        }
    }
}

/// What is said of the land.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said {
    /// The national standard, by its number.
    pub standard: Option<&'static str>,
    /// Kind of farmland.
    pub land_type: Option<LandType>,
    /// Paddy and upland in turn.
    pub rotation: Option<bool>,
    /// Land-use code.
    pub land_use: Option<LandUse>,
    /// Class of construction land.
    pub class: Option<Class>,
}

/// The land to hold the soil to, and what is to be said of it.
///
/// # Errors
/// `context_contradiction` where two statements exclude one another, at the later of them; `land_not_said` where nothing tells
/// farmland from construction land. Pointers are below `/context`.
pub fn land(said: &Said) -> Result<(LandHeld, Vec<Reason>), Fault> {
    let code_is_farm = said.land_use.map(|land_use| land_use.gb36600_class().class == SoilClass::Farmland);
    let statements = [
        ("/context/standard", said.standard.map(|standard| standard == GB_15618)),
        ("/context/land_use", code_is_farm),
        ("/context/land_type", said.land_type.map(|_| true)),
        ("/context/rotation", said.rotation.filter(|rotation| *rotation)),
        ("/context/land_class", said.class.map(|_| false)),
    ];
    let mut told = statements.into_iter().filter_map(|(pointer, farm)| Some((pointer, farm?)));
    let Some((first, farm)) = told.next() else {
        return Err(Fault::new(
            "/context",
            "land_not_said",
            Text::fixed(
                "未说明是农用地还是建设用地：请给出 standard、land_type、land_use 或 land_class。",
                "Farmland or construction land? Give `standard`, `land_type`, `land_use` or `land_class`.",
            ),
        ));
    };
    if let Some((pointer, _)) = told.find(|(_, other)| *other != farm) {
        return Err(contradiction(pointer, first));
    }
    if farm { farmland(said) } else { built(said) }
}

fn contradiction(pointer: &str, with: &str) -> Fault {
    Fault::new(
        pointer,
        "context_contradiction",
        Text::new(format!("与 {with} 所述相互矛盾。"), format!("It contradicts what `{with}` says.")),
    )
}

fn farmland(said: &Said) -> Result<(LandHeld, Vec<Reason>), Fault> {
    if let (Some(land_use), Some(land_type)) = (said.land_use, said.land_type)
        && !land_type.fits(land_use)
    {
        return Err(contradiction("/context/land_type", "/context/land_use"));
    }
    if said.rotation == Some(true) {
        if said.land_type.is_some_and(|land_type| !land_type.is_arable()) {
            return Err(contradiction("/context/rotation", "/context/land_type"));
        }
        if said.land_use.is_some_and(|land_use| !land_use.code().starts_with("01")) {
            return Err(contradiction("/context/rotation", "/context/land_use"));
        }
        return Ok((LandHeld::Farmland(Land::Rotation), Vec::new()));
    }
    // A printed leaf says more than a kind of land; a kind of land more than a class of the code.
    if let Some(land_use) = said.land_use
        && (land_use.code().len() == 4 || said.land_type.is_none())
    {
        let (held, reason) = LandHeld::of_use(land_use);
        return Ok((held, Vec::from_iter(reason)));
    }
    let Some(land_type) = said.land_type else {
        let reason = Reason::new(
            "paddy_or_upland_unknown",
            "未说明是否水田，按水田与其他地类中较严的值。",
            "It is not said whether the land is paddy; the stricter value of paddy and other land applies.",
        );
        return Ok((LandHeld::Farmland(Land::Rotation), vec![reason]));
    };
    let reason = match land_type {
        LandType::Orchard => Some(("园地参照执行。", "Garden land is held to the standard by reference.")),
        LandType::Grassland => Some(("牧草地参照执行。", "Pasture is held to the standard by reference.")),
        LandType::Forest => Some((
            "标准的适用范围未列林地，仅供参考。",
            "The standard's scope does not name forest land; for orientation only.",
        )),
        LandType::Paddy | LandType::Upland | LandType::Irrigated => None,
    };
    let reasons = reason.map(|(zh, en)| Reason::new("by_reference", zh, en));
    Ok((LandHeld::Farmland(Land::of(land_type.as_str())), Vec::from_iter(reasons)))
}

fn built(said: &Said) -> Result<(LandHeld, Vec<Reason>), Fault> {
    let read = said.land_use.map(|land_use| LandHeld::of_use(land_use).0);
    let held = match (said.class, read) {
        // A class that is stated settles what the code leaves open, and no more.
        (Some(class), Some(LandHeld::Construction { class: read, assumed: None, .. })) if read != class => {
            return Err(contradiction("/context/land_class", "/context/land_use"));
        }
        (Some(class), _) => LandHeld::class(class),
        (None, Some(held)) => held,
        (None, None) => LandHeld::use_unknown(),
    };
    Ok((held, Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standards::land_use::LandUseSystem::{self, Gb50137, GbT21010, Lusc2023};
    use crate::standards::screening::GB_36600;

    fn code(system: LandUseSystem, code: &str) -> Option<LandUse> {
        Some(LandUse::parse(system, code).unwrap())
    }

    #[test]
    fn what_is_said_chooses_the_land() {
        let farm = |land| Ok(LandHeld::Farmland(land));
        let built = |class| Ok(LandHeld::class(class));
        let none = Said::default();
        for (said, expected) in [
            (Said { land_type: Some(LandType::Paddy), ..none }, farm(Land::Paddy)),
            (Said { land_type: Some(LandType::Upland), rotation: Some(true), ..none }, farm(Land::Rotation)),
            (Said { land_type: Some(LandType::Orchard), ..none }, farm(Land::Orchard)),
            (Said { land_type: Some(LandType::Orchard), land_use: code(GbT21010, "0202"), ..none }, farm(Land::Other)),
            (Said { land_type: Some(LandType::Paddy), land_use: code(Lusc2023, "01"), ..none }, farm(Land::Paddy)),
            (Said { land_use: code(GbT21010, "0101"), standard: Some(GB_15618), ..none }, farm(Land::Paddy)),
            (Said { standard: Some(GB_15618), ..none }, farm(Land::Rotation)),
            (Said { rotation: Some(true), ..none }, farm(Land::Rotation)),
            (Said { rotation: Some(false), land_type: Some(LandType::Forest), ..none }, farm(Land::Other)),
            (Said { standard: Some(GB_36600), ..none }, Ok(LandHeld::use_unknown())),
            (Said { class: Some(Class::Two), ..none }, built(Class::Two)),
            (Said { class: Some(Class::Two), land_use: code(Gb50137, "G1"), ..none }, built(Class::Two)),
            (none, Err(("/context", "land_not_said"))),
            (Said { rotation: Some(false), ..none }, Err(("/context", "land_not_said"))),
            (
                Said { class: Some(Class::Two), land_use: code(Gb50137, "R"), ..none },
                Err(("/context/land_class", "context_contradiction")),
            ),
            (
                Said { class: Some(Class::One), land_type: Some(LandType::Paddy), ..none },
                Err(("/context/land_class", "context_contradiction")),
            ),
            (
                Said { standard: Some(GB_36600), land_use: code(Lusc2023, "0101"), ..none },
                Err(("/context/land_use", "context_contradiction")),
            ),
            (
                Said { land_type: Some(LandType::Upland), land_use: code(Lusc2023, "0101"), ..none },
                Err(("/context/land_type", "context_contradiction")),
            ),
            (
                Said { land_type: Some(LandType::Orchard), rotation: Some(true), ..none },
                Err(("/context/rotation", "context_contradiction")),
            ),
            (
                Said { land_use: code(GbT21010, "03"), rotation: Some(true), ..none },
                Err(("/context/rotation", "context_contradiction")),
            ),
        ] {
            let found = land(&said).map(|(held, _)| held);
            let expected = expected.map_err(|(pointer, code): (&str, &str)| (pointer.to_owned(), code));
            assert_eq!(found.map_err(|fault| (fault.pointer, fault.code)), expected, "{said:?}");
        }
    }
}
