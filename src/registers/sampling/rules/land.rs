//! To which land a soil sample is held: what is stated of its point, else the farmland unit that it lies in, else class 1.

use crate::kernel::Fault;
use crate::standards::gb15618::Land;
use crate::standards::land_use::{LandUse, LandUseSystem};
use crate::standards::screening::{Class, LandHeld, Reason};

/// What is known of the land at a point.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// Kind of farmland as stated.
    pub land_type: Option<&'a str>,
    /// Paddy and upland in turn.
    pub rotation: bool,
    /// Land-use code with its system, as stated.
    pub land_use: Option<(&'a str, &'a str)>,
    /// Code and land type of the farmland unit that the point lies in.
    pub unit: Option<(&'a str, &'a str)>,
}

/// The land, and what had to be assumed.
///
/// # Errors
/// A land-use code that its system does not print.
pub fn held(facts: Facts<'_>) -> Result<(LandHeld, Option<Reason>), Fault> {
    if facts.rotation {
        return Ok((LandHeld::Farmland(Land::Rotation), None));
    }
    if let Some(land_type) = facts.land_type {
        return Ok((LandHeld::Farmland(Land::of(land_type)), None));
    }
    if let Some((system, code)) = facts.land_use {
        let land_use = LandUse::parse(LandUseSystem::parse(system)?, code)?;
        return Ok(LandHeld::of_use(land_use));
    }
    if let Some((code, land_type)) = facts.unit {
        let reason = Reason::new(
            "land_of_unit",
            format!("点位未注明地类，按所在农用地单元 {code} 的地类。"),
            format!("The point's land is not stated; it is held to the land of the farmland unit {code} it lies in."),
        );
        return Ok((LandHeld::Farmland(Land::of(land_type)), Some(reason)));
    }
    Ok((LandHeld::use_unknown(), None))
}

/// The land in one word, as it is kept: `paddy`, `orchard`, `other`, `rotation`, `class1`, `class2`.
pub fn word(land: &LandHeld) -> &'static str {
    match land {
        LandHeld::Farmland(Land::Paddy) => "paddy",
        LandHeld::Farmland(Land::Orchard) => "orchard",
        LandHeld::Farmland(Land::Other) => "other",
        LandHeld::Farmland(Land::Rotation) => "rotation",
        LandHeld::Construction { class: Class::One, .. } => "class1",
        LandHeld::Construction { class: Class::Two, .. } => "class2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stated_goes_before_the_unit_and_the_unit_before_class_1() {
        let unit = Some(("U1", "paddy"));
        for (facts, expected) in [
            (Facts { land_type: Some("orchard"), unit, ..Facts::default() }, "orchard"),
            (Facts { land_type: Some("upland"), rotation: true, unit, ..Facts::default() }, "rotation"),
            (Facts { land_use: Some(("GB 50137-2011", "M1")), unit, ..Facts::default() }, "class2"),
            (Facts { land_use: Some(("GB/T 21010-2017", "0701")), unit, ..Facts::default() }, "class1"),
            (Facts { land_use: Some(("GB/T 21010-2017", "0101")), ..Facts::default() }, "paddy"),
            (Facts { unit, ..Facts::default() }, "paddy"),
            (Facts::default(), "class1"),
        ] {
            let (land, _) = held(facts).unwrap_or_else(|fault| panic!("{facts:?}: {fault:?}"));
            assert_eq!(word(&land), expected, "{facts:?}");
        }
        assert!(held(Facts { land_use: Some(("GB 50137-2011", "Q9")), ..Facts::default() }).is_err());
    }
}
