//! Places to ask for, random by a fixed seed and the same for everybody.

use crate::ground::{self, COLUMNS};

/// The ground on which the units lie.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    /// How many.
    pub units: u64,
}

/// Side of a box that holds some 2,700 units, degrees.
const SIDE: f64 = 0.1455;

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f64) as usize).min(n.saturating_sub(1))
    }
}

impl Ground {
    /// West, south, east, north of the whole.
    pub fn bounds(self) -> [f64; 4] {
        let (first, last) = (ground::field(0)[0], ground::field(self.units - 1)[0]);
        let east = ground::field(COLUMNS.min(self.units) - 1)[0].0;
        [first.0 - 0.002, first.1 - 0.002, east + 0.002, last.1 + 0.002]
    }

    /// Boxes of some 2,700 units, all within the ground.
    pub fn boxes(self, n: usize) -> Vec<[f64; 4]> {
        let [west, south, east, north] = self.bounds();
        let (width, height) = (SIDE.min(east - west), SIDE.min(north - south));
        let mut numbers = Numbers(20_261_122);
        let digits = |value: f64| (value * 1e6).round() / 1e6;
        let mut one = || {
            let x = digits(west + numbers.next() * (east - west - width));
            let y = digits(south + numbers.next() * (north - south - height));
            [x, y, digits(x + width), digits(y + height)]
        };
        (0..n).map(|_| one()).collect()
    }

    /// Tiles of web maps that meet the ground at a zoom, column and row, each once, in random order, so many at most.
    pub fn tiles(self, zoom: u8, most: usize) -> Vec<(u32, u32)> {
        let [west, south, east, north] = self.bounds();
        let side = f64::from(1_u32 << zoom);
        let column = |longitude: f64| ((longitude + 180.0) / 360.0 * side) as u32;
        let row =
            |latitude: f64| ((1.0 - latitude.to_radians().tan().asinh() / std::f64::consts::PI) / 2.0 * side) as u32;
        let mut all: Vec<(u32, u32)> =
            (column(west)..=column(east)).flat_map(|x| (row(north)..=row(south)).map(move |y| (x, y))).collect();
        let mut numbers = Numbers(u64::from(zoom));
        for last in (1..all.len()).rev() {
            all.swap(last, numbers.below(last + 1));
        }
        all.truncate(most);
        all
    }
}
