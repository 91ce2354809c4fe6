//! Tile matrix sets, and which part of the earth a tile is cut from.

use super::shape::Grid;
use super::shape::grid::{BUFFER, EXTENT};
use super::shape::mercator;
use crate::kernel::{Bbox, Chart, Text};
use std::f64::consts::PI;

/// A quadtree of square tiles.
pub(super) struct TileMatrixSet {
    pub id: &'static str,
    pub title: Text,
    /// Where it is registered; ours alone have none.
    pub uri: Option<&'static str>,
    /// The registered series of scales that its own are.
    pub scale_set: Option<&'static str>,
    pub crs: &'static str,
    /// The axes of the CRS, in its own order.
    pub axes: [&'static str; 2],
    srid: u32,
    /// Upper left corner, in units of the CRS, easting first.
    origin: [f64; 2],
    /// Width of a tile at zoom 0, in units of the CRS.
    width: f64,
    /// Tiles at zoom 1: columns, rows. From there on each zoom has twice as many of either.
    second: [u32; 2],
    /// Which of [`SCALES`] zoom 0 has.
    coarsest: u8,
    /// The highest zoom.
    pub last: u8,
    /// Whether the CRS's own axis order is latitude first, which the definition's corners must follow.
    latitude_first: bool,
}

/// Half the circumference of the sphere of web maps, metres.
const HALF: f64 = 20_037_508.342_789_244;
/// The highest zoom served in any set.
const MAX_ZOOM: u8 = 24;
/// Scale denominators as OGC registered them, for pixels of 0.28 mm, each half of the one before: those of
/// GoogleMapsCompatible; those of GoogleCRS84Quad begin with the second.
const SCALES: [f64; MAX_ZOOM as usize + 1] = [
    559_082_264.028_717,
    279_541_132.014_358,
    139_770_566.007_179,
    69_885_283.003_589_7,
    34_942_641.501_794_8,
    17_471_320.750_897_4,
    8_735_660.375_448_71,
    4_367_830.187_724_35,
    2_183_915.093_862_17,
    1_091_957.546_931_08,
    545_978.773_465_544,
    272_989.386_732_772,
    136_494.693_366_386,
    68_247.346_683_193,
    34_123.673_341_596_4,
    17_061.836_670_798_2,
    8_530.918_335_399_13,
    4_265.459_167_699_56,
    2_132.729_583_849_78,
    1_066.364_791_924_89,
    533.182_395_962_445,
    266.591_197_981_222,
    133.295_598_990_611,
    66.647_799_495_305_6,
    33.323_899_747_652_8,
];

/// Every tile matrix set that is served.
pub(super) static ALL: [TileMatrixSet; 3] = [
    TileMatrixSet {
        id: "WebMercatorQuad",
        title: Text::fixed("网络墨卡托四叉树", "Google Maps compatible for the world"),
        uri: Some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"),
        scale_set: Some("http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"),
        crs: "http://www.opengis.net/def/crs/EPSG/0/3857",
        axes: ["X", "Y"],
        srid: 3857,
        origin: [-HALF, HALF],
        width: 2.0 * HALF,
        second: [2, 2],
        coarsest: 0,
        last: MAX_ZOOM,
        latitude_first: false,
    },
    TileMatrixSet {
        id: "WorldCRS84Quad",
        title: Text::fixed("CRS84 经纬度四叉树（首级两块）", "CRS84 for the world"),
        uri: Some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad"),
        scale_set: Some("http://www.opengis.net/def/wkss/OGC/1.0/GoogleCRS84Quad"),
        crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        axes: ["Lon", "Lat"],
        srid: 4490,
        origin: [-180.0, 90.0],
        width: 180.0,
        second: [4, 2],
        coarsest: 1,
        // As registered.
        last: 23,
        latitude_first: false,
    },
    TileMatrixSet {
        id: "CGCS2000Quad",
        title: Text::fixed(
            "CGCS2000 经纬度四叉树（天地图 c 切片）",
            "CGCS2000 longitude and latitude, as Tianditu's c tiles",
        ),
        uri: None,
        scale_set: None,
        crs: "http://www.opengis.net/def/crs/EPSG/0/4490",
        axes: ["Lat", "Lon"],
        srid: 4490,
        origin: [-180.0, 90.0],
        // The one tile of zoom 0 reaches south of the pole; no tile of a higher zoom does.
        width: 360.0,
        second: [2, 1],
        coarsest: 0,
        last: MAX_ZOOM,
        latitude_first: true,
    },
];

/// What a tile is cut from.
pub(super) struct Cut {
    /// The zoom of WebMercatorQuad whose tiles are as wide.
    pub zoom: u8,
    /// The tile's units.
    pub grid: Grid,
    /// The tile with its margin, in degrees: what rows are searched by.
    pub search: Bbox,
    /// Width and height of a pixel in degrees, of 512 to a tile.
    pub pixel: [f64; 2],
    /// The chart that it is drawn for.
    pub chart: Option<Chart>,
}

impl Cut {
    /// The same tile for the map of a chart: features go where it draws them before they are cut, so that tiles meet.
    pub fn drawn_for(mut self, chart: Option<Chart>) -> Cut {
        if let Some(chart) = chart {
            self.search = chart.search(&self.search);
        }
        Cut { chart, ..self }
    }

