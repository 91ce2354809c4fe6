//! The area ledger: what stood under each class on two days, and every move between them, so that what was there at first
//! and all that came and went make what is there in the end.
//!
//! Areas are whole hundredths of a square metre from the beginning: they are rounded unit by unit before anything is
//! summed, so that sums are exact whatever their order.

use super::Class;
use crate::kernel::{Day, Text};
use std::collections::BTreeMap;

/// Hundredths of a square metre.
pub type Centi = i64;

/// Why area moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// 登记: a unit that began, and came of no other.
    Registered,
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

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 6] = [
        Cause::Registered,
        Cause::ClassChanged,
        Cause::LandUseChanged,
        Cause::UnitSplit,
        Cause::UnitMerged,
        Cause::BoundaryCorrected,
    ];

    /// On the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Registered => "registered",
            Cause::ClassChanged => "class_changed",
            Cause::LandUseChanged => "land_use_changed",
            Cause::UnitSplit => "unit_split",
            Cause::UnitMerged => "unit_merged",
            Cause::BoundaryCorrected => "boundary_corrected",
        }
    }

    /// Its name.
    pub const fn title(self) -> Text {
        match self {
            Cause::Registered => Text::fixed("新登记", "registered"),
            Cause::ClassChanged => Text::fixed("类别调整", "class changed"),
            Cause::LandUseChanged => Text::fixed("土地利用变更", "land use changed"),
            Cause::UnitSplit => Text::fixed("单元拆分", "unit split"),
            Cause::UnitMerged => Text::fixed("单元合并", "units merged"),
            Cause::BoundaryCorrected => Text::fixed("边界更正", "boundary corrected"),
        }
    }
}

/// A class from a day on; `None`: since before anything known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassFact {
    /// First day.
    pub from: Option<Day>,
    /// The class.
    pub class: Class,
    /// What led to it.
    pub trigger: String,
}

/// Whether the land type counts in this ledger, from a day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TypeFact {
    /// First day; `None`: since before anything known.
    pub from: Option<Day>,
    /// Whether the land type is among those that the ledger is about.
    pub counts: bool,
}

/// What happened to a unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// Its area.
    pub area: Centi,
    /// First day on which it exists; `None`: since before anything known.
    pub began: Option<Day>,
    /// Why it began.
    pub began_by: Cause,
    /// First day on which it exists no more.
    pub ended: Option<Day>,
    /// Why it ended.
    pub ended_by: Cause,
    /// Its classes in the order of their days and, of one day, of their entry.
    pub classes: Vec<ClassFact>,
    /// Its land types in that order.
    pub types: Vec<TypeFact>,
}

/// A move of a unit's area: out of a class, into a class, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The day.
    pub on: Day,
    /// Why.
    pub cause: Cause,
    /// What led to the new class, where the class changed.
    pub trigger: Option<String>,
    /// Out of which class; `None`: it was not in the books.
    pub from: Option<Class>,
    /// Into which class; `None`: it left the books.
    pub to: Option<Class>,
    /// How much.
    pub area: Centi,
}

impl History {
    /// The class under which the area is booked at the end of a day; `None`: it is not in the books.
    pub fn booked(&self, day: Day) -> Option<Class> {
        (self.exists(day) && self.counts(day)).then(|| self.class(day).map_or(Class::Unclassified, |fact| fact.class))
    }

    fn exists(&self, day: Day) -> bool {
        self.began.is_none_or(|began| began <= day) && self.ended.is_none_or(|ended| ended > day)
    }

    fn class(&self, day: Day) -> Option<&ClassFact> {
        self.classes.iter().rev().find(|fact| fact.from.is_none_or(|from| from <= day))
    }

    fn counts(&self, day: Day) -> bool {
        self.types.iter().rev().find(|fact| fact.from.is_none_or(|from| from <= day)).is_some_and(|fact| fact.counts)
    }

