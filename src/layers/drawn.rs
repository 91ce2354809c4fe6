//! From which zoom on what of a layer is in its tiles, and what stands for the rest before that.

use crate::kernel::Text;
use serde::Serialize;
use utoipa::ToSchema;

/// What a layer's tiles have at low zooms. Zooms are those of WebMercatorQuad; other tile matrix sets follow by the width of
/// their tiles.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Lowest zoom at which every feature is in the tiles as it is.
    pub full_zoom: u8,
    /// What becomes below it of a feature that is too small.
    pub small: Small,
    /// Below this zoom every feature is a point of the MVT layer `<id>-points`, beside the outlines in `<id>`; at most
    /// `full_zoom`. The table has `spot`.
    pub points_below: Option<u8>,
    /// Below this zoom the points are gathered into clusters; at most `points_below`.
    pub clusters_below: Option<u8>,
    /// SQL of a feature's place as one `point`, longitude and latitude.
    pub spot: &'static str,
    /// Columns with simpler outlines, each with the highest zoom that it is for, in their order.
    pub outlines: &'static [(u8, &'static str)],
    /// Name of the column by whose values clusters are counted and squares coloured.
    pub class: Option<&'static str>,
}

/// What becomes of a feature below the zoom from which on all are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Small {
    /// Drawn where it is at least a pixel wide or high, else left out.
    Pixel,
    /// Drawn from the zoom in the table's `drawn_from` on, where it is six pixels wide; else left out.
    Wide,
    /// As `Wide`; squares of the MVT layer `<id>-overview` show where what is left out is: all of it where that is not too
    /// much, else a sample, the rows that the table's `seen_from` names.
    Sampled,
    /// Left out: the points alone show it.
    Gone,
}

/// SQL of the column that tables with `drawn_from` have.
const SPOT: &str = "spot";

impl Drawn {
    /// Everything at every zoom, what is smaller than a grid cell as a point.
    pub const ALWAYS: Drawn = Drawn::from_zoom(0, Small::Pixel);

    /// Everything from a zoom on.
    pub const fn from_zoom(full_zoom: u8, small: Small) -> Drawn {
        Drawn { full_zoom, small, points_below: None, clusters_below: None, spot: SPOT, outlines: &[], class: None }
    }

    /// Areas whose outlines are drawn from a zoom on, below it as points, and as clusters below another.
    pub const fn points(below: u8, clusters_below: u8) -> Drawn {
        let mut drawn = Drawn::from_zoom(below, Small::Wide);
        drawn.points_below = Some(below);
        drawn.clusters_below = Some(clusters_below);
        drawn
    }

    /// Points that are gathered into clusters below a zoom; their places by this SQL.
    pub const fn clusters(below: u8, spot: &'static str) -> Drawn {
        let mut drawn = Drawn::points(below, below);
        drawn.small = Small::Gone;
        drawn.spot = spot;
        drawn
    }

    /// With simpler outlines.
    pub const fn outlines(mut self, outlines: &'static [(u8, &'static str)]) -> Drawn {
        self.outlines = outlines;
        self
    }

    /// With a column whose values are counted and coloured.
    pub const fn by(mut self, class: &'static str) -> Drawn {
        self.class = Some(class);
        self
    }

    /// What is drawn at a zoom.
    pub(super) fn at(&self, zoom: u8) -> Plan {
        let below = |limit: Option<u8>| limit.is_some_and(|limit| zoom < limit);
        let areas = match self.small {
            _ if zoom >= self.full_zoom => Areas::All,
            Small::Pixel => Areas::Pixel,
            Small::Wide | Small::Sampled => Areas::Wide,
            Small::Gone => Areas::None,
        };
        let spots = if below(self.clusters_below) {
            Spots::Clusters
        } else if below(self.points_below) {
            Spots::Each
        } else if self.small == Small::Sampled && zoom < self.full_zoom {
            Spots::Squares
        } else {
            Spots::None
        };
        let outline = self.outlines.iter().find(|(highest, _)| zoom <= *highest).map_or("geom", |(_, column)| column);
        Plan { zoom, areas, spots, outline, sample: None }
    }

    /// The MVT layers beside the one that has the collection's name: what stands behind that name, and below which zoom.
    pub(super) fn companions(&self) -> impl Iterator<Item = (&'static str, u8)> {
        let squares = (self.small == Small::Sampled).then_some((OVERVIEW, self.full_zoom));
        self.points_below.map(|below| (POINTS, below)).into_iter().chain(squares)
    }

    /// What tiles at low zooms do not have, in words and numbers.
    pub(super) fn omissions(&self, id: &str) -> Vec<Omission> {
        let mut all = Vec::new();
        let mut say = |below: u8, pixels, instead: Option<&str>, text: Text| {
            if below > 0 {
                let instead = instead.map(|name| format!("{id}{name}"));
                all.push(Omission {
                    below_zoom: below,
                    narrower_than_pixels: pixels,
                    instead,
                    zh: text.zh.into_owned(),
                    en: text.en.into_owned(),
                });
            }
        };
        let full = self.full_zoom;
        match self.small {
            Small::Pixel => say(
                full,
                Some(1),
                None,
                Text::new(
                    format!("{full} 级以下，宽和高均不足 1 像素（每块 512 像素）的要素不绘制。"),
                    format!(
                        "Below zoom {full}, features less than a pixel wide and high (512 to a tile) are left out."
                    ),
                ),
            ),
            Small::Wide => say(
                full,
                Some(PIXELS),
                Some(POINTS),
                Text::new(
                    format!("{full} 级以下，宽不足 {PIXELS} 像素的要素不绘轮廓，以点表示。"),
                    format!(
                        "Below zoom {full}, features less than {PIXELS} pixels wide have no outline; points stand for them."
                    ),
                ),
            ),
            Small::Sampled => say(
                full,
                Some(PIXELS),
                Some(OVERVIEW),
                Text::new(
                    format!(
                        "{full} 级以下，宽不足 {PIXELS} 像素的要素不绘轮廓，以 16 像素方格表示，方格的类别为格内要素中最多者。可见要素不超过 {EXACT} 个时逐一计入；更多时为抽样：取四分之一，每降一级再取其四分之一，直至全部不超过 {ENOUGH} 个。"
                    ),
                    format!(
                        "Below zoom {full}, features less than {PIXELS} pixels wide have no outline; squares of 16 pixels stand for them, of the class that most in the square have. Where more than {EXACT} features are to be seen, a sample of them stands for all: a quarter, a quarter of that at the next zoom down and so on, to {ENOUGH} or fewer in all."
                    ),
                ),
            ),
            Small::Gone => {}
        }
        if let Some(below) = self.clusters_below {
            say(
                below,
                None,
                Some(POINTS),
                Text::new(
                    format!("{below} 级以下，点聚合为簇，每簇注明个数，无一遗漏。"),
                    format!(
                        "Below zoom {below}, points are gathered into clusters that say how many they are; all are counted."
                    ),
                ),
            );
        }
        all
    }
}

