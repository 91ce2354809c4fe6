//! What was asked of a layer: query parameters, read and checked. A parameter that is not known is refused, because a
//! misspelt filter would silently answer another question; so is one whose column the caller may not see.

use super::cql2::{self, Axes, Encoding, Limits, Parser, Queryable};
use super::crs::Crs;
use super::def::{Column, ColumnKind};
use super::view::{ColumnRef, View};
use crate::kernel::paging::{self, Cursor};
use crate::kernel::{Bbox, Chart, Day, Error, Fault, Kind, Result, Text};
use crate::standards::axes::Order;
use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The CRS of everything here: longitude, latitude.
pub(super) use super::crs::CRS84;

/// Parameters as sent, in their order.
pub type Pairs = Vec<(String, String)>;

/// What a parameter was sent with.
pub(super) fn value<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// The two axes of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct When {
    /// What was true on this day; `None`: the rows as they stand.
    pub true_on: Option<Day>,
    /// What the registry knew then; `None` is now.
    pub known_at: Option<DateTime<Utc>>,
}

impl When {
    /// Whether it is the layer as it stands and is known.
    pub fn is_now(self) -> bool {
        self == When::default()
    }
}

/// Which rows are wanted.
#[derive(Default)]
pub(super) struct Selection {
    pub bbox: Option<Bbox>,
    /// First and last day of interest; `None` is an open end.
    pub during: Option<(Option<Day>, Option<Day>)>,
    pub when: When,
    pub filters: Vec<Filter>,
    /// What a filter in CQL2 asks for.
    pub filter: Option<cql2::Filter>,
    /// What the geometries in it are in; `None` is longitude and latitude.
    pub filter_crs: Option<Crs>,
    /// A box in another system, west, south, east, north: to be turned into `bbox` before rows are read.
    pub elsewhere: Option<([f64; 4], Crs)>,
    /// Rows that meet `bbox` and yet are not selected: a chart draws them beside the box that was asked for.
    pub left_out: Vec<Uuid>,
}

/// A column and the values of which it must have one.
pub(super) struct Filter {
    pub column: ColumnRef,
    pub values: Values,
}

/// Values of one kind.
#[derive(Debug)]
pub(super) enum Values {
    Texts(Vec<String>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    Booleans(Vec<bool>),
    Days(Vec<Day>),
    Instants(Vec<DateTime<Utc>>),
    Uuids(Vec<Uuid>),
}

/// A column that rows are put in the order of. Rows where it is unknown come last in either direction.
#[derive(Clone, Copy)]
pub(super) struct SortKey {
    pub column: ColumnRef,
    pub descending: bool,
}

/// What of each row is wanted, and in which order.
pub(super) struct Shape {
    /// Properties, in the layer's order.
    pub columns: Vec<ColumnRef>,
    pub geometry: bool,
    /// What geometries are in.
    pub crs: Crs,
    /// Digits after the point of a coordinate.
    pub decimals: u8,
    /// The zoom of the map that geometries are for; `None`: as they are.
    pub zoom: Option<f64>,
    /// Before the order of ids, which settles what is left.
    pub sort: Vec<SortKey>,
    /// Whether the first and the last day on which a row is true are wanted beside its properties.
    pub days: bool,
}

/// Which page of the rows.
pub(super) struct Page {
    pub limit: u32,
    /// The last row of the page before.
    pub after: Option<After>,
    /// Rows left out before the page begins.
    pub offset: u32,
    /// Only the number of rows is wanted.
    pub hits: bool,
}

/// The last row of a page: what it is sorted by, as text (`None`: unknown), and its identifier.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct After {
    pub values: Vec<Option<String>>,
    pub id: Uuid,
}