    /// What shifts a feature whose first position this is.
    pub fn shift_of(&self, first: [f64; 2]) -> Option<Chart> {
        self.chart.filter(|chart| chart.covers(first))
    }
}

impl TileMatrixSet {
    /// Finds one by its name.
    pub fn find(id: &str) -> Option<&'static TileMatrixSet> {
        ALL.iter().find(|tms| tms.id == id)
    }

    /// Columns and rows at a zoom.
    pub fn size(&self, zoom: u8) -> [u32; 2] {
        self.second.map(|n| if zoom == 0 { n.div_ceil(2) } else { n << (zoom - 1) })
    }

    /// Units of the CRS to one of 256 pixels across a tile.
    pub fn cell(&self, zoom: u8) -> f64 {
        self.width / 256.0 / f64::from(1_u32 << zoom)
    }

    /// OGC's scale denominator at a zoom of the set.
    pub fn scale(&self, zoom: u8) -> f64 {
        SCALES[usize::from(zoom + self.coarsest)]
    }

    /// The upper left corner in the order of the CRS's own axes.
    pub fn corner(&self) -> [f64; 2] {
        self.written(self.origin)
    }

    /// The lower left and the upper right corner of what all zooms but 0 cover, in the order of the CRS's own axes.
    pub fn bounds(&self) -> [[f64; 2]; 2] {
        let [west, north] = self.origin;
        let half = self.width / 2.0;
        let [east, south] = [west + half * f64::from(self.second[0]), north - half * f64::from(self.second[1])];
        [self.written([west, south]), self.written([east, north])]
    }

    /// A corner as definitions write it: with the digits that the registered ones have.
    fn written(&self, corner: [f64; 2]) -> [f64; 2] {
        let [x, y] = corner.map(|n| (n * 1e7).round() / 1e7);
        if self.latitude_first { [y, x] } else { [x, y] }
    }

    /// The tiles of a zoom that an extent reaches into, their margins included: no other holds anything of it.
    pub fn limits(&self, zoom: u8, extent: &Bbox) -> Limits {
        let side = self.side(zoom);
        let margin = f64::from(BUFFER) / f64::from(EXTENT) + ROUNDING;
        let [columns, rows] = self.size(zoom);
        let [west, north] = self.place(extent.west, extent.north);
        let [east, south] = self.place(extent.east, extent.south);
        let columns = span((west - self.origin[0]) / side - margin, (east - self.origin[0]) / side + margin, columns);
        let rows = span((self.origin[1] - north) / side - margin, (self.origin[1] - south) / side + margin, rows);
        Limits { columns, rows }
    }

    /// Width of a tile at a zoom, in units of the CRS.
    fn side(&self, zoom: u8) -> f64 {
        self.width / f64::from(1_u32 << zoom)
    }

