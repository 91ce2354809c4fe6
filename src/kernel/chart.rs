//! The coordinates of Chinese web maps: GCJ-02 (AMap, Tencent, Huawei) and BD-09 (Baidu).
//!
//! Maps that are published in China are drawn by some hundred metres away from where things are. Both charts are functions of
//! longitude and latitude on CGCS2000 or WGS 84 (here the same), without a datum or a code in any register. They are for
//! drawing on such a map only: nothing is stored in them.
//!
//! # Where
//!
//! A map is shifted inside an outline and straight outside of it. Whether a feature is shifted is decided once, by its first
//! vertex ([`Chart::covers`]), for all its vertices: a parcel on the border would tear otherwise. The outline is one of map
//! services, not of territory, and follows what they say of themselves:
//!
//! - AMap: mainland, Hong Kong and Macao (`AMapDataAvailableForCoordinate`: "大陆以及港、澳地区"). Huawei: the mainland in
//!   GCJ-02, Taiwan in WGS 84. So GCJ-02 is shifted in Hong Kong and Macao and straight in Taiwan.
//! - Baidu: "国内（包括港澳台）：BD09LL；海外：WGS84" (Android SDK, guide to coordinates). So BD-09 is shifted in Taiwan too.
//!
//! Neither says where its line runs, so it was drawn for this project: on land from Natural Earth, 1:10 million, which is in
//! the public domain; by hand along the southern slope of the eastern Himalaya, where maps published in China have their
//! line; at sea some 50 km out; and moved wherever two towns face one another over a river. It leans outwards, because what
//! is registered here lies inside: less than 1 part in 4,000 of the land is left out. Where services say nothing (Kinmen,
//! Matsu, Pratas, the islands of Sansha) it follows the codes of divisions: they are of Fujian, Guangdong and Hainan, and
//! shifted.

use super::Bbox;
use std::f64::consts::PI;

/// A way in which a Chinese web map shifts places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chart {
    /// 国测局坐标: AMap, Tencent, Huawei.
    Gcj02,
    /// 百度坐标: GCJ-02, shifted once more.
    Bd09,
}

impl Chart {
    /// Both.
    pub const ALL: [Chart; 2] = [Chart::Gcj02, Chart::Bd09];