/// Digits after the point of a coordinate at most: what a double of degrees holds.
const MAX_DECIMALS: u8 = 15;
/// The highest zoom of maps: a pixel is a centimetre.
const MAX_ZOOM: f64 = 24.0;
/// Rows that may be left out before a page: for clients that cannot follow `next`. What is left out is read all the same.
const MAX_OFFSET: u32 = 100_000;
/// Columns that rows may be sorted by at once.
const MAX_SORT: usize = 4;
/// Bytes of a filter at most. An address holds less of it; what it costs is bounded by its nodes and positions.
const MAX_FILTER: usize = 1024 * 1024;

impl Shape {
    /// Everything of a row, in the order of ids.
    pub fn whole(view: &View) -> Shape {
        Shape {
            columns: view.refs().collect(),
            geometry: true,
            crs: Crs::Crs84,
            decimals: Crs::Crs84.decimals(),
            zoom: None,
            sort: Vec::new(),
            days: false,
        }
    }

    /// Reads `crs`, `properties`, `skipGeometry`, `precision`, `zoom-level`, `sortby`.
    ///
    /// # Errors
    /// `bad_parameter`, naming the properties there are.
    pub fn read(view: &View, pairs: &Pairs) -> Result<Shape> {
        let mut shape = Shape::whole(view);
        shape.crs = crs(pairs, "crs")?;
        shape.decimals = shape.crs.decimals();
        for (name, value) in pairs {
            let bad = |message| Error::bad_parameter(name, message);
            match name.as_str() {
                "properties" => {
                    let wanted =
                        names(value).map(|name| named(view, name)).collect::<Result<Vec<_>, _>>().map_err(bad)?;
                    shape.columns.retain(|column| wanted.contains(column));
                }
                "skipGeometry" => {
                    shape.geometry = !value
                        .parse::<bool>()
                        .map_err(|_| bad(Text::fixed("应为 true 或 false。", "must be true or false.")))?;
                }
                "precision" => {
                    let digits = value.parse().ok().filter(|digits| *digits <= MAX_DECIMALS);
                    shape.decimals = digits
                        .ok_or_else(|| bad(Text::fixed("应为 0 至 15 的整数。", "must be an integer from 0 to 15.")))?;
                }
                "zoom-level" => {
                    let zoom = value.parse().ok().filter(|zoom| (0.0..=MAX_ZOOM).contains(zoom));
                    shape.zoom = Some(zoom.ok_or_else(|| {
                        bad(Text::fixed(
                            "应为 0 至 24 的数字，可带小数。",
                            "must be a number from 0 to 24, decimals allowed.",
                        ))
                    })?);
                }
                "sortby" => shape.sort = sort(view, value).map_err(bad)?,
                _ => {}
            }
        }
        Ok(shape)
    }

    /// A stable text of it.
    pub fn mark(&self, view: &View) -> String {
        let columns: Vec<_> = self.columns.iter().map(|at| view.column(*at).name.as_ref()).collect();
        let columns = columns.join(",");
        let (crs, order) = (self.crs.uri(), self.order(view));
        let zoom = self.zoom.map(|zoom| zoom.to_string()).unwrap_or_default();
        format!("{columns}|{}|{crs}|{}|{zoom}|{order}|{}", self.geometry, self.decimals, self.days)
    }

    /// A stable text of the order, which cursors belong to.
    pub fn order(&self, view: &View) -> String {
        let sign = |key: &SortKey| if key.descending { '-' } else { '+' };
        self.sort.iter().map(|key| format!("{}{}", sign(key), view.column(key.column).name)).collect()
    }
}

