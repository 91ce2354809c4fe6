//! Many points as few: one for each square of a grid that is the same in all tiles, with how many it stands for.

use crate::kernel::wkb::walk::NotFinite;
use crate::layers::shape::grid::{EXTENT, Grid};

/// Units of a tile's side that 64 of its 512 pixels are.
pub const CELL: u32 = EXTENT / 8;

/// What stands for the points of one square.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// Where their mean is, in the tile's units.
    pub at: [i32; 2],
    /// How many they are.
    pub count: u32,
    /// How many of each class.
    pub classes: &'a [u32],
    /// The least of the numbers that they were added with; of a cluster of one, its own.
    pub first: u64,
}

/// Points of a tile, gathered.
///
/// A point belongs to the tile that it lies in, and to none by the margin: counted over all tiles of a zoom each is counted
/// once. Sums are of whole units, so that no order of points makes a difference.
#[derive(Debug)]
pub struct Clusters {
    grid: Grid,
    cell: u32,
    /// Squares along a side.
    side: usize,
    classes: usize,
    squares: Vec<Square>,
    /// Counts of classes, square by square.
    counts: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Square {
    count: u32,
    sum: [u64; 2],
    first: u64,
}

impl Clusters {
    /// For a tile, with squares of so many units (one to [`EXTENT`], mostly [`CELL`]) and so many classes.
    pub fn new(grid: Grid, cell: u32, classes: usize) -> Clusters {
        let cell = cell.clamp(1, EXTENT);
        let side = EXTENT.div_ceil(cell) as usize;
        let empty = Square { count: 0, sum: [0, 0], first: u64::MAX };
        Clusters {
            grid,
            cell,
            side,
            classes,
            squares: vec![empty; side * side],
            counts: vec![0; side * side * classes],
        }
    }

    /// Adds a point in longitude and latitude, of a class (or of none, or of one that is not there) and with a number of the
    /// caller's; whether it lies in the tile.
    ///
    /// # Errors
    /// When it is no place.
    pub fn add(&mut self, position: [f64; 2], class: Option<usize>, number: u64) -> Result<bool, NotFinite> {
        let [x, y] = self.grid.place(position)?;
        let sides = 0.0..f64::from(EXTENT);
        if !(sides.contains(&x) && sides.contains(&y)) {
            return Ok(false);
        }
        let [x, y] = [unit(x), unit(y)];
        let at = (y / self.cell) as usize * self.side + (x / self.cell) as usize;
        let Some(square) = self.squares.get_mut(at) else { return Ok(false) };
        square.count += 1;
        square.sum[0] += u64::from(x);
        square.sum[1] += u64::from(y);
        square.first = square.first.min(number);
        if let Some(class) = class.filter(|class| *class < self.classes)
            && let Some(count) = self.counts.get_mut(at * self.classes + class)
        {
            *count += 1;
        }
        Ok(true)
    }

    /// What stands for the points, row by row from the north-west.
    pub fn iter(&self) -> impl Iterator<Item = Cluster<'_>> {
        self.squares.iter().enumerate().filter(|(_, square)| square.count > 0).map(|(at, square)| {
            let mean = |sum: u64| {
                let count = u64::from(square.count);
                i32::try_from((sum + count / 2) / count).unwrap_or_default()
            };
            let classes = self.counts.get(at * self.classes..(at + 1) * self.classes).unwrap_or_default();
            Cluster { at: square.sum.map(mean), count: square.count, classes, first: square.first }
        })
    }
}

/// The unit that a position within the tile lies in.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to the tile's extent")]
fn unit(n: f64) -> u32 {
    n as u32
}

