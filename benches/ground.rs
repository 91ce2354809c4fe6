//! Invented ground with a fixed seed: fields, sites, parcels and counties of irregular outline.

/// A ring, closed: longitude and latitude, degrees, EPSG:4490.
pub type Ring = Vec<(f64, f64)>;

/// Degrees of a cell in which one field lies: some 270 m by 310 m.
const CELL: f64 = 0.0028;
/// Cells of a row of fields.
pub const COLUMNS: u64 = 3_200;
/// Where the first cell begins.
const WEST: f64 = 106.0;
const SOUTH: f64 = 30.0;
/// Counties side by side; they reach as far north as ten million fields do.
const COUNTIES: (usize, usize) = (4, 4);
const COUNTY: f64 = 2.26;

/// A number in 0..1 that depends on its place alone.
fn hash(a: u64, b: u64, c: u64) -> f64 {
    bits(a, b, c) as f64 / (1_u64 << 53) as f64
}

/// 53 bits that depend on their place alone.
fn bits(a: u64, b: u64, c: u64) -> u64 {
    let mut x = a
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .wrapping_add(b.wrapping_mul(0xbf58_476d_1ce4_e5b9))
        .wrapping_add(c.wrapping_mul(0x94d0_49bb_1331_11eb));
    for _ in 0..2 {
        x = (x ^ (x >> 31)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    (x ^ (x >> 32)) >> 11
}

/// A closed ring of `n` points about a centre, `rx` by `ry` degrees at most.
fn blob((x, y): (f64, f64), (rx, ry): (f64, f64), n: u64, seed: (u64, u64)) -> Ring {
    let point = |k: u64| {
        let turn = (k as f64 + 0.6 * hash(seed.0, seed.1, 100 + k)) / n as f64 * std::f64::consts::TAU;
        let reach = 0.72 + 0.28 * hash(seed.0, seed.1, 300 + k);
        // As many digits as answers have: where more are rounded away, ties go one way here and another way there.
        let digits = |value: f64| (value * 1e7).round() / 1e7;
        (digits(x + rx * reach * turn.cos()), digits(y + ry * reach * turn.sin()))
    };
    let mut ring: Ring = (0..n).map(point).collect();
    ring.push(ring[0]);
    ring
}

/// The field of a number, of 14 to 25 vertices; fields do not overlap, and fill the ground row by row.
pub fn field(n: u64) -> Ring {
    let (column, row) = (n % COLUMNS, n / COLUMNS);
    let centre = (WEST + (column as f64 + 0.5) * CELL, SOUTH + (row as f64 + 0.5) * CELL);
    blob(centre, (CELL * 0.56, CELL * 0.56), 14 + bits(n, 1, 0) % 12, (n, 2))
}

/// Somewhere on the ground of the first `fields` fields.
fn somewhere(fields: u64, n: u64, what: u64) -> (f64, f64) {
    let height = (fields / COLUMNS) as f64 * CELL;
    (WEST + hash(n, what, 1) * COLUMNS as f64 * CELL, SOUTH + hash(n, what, 2) * height)
}

/// A site of some 3 ha, of 20 vertices.
pub fn site(fields: u64, n: u64) -> Ring {
    blob(somewhere(fields, n, 11), (0.0013, 0.001), 20, (n, 12))
}

/// A parcel of 4 to 52 ha, of 12 vertices.
pub fn parcel(fields: u64, n: u64) -> Ring {
    let ha = 4.0 + 48.0 * hash(n, 21, 0);
    // The blob reaches some 86 % of its radii.
    let metres = (ha * 10_000.0 / std::f64::consts::PI).sqrt() / 0.86;
    blob(somewhere(fields, n, 21), (metres / 96_000.0, metres / 111_000.0), 12, (n, 22))
}

/// Counties with jagged borders of some 1,600 vertices each, that share them with their neighbours.
pub fn counties() -> Vec<Ring> {
    const STEPS: u64 = 400;
    let (west, south) = (WEST - 0.01, SOUTH - 0.01);
    let jag = |a: u64, b: u64, what: u64| (hash(a, b, what) - 0.5) * 0.004;
    let corner = |column: u64, row: u64| (west + column as f64 * COUNTY, south + row as f64 * COUNTY);
    let across = |column: u64, row: u64| {
        (0..STEPS).map(move |step| {
            let (x, y) = corner(column, row);
            let off = if step == 0 { 0.0 } else { jag(column * STEPS + step, row, 31) };
            (x + COUNTY * step as f64 / STEPS as f64, y + off)
        })
    };
    let up = |column: u64, row: u64| {
        (0..STEPS).map(move |step| {
            let (x, y) = corner(column, row);
            let off = if step == 0 { 0.0 } else { jag(column, row * STEPS + step, 32) };
            (x + off, y + COUNTY * step as f64 / STEPS as f64)
        })
    };
    let mut all = Vec::new();
    for row in 0..COUNTIES.1 as u64 {
        for column in 0..COUNTIES.0 as u64 {
            let mut ring: Ring = across(column, row).chain(up(column + 1, row)).collect();
            ring.push(corner(column + 1, row + 1));
            let mut back: Ring = across(column, row + 1).skip(1).collect();
            back.reverse();
            ring.extend(back);
            ring.push(corner(column, row + 1));
            let mut down: Ring = up(column, row).skip(1).collect();
            down.reverse();
            ring.extend(down);
            ring.push(ring[0]);
            all.push(ring);
        }
    }
    all
}

/// A polygon of one ring, EWKB, EPSG:4490.
pub fn ewkb(ring: &[(f64, f64)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(17 + ring.len() * 16);
    out.push(1);
    out.extend(0x2000_0003_u32.to_le_bytes());
    out.extend(4490_u32.to_le_bytes());
    out.extend(1_u32.to_le_bytes());
    out.extend((ring.len() as u32).to_le_bytes());
    for (x, y) in ring {
        out.extend(x.to_le_bytes());
        out.extend(y.to_le_bytes());
    }
    out
}