/// What the names of the other MVT layers end with.
pub(super) const POINTS: &str = "-points";
pub(super) const OVERVIEW: &str = "-overview";

/// Where no more rows than these are to be seen, squares are about all of them.
pub(super) const EXACT: i64 = 100_000;

/// Of more rows, a sample that has no more than these is not made smaller.
pub(super) const ENOUGH: i64 = 20_000;

/// How wide an area is from `drawn_from` on, of the 512 pixels of a tile.
const PIXELS: u8 = 6;

/// What is drawn of a layer in one tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub zoom: u8,
    pub areas: Areas,
    pub spots: Spots,
    /// The column with the outlines.
    pub outline: &'static str,
    /// Squares are about the rows that are seen from this zoom on; `None`: about all.
    pub sample: Option<u8>,
}

/// Features that are drawn as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Areas {
    All,
    /// At least a pixel wide or high.
    Pixel,
    /// `drawn_from` this zoom on.
    Wide,
    None,
}

/// What stands beside them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spots {
    None,
    /// Every feature's point, with its properties.
    Each,
    /// Clusters of all points.
    Clusters,
    /// Squares about a sample of what is not drawn.
    Squares,
}

/// What tiles do not have at low zooms.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Omission {
    /// Zooms of WebMercatorQuad below this one; of other tile matrix sets those whose tiles are as wide.
    #[schema(example = 14)]
    below_zoom: u8,
    /// Features narrower than this are not drawn, of 512 pixels to a tile; absent where width does not matter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 6)]
    narrower_than_pixels: Option<u8>,
    /// The MVT layer that stands for them; absent where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "farmland-overview")]
    instead: Option<String>,
    /// In Chinese.
    zh: String,
    /// In English.
    en: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plans(drawn: &Drawn) -> Vec<(Areas, Spots)> {
        (0..=24).map(|zoom| drawn.at(zoom)).map(|plan| (plan.areas, plan.spots)).collect()
    }

    #[test]
    fn what_is_drawn_follows_the_zoom() {
        assert_eq!(plans(&Drawn::ALWAYS), [(Areas::All, Spots::None); 25]);
        let sites = plans(&Drawn::points(13, 10));
        assert_eq!(sites[..10], [(Areas::Wide, Spots::Clusters); 10]);
        assert_eq!(sites[10..13], [(Areas::Wide, Spots::Each); 3]);
        assert_eq!(sites[13..], [(Areas::All, Spots::None); 12]);
        let points = plans(&Drawn::clusters(10, "p"));
        assert_eq!(points[..10], [(Areas::None, Spots::Clusters); 10]);
        assert_eq!(points[10..], [(Areas::All, Spots::None); 15]);
        let fields = plans(&Drawn::from_zoom(14, Small::Sampled));
        assert_eq!(fields[..14], [(Areas::Wide, Spots::Squares); 14]);
        assert_eq!(fields[14..], [(Areas::All, Spots::None); 11]);
    }

    #[test]
    fn the_simplest_outline_that_will_do_is_drawn() {
        let drawn = Drawn::from_zoom(6, Small::Pixel).outlines(&[(3, "a"), (6, "b")]);
        let columns: Vec<_> = [0, 3, 4, 6, 7, 24].map(|zoom| drawn.at(zoom).outline).into();
        assert_eq!(columns, ["a", "a", "b", "b", "geom", "geom"]);
    }

    #[test]
    fn omissions_are_said_where_there_are_any() {
        assert!(Drawn::ALWAYS.omissions("x").is_empty());
        let said = |drawn: Drawn| -> Vec<_> {
            let all = drawn.omissions("x");
            assert!(all.iter().all(|o| o.zh.contains(&o.below_zoom.to_string())));
            all.into_iter().map(|o| (o.below_zoom, o.narrower_than_pixels, o.instead)).collect()
        };
        assert_eq!(said(Drawn::from_zoom(6, Small::Pixel)), [(6, Some(1), None)]);
        assert_eq!(said(Drawn::from_zoom(14, Small::Sampled)), [(14, Some(6), Some("x-overview".to_owned()))]);
        let points = || Some("x-points".to_owned());
        assert_eq!(said(Drawn::points(13, 10)), [(13, Some(6), points()), (10, None, points())]);
        assert_eq!(said(Drawn::clusters(10, "p")), [(10, None, points())]);
    }
}
