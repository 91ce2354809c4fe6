//! Tile matrix sets, and which part of the earth a tile is cut from.

use super::shape::Grid;
use super::shape::grid::{BUFFER, EXTENT};
use crate::kernel::{Bbox, Text};

/// A quadtree of square tiles.
pub(super) struct TileMatrixSet {
    pub id: &'static str,
    pub title: Text,
    /// Where it is registered; ours alone have none.
    pub uri: Option<&'static str>,
    pub crs: &'static str,
    srid: u32,
    /// Upper left corner, in units of the CRS, easting first.
    origin: [f64; 2],
    /// Width of a tile at zoom 0, in units of the CRS.
    width: f64,
    /// Tiles at zoom 0: columns, rows.
    first: [u32; 2],
    /// Metres to a unit of the CRS at the equator, for scale denominators.
    metres_per_unit: f64,
    /// Whether the CRS's own axis order is latitude first, which the definition's corner must follow.
    latitude_first: bool,
}

/// Half the circumference of the sphere of web maps, metres.
const HALF: f64 = 20_037_508.342_789_244;
/// The highest zoom served.
pub(super) const MAX_ZOOM: u8 = 24;
/// Size of a pixel of OGC's scale denominators, metres.
const STANDARD_PIXEL: f64 = 0.000_28;
const METRES_PER_DEGREE: f64 = 6_378_137.0 * std::f64::consts::PI / 180.0;

/// Every tile matrix set that is served.
pub(super) static ALL: [TileMatrixSet; 3] = [
    TileMatrixSet {
        id: "WebMercatorQuad",
        title: Text::fixed("网络墨卡托四叉树", "Google Maps compatible for the world"),
        uri: Some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"),
        crs: "http://www.opengis.net/def/crs/EPSG/0/3857",
        srid: 3857,
        origin: [-HALF, HALF],
        width: 2.0 * HALF,
        first: [1, 1],
        metres_per_unit: 1.0,
        latitude_first: false,
    },
    TileMatrixSet {
        id: "WorldCRS84Quad",
        title: Text::fixed("CRS84 经纬度四叉树（首级两块）", "CRS84 for the world"),
        uri: Some("http://www.opengis.net/def/tilematrixset/OGC/1.0/WorldCRS84Quad"),
        crs: "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        srid: 4490,
        origin: [-180.0, 90.0],
        width: 180.0,
        first: [2, 1],
        metres_per_unit: METRES_PER_DEGREE,
        latitude_first: false,
    },
    TileMatrixSet {
        id: "CGCS2000Quad",
        title: Text::fixed(
            "CGCS2000 经纬度四叉树（天地图 c 切片）",
            "CGCS2000 longitude and latitude, as Tianditu's c tiles",
        ),
        uri: None,
        crs: "http://www.opengis.net/def/crs/EPSG/0/4490",
        srid: 4490,
        origin: [-180.0, 90.0],
        width: 360.0,
        first: [1, 1],
        metres_per_unit: METRES_PER_DEGREE,
        latitude_first: true,
    },
];

/// What a tile is cut from.
pub(super) struct Cut {
    pub zoom: u8,
    /// The tile's units.
    pub grid: Grid,
    /// The tile with its margin, in degrees: what rows are searched by.
    pub search: Bbox,
    /// Width and height of a pixel in degrees, of 512 to a tile.
    pub pixel: [f64; 2],
}

impl TileMatrixSet {
    /// Finds one by its name.
    pub fn find(id: &str) -> Option<&'static TileMatrixSet> {
        ALL.iter().find(|tms| tms.id == id)
    }

    /// Columns and rows at a zoom.
    pub fn size(&self, zoom: u8) -> [u64; 2] {
        self.first.map(|n| u64::from(n) << zoom)
    }

    /// Units of the CRS to one of 256 pixels across a tile.
    pub fn cell(&self, zoom: u8) -> f64 {
        self.width / 256.0 / f64::from(1_u32 << zoom)
    }

    /// OGC's scale denominator at a zoom.
    pub fn scale(&self, zoom: u8) -> f64 {
        self.cell(zoom) * self.metres_per_unit / STANDARD_PIXEL
    }

    /// The upper left corner in the order of the CRS's own axes.
    pub fn corner(&self) -> [f64; 2] {
        let [x, y] = self.origin;
        if self.latitude_first { [y, x] } else { [x, y] }
    }

    /// What a tile is cut from; `None` when there is no such tile.
    pub fn cut(&self, zoom: u8, row: u32, column: u32) -> Option<Cut> {
        if zoom > MAX_ZOOM {
            return None;
        }
        let [columns, rows] = self.size(zoom);
        if u64::from(column) >= columns || u64::from(row) >= rows {
            return None;
        }
        let side = self.width / f64::from(1_u32 << zoom);
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
        Some(Cut { zoom, grid, search, pixel })
    }

    fn in_degrees(&self) -> bool {
        self.srid == 4490
    }

    /// Longitude and latitude of a place in the CRS.
    fn degrees(&self, x: f64, y: f64) -> [f64; 2] {
        if self.in_degrees() {
            return [x, y];
        }
        let latitude = (y / HALF * std::f64::consts::PI).sinh().atan().to_degrees();
        [x / HALF * 180.0, latitude]
    }
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
}