    /// Its name in URIs: `gcj-02`, `bd-09`.
    pub const fn name(self) -> &'static str {
        match self {
            Chart::Gcj02 => "gcj-02",
            Chart::Bd09 => "bd-09",
        }
    }

    /// Whether maps of this kind draw a feature shifted whose first vertex (longitude, latitude on CGCS2000) is this.
    pub fn covers(self, first: [f64; 2]) -> bool {
        inside(MAINLAND, first) || inside(SOUTH_SEA, first) || (self == Chart::Bd09 && inside(TAIWAN, first))
    }

    /// Where the chart draws a place (longitude, latitude on CGCS2000, degrees), wherever it is: ask [`Chart::covers`] of the
    /// feature first.
    pub fn shift(self, place: [f64; 2]) -> [f64; 2] {
        match self {
            Chart::Gcj02 => gcj02(place),
            Chart::Bd09 => bd09(gcj02(place)),
        }
    }

    /// The place that the chart draws there: the inverse of [`Chart::shift`], exact to 1e-11 degrees (a micrometre) where maps
    /// are shifted. It is found by steps, each of which takes off the shift of the place found last; a single one would be
    /// wrong by up to five metres.
    pub fn unshift(self, drawn: [f64; 2]) -> [f64; 2] {
        let mut place = drawn;
        for _ in 0..STEPS {
            let [lon, lat] = self.shift(place);
            let off = [drawn[0] - lon, drawn[1] - lat];
            place = [place[0] + off[0], place[1] + off[1]];
            if off[0].abs().max(off[1].abs()) < 1e-13 {
                break;
            }
        }
        place
    }

    /// No coordinate of a place that is covered is shifted by more than this, degrees.
    pub const fn largest_shift(self) -> f64 {
        match self {
            Chart::Gcj02 => 0.0088,
            Chart::Bd09 => 0.0155,
        }
    }

    /// As [`Chart::unshift`], of any place on earth: what lies too far away to be shifted is moved by as much as the nearest
    /// place that is not, so that an outline which reaches out there stays whole.
    pub fn unshift_anywhere(self, drawn: [f64; 2]) -> [f64; 2] {
        let near = [drawn[0].clamp(REACH.west, REACH.east), drawn[1].clamp(REACH.south, REACH.north)];
        let place = self.unshift(near);
        [drawn[0] + (place[0] - near[0]), drawn[1] + (place[1] - near[1])]
    }

    /// The box to search in, on CGCS2000, for what the chart draws in a box. It holds every place that the chart draws
    /// inside, whether it is shifted or not, and little else; what is found is then held against the box as it is drawn.
    ///
    /// Of a feature that is shifted, what lies more than two degrees outside of the outline's own bounds is not reckoned with.
    pub fn search(self, drawn: &Bbox) -> Bbox {
        self.widened(drawn, |at| self.unshift(at))
    }

    /// The box in which the chart draws what lies in a box: all of it, shifted or not, and little else.
    pub fn drawn(self, places: &Bbox) -> Bbox {
        self.widened(places, |at| self.shift(at))
    }

    /// Boxes such that the chart surely draws a feature into a box whose own bounds meet one of them: nothing that is found
    /// by them need be held against the box as it is drawn. None where the box is too small.
    pub fn surely(self, drawn: &Bbox) -> Vec<Bbox> {
        let by = self.largest_shift_in_reach() + ROUNDING;
        let narrower = |part: Bbox| Bbox {
            west: part.west + by,
            south: part.south + by,
            east: part.east - by,
            north: part.north - by,
        };
        let parts = drawn.parts().into_iter().map(narrower);
        parts.filter(|part| part.west <= part.east && part.south <= part.north).collect()
    }

    /// A box with room for its own places and for where `moved` puts them.
    fn widened(self, given: &Bbox, moved: impl Fn([f64; 2]) -> [f64; 2]) -> Bbox {
        let mut wanted = *given;
        let whole = given.west <= given.east;
        for part in given.parts() {
            let within = Bbox {
                west: part.west.max(REACH.west),
                south: part.south.max(REACH.south),
                east: part.east.min(REACH.east),
                north: part.north.min(REACH.north),
            };
            if within.west > within.east || within.south > within.north {
                continue;
            }
            let (least, most) = self.moves(&within, &moved);
            // The box keeps its own sides, for places that are not shifted. Of two parts, the sides in between stay too.
            if whole || part.west == given.west {
                wanted.west = wanted.west.min(within.west + least[0]);
            }
            if whole || part.east == given.east {
                wanted.east = wanted.east.max(within.east + most[0]);
            }
            wanted.south = wanted.south.min(within.south + least[1]);
            wanted.north = wanted.north.max(within.north + most[1]);
        }
        if !whole && wanted.west <= wanted.east {
            // All the way round but for a gap that has closed.
            (wanted.west, wanted.east) = (-180.0, 180.0);
        }
        wanted
    }

    /// The least and the most by which places of a box are moved, each coordinate by itself: of nine points of the box, and
    /// what may lie between them.
    fn moves(self, within: &Bbox, moved: impl Fn([f64; 2]) -> [f64; 2]) -> ([f64; 2], [f64; 2]) {
        let (width, height) = (within.east - within.west, within.north - within.south);
        let (mut least, mut most) = ([f64::MAX; 2], [f64::MIN; 2]);
        for across in [0.0, 0.5, 1.0] {
            for up in [0.0, 0.5, 1.0] {
                let at = [within.west + across * width, within.south + up * height];
                let there = moved(at);
                for ((at, there), (least, most)) in at.iter().zip(there).zip(least.iter_mut().zip(&mut most)) {
                    *least = least.min(there - at);
                    *most = most.max(there - at);
                }
            }
        }
        let between = self.steepness() * (width + height) / 4.0 + ROOT;
        let largest = self.largest_shift_in_reach();
        (least.map(|by| (by - between).max(-largest)), most.map(|by| (by + between).min(largest)))
    }

    /// How much a coordinate's shift changes at most, degrees a degree, anywhere in [`REACH`]; but for [`ROOT`].
    const fn steepness(self) -> f64 {
        match self {
            Chart::Gcj02 => 0.0075,
            Chart::Bd09 => 0.0265,
        }
    }

    /// [`Chart::largest_shift`] of all of [`REACH`].
    const fn largest_shift_in_reach(self) -> f64 {
        match self {
            Chart::Gcj02 => 0.0112,
            Chart::Bd09 => 0.0178,
        }
    }
}

/// Steps of [`Chart::unshift`]: each leaves less than a twentieth of what was wrong, as [`Chart::steepness`] says.
const STEPS: usize = 10;