    /// What a tile is cut from; `None` when there is no such tile.
    pub fn cut(&self, zoom: u8, row: u32, column: u32) -> Option<Cut> {
        if zoom > self.last {
            return None;
        }
        let [columns, rows] = self.size(zoom);
        if column >= columns || row >= rows {
            return None;
        }
        let side = self.side(zoom);
        let west = self.origin[0] + side * f64::from(column);
        let north = self.origin[1] - side * f64::from(row);
        let margin = side * f64::from(BUFFER) / f64::from(EXTENT);
        let low = self.degrees(west - margin, north - side - margin);
        let high = self.degrees(west + side + margin, north + margin);
        let search = Bbox { west: low[0], south: low[1], east: high[0], north: high[1] };
        let [west_deg, south_deg] = self.degrees(west, north - side);
        let [east_deg, north_deg] = self.degrees(west + side, north);
        let pixel = [(east_deg - west_deg) / 512.0, (north_deg - south_deg) / 512.0];
        let grid = if self.in_degrees() { Grid::degrees(west, north, side) } else { Grid::mercator(zoom, column, row) };
        Some(Cut { zoom: zoom + self.ahead(), grid, search, pixel, chart: None })
    }

    /// How many zooms of WebMercatorQuad its own are ahead: as many as its tiles are narrower.
    pub fn ahead(&self) -> u8 {
        let world = if self.in_degrees() { 360.0 } else { 2.0 * HALF };
        let narrower = (0..4).find(|zoom| self.width * f64::from(1_u32 << zoom) >= world);
        narrower.unwrap_or_default()
    }

    fn in_degrees(&self) -> bool {
        self.srid == 4490
    }

    /// Longitude and latitude of a place in the CRS.
    fn degrees(&self, x: f64, y: f64) -> [f64; 2] {
        if self.in_degrees() {
            return [x, y];
        }
        let latitude = (y / HALF * PI).sinh().atan().to_degrees();
        [x / HALF * 180.0, latitude]
    }

    /// A place in the CRS by its longitude and latitude. What lies beyond a map's end is put a little beyond it.
    fn place(&self, longitude: f64, latitude: f64) -> [f64; 2] {
        if self.in_degrees() {
            return [longitude, latitude];
        }
        [longitude / 180.0 * HALF, (1.0 - 2.0 * mercator::fraction(latitude)) * HALF]
    }
}

/// Where a map of an extent opens: longitude and latitude of its middle, and the zoom at which a tile is as large as it.
pub(super) fn overview(extent: &Bbox) -> ([f64; 2], f64) {
    let rounded = |n: f64, digits: i32| (n * 10_f64.powi(digits)).round() / 10_f64.powi(digits);
    let [top, bottom] = [extent.north, extent.south].map(mercator::fraction);
    let middle = mercator::latitude((top + bottom) / 2.0);
    // Of the world's width, and of its height.
    let share = ((extent.east - extent.west) / 360.0).max(bottom - top).max(CLOSEST);
    let zoom = (-share.log2()).max(0.0);
    ([rounded((extent.west + extent.east) / 2.0, 6), rounded(middle, 6)], (zoom * 10.0).floor() / 10.0)
}

/// Share of the world's width that a map shows at least when it opens: zoom 14.
const CLOSEST: f64 = 1.0 / 16_384.0;

/// What computing may be off by, in tiles.
const ROUNDING: f64 = 1e-6;

/// The first and last of so many tiles between two places counted in tiles; the nearest one where both lie beyond them.
fn span(low: f64, high: f64, tiles: u32) -> [u32; 2] {
    [low, high].map(|place| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "held between 0 and a u32")]
        let tile = place.floor().clamp(0.0, f64::from(tiles - 1)) as u32;
        tile
    })
}

