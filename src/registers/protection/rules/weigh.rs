//! What raises a warning: moves of priority-protection area in, losses by county, year and kind out.
//!
//! K6 of the rulebook is area(t) − area(t−1) per county, and a warning where it is below zero. Land that drops to another
//! class is a loss of quality on its own, whatever rises elsewhere; all other causes are netted per county, year and act.

use crate::kernel::{Day, Text};
use std::collections::BTreeMap;

/// Why priority-protection area moved.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MoveCause {
    /// 类别调整
    ClassChanged,
    /// 土地利用变更
    LandUseChanged,
    /// 单元拆分
    UnitSplit,
    /// 单元合并
    UnitMerged,
    /// 边界更正
    BoundaryCorrected,
}

impl MoveCause {
    /// Every cause.
    pub const ALL: [MoveCause; 5] = [
        MoveCause::ClassChanged,
        MoveCause::LandUseChanged,
        MoveCause::UnitSplit,
        MoveCause::UnitMerged,
        MoveCause::BoundaryCorrected,
    ];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            MoveCause::ClassChanged => "class_changed",
            MoveCause::LandUseChanged => "land_use_changed",
            MoveCause::UnitSplit => "unit_split",
            MoveCause::UnitMerged => "unit_merged",
            MoveCause::BoundaryCorrected => "boundary_corrected",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            MoveCause::ClassChanged => Text::fixed("类别调整", "Class changed"),
            MoveCause::LandUseChanged => Text::fixed("土地利用变更", "Land use changed"),
            MoveCause::UnitSplit => Text::fixed("单元拆分", "Unit split"),
            MoveCause::UnitMerged => Text::fixed("单元合并", "Units merged"),
            MoveCause::BoundaryCorrected => Text::fixed("边界更正", "Boundary corrected"),
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<MoveCause> {
        MoveCause::ALL.into_iter().find(|cause| cause.as_str() == s)
    }

    /// What kind of warning a loss by it raises.
    pub const fn kind(self) -> Kind {
        match self {
            MoveCause::ClassChanged => Kind::QualityDropped,
            MoveCause::LandUseChanged | MoveCause::UnitSplit | MoveCause::UnitMerged | MoveCause::BoundaryCorrected => {
                Kind::AreaShrunk
            }
        }
    }

    /// Whether outlines are cut or joined by it: what areas then differ by, within the tolerance of such changes, is the
    /// arithmetic of outlines and no land.
    const fn redraws(self) -> bool {
        matches!(self, MoveCause::UnitSplit | MoveCause::UnitMerged)
    }
}

/// What kind of warning.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[schema(as = ProtectionWarningKind)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 土壤环境质量下降: priority-protection land lost to another class.
    QualityDropped,
    /// 面积减少: net loss of priority-protection area by other causes.
    AreaShrunk,
}

impl Kind {
    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::QualityDropped => "quality_dropped",
            Kind::AreaShrunk => "area_shrunk",
        }
    }

    /// What it is called.
    pub const fn title(self) -> Text {
        match self {
            Kind::QualityDropped => {
                Text::fixed("优先保护类耕地土壤环境质量下降", "Soil quality of priority-protection land dropped")
            }
            Kind::AreaShrunk => Text::fixed("优先保护类耕地面积减少", "Area of priority-protection land shrank"),
        }
    }

    /// The word of it in a warning's number.
    pub const fn mark(self) -> &'static str {
        match self {
            Kind::QualityDropped => "质量",
            Kind::AreaShrunk => "面积",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Kind> {
        [Kind::QualityDropped, Kind::AreaShrunk].into_iter().find(|kind| kind.as_str() == s)
    }
}

/// Priority-protection area of a unit, or of a group of units that became one another, before and after a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Move {
    /// The county.
    pub division_code: String,
    /// Code of the unit, or of one of the group.
    pub unit_code: String,
    /// First day on which the change holds.
    pub on: Day,
    /// Why.
    pub cause: MoveCause,
    /// Ellipsoidal priority-protection area before, m².
    pub before_m2: f64,
    /// The same after, m².
    pub after_m2: f64,
}

/// Tolerance of a split or merger, the larger of: 1 m², in hundredths, and a ten-thousandth of the area before.
const SLIVER: i64 = 100;
const SLIVER_PART: i64 = 10_000;

/// A move as it is counted: in hundredths of a square metre, which add up exactly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counted<'a> {
    /// The move.
    pub of: &'a Move,
    /// Area before, hundredths of a square metre.
    pub before: i64,
    /// Area after.
    pub after: i64,
}

impl<'a> Counted<'a> {
    /// `None` where nothing moved.
    fn of(of: &'a Move) -> Option<Counted<'a>> {
        let (before, after) = (hundredths(of.before_m2), hundredths(of.after_m2));
        if of.cause.redraws() && (after - before).abs() <= SLIVER.max(before / SLIVER_PART) {
            return None;
        }
        (before != after).then_some(Counted { of, before, after })
    }

    /// What it took away, hundredths of a square metre.
    pub fn lost(&self) -> i64 {
        (self.before - self.after).max(0)
    }

    /// What it brought.
    pub fn gained(&self) -> i64 {
        (self.after - self.before).max(0)
    }
}

/// Areas are below the land of the earth, 1.5e14 m²: hundredths of it are far inside both types.
#[expect(clippy::cast_possible_truncation, reason = "the value is bounded by the earth's land")]
fn hundredths(area_m2: f64) -> i64 {
    (area_m2 * 100.0).round() as i64
}

/// What the moves of an act come to, for a county, year and kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Loss<'a> {
    /// The county.
    pub county: &'a str,
    /// Calendar year of the moves' days.
    pub year: i32,
    /// Which.
    pub kind: Kind,
    /// The moves, in the order told.
    pub moves: Vec<Counted<'a>>,
    /// Whether it raises a warning where there is none. What does not is still counted where one stands.
    pub raises: bool,
}

impl Loss<'_> {
    /// What the moves took away together, hundredths of a square metre.
    pub fn lost(&self) -> i64 {
        self.moves.iter().map(Counted::lost).sum()
    }

    /// What they brought.
    pub fn gained(&self) -> i64 {
        self.moves.iter().map(Counted::gained).sum()
    }
}

/// Sorts the moves of an act by county, year and kind, and says which raise a warning: any land that lost its class; by the
/// other causes a net loss.
pub fn losses(moves: &[Move]) -> Vec<Loss<'_>> {
    let mut groups: BTreeMap<(&str, i32, Kind), Vec<Counted<'_>>> = BTreeMap::new();
    for counted in moves.iter().filter_map(Counted::of) {
        let of = counted.of;
        groups.entry((&of.division_code, of.on.year(), of.cause.kind())).or_default().push(counted);
    }
    groups
        .into_iter()
        .map(|((county, year, kind), moves)| {
            let mut loss = Loss { county, year, kind, moves, raises: false };
            loss.raises = match kind {
                Kind::QualityDropped => loss.lost() > 0,
                Kind::AreaShrunk => loss.lost() > loss.gained(),
            };
            loss
        })
        .collect()
}