/// Degrees. The root in GCJ-02's formula is infinitely steep on the meridian 105 E, but changes no shift by more than 20 cm
/// within a degree.
const ROOT: f64 = 5e-6;

/// Degrees by which an index may take bounds for wider than they are: it keeps them in single precision.
const ROUNDING: f64 = 4e-5;

/// Bounds of what is drawn shifted: those of the outline, and two degrees more for features that begin inside of it.
const REACH: Bbox = Bbox { west: 71.0, south: 1.5, east: 137.5, north: 56.0 };

/// Of the ellipsoid of Krassowsky, on which GCJ-02 turns metres into degrees.
const SEMI_MAJOR_AXIS: f64 = 6_378_245.0;
const ECCENTRICITY_SQUARED: f64 = 0.006_693_421_622_965_943;

/// GCJ-02 of a place: metres to the east and to the north, polynomials and waves of the degrees from 105 E, 35 N.
fn gcj02([lon, lat]: [f64; 2]) -> [f64; 2] {
    let (x, y) = (lon - 105.0, lat - 35.0);
    let wave = |along: f64, half_length: f64| (along / half_length * PI).sin() * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let short = 20.0 * wave(x * 6.0, 1.0) + 20.0 * wave(x * 2.0, 1.0);
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + short
        + 20.0 * wave(x, 1.0)
        + 40.0 * wave(x, 3.0)
        + 150.0 * wave(x, 12.0)
        + 300.0 * wave(x, 30.0);
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + short
        + 20.0 * wave(y, 1.0)
        + 40.0 * wave(y, 3.0)
        + 160.0 * wave(y, 12.0)
        + 320.0 * wave(y, 30.0);
    let (sin, cos) = lat.to_radians().sin_cos();
    let curved = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let prime_vertical = SEMI_MAJOR_AXIS / curved.sqrt();
    let meridian = prime_vertical * (1.0 - ECCENTRICITY_SQUARED) / curved;
    [lon + (east / (prime_vertical * cos)).to_degrees(), lat + (north / meridian).to_degrees()]
}

/// BD-09 of a place in GCJ-02: longitude and latitude taken as a plane, turned and stretched by small waves, and moved.
fn bd09([x, y]: [f64; 2]) -> [f64; 2] {
    let wave = PI * 3000.0 / 180.0;
    let distance = x.hypot(y) + 0.00002 * (y * wave).sin();
    let angle = y.atan2(x) + 0.000003 * (x * wave).cos();
    [distance * angle.cos() + 0.0065, distance * angle.sin() + 0.006]
}

/// Whether a point lies in a ring: whether a ray to the east leaves it once more often than it enters.
fn inside(ring: &[[f64; 2]], [x, y]: [f64; 2]) -> bool {
    let Some(mut a) = ring.last() else { return false };
    let mut inside = false;
    for b in ring {
        if (a[1] > y) != (b[1] > y) && x < a[0] + (y - a[1]) / (b[1] - a[1]) * (b[0] - a[0]) {
            inside = !inside;
        }
        a = b;
    }
    inside
}

