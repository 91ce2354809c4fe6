//! What the indicators are, and how a share is worked out. Pure: rows in, figures out.

mod catalogue;
mod figure;

pub use catalogue::{Definition, Measure, Operator, Target, definition};
pub use figure::{Row, Standing, figure};

/// An indicator of rulebook section 7.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
pub enum Indicator {
    /// 受污染耕地安全利用率, as the trial method of 2020 counts it.
    K1,
    /// The same, counted on the classes of farmland.
    K1b,
    /// 污染地块安全利用率
    K2,
    /// 重点建设用地安全利用
    K3,
    /// 监测点位县域覆盖率
    K5,
    /// 优先保护类耕地面积变化
    K6,
}

impl Indicator {
    /// Every indicator, in the order of the page.
    pub const ALL: [Indicator; 6] =
        [Indicator::K1, Indicator::K1b, Indicator::K2, Indicator::K3, Indicator::K5, Indicator::K6];

    /// Its name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Indicator::K1 => "K1",
            Indicator::K1b => "K1b",
            Indicator::K2 => "K2",
            Indicator::K3 => "K3",
            Indicator::K5 => "K5",
            Indicator::K6 => "K6",
        }
    }

    /// Reads a wire name.
    pub fn parse(s: &str) -> Option<Indicator> {
        Indicator::ALL.into_iter().find(|indicator| indicator.as_str() == s)
    }
}