    /// Class and count with which the unit comes into a day: those of its eve, or those that it is born with.
    fn dawn_of(&self, day: Day) -> (Class, bool) {
        let eve = day.add_days(-1);
        let born_with = || self.classes.iter().find(|fact| fact.from == Some(day));
        let class = self.class(eve).or_else(|| born_with().filter(|_| self.began == Some(day)));
        let counts = if self.types.iter().any(|fact| fact.from.is_none_or(|from| from <= eve)) {
            self.counts(eve)
        } else {
            self.types.iter().find(|fact| fact.from == Some(day)).is_some_and(|fact| fact.counts)
        };
        (class.map_or(Class::Unclassified, |fact| fact.class), counts)
    }

    /// The moves after `from` up to `to`; they lead from what is booked on `from` to what is booked on `to`. On one day a
    /// unit begins before anything else befalls it, is classified before it leaves the books and after it enters them, and
    /// ends last, so that each move has its own cause even where a unit is split and one part sold the same day.
    pub fn moves(&self, from: Day, to: Day) -> Vec<Line> {
        let days = self.classes.iter().filter_map(|fact| fact.from);
        let days = days.chain(self.types.iter().filter_map(|fact| fact.from)).chain(self.began).chain(self.ended);
        let mut days: Vec<Day> = days.filter(|day| from < *day && *day <= to).collect();
        days.sort_unstable();
        days.dedup();
        days.into_iter().flat_map(|day| self.moves_of(day)).collect()
    }

    fn moves_of(&self, day: Day) -> Vec<Line> {
        let begins = self.began == Some(day);
        if !begins && !self.exists(day.add_days(-1)) {
            return Vec::new();
        }
        let mut lines = Vec::new();
        let mut book = |cause, trigger: Option<String>, from: Option<Class>, to: Option<Class>| {
            if from != to {
                lines.push(Line { on: day, cause, trigger, from, to, area: self.area });
            }
        };
        let (class, counted) = self.dawn_of(day);
        if begins {
            book(self.began_by, None, None, counted.then_some(class));
        }
        let (new, counts) = (self.class(day).map_or(Class::Unclassified, |fact| fact.class), self.counts(day));
        if counted {
            book(Cause::ClassChanged, self.class(day).map(|fact| fact.trigger.clone()), Some(class), Some(new));
        }
        book(Cause::LandUseChanged, None, counted.then_some(new), counts.then_some(new));
        if self.ended == Some(day) {
            book(self.ended_by, None, counts.then_some(new), None);
        }
        lines
    }
}

/// An amount of land.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amount {
    /// Units.
    pub units: i64,
    /// Their area.
    pub area: Centi,
}

impl Amount {
    /// Adds to it.
    pub fn add(&mut self, units: i64, area: Centi) {
        self.units += units;
        self.area += area;
    }
}

/// Areas by division and class.
pub type Stock = BTreeMap<(String, Class), Amount>;

/// Of which kind a move is: everything of one kind is one line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FlowKey {
    /// Why.
    pub cause: Cause,
    /// What led to a new class.
    pub trigger: Option<String>,
    /// Out of which class.
    pub from: Option<Class>,
    /// Into which class.
    pub to: Option<Class>,
}

impl FlowKey {
    /// Of which kind a move is.
    pub fn of(line: &Line) -> FlowKey {
        FlowKey { cause: line.cause, trigger: line.trigger.clone(), from: line.from, to: line.to }
    }
}

/// The ledger of a period.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ledger {
    /// What stood at the end of the first day.
    pub opening: Stock,
    /// What stands at the end of the last.
    pub closing: Stock,
    /// What moved between.
    pub flows: BTreeMap<FlowKey, Amount>,
}

impl Ledger {
    /// Books land to which nothing happened in the period.
    pub fn rest(&mut self, division: &str, class: Class, amount: Amount) {
        for stock in [&mut self.opening, &mut self.closing] {
            stock.entry((division.to_owned(), class)).or_default().add(amount.units, amount.area);
        }
    }

    /// Books a unit to which something happened.
    pub fn walk(&mut self, division: &str, unit: &History, from: Day, to: Day) {
        for (stock, day) in [(&mut self.opening, from), (&mut self.closing, to)] {
            if let Some(class) = unit.booked(day) {
                stock.entry((division.to_owned(), class)).or_default().add(1, unit.area);
            }
        }
        for line in unit.moves(from, to) {
            self.flows.entry(FlowKey::of(&line)).or_default().add(1, line.area);
        }
    }