/// Mainland with Hainan, Hong Kong and Macao: from the mouth of the Yalu round the north and the west to that of the Beilun,
/// and back at sea.
#[rustfmt::skip]
const MAINLAND: &[[f64; 2]] = &[
    [124.362, 40.019], [124.37, 40.1], [124.821, 40.385], [126.045, 40.924], [126.71, 41.614], [127.793, 41.402],
    [127.73, 41.44], [128.107, 41.396], [128.21, 41.41], [128.31, 41.6], [128.04, 41.881], [128.8, 42.07],
    [129.712, 42.421], [129.852, 42.953], [129.917, 42.983], [130.035, 42.952], [130.578, 42.424], [130.578, 42.812],
    [131.247, 42.88], [131.263, 44.085], [131.004, 44.859], [131.516, 44.988], [131.772, 45.277], [133.03, 45.01],
    [133.889, 46.272], [134.24, 47.222], [134.808, 47.691], [134.558, 48.01], [134.677, 48.126], [134.71, 48.26],
    [134.611, 48.285], [134.542, 48.358], [134.305, 48.389], [133.479, 48.175], [133.095, 48.108], [132.369, 47.785],
    [131.02, 47.69], [130.972, 47.705], [130.654, 48.835], [129.04, 49.605], [128.05, 49.57], [127.511, 49.824],
    [127.598, 50.213], [127.554, 50.23], [126.42, 52.305], [125.737, 53.051], [123.298, 53.622], [120.879, 53.29],
    [119.813, 52.605], [120.724, 52.554], [120.594, 52.28], [119.124, 50.375], [119.322, 50.324], [117.834, 49.513],
    [116.68, 49.82], [115.436, 47.992], [115.861, 47.702], [117.36, 47.68], [118.371, 48.015], [119.711, 47.146],
    [119.9, 46.69], [117.996, 46.732], [116.581, 46.305], [115.659, 45.437], [114.612, 45.423], [113.613, 44.729],
    [111.849, 45.2], [111.29, 44.26], [112.02, 43.76], [109.533, 42.616], [106.673, 42.276], [105.084, 41.713],
    [102.043, 42.181], [101.566, 42.605], [98.714, 42.693], [96.375, 42.824], [95.302, 44.279], [94.985, 44.259],
    [93.533, 44.965], [90.882, 45.227], [90.716, 45.474], [91.202, 46.519], [90.209, 47.799], [88.138, 48.521],
    [87.813, 49.165], [86.763, 49.101], [86.574, 48.524], [85.469, 48.355], [85.622, 47.208], [84.968, 46.923],
    [83.041, 47.223], [82.266, 45.506], [82.637, 45.421], [82.582, 45.165], [81.691, 45.345], [79.662, 44.939],
    [80.329, 44.648], [80.34, 44.12], [80.722, 43.441], [80.128, 42.665], [80.263, 42.197], [77.455, 41.012],
    [76.836, 41.053], [76.415, 40.389], [75.317, 40.685], [73.923, 40.014], [73.559, 39.235], [73.817, 38.517],
    [74.68, 38.562], [74.954, 37.374], [74.251, 37.135], [75.916, 36.576], [75.897, 35.852], [77.972, 35.33],
    [78.304, 34.599], [78.697, 34.508], [78.774, 33.473], [79.25, 33.1], [79.506, 32.686], [79.289, 32.496],
    [78.351, 32.65], [78.763, 31.271], [78.94, 31.312], [81.291, 29.943], [81.4, 30.32], [81.746, 30.372],
    [83.615, 29.148], [83.845, 29.255], [84.683, 28.539], [85.077, 28.542], [85.084, 28.269], [85.707, 28.255],
    [85.986, 27.875], [86.842, 27.972], [87.397, 27.724], [88.704, 28.07], [88.781, 27.201], [89.802, 28.246],
    [91.624, 27.836], [91.66, 27.74], [91.85, 27.5], [92.0, 27.45], [92.1, 27.25], [92.03, 26.87], [92.6, 26.95],
    [93.2, 26.93], [93.75, 27.05], [93.95, 27.42], [94.35, 27.55], [94.9, 27.78], [95.3, 27.93], [95.75, 28.12],
    [95.85, 27.75], [96.3, 27.65], [96.85, 27.5], [97.1, 27.72], [97.35, 27.93], [97.33, 28.2], [97.568, 28.432],
    [97.975, 28.279], [98.294, 27.513], [98.63, 27.6], [98.743, 26.601], [98.467, 25.842], [97.62, 25.06],
    [97.505, 24.554], [97.527, 23.89], [98.49, 24.13], [98.62, 24.03], [98.876, 23.162], [99.42, 23.01],
    [99.137, 22.117], [99.765, 22.039], [100.264, 21.246], [101.11, 21.774], [101.224, 21.183], [101.856, 21.126],
    [101.634, 22.366], [102.221, 22.412], [102.473, 22.749], [103.0, 22.42], [103.705, 22.715], [103.953, 22.503],
    [104.01, 22.49], [104.018, 22.712], [104.162, 22.811], [104.308, 22.674], [104.7, 22.817], [105.302, 23.348],
    [105.7, 22.93], [106.029, 22.91], [106.734, 22.804], [106.476, 22.328], [106.611, 22.322], [106.673, 22.056],
    [106.614, 21.911], [108.016, 21.511], [108.13, 21.43], [108.22, 21.15], [108.35, 20.3], [108.15, 19.5],
    [108.1, 18.6], [108.9, 17.9], [110.2, 17.7], [111.5, 19.1], [112.2, 20.6], [114.6, 20.3], [117.3, 20.3],
    [118.2, 23.1], [118.8, 24.0], [119.8, 24.9], [120.4, 25.6], [121.0, 26.6], [122.0, 27.6], [123.0, 29.0],
    [123.5, 30.3], [123.1, 31.6], [122.4, 32.8], [121.5, 34.2], [121.2, 35.1], [122.2, 36.1], [123.2, 36.5],
    [123.5, 37.6], [123.4, 38.8], [123.9, 39.4], [124.15, 39.7],
];