fn names(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn named(view: &View, name: &str) -> Result<ColumnRef, Text> {
    view.find(name).ok_or_else(|| {
        let known = view.columns().map(|column| column.name.as_ref()).collect::<Vec<_>>().join(", ");
        Text::new(
            format!("没有属性 {name}，可用：{known}。"),
            format!("there is no property {name}; there are: {known}."),
        )
    })
}

/// `-area_m2,code`: largest first, then by code.
fn sort(view: &View, list: &str) -> Result<Vec<SortKey>, Text> {
    let mut keys: Vec<SortKey> = Vec::new();
    for name in names(list) {
        // A `+` that was not escaped has become a space, which is trimmed: ascending is the default.
        let (descending, name) = match name.strip_prefix('-') {
            Some(name) => (true, name),
            None => (false, name.strip_prefix('+').unwrap_or(name)),
        };
        let column = named(view, name)?;
        if keys.iter().all(|key| key.column != column) {
            keys.push(SortKey { column, descending });
        }
    }
    if keys.len() > MAX_SORT {
        return Err(Text::fixed("最多四个排序属性。", "at most four properties can be sorted by."));
    }
    Ok(keys)
}

impl Selection {
    /// Reads a selection; `others` are the names that the operation reads itself.
    ///
    /// # Errors
    /// `unknown_parameter` with the list of those there are; `bad_parameter`.
    pub fn read(view: &View, pairs: &Pairs, spatial: bool, others: &[&str]) -> Result<Selection> {
        let filter_crs = crs(pairs, "filter-crs")?;
        let filter = filter(view, pairs, &filter_crs)?;
        let filter_crs = Some(filter_crs).filter(|crs| crs.proj().is_some() || crs.chart().is_some());
        let mut selection = Selection { filter, filter_crs, ..Selection::default() };
        let mut seen: Vec<&str> = Vec::new();
        let bbox_crs = crs(pairs, "bbox-crs")?;
        for (name, value) in pairs {
            if seen.contains(&name.as_str()) {
                return Err(Error::bad_parameter(
                    name,
                    Text::fixed(
                        "只能出现一次；多个取值用逗号分隔。",
                        "may be given once; separate several values by commas.",
                    ),
                ));
            }
            seen.push(name);
            let bad = |message| Error::bad_parameter(name, message);
            match name.as_str() {
                "bbox" if spatial => selection.place(value, bbox_crs).map_err(bad)?,
                "bbox-crs" | "crs" if spatial => {}
                "filter" | "filter-lang" | "filter-crs" => {}
                "datetime" => selection.during = Some(interval(value).map_err(bad)?),
                "known_at" => selection.when.known_at = Some(instant(value).map_err(bad)?),
                "true_on" => selection.when.true_on = Some(day(value).map_err(bad)?),
                known if others.contains(&known) => {}
                _ => {
                    let at = view.find(name).ok_or_else(|| unknown_parameter(view, name, spatial, others))?;
                    let values = values(view.column(at), value).map_err(bad)?;
                    selection.filters.push(Filter { column: at, values });
                }
            }
        }
        if selection.during.is_some() && selection.when.true_on.is_some() {
            return Err(Error::bad_parameter(
                "true_on",
                Text::fixed(
                    "不能与 datetime 并用：true_on 给出当日的状态，datetime 选取在某段时间内有效的记录。",
                    "cannot be given with datetime: true_on gives the state of one day, datetime selects records that are \
                     valid at some time in an interval.",
                ),
            ));
        }
        Ok(selection)
    }

    /// Reads a box in a system.
    fn place(&mut self, text: &str, crs: Crs) -> Result<(), Text> {
        if matches!(crs, Crs::Crs84) {
            self.bbox = Some(Bbox::parse(text)?);
            return Ok(());
        }
        let form =
            || Text::fixed("应为四个数字：两个角点的坐标。", "must be four numbers: the coordinates of two corners.");
        let numbers: Vec<f64> = text
            .split(',')
            .map(|n| n.trim().parse().ok().filter(|n: &f64| n.is_finite()))
            .collect::<Option<_>>()
            .ok_or_else(form)?;
        let ([a, b, c, d] | [a, b, _, c, d, _]) = numbers[..] else { return Err(form()) };
        let [west, south, east, north] = if crs.order() == Order::Yx { [b, a, d, c] } else { [a, b, c, d] };
        if crs.proj().is_none() {
            // Longitude and latitude, shifted or in the other order; held to the same bounds, and west above east goes round.
            let bbox = Bbox::parse(&format!("{west},{south},{east},{north}"))?;
            match crs.chart() {
                Some(_) => self.elsewhere = Some(([west, south, east, north], crs)),
                None => self.bbox = Some(bbox),
            }
            return Ok(());
        }
        if west > east || south > north {
            return Err(Text::fixed(
                "第一个角点应在第二个的西南。",
                "the first corner must lie south-west of the second.",
            ));
        }
        self.elsewhere = Some(([west, south, east, north], crs));
        Ok(())
    }

    /// Whether nothing narrows it: every row as it is now.
    pub fn is_everything(&self) -> bool {
        self.bbox.is_none()
            && self.elsewhere.is_none()
            && self.during.is_none()
            && self.when.is_now()
            && self.filters.is_empty()
            && self.filter.is_none()
    }

    /// A stable text of it.
    pub fn mark(&self, view: &View) -> String {
        let mut filters: Vec<_> =
            self.filters.iter().map(|f| format!("{}={:?}", view.column(f.column).name, f.values)).collect();
        filters.sort();
        let filter = self.filter.as_ref().map(cql2::Filter::to_text).unwrap_or_default();
        let filters = filters.join("&");
        let (bbox, during, when) = (&self.bbox, &self.during, &self.when);
        let crs = self.filter_crs.map(|crs| crs.uri()).unwrap_or_default();
        format!("{bbox:?}|{:?}|{during:?}|{when:?}|{filters}|{crs}|{filter}", self.elsewhere)
    }
}

impl Page {
    /// Reads `limit`, `offset`, `cursor` and `resultType`; the cursor must belong to the filters and the order that `mark`
    /// is a text of.
    ///
    /// # Errors
    /// `bad_parameter`, `bad_cursor`.
    pub fn read(view: &View, pairs: &Pairs, shape: &Shape, mark: &str) -> Result<Page> {
        let value = |name| value(pairs, name);
        let limit = match value("limit") {
            None => paging::limit(None)?,
            Some(text) if is_number(text) => {
                // More digits than a number can hold is more than the maximum.
                paging::limit(Some(text.parse().unwrap_or(u32::MAX)))?
            }
            Some(_) => {
                return Err(Error::bad_parameter(
                    "limit",
                    Text::fixed("应为 1 至 10000 的整数。", "must be an integer from 1 to 10000."),
                ));
            }
        };
        let offset = value("offset").map_or(Some(0), |text| text.parse().ok().filter(|n| *n <= MAX_OFFSET));
        let offset = offset.ok_or_else(|| {
            Error::bad_parameter(
                "offset",
                Text::fixed(
                    "应为 0 至 100000 的整数；更远的页请沿 next 链接读取。",
                    "must be an integer from 0 to 100000; follow the `next` links to pages further on.",
                ),
            )
        })?;
        let after: Option<After> = match value("cursor") {
            None => None,
            Some(cursor) => {
                let key = Cursor::read(cursor, mark)?;
                let after: After = serde_json::from_str(&key).map_err(|_| Cursor::refused())?;
                let fits = after.values.len() == shape.sort.len()
                    && after
                        .values
                        .iter()
                        .zip(&shape.sort)
                        .all(|(value, key)| readable(view.column(key.column), value.as_deref()));
                Some(after).filter(|_| fits).ok_or_else(Cursor::refused).map(Some)?
            }
        };
        let hits = match value("resultType") {
            None | Some("results") => false,
            Some("hits") => true,
            Some(_) => {
                return Err(Error::bad_parameter(
                    "resultType",
                    Text::fixed("可用：results, hits。", "there are: results, hits."),
                ));
            }
        };
        Ok(Page { limit, after, offset, hits })
    }

    /// A stable text of it.
    pub fn mark(&self) -> String {
        format!("{}|{:?}|{}|{}", self.limit, self.after, self.offset, self.hits)
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether the text of a cursor's value is one that the column can have: whoever knows the filters can write a cursor.
fn readable(column: &Column, value: Option<&str>) -> bool {
    let Some(text) = value else { return true };
    match column.kind {
        ColumnKind::Text => true,
        ColumnKind::Integer => text.parse::<i64>().is_ok(),
        ColumnKind::Number => text.parse::<f64>().is_ok(),
        ColumnKind::Boolean => matches!(text, "true" | "false"),
        ColumnKind::Day => Day::parse(text).is_some(),
        ColumnKind::Instant => instant(text).is_ok(),
        ColumnKind::Uuid => text.parse::<Uuid>().is_ok(),
    }
}

/// Refuses every parameter that is not in `known`.
///
/// # Errors
/// `unknown_parameter`.
pub(super) fn only(pairs: &Pairs, known: &[&str]) -> Result<()> {
    match pairs.iter().find(|(name, _)| !known.contains(&name.as_str())) {
        Some((name, _)) => Err(unknown(name, known.iter().copied())),
        None => Ok(()),
    }
}

fn unknown_parameter(view: &View, name: &str, spatial: bool, others: &[&str]) -> Error {
    let columns: Vec<_> = view.columns().map(|column| column.name.as_ref()).collect();
    let spatial: &[&str] = if spatial { &["bbox", "bbox-crs", "crs"] } else { &[] };
    let common = ["filter", "filter-lang", "filter-crs", "datetime", "true_on", "known_at"];
    unknown(name, spatial.iter().chain(&common).chain(others).chain(&columns).copied())
}

fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let known = known.collect::<Vec<_>>().join(", ");
    let message =
        Text::new(format!("没有此参数，可用：{known}。"), format!("there is no such parameter; there are: {known}."));
    Error::new(
        Kind::Malformed,
        "unknown_parameter",
        Text::new(
            format!("没有查询参数 {name}，可用：{known}。"),
            format!("There is no query parameter {name}; there are: {known}."),
        ),
    )
    .with_faults(vec![Fault::new(format!("?{name}"), "unknown_parameter", message)])
}

/// The reference system that a parameter names; CRS84 where it is not given.
fn crs(pairs: &Pairs, name: &str) -> Result<Crs> {
    value(pairs, name)
        .map_or(Ok(Crs::Crs84), |uri| Crs::parse(uri).map_err(|message| Error::bad_parameter(name, message)))
}

/// The chart that tiles are drawn for, by their parameter `crs`; `None` where nothing is shifted. Their coordinates are those
/// of the tile matrix set in any case.
///
/// # Errors
/// `bad_parameter` for any other reference system.
pub(super) fn chart(pairs: &Pairs) -> Result<Option<Chart>> {
    match crs(pairs, "crs")? {
        Crs::Crs84 => Ok(None),
        Crs::Chart(chart) => Ok(Some(chart)),
        Crs::Registered(_) => {
            let [gcj, bd] = Chart::ALL.map(|chart| Crs::Chart(chart).uri());
            Err(Error::bad_parameter(
                "crs",
                Text::new(
                    format!("切片的坐标系由切片矩阵集决定；crs 只用于偏移：{gcj}、{bd}，不偏移为 {CRS84}。"),
                    format!(
                        "tiles are in the reference system of their tile matrix set; crs shifts them alone: {gcj}, {bd}, or \
                         {CRS84} for none."
                    ),
                ),
            ))
        }
    }
}

/// Reads `filter` and `filter-lang`; its geometries are in `crs`. Its properties are those that the caller may see, `geometry`
/// and `id`.
fn filter(view: &View, pairs: &Pairs, crs: &Crs) -> Result<Option<cql2::Filter>> {
    let value = |name| value(pairs, name);
    let encoding = match value("filter-lang") {
        None | Some("cql2-text") => Encoding::Text,
        Some("cql2-json") => Encoding::Json,
        Some("cql-text") => Encoding::Draft,
        Some(_) => {
            return Err(Error::bad_parameter(
                "filter-lang",
                Text::fixed("可用：cql2-text, cql2-json, cql-text。", "there are: cql2-text, cql2-json, cql-text."),
            ));
        }
    };
    let Some(source) = value("filter") else { return Ok(None) };
    let mut queryables: Vec<Queryable<'_>> =
        view.columns().map(|column| Queryable { name: &column.name, kind: kind(column.kind) }).collect();
    queryables.push(Queryable { name: "geometry", kind: cql2::Kind::Geometry });
    queryables.push(Queryable { name: "id", kind: cql2::Kind::Uuid });
    let axes = Axes { north_first: crs.order() == Order::Yx, degrees: crs.proj().is_none() };
    let limits = Limits { text_bytes: MAX_FILTER, json_bytes: MAX_FILTER, ..Limits::default() };
    let parsed = Parser::new(&queryables).axes(axes).limits(limits).parse(encoding, source);
    parsed.map(Some).map_err(|faults| {
        let detail = faults
            .first()
            .map(|fault| fault.message.clone())
            .unwrap_or_else(|| Text::fixed("过滤条件无法识别。", "The filter cannot be read."));
        Error::new(Kind::Malformed, "bad_filter", detail).with_faults(faults)
    })
}

fn kind(kind: ColumnKind) -> cql2::Kind {
    match kind {
        ColumnKind::Text => cql2::Kind::Text,
        ColumnKind::Integer => cql2::Kind::Integer,
        ColumnKind::Number => cql2::Kind::Number,
        ColumnKind::Boolean => cql2::Kind::Boolean,
        ColumnKind::Day => cql2::Kind::Day,
        ColumnKind::Instant => cql2::Kind::Instant,
        ColumnKind::Uuid => cql2::Kind::Uuid,
    }
}

/// An RFC 3339 instant. A `+` that was not escaped has become a space.
fn instant(text: &str) -> Result<DateTime<Utc>, Text> {
    DateTime::parse_from_rfc3339(&text.trim().replace(' ', "+")).map(|at| at.with_timezone(&Utc)).map_err(|_| {
        Text::fixed(
            "应为 RFC 3339 时刻，如 2026-11-21T04:00:00Z。",
            "must be an RFC 3339 instant such as 2026-11-21T04:00:00Z.",
        )
    })
}

/// A civil day of China.
fn day(text: &str) -> Result<Day, Text> {
    Day::parse(text).ok_or_else(|| Text::fixed("应为日期，如 2026-11-21。", "must be a day such as 2026-11-21."))
}

/// A day, an instant (its day in China), or an interval of them with `..` or nothing for an open end.
fn interval(text: &str) -> Result<(Option<Day>, Option<Day>), Text> {
    let form = || {
        Text::fixed(
            "应为一个日期或时刻，或区间：2026-01-01/2026-06-30，开端用 ..。",
            "must be a day or an instant, or an interval such as 2026-01-01/2026-06-30 with .. for an open end.",
        )
    };
    // The day of an instant is held to the same years as a day that was written as one.
    let of_instant = |text: &str| instant(text).ok().and_then(|at| Day::parse(&Day::at(at).to_string()));
    let day = |text: &str| Day::parse(text).or_else(|| of_instant(text)).ok_or_else(form);
    let Some((from, to)) = text.split_once('/') else {
        let day = day(text)?;
        return Ok((Some(day), Some(day)));
    };
    let end = |text: &str| if text.is_empty() || text == ".." { Ok(None) } else { day(text).map(Some) };
    match (end(from)?, end(to)?) {
        (Some(from), Some(to)) if from > to => {
            Err(Text::fixed("区间的起点晚于终点。", "the interval begins after it ends."))
        }
        (None, None) if from.is_empty() && to.is_empty() => Err(form()),
        ends => Ok(ends),
    }
}

fn values(column: &Column, text: &str) -> Result<Values, Text> {
    let pieces = || text.split(',').map(str::trim);
    fn each<'a, T>(
        pieces: impl Iterator<Item = &'a str>,
        read: impl Fn(&str) -> Option<T>,
        zh: &'static str,
        en: &'static str,
    ) -> Result<Vec<T>, Text> {
        pieces.map(&read).collect::<Option<_>>().ok_or(Text::fixed(zh, en))
    }
    Ok(match column.kind {
        ColumnKind::Text => {
            if let Some(other) = pieces().find(|v| !column.values.is_empty() && !column.values.contains(v)) {
                let known = column.values.join(", ");
                return Err(Text::new(
                    format!("没有取值 {other}，可用：{known}。"),
                    format!("there is no value {other}; there are: {known}."),
                ));
            }
            Values::Texts(pieces().map(str::to_owned).collect())
        }
        ColumnKind::Integer => {
            Values::Integers(each(pieces(), |v| v.parse().ok(), "应为整数。", "must be an integer.")?)
        }
        ColumnKind::Number => Values::Numbers(each(
            pieces(),
            |v| v.parse().ok().filter(|n: &f64| n.is_finite()),
            "应为数字。",
            "must be a number.",
        )?),
        ColumnKind::Boolean => {
            Values::Booleans(each(pieces(), |v| v.parse().ok(), "应为 true 或 false。", "must be true or false.")?)
        }
        ColumnKind::Day => {
            Values::Days(each(pieces(), Day::parse, "应为日期 YYYY-MM-DD。", "must be a day YYYY-MM-DD.")?)
        }
        ColumnKind::Instant => Values::Instants(each(
            pieces(),
            |v| instant(v).ok(),
            "应为 RFC 3339 时刻。",
            "must be an RFC 3339 instant.",
        )?),
        ColumnKind::Uuid => Values::Uuids(each(pieces(), |v| v.parse().ok(), "应为 UUID。", "must be a UUID.")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_open_ends_and_days_of_china() {
        let day = |y, m, d| Some(Day::of(y, m, d));
        for (text, ends) in [
            ("2026-01-02", (day(2026, 1, 2), day(2026, 1, 2))),
            ("2026-01-01T16:00:00Z", (day(2026, 1, 2), day(2026, 1, 2))),
            ("2026-01-02T00:00:00 08:00", (day(2026, 1, 2), day(2026, 1, 2))),
            ("2026-01-02/2026-03-04", (day(2026, 1, 2), day(2026, 3, 4))),
            ("../2026-03-04", (None, day(2026, 3, 4))),
            ("/2026-03-04", (None, day(2026, 3, 4))),
            ("2026-01-02/..", (day(2026, 1, 2), None)),
            ("2026-01-02/", (day(2026, 1, 2), None)),
            ("../..", (None, None)),
        ] {
            assert_eq!(interval(text), Ok(ends), "{text}");
        }
        for bad in
            ["", "/", "now", "2026-1-2", "2026-03-04/2026-01-02", "2026-01-02/2026-01-03/2026-01-04", "2026-02-30"]
        {
            assert!(interval(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_read_by_the_columns_kind() {
        let column = |kind| Column::new("c", kind, "列", "Column");
        for (kind, good, bad) in [
            (ColumnKind::Integer, "1,-2", "1.5"),
            (ColumnKind::Number, "1.5,2", "NaN"),
            (ColumnKind::Boolean, "true", "yes"),
            (ColumnKind::Day, "2026-01-01,2026-01-02", "2026-13-01"),
            (ColumnKind::Instant, "2026-01-01T00:00:00Z", "2026-01-01"),
            (ColumnKind::Uuid, "00000000-0000-7000-8000-000000000000", "7"),
        ] {
            assert!(values(&column(kind), good).is_ok(), "{good}");
            assert!(values(&column(kind), bad).is_err(), "{bad}");
        }
        let listed = column(ColumnKind::Text).values(&["a", "b"]);
        assert!(values(&listed, "a,b").is_ok());
        assert!(values(&listed, "a,c").is_err());
        assert!(values(&column(ColumnKind::Text), "anything").is_ok());
    }
}