/// Tiles of a zoom: first and last column, first and last row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub columns: [u32; 2],
    pub rows: [u32; 2],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(tms: &str, zoom: u8, row: u32, column: u32) -> Option<Cut> {
        TileMatrixSet::find(tms).unwrap().cut(zoom, row, column)
    }

    /// West, south, east, north of a tile in degrees, without its margin.
    fn bounds(tms: &str, zoom: u8, row: u32, column: u32) -> [f64; 4] {
        let Bbox { west, south, east, north } = cut(tms, zoom, row, column).unwrap().search;
        let margin = (east - west) * f64::from(BUFFER) / f64::from(EXTENT + 2 * BUFFER);
        [west + margin, south + margin, east - margin, north - margin]
    }

    #[test]
    fn tiles_lie_where_their_sets_say() {
        let world = cut("WebMercatorQuad", 0, 0, 0).unwrap();
        assert!(world.search.north > 85.05 && world.search.north < 86.0);
        // Beijing, 116.4 E 39.9 N, lies in tile 10/843/388 (column, row) of the web's scheme.
        let beijing = cut("WebMercatorQuad", 10, 388, 843).unwrap().search;
        assert!(beijing.west < 116.4 && beijing.east > 116.4 && beijing.south < 39.9 && beijing.north > 39.9);
        assert_eq!(bounds("WorldCRS84Quad", 0, 0, 1), [0.0, -90.0, 180.0, 90.0]);
        assert_eq!(bounds("CGCS2000Quad", 0, 0, 0), [-180.0, -270.0, 180.0, 90.0]);
        assert_eq!(bounds("CGCS2000Quad", 1, 0, 1), [0.0, -90.0, 180.0, 90.0]);
    }

    #[test]
    fn there_are_no_tiles_outside_the_set() {
        for (tms, zoom, row, column) in [
            ("CGCS2000Quad", 0, 1, 0),
            ("CGCS2000Quad", 1, 1, 0),
            ("CGCS2000Quad", 2, 2, 0),
            ("WorldCRS84Quad", 24, 0, 0),
            ("WebMercatorQuad", 0, 1, 0),
            ("WebMercatorQuad", 0, 0, 1),
            ("WebMercatorQuad", 25, 0, 0),
            ("WorldCRS84Quad", 0, 0, 2),
            ("WorldCRS84Quad", 0, 1, 0),
        ] {
            assert!(cut(tms, zoom, row, column).is_none(), "{tms} {zoom} {row} {column}");
        }
        assert!(cut("WebMercatorQuad", 24, (1 << 24) - 1, (1 << 24) - 1).is_some());
    }

    #[test]
    fn a_tile_and_its_neighbour_share_an_edge() {
        let (a, b) = (bounds("WebMercatorQuad", 12, 1500, 3300), bounds("WebMercatorQuad", 12, 1500, 3301));
        assert!((a[2] - b[0]).abs() < 1e-9);
        let west = cut("WebMercatorQuad", 12, 1500, 3301).unwrap().search.west;
        assert!(cut("WebMercatorQuad", 12, 1500, 3300).unwrap().search.east > west);
    }

    /// A zoom as OGC's register has it: scale denominator, cell size, columns, rows.
    type Registered = (u8, f64, f64, u32, u32);

    #[test]
    fn definitions_are_those_of_the_register() {
        let mercator: &[Registered] = &[
            (0, 559_082_264.028_717, 156_543.033_928_041, 1, 1),
            (1, 279_541_132.014_358, 78_271.516_964_020_4, 2, 2),
            (3, 69_885_283.003_589_7, 19_567.879_241_005_1, 8, 8),
            (6, 8_735_660.375_448_71, 2_445.984_905_125_64, 64, 64),
            (10, 545_978.773_465_544, 152.874_056_570_352, 1024, 1024),
            (13, 68_247.346_683_193, 19.109_257_071_294, 8192, 8192),
            (18, 2_132.729_583_849_78, 0.597_164_283_477_939, 262_144, 262_144),
            (24, 33.323_899_747_652_8, 0.009_330_691_929_342_8, 16_777_216, 16_777_216),
        ];
        let crs84: &[Registered] = &[
            (0, 279_541_132.014_358, 0.703_125, 2, 1),
            (1, 139_770_566.007_179, 0.351_562_5, 4, 2),
            (5, 8_735_660.375_448_71, 0.021_972_656_25, 64, 32),
            (12, 68_247.346_683_193, 0.000_171_661_376_953_125, 8192, 4096),
            (17, 2_132.729_583_849_78, 0.000_005_364_418_029_785_15, 262_144, 131_072),
            (23, 33.323_899_747_652_8, 0.000_000_083_819_031_715_39, 16_777_216, 8_388_608),
        ];
        for (id, registered) in [("WebMercatorQuad", mercator), ("WorldCRS84Quad", crs84)] {
            let tms = TileMatrixSet::find(id).unwrap();
            for (zoom, scale, cell, columns, rows) in registered {
                assert_eq!(tms.scale(*zoom).to_bits(), scale.to_bits(), "{id} {zoom}");
                assert!((tms.cell(*zoom) / cell - 1.0).abs() < 1e-12, "{id} {zoom}: {}", tms.cell(*zoom));
                assert_eq!(tms.size(*zoom), [*columns, *rows], "{id} {zoom}");
            }
            assert_eq!(Some(tms.last), registered.last().map(|last| last.0));
        }
        let mercator = TileMatrixSet::find("WebMercatorQuad").unwrap();
        assert_eq!(mercator.corner(), [-20_037_508.342_789_2, 20_037_508.342_789_2]);
        assert_eq!(mercator.bounds(), [[-20_037_508.342_789_2; 2], [20_037_508.342_789_2; 2]]);
        assert_eq!(TileMatrixSet::find("WorldCRS84Quad").unwrap().bounds(), [[-180.0, -90.0], [180.0, 90.0]]);
    }

    #[test]
    fn scales_follow_from_cells() {
        // Metres to a unit at the equator, and OGC's pixel of 0.28 mm.
        for tms in &ALL {
            let unit = if tms.in_degrees() { 6_378_137.0 * PI / 180.0 } else { 1.0 };
            for zoom in 0..=tms.last {
                assert!((tms.cell(zoom) * unit / 0.000_28 / tms.scale(zoom) - 1.0).abs() < 1e-12, "{} {zoom}", tms.id);
            }
        }
    }

    #[test]
    fn tianditu_numbers_its_tiles_so() {
        let ours = TileMatrixSet::find("CGCS2000Quad").unwrap();
        assert_eq!([0, 1, 2, 18].map(|zoom| ours.size(zoom)), [[1, 1], [2, 1], [4, 2], [262_144, 131_072]]);
        assert_eq!(ours.corner(), [90.0, -180.0]);
        assert_eq!(ours.bounds(), [[-90.0, -180.0], [90.0, 180.0]]);
        // Level 1 of Tianditu has 0.703125 degrees to a pixel.
        assert_eq!(ours.cell(1).to_bits(), 0.703_125_f64.to_bits());
    }

    #[test]
    fn a_map_opens_where_the_extent_is() {
        let (center, zoom) = overview(&Bbox { west: 104.5, south: 37.2, east: 106.9, north: 40.1 });
        assert!((center[0] - 105.7).abs() < 1e-9 && (center[1] - 38.67).abs() < 0.01, "{center:?}");
        // 2.9 degrees of latitude are 3.7 of longitude there; a tile of zoom 6 has 5.6, one of zoom 7 has 2.8.
        assert!((6.5..6.7).contains(&zoom), "{zoom}");
        assert_eq!(
            overview(&Bbox { west: 105.0, south: 38.0, east: 105.0, north: 38.0 }).1.to_bits(),
            14_f64.to_bits()
        );
        assert_eq!(overview(&Bbox { west: -180.0, south: -90.0, east: 180.0, north: 90.0 }).1.to_bits(), 0);
    }

    #[test]
    fn limits_are_the_tiles_that_an_extent_reaches_into() {
        let extents = [
            Bbox { west: 104.5, south: 37.2, east: 106.9, north: 40.1 },
            Bbox { west: 116.4, south: 39.9, east: 116.4, north: 39.9 },
            Bbox { west: -180.0, south: -90.0, east: 180.0, north: 90.0 },
            // On the edges of tiles, so that the margins of their neighbours reach into it.
            Bbox { west: 90.0, south: 0.0, east: 135.0, north: 45.0 },
            Bbox { west: 10.0, south: 86.0, east: 11.0, north: 89.9 },
        ];
        for tms in &ALL {
            for extent in &extents {
                for zoom in 0..=7 {
                    let limits = tms.limits(zoom, extent);
                    let [columns, rows] = tms.size(zoom);
                    for row in 0..rows {
                        for column in 0..columns {
                            let Bbox { west, south, east, north } = tms.cut(zoom, row, column).unwrap().search;
                            // Well in, and well out of reach: between them rounding decides.
                            let reach = |slack: f64| {
                                let slack = slack * 360.0 / f64::from(1_u32 << zoom);
                                extent.west <= east + slack
                                    && extent.east >= west - slack
                                    && extent.south <= north + slack
                                    && extent.north >= south - slack
                            };
                            let within = (limits.columns[0]..=limits.columns[1]).contains(&column)
                                && (limits.rows[0]..=limits.rows[1]).contains(&row);
                            let (id, at) = (tms.id, (zoom, row, column));
                            assert!(within || !reach(-1e-9), "{id} {at:?} is left out of {limits:?}");
                            let beyond = !tms.in_degrees() && extent.south > 85.1;
                            assert!(!within || reach(1e-4) || beyond, "{id} {at:?} is in {limits:?}");
                        }
                    }
                }
            }
        }
    }
}