/// The islands of Sansha in the South China Sea.
#[rustfmt::skip]
const SOUTH_SEA: &[[f64; 2]] = &[
    [110.8, 17.2], [112.4, 19.2], [117.2, 19.9], [118.9, 18.0], [118.6, 14.5], [117.9, 11.8], [117.3, 9.9],
    [115.9, 7.9], [114.5, 6.7], [113.1, 5.2], [112.8, 3.6], [111.6, 3.6], [109.2, 7.2], [110.3, 10.5], [110.6, 14.0],
];

/// Taiwan with Penghu.
#[rustfmt::skip]
const TAIWAN: &[[f64; 2]] = &[
    [119.1, 23.1], [119.9, 22.4], [120.4, 21.6], [121.8, 21.6], [122.3, 23.2], [122.4, 25.7], [121.0, 25.8],
    [120.2, 25.0], [119.2, 24.0],
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Place, its GCJ-02, its BD-09: computed with version 1.0.7 of the npm package `gcoord`, which others made.
    #[rustfmt::skip]
    const ORACLE: &[([f64; 2], [f64; 2], [f64; 2])] = &[
        ([116.3975, 39.9087], [116.40374357265, 39.91010349934], [116.41011658647, 39.91644274963]),
        ([121.4737, 31.2304], [121.47822305928, 31.22845773758], [121.48478146850, 31.23431059369]),
        ([113.2644, 23.1291], [113.26972959210, 23.12642333992], [113.27615075157, 23.13271125724]),
        ([114.1694, 22.3193], [114.17436706626, 22.31655079940], [114.18092759886, 22.32222237735]),
        ([113.5439, 22.1987], [113.54900330275, 22.19576084451], [113.55549550825, 22.20177776911]),
        ([121.5654, 25.033], [121.56917312586, 25.03006599008], [121.57559667824, 25.03638740384]),
        ([75.9897, 39.4704], [75.99265466005, 39.47062672640], [75.99916270082, 39.47659079501]),
        ([122.5385, 52.9721], [122.54552893478, 52.97361302927], [122.55199809514, 52.97970091534]),
        ([109.5119, 18.2528], [109.51598429483, 18.25109479174], [109.52253179174, 18.25687655376]),
        ([124.3947, 40.1244], [124.40053897340, 40.12599698628], [124.40710893537, 40.13182368838]),
        ([97.8519, 24.0128], [97.85208004080, 24.00982076746], [97.85865551845, 24.01555443649]),
        ([127.4886, 50.245], [127.49605548223, 50.24673808598], [127.50268468187, 50.25235650004]),
        ([105.6695, 38.8447], [105.67362279098, 38.84516966288], [105.68019274187, 38.85092324602]),
        ([87.6177, 43.7928], [87.62054922425, 43.79402455550], [87.62698132546, 43.80014663420]),
        ([91.1322, 29.6604], [91.13374332488, 29.65767958995], [91.14034276219, 29.66342567403]),
        ([105.0, 35.0], [105.00328624146, 34.99909863224], [105.00966682832, 35.00540366846]),
        ([105.0001, 30.0], [105.00310603751, 29.99732469690], [105.00951454756, 30.00363478235]),
        ([104.9999, 26.5], [105.00273830628, 26.49649664262], [105.00914135102, 26.50280380534]),
        ([103.9526, 22.5053], [103.95445104144, 22.50223027658], [103.96096435473, 22.50815775814]),
        ([130.3659, 42.8625], [130.37307101420, 42.86515684147], [130.37970963023, 42.87079722837]),
        ([134.2948, 48.3646], [134.30249153293, 48.36698992657], [134.30894267980, 48.37314670277]),
        ([101.0686, 41.9585], [101.07085065092, 41.96037586662], [101.07734008044, 41.96635565067]),
        ([112.4333, 39.3313], [112.44014572198, 39.33246070837], [112.44650900573, 39.33879146971]),
        ([114.6978, 23.7463], [114.70249591016, 23.74364480024], [114.70893776389, 23.74985115837]),
        ([80.1055, 32.5035], [80.10771610311, 32.50101866250], [80.11429022288, 32.50679138560]),
        ([95.3332, 29.3257], [95.33430535183, 29.32283376831], [95.34090439859, 29.32856498645]),
        ([117.4298, 49.5908], [117.43810320030, 49.59276681701], [117.44470822970, 49.59856897391]),
        ([82.0708, 44.8953], [82.07408828337, 44.89632574932], [82.08047323298, 44.90256751105]),
        ([106.55, 29.563], [106.55372051411, 29.56015448740], [106.56015319524, 29.56646163353]),
        ([110.331, 20.031], [110.33537039281, 20.02895336714], [110.34191796457, 20.03463008563]),
        ([120.6994, 27.9938], [120.70345826367, 27.99051797661], [120.70992334378, 27.99675706253]),
        ([122.1184, 30.0163], [122.12274870183, 30.01404005758], [122.12929509934, 30.01990747536]),
    ];

    fn apart(a: [f64; 2], b: [f64; 2]) -> f64 {
        (a[0] - b[0]).abs().max((a[1] - b[1]).abs())
    }

    #[test]
    fn places_are_drawn_where_another_implementation_draws_them() {
        for &(place, gcj, bd) in ORACLE {
            assert!(apart(Chart::Gcj02.shift(place), gcj) < 1e-10, "{place:?}: {:?}", Chart::Gcj02.shift(place));
            assert!(apart(Chart::Bd09.shift(place), bd) < 1e-10, "{place:?}: {:?}", Chart::Bd09.shift(place));
            assert!(apart(Chart::Gcj02.unshift(gcj), place) < 1e-9);
            assert!(apart(Chart::Bd09.unshift(bd), place) < 1e-9);
        }
    }

    #[test]
    fn towns_on_either_side_of_the_border_are_told_apart() {
        let shifted = [
            ("Shanghai", 121.4737, 31.2304),
            ("Beijing", 116.3975, 39.9087),
            ("Kashgar", 75.9897, 39.4704),
            ("Taxkorgan", 75.2287, 37.7754),
            ("Mohe", 122.5385, 52.9721),
            ("Beiji village", 122.3590, 53.4850),
            ("Sanya", 109.5119, 18.2528),
            ("Dandong", 124.3947, 40.1244),
            ("Ruili", 97.8519, 24.0128),
            ("Heihe", 127.4886, 50.2450),
            ("Alxa Left Banner", 105.6695, 38.8447),
            ("Ejin Banner", 101.0686, 41.9585),
            ("Ceke", 101.2800, 42.3600),
            ("Manzhouli", 117.4298, 49.5908),
            ("Erenhot", 111.9772, 43.6532),
            ("Hunchun", 130.3659, 42.8625),
            ("Tumen", 129.8437, 42.9680),
            ("Ji'an", 126.1940, 41.1253),
            ("Changbai", 128.2006, 41.4199),
            ("Suifenhe", 131.1525, 44.3966),
            ("Fuyuan", 134.2948, 48.3646),
            ("Khorgos", 80.4110, 44.2140),
            ("Tacheng", 82.9835, 46.7463),
            ("Yadong", 88.9070, 27.4850),
            ("Zhangmu", 85.9830, 27.9910),
            ("Gar", 80.1055, 32.5035),
            ("Medog", 95.3332, 29.3257),
            ("Hekou", 103.9595, 22.5065),
            ("Pingxiang", 106.7665, 22.0940),
            ("Dongxing", 107.9700, 21.5470),
            ("Mohan", 101.6870, 21.1890),
            ("Haikou", 110.3310, 20.0310),
            ("Zhoushan", 122.1184, 30.0163),
            ("Weihai", 122.1204, 37.5131),
            ("Yongxing of Sansha", 112.3380, 16.8340),
            // These the services name.
            ("Hong Kong", 114.1694, 22.3193),
            ("Macao", 113.5439, 22.1987),
        ];
        let by_baidu = [("Taipei", 121.5654, 25.0330), ("Kaohsiung", 120.3014, 22.6273), ("Magong", 119.5660, 23.5660)];
        let straight = [
            ("Ulaanbaatar", 106.9177, 47.9185),
            ("Zamyn-Uud", 111.9070, 43.7180),
            ("Pyongyang", 125.7625, 39.0392),
            ("Sinuiju", 124.3981, 40.1006),
            ("Manpo", 126.2900, 41.1570),
            ("Hyesan", 128.1778, 41.4017),
            ("Namyang", 129.8590, 42.9510),
            ("Rason", 130.3000, 42.2490),
            ("Seoul", 126.9780, 37.5665),
            ("Hanoi", 105.8542, 21.0285),
            ("Lao Cai", 103.9707, 22.4809),
            ("Lang Son", 106.7610, 21.8537),
            ("Vladivostok", 131.8855, 43.1155),
            ("Khabarovsk", 135.0719, 48.4802),
            ("Blagoveshchensk", 127.5272, 50.2900),
            ("Zabaykalsk", 117.3270, 49.6510),
            ("Kathmandu", 85.3240, 27.7172),
            ("Thimphu", 89.6390, 27.4728),
            ("Gangtok", 88.6138, 27.3314),
            ("Leh", 77.5771, 34.1526),
            ("Almaty", 76.9286, 43.2567),
            ("Zharkent", 80.0067, 44.1628),
            ("Bishkek", 74.5698, 42.8746),
            ("Khorugh", 71.5524, 37.4897),
            ("Gilgit", 74.3089, 35.9208),
            ("Muse", 97.9046, 23.9793),
            ("Myitkyina", 97.3950, 25.3833),
            ("Luang Namtha", 101.4013, 20.9486),
            ("Manila", 120.9842, 14.5995),
            ("Kota Kinabalu", 116.0735, 5.9804),
            ("Puerto Princesa", 118.7384, 9.7392),
            ("Nha Trang", 109.1967, 12.2388),
            ("Yonaguni", 123.0044, 24.4669),
            ("Delhi", 77.2090, 28.6139),
            ("Dushanbe", 68.7870, 38.5598),
            ("Zurich", 8.5417, 47.3769),
        ];
        let told = |lon, lat| (Chart::Gcj02.covers([lon, lat]), Chart::Bd09.covers([lon, lat]));
        let mut wrong: Vec<&(&str, f64, f64)> = Vec::new();
        for (towns, expected) in [(&shifted[..], (true, true)), (&by_baidu, (false, true)), (&straight, (false, false))]
        {
            wrong.extend(towns.iter().filter(|(_, lon, lat)| told(*lon, *lat) != expected));
        }
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(!Chart::Gcj02.covers([f64::NAN, 30.0]) && !Chart::Bd09.covers([110.0, f64::INFINITY]));
    }

    #[test]
    fn the_outline_is_small_and_simple() {
        let rings = [MAINLAND, SOUTH_SEA, TAIWAN];
        assert!(rings.iter().map(|ring| ring.len()).sum::<usize>() <= 250);
        for ring in rings {
            let edges: Vec<_> = ring.iter().zip(ring.iter().cycle().skip(1)).collect();
            let side = |a: &[f64; 2], b: &[f64; 2], p: &[f64; 2]| {
                ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0])).signum()
            };
            for (n, (a, b)) in edges.iter().enumerate() {
                for (c, d) in edges.iter().skip(n + 2).filter(|(_, d)| d != a) {
                    let crosses = side(a, b, c) != side(a, b, d) && side(c, d, a) != side(c, d, b);
                    assert!(!crosses, "{a:?} {b:?} crosses {c:?} {d:?}");
                }
            }
            for [x, y] in ring {
                assert!(REACH.west + 2.0 <= *x && *x <= REACH.east - 2.0, "{x}");
                assert!(REACH.south + 2.0 <= *y && *y <= REACH.north - 2.0, "{y}");
            }
        }
    }

    /// Places all over the reach, less than a tenth of the shortest wave apart from west to east.
    fn grid() -> impl Iterator<Item = [f64; 2]> {
        let along =
            |from: f64, to: f64, by: f64| (0..).map(move |n| from + f64::from(n) * by).take_while(move |v| *v <= to);
        along(REACH.west, REACH.east, 0.031)
            .flat_map(move |lon| along(REACH.south, REACH.north, 0.411).map(move |lat| [lon, lat]))
    }

    #[test]
    fn no_place_is_shifted_by_more_than_the_largest_shift() {
        for chart in Chart::ALL {
            let (mut covered, mut all) = (0.0_f64, 0.0_f64);
            for place in grid() {
                let by = apart(chart.shift(place), place);
                all = all.max(by);
                if by > covered && chart.covers(place) {
                    covered = by;
                }
            }
            assert!(covered < chart.largest_shift() && covered > chart.largest_shift() * 0.9, "{chart:?} {covered}");
            let largest = chart.largest_shift_in_reach();
            assert!(all < largest && all > largest * 0.9, "{chart:?} {all}");
        }
    }

    #[test]
    fn the_shift_is_nowhere_steeper_than_is_said() {
        const STEP: f64 = 1e-5;
        for chart in Chart::ALL {
            let mut steepest = 0.0_f64;
            for place in grid().filter(|[lon, _]| (lon - 105.0).abs() > 0.01) {
                let here = chart.shift(place);
                for step in [[STEP, 0.0], [0.0, STEP]] {
                    let there = chart.shift([place[0] + step[0], place[1] + step[1]]);
                    for n in [0, 1] {
                        steepest = steepest.max(((there[n] - here[n] - step[n]) / STEP).abs());
                    }
                }
            }
            // What is drawn may lie denser than the places, so that the inverse is a little steeper.
            assert!(steepest * 1.05 < chart.steepness() && steepest > chart.steepness() * 0.8, "{chart:?} {steepest}");
        }
    }

    fn place() -> impl Strategy<Value = [f64; 2]> {
        (REACH.west..REACH.east, REACH.south..REACH.north).prop_map(|(lon, lat)| [lon, lat])
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_place(place in place()) {
            for chart in Chart::ALL {
                prop_assert!(apart(chart.unshift(chart.shift(place)), place) < 1e-11);
                prop_assert!(apart(chart.shift(chart.unshift(place)), place) < 1e-11);
            }
        }

        #[test]
        fn everything_drawn_in_a_box_is_searched(
            corner in place(),
            size in prop::sample::select(vec![1e-4, 0.003, 0.02, 0.3, 4.0, 30.0]),
            aspect in 0.2..5.0_f64,
            within in (0.0..=1.0_f64, 0.0..=1.0_f64),
        ) {
            let [west, south] = corner;
            let drawn = Bbox { west, south, east: (west + size * aspect).min(180.0), north: (south + size).min(90.0) };
            let point = [west + within.0 * (drawn.east - west), south + within.1 * (drawn.north - south)];
            let hit = |b: &Bbox, [x, y]: [f64; 2]| b.west <= x && x <= b.east && b.south <= y && y <= b.north;
            for chart in Chart::ALL {
                let searched = chart.search(&drawn);
                prop_assert!(hit(&searched, point));
                if hit(&REACH, point) {
                    prop_assert!(hit(&searched, chart.unshift(point)), "{:?} {:?}", searched, chart.unshift(point));
                }
                let within = chart.drawn(&drawn);
                prop_assert!(hit(&within, point));
                if hit(&REACH, point) {
                    prop_assert!(hit(&within, chart.shift(point)), "{:?} {:?}", within, chart.shift(point));
                    prop_assert_eq!(chart.unshift_anywhere(point), chart.unshift(point));
                    for sure in chart.surely(&drawn) {
                        let there = chart.shift(point);
                        prop_assert!(!hit(&sure, point) || (hit(&drawn, point) && hit(&drawn, there)));
                    }
                }
                // Nor is more searched than the shift asks for.
                let most = chart.largest_shift_in_reach();
                prop_assert!(searched.west >= drawn.west - most && searched.east <= drawn.east + most);
                prop_assert!(searched.south >= drawn.south - most && searched.north <= drawn.north + most);
            }
        }
    }

    #[test]
    fn boxes_elsewhere_are_searched_as_they_are() {
        let rome = Bbox { west: 12.0, south: 41.0, east: 13.0, north: 42.0 };
        assert_eq!(Chart::Bd09.search(&rome), rome);
        // Across the antimeridian only the western part can be shifted, and only its west side moves.
        let pacific = Bbox { west: 120.0, south: 30.0, east: -170.0, north: 40.0 };
        let searched = Chart::Gcj02.search(&pacific);
        assert!(searched.west < 120.0 && searched.west > 119.98 && searched.east == -170.0, "{searched:?}");
        assert!(searched.south < 30.01 && searched.north >= 40.0, "{searched:?}");
        let far = Bbox { west: 170.0, south: 30.0, east: -170.0, north: 40.0 };
        assert_eq!(Chart::Gcj02.search(&far), far);
        // All the way round, but for a gap within the outline that the shift closes.
        let round = Bbox { west: 105.0, south: 30.0, east: 104.999, north: 40.0 };
        let searched = Chart::Gcj02.search(&round);
        assert_eq!((searched.west, searched.east), (-180.0, 180.0));
        assert_eq!(Chart::Gcj02.surely(&round).len(), 2);
        assert!(Chart::Gcj02.surely(&Bbox { west: 105.0, south: 30.0, east: 105.02, north: 40.0 }).is_empty());
        for corner in [[-180.0, -90.0], [180.0, 90.0], [105.0, 90.0], [180.0, 35.0]] {
            for chart in Chart::ALL {
                assert!(apart(chart.unshift_anywhere(corner), corner) < chart.largest_shift_in_reach());
            }
        }
    }
}