/// A count as a map's label has it: `999`, `1.2k`, `12k`, `1.2M`.
pub fn abbreviated(count: u32) -> String {
    let short = |unit: u32, name: char| {
        let rounded = |parts: u64| (u64::from(count) * parts + u64::from(unit) / 2) / u64::from(unit);
        let tenths = rounded(10);
        if tenths < 100 && tenths % 10 != 0 {
            format!("{}.{}{name}", tenths / 10, tenths % 10)
        } else {
            format!("{}{name}", rounded(1))
        }
    };
    match count {
        0..1_000 => count.to_string(),
        1_000..999_500 => short(1_000, 'k'),
        _ => short(1_000_000, 'M'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::wkb::samples::Dice;

    /// A tile whose units are degrees.
    fn tile() -> Clusters {
        Clusters::new(Grid::degrees(100.0, 40.0, 4096.0 / 1024.0), CELL, 3)
    }

    fn there(x: f64, y: f64) -> [f64; 2] {
        [100.0 + x / 1024.0, 40.0 - y / 1024.0]
    }

    #[test]
    fn points_of_a_square_are_one() {
        let mut clusters = tile();
        for (x, y, class, number) in
            [(10.0, 10.0, Some(0), 8), (20.0, 40.0, Some(2), 5), (31.0, 41.0, Some(0), 9), (600.0, 10.0, None, 3)]
        {
            assert_eq!(clusters.add(there(x, y), class, number), Ok(true));
        }
        assert_eq!(clusters.add(there(4000.0, 4000.0), Some(7), 1), Ok(true), "a class that is not there is none");
        let all: Vec<_> = clusters.iter().collect();
        assert_eq!(
            all,
            [
                // (10 + 20 + 31) / 3 = 20.33, (10 + 40 + 41) / 3 = 30.33
                Cluster { at: [20, 30], count: 3, classes: &[2, 0, 1], first: 5 },
                Cluster { at: [600, 10], count: 1, classes: &[0, 0, 0], first: 3 },
                Cluster { at: [4000, 4000], count: 1, classes: &[0, 0, 0], first: 1 },
            ]
        );
    }

    #[test]
    fn a_point_is_in_one_tile_only() {
        let mut clusters = tile();
        for (x, y, inside) in [
            (0.0, 0.0, true),
            (-0.01, 0.0, false),
            (4095.99, 4095.99, true),
            (4096.0, 0.0, false),
            (0.0, 4096.0, false),
        ] {
            assert_eq!(clusters.add(there(x, y), None, 0), Ok(inside), "{x} {y}");
        }
        assert_eq!(clusters.add([f64::NAN, 0.0], None, 0), Err(NotFinite));
        assert_eq!(clusters.iter().map(|c| c.count).sum::<u32>(), 2);

        let mut dice = Dice(11);
        let points: Vec<[f64; 2]> =
            (0..20_000).map(|_| [73.0 + 62.0 * dice.roll(), 18.0 + 36.0 * dice.roll()]).collect();
        for zoom in [0, 1, 3] {
            let mut sum = 0;
            for column in 0..1 << zoom {
                for row in 0..1 << zoom {
                    let mut clusters = Clusters::new(Grid::mercator(zoom, column, row), CELL, 0);
                    for point in &points {
                        clusters.add(*point, None, 0).unwrap();
                    }
                    sum += clusters.iter().map(|c| c.count).sum::<u32>();
                }
            }
            assert_eq!(sum, 20_000, "zoom {zoom}");
        }
    }

    #[test]
    fn their_order_makes_no_difference() {
        let mut dice = Dice(12);
        let mut points: Vec<_> =
            (0..5_000_u64).map(|n| ([73.0 + 62.0 * dice.roll(), 18.0 + 36.0 * dice.roll()], n)).collect();
        let gather = |points: &[([f64; 2], u64)]| {
            let mut clusters = Clusters::new(Grid::mercator(3, 6, 3), CELL, 2);
            for (point, n) in points {
                clusters.add(*point, Some(usize::try_from(n % 2).unwrap()), *n).unwrap();
            }
            clusters.iter().map(|c| (c.at, c.count, c.classes.to_vec(), c.first)).collect::<Vec<_>>()
        };
        let before = gather(&points);
        points.reverse();
        points.rotate_left(1234);
        assert_eq!(gather(&points), before);
        assert!(before.len() > 10 && before.len() <= 64);
        assert!(before.iter().all(|(at, count, classes, _)| {
            at.iter().all(|n| (0..4096).contains(n)) && classes.iter().sum::<u32>() == *count
        }));
    }

    #[test]
    fn squares_of_any_size() {
        for cell in [0, 1, 100, 4096, u32::MAX] {
            let mut clusters = Clusters::new(Grid::degrees(100.0, 40.0, 4.0), cell, 1);
            assert_eq!(clusters.add(there(4095.9, 4095.9), Some(0), 0), Ok(true));
            assert_eq!(clusters.iter().map(|c| (c.at, c.count)).collect::<Vec<_>>(), [([4095, 4095], 1)]);
        }
    }

    #[test]
    fn counts_are_short_on_labels() {
        for (count, label) in [
            (1, "1"),
            (999, "999"),
            (1_000, "1k"),
            (1_049, "1k"),
            (1_050, "1.1k"),
            (9_949, "9.9k"),
            (9_950, "10k"),
            (12_345, "12k"),
            (99_999, "100k"),
            (999_499, "999k"),
            (999_500, "1M"),
            (1_250_000, "1.3M"),
            (4_294_967_295, "4295M"),
        ] {
            assert_eq!(abbreviated(count), label);
        }
    }
}