    /// The classes' rows.
    pub fn balance(&self) -> Vec<Balance> {
        Class::ALL.into_iter().map(|class| self.balance_of(class)).collect()
    }

    fn balance_of(&self, class: Class) -> Balance {
        let stood = |stock: &Stock| {
            stock.iter().filter(|((_, of), _)| *of == class).fold(Amount::default(), |mut sum, (_, amount)| {
                sum.add(amount.units, amount.area);
                sum
            })
        };
        let moved = |side: fn(&FlowKey) -> Option<Class>| {
            let flows = self.flows.iter().filter(|(key, _)| side(key) == Some(class));
            flows.map(|(_, amount)| amount.area).sum::<Centi>()
        };
        Balance {
            class,
            opening: stood(&self.opening),
            came: moved(|key| key.to),
            went: moved(|key| key.from),
            closing: stood(&self.closing),
        }
    }

    /// Divisions whose area under priority protection is smaller in the end than at first: (division, at first, in the end).
    pub fn shrunk(&self) -> Vec<(String, Centi, Centi)> {
        let of = |stock: &Stock, division: &str| {
            stock.get(&(division.to_owned(), Class::PriorityProtection)).map_or(0, |amount| amount.area)
        };
        let mut out = Vec::new();
        for (division, class) in self.opening.keys() {
            let (first, last) = (of(&self.opening, division), of(&self.closing, division));
            if *class == Class::PriorityProtection && last < first {
                out.push((division.clone(), first, last));
            }
        }
        out
    }
}

/// A class in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The class.
    pub class: Class,
    /// At the end of the first day.
    pub opening: Amount,
    /// What came in the period.
    pub came: Centi,
    /// What went in it.
    pub went: Centi,
    /// At the end of the last day.
    pub closing: Amount,
}

impl Balance {
    /// What is not explained: always nothing.
    pub fn unexplained(&self) -> Centi {
        self.closing.area - self.opening.area - self.came + self.went
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FROM: Day = Day::of(2025, 12, 31);
    const TO: Day = Day::of(2026, 11, 21);

    fn class(from: Option<Day>, class: Class, trigger: &str) -> ClassFact {
        ClassFact { from, class, trigger: trigger.to_owned() }
    }

    fn unit(area: Centi, classes: Vec<ClassFact>) -> History {
        History {
            area,
            began: None,
            began_by: Cause::Registered,
            ended: None,
            ended_by: Cause::Registered,
            classes,
            types: vec![TypeFact { from: None, counts: true }],
        }
    }

    fn said(history: &History) -> Vec<(String, Cause, Option<Class>, Option<Class>)> {
        history.moves(FROM, TO).into_iter().map(|l| (l.on.to_string(), l.cause, l.from, l.to)).collect()
    }

    #[test]
    fn a_class_moves_the_area_on_its_day_and_the_later_entry_of_a_day_holds() {
        let day = Day::of(2026, 3, 1);
        let changed = unit(
            100,
            vec![
                class(None, Class::PriorityProtection, "registered"),
                class(Some(day), Class::StrictControl, "co_monitoring"),
                class(Some(day), Class::SafeUse, "routine_monitoring"),
            ],
        );
        let lines = changed.moves(FROM, TO);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].from, lines[0].to), (Some(Class::PriorityProtection), Some(Class::SafeUse)));
        assert_eq!((lines[0].cause, lines[0].trigger.as_deref()), (Cause::ClassChanged, Some("routine_monitoring")));
        // The first day's own changes are in its opening, the last day's in the flows.
        assert_eq!(changed.moves(day, TO), []);
        assert_eq!(changed.moves(FROM, day).len(), 1);
    }

    #[test]
    fn land_that_begins_ends_or_leaves_the_books_says_why() {
        let (spring, autumn) = (Day::of(2026, 3, 1), Day::of(2026, 10, 1));
        let mut came = unit(100, vec![class(Some(spring), Class::SafeUse, "lineage")]);
        came.began = Some(spring);
        came.began_by = Cause::UnitSplit;
        came.types = vec![TypeFact { from: None, counts: true }, TypeFact { from: Some(autumn), counts: false }];
        assert_eq!(
            said(&came),
            [
                ("2026-03-01".to_owned(), Cause::UnitSplit, None, Some(Class::SafeUse)),
                ("2026-10-01".to_owned(), Cause::LandUseChanged, Some(Class::SafeUse), None),
            ]
        );
        // Cut off and sold on one day: it is booked at the end of none, and both moves are told.
        let mut sold = unit(100, vec![class(Some(spring), Class::SafeUse, "lineage")]);
        (sold.began, sold.began_by) = (Some(spring), Cause::UnitSplit);
        (sold.ended, sold.ended_by) = (Some(spring), Cause::LandUseChanged);
        assert_eq!(
            said(&sold),
            [
                ("2026-03-01".to_owned(), Cause::UnitSplit, None, Some(Class::SafeUse)),
                ("2026-03-01".to_owned(), Cause::LandUseChanged, Some(Class::SafeUse), None),
            ]
        );
        // Nothing said of its class, or of its land type.
        assert_eq!(unit(100, Vec::new()).booked(TO), Some(Class::Unclassified));
        let mut unknown = unit(100, Vec::new());
        unknown.types.clear();
        assert_eq!(unknown.booked(TO), None);
    }

    #[test]
    fn counties_that_lost_protected_land_are_named() {
        let day = Day::of(2026, 3, 1);
        let mut ledger = Ledger::default();
        ledger.rest("140602", Class::PriorityProtection, Amount { units: 3, area: 1_000 });
        let lost = unit(
            250,
            vec![
                class(None, Class::PriorityProtection, "registered"),
                class(Some(day), Class::SafeUse, "routine_monitoring"),
            ],
        );
        ledger.walk("140602", &lost, FROM, TO);
        ledger.walk("140603", &unit(10, vec![class(Some(day), Class::PriorityProtection, "x")]), FROM, TO);
        assert_eq!(ledger.shrunk(), [("140602".to_owned(), 1_250, 1_000)]);
        let priority = ledger.balance()[0];
        assert_eq!(
            (priority.opening.area, priority.came, priority.went, priority.closing.area),
            (1_250, 10, 250, 1_010)
        );
    }

    fn a_class() -> impl Strategy<Value = Class> {
        (0_usize..4).prop_map(|n| Class::ALL[n])
    }

    /// Something that happens to some unit on some day.
    #[derive(Debug, Clone)]
    enum Event {
        Class(usize, Class),
        Type(usize, bool),
        Split(usize, u8),
        Merge(usize, usize),
        Redraw(usize, i64),
        Leave(usize),
        New(i64),
    }

    fn an_event() -> impl Strategy<Value = Event> {
        let which = 0_usize..1_000;
        prop_oneof![
            (which.clone(), a_class()).prop_map(|(n, class)| Event::Class(n, class)),
            (which.clone(), any::<bool>()).prop_map(|(n, counts)| Event::Type(n, counts)),
            (which.clone(), 2_u8..5).prop_map(|(n, parts)| Event::Split(n, parts)),
            (which.clone(), which.clone()).prop_map(|(a, b)| Event::Merge(a, b)),
            (which.clone(), -500_i64..500).prop_map(|(n, by)| Event::Redraw(n, by)),
            which.prop_map(Event::Leave),
            (1_i64..100_000).prop_map(Event::New),
        ]
    }

    fn child(of: &History, day: Day, area: Centi, by: Cause, class_of: Class) -> History {
        History {
            area,
            began: Some(day),
            began_by: by,
            ended: None,
            ended_by: by,
            classes: vec![class(Some(day), class_of, "lineage")],
            types: vec![TypeFact { from: Some(day), counts: of.counts(day) }],
        }
    }

    fn end(unit: &mut History, day: Day, by: Cause) {
        (unit.ended, unit.ended_by) = (Some(day), by);
    }

    /// What becomes of units under events, each on its day.
    fn after(events: &[(i64, Event)]) -> Vec<History> {
        let mut units = vec![
            unit(90_001, vec![class(None, Class::PriorityProtection, "registered")]),
            unit(70_007, vec![class(None, Class::SafeUse, "registered")]),
            unit(33, Vec::new()),
        ];
        let mut day = Day::of(2025, 11, 1);
        for (days, event) in events {
            day = day.add_days(*days);
            let living: Vec<usize> = (0..units.len()).filter(|n| units[*n].ended.is_none()).collect();
            let pick = |n: usize| (!living.is_empty()).then(|| living[n % living.len()]);
            let class_of = |unit: &History| unit.class(day).map_or(Class::Unclassified, |fact| fact.class);
            match *event {
                Event::Class(n, new) => {
                    if let Some(n) = pick(n) {
                        units[n].classes.push(class(Some(day), new, "co_monitoring"));
                    }
                }
                Event::Type(n, counts) => {
                    if let Some(n) = pick(n) {
                        units[n].types.push(TypeFact { from: Some(day), counts });
                    }
                }
                Event::Split(n, parts) => {
                    if let Some(n) = pick(n) {
                        let whole = units[n].clone();
                        let part = whole.area / i64::from(parts);
                        for m in 0..parts {
                            let area = if m == 0 { whole.area - part * i64::from(parts - 1) } else { part };
                            units.push(child(&whole, day, area, Cause::UnitSplit, class_of(&whole)));
                        }
                        end(&mut units[n], day, Cause::UnitSplit);
                    }
                }
                Event::Merge(a, b) => {
                    if let (Some(a), Some(b)) = (pick(a), pick(b))
                        && a != b
                        && units[a].counts(day) == units[b].counts(day)
                    {
                        let worst = class_of(&units[a]).max(class_of(&units[b]));
                        let area = units[a].area + units[b].area;
                        units.push(child(&units[a].clone(), day, area, Cause::UnitMerged, worst));
                        end(&mut units[a], day, Cause::UnitMerged);
                        end(&mut units[b], day, Cause::UnitMerged);
                    }
                }
                Event::Redraw(n, by) => {
                    if let Some(n) = pick(n) {
                        let old = units[n].clone();
                        let area = (old.area + by).max(1);
                        units.push(child(&old, day, area, Cause::BoundaryCorrected, class_of(&old)));
                        end(&mut units[n], day, Cause::BoundaryCorrected);
                    }
                }
                Event::Leave(n) => {
                    if let Some(n) = pick(n) {
                        end(&mut units[n], day, Cause::LandUseChanged);
                    }
                }
                Event::New(area) => {
                    let mut new = unit(area, vec![class(None, Class::Unclassified, "registered")]);
                    new.began = Some(day);
                    units.push(new);
                }
            }
        }
        units
    }

    proptest! {
        #[test]
        fn whatever_happens_the_ledger_balances_to_the_hundredth(
            events in proptest::collection::vec((0_i64..40, an_event()), 0..60),
            first in 0_i64..500, long in 0_i64..500,
        ) {
            let units = after(&events);
            let from = Day::of(2025, 10, 1).add_days(first);
            let to = from.add_days(long);
            let mut ledger = Ledger::default();
            for unit in &units {
                ledger.walk("140602", unit, from, to);
            }
            for balance in ledger.balance() {
                prop_assert_eq!(balance.unexplained(), 0, "{:?}", balance);
                prop_assert!(balance.opening.area >= 0 && balance.closing.area >= 0);
            }
            // Splits and mergers as such make no land.
            for cause in [Cause::UnitSplit, Cause::UnitMerged] {
                let of = |side: fn(&FlowKey) -> Option<Class>| -> Centi {
                    ledger.flows.iter().filter(|(k, _)| k.cause == cause && side(k).is_some()).map(|(_, a)| a.area).sum()
                };
                prop_assert_eq!(of(|k| k.to), of(|k| k.from), "{:?}", cause);
            }
        }

        #[test]
        fn a_period_is_the_sum_of_its_parts(
            events in proptest::collection::vec((0_i64..40, an_event()), 0..40), at in 0_i64..300,
        ) {
            let units = after(&events);
            let between = FROM.add_days(at);
            for unit in &units {
                let whole = unit.moves(FROM, FROM.add_days(300));
                let mut parts = unit.moves(FROM, between);
                parts.extend(unit.moves(between, FROM.add_days(300)));
                prop_assert_eq!(whole, parts);
            }
        }
    }
}
