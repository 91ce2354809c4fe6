//! The table of cases: read, laid out on the ground, asked, and held against what it says.

use super::{Desk, fired, rank, rect};
use crate::loading::feature;
use futures_util::StreamExt;
use futures_util::stream;
use jingtu::across::land_check::{GATES, Gate, Operation};
use jingtu::config::Config;
use jingtu::kernel::Day;
use jingtu::registers::ImportFeature;
use jingtu::standards::law::{CODE, CODE_IN_FORCE, SOIL_LAW};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const TABLE: &str = include_str!("cases.txt");

/// Verdicts by rule, in the order of an answer.
type Rules = Vec<(String, String)>;

/// A row of PLACES: where a parcel lies.
#[derive(Debug)]
struct Place<'a> {
    /// Divisions that it lies in, largest share first; none for a place outside every known boundary.
    divisions: Vec<&'a str>,
    /// Longitude of the parcel's west.
    west: f64,
}

/// A row of GROUNDS: what the registers hold of a piece of ground.
#[derive(Debug)]
struct Ground<'a> {
    /// Its row: each ground has a latitude of its own.
    row: usize,
    records: Vec<&'a str>,
}

#[derive(Debug)]
struct Case<'a> {
    /// `G3.2`: the second case of G3.
    id: &'a str,
    ground: &'a str,
    place: &'a str,
    operation: &'a str,
    uses: [&'a str; 2],
    stated: &'a str,
    days: Vec<&'a str>,
    verdict: &'a str,
    fires: Rules,
    /// By day: instrument and article of everything that the rule under test cites.
    cites: Vec<Vec<(&'a str, &'a str)>>,
}

impl Case<'_> {
    fn rule(&self) -> &str {
        self.id.rsplit_once('.').expect("a number").0
    }

    fn fires_its_rule(&self) -> bool {
        self.fires.iter().any(|(rule, _)| rule == self.rule())
    }
}

struct Table<'a> {
    instruments: BTreeMap<&'a str, &'a str>,
    places: BTreeMap<&'a str, Place<'a>>,
    grounds: BTreeMap<&'a str, Ground<'a>>,
    cases: Vec<Case<'a>>,
}

/// Each division is a band of one degree of longitude, in this order from 105 east on.
const BANDS: [(&str, f64); 5] =
    [("152921", 105.0), ("140602", 106.0), ("441602", 107.0), ("640104", 108.0), ("150402", 109.0)];
/// Width and height of a parcel, degrees: about 175 m by 111 m.
const WIDTH: f64 = 0.002;
const HEIGHT: f64 = 0.001;

fn table(text: &str) -> Table<'_> {
    let mut read =
        Table { instruments: BTreeMap::new(), places: BTreeMap::new(), grounds: BTreeMap::new(), cases: Vec::new() };
    let mut section = "";
    let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).peekable();
    while let Some(line) = lines.next() {
        if !line.starts_with(' ') && line.chars().all(|c| c.is_ascii_uppercase()) {
            section = line;
            continue;
        }
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        match section {
            "INSTRUMENTS" => {
                read.instruments.insert(cells[0], cells[1]);
            }
            "PLACES" => {
                let divisions: Vec<&str> = cells[1].split('+').filter(|code| *code != "-").collect();
                let band = |code: &str| BANDS.iter().find(|(known, _)| *known == code).expect("a band").1;
                let west = match divisions.as_slice() {
                    [] => 100.0,
                    [one] => band(one) + 0.5,
                    // Three fifths of it lie in the first.
                    [first, second] if band(first) < band(second) => band(second) - WIDTH * 0.6,
                    [first, ..] => band(first) - WIDTH * 0.4,
                };
                read.places.insert(cells[0], Place { divisions, west });
            }
            "GROUNDS" => {
                let row = read.grounds.len();
                let records = cells[2].split(';').map(str::trim).filter(|record| *record != "-").collect();
                assert!(read.grounds.insert(cells[0], Ground { row, records }).is_none(), "{} twice", cells[0]);
            }
            "CASES" => {
                let id = line.split_whitespace().next().expect("a number");
                assert!(line.len() > id.len() + 1, "{id}: the question in words");
                let asked: Vec<&str> = lines.next().expect("what is asked").split('|').map(str::trim).collect();
                let [ground, operation, uses, stated, days] = asked[..] else { panic!("{id}: {asked:?}") };
                let (ground, place) = ground.split_once(' ').expect("ground and place");
                let (from, to) = uses.split_once("->").expect("uses");
                let (verdict, rules) =
                    lines.next().expect("the answer").trim().split_once(':').expect("verdict and rules");
                let cites = lines.next_if(|line| line.trim_start().starts_with('=')).map_or("", str::trim);
                let by_day = cites.trim_start_matches('=').split('→').map(|cited| {
                    cited
                        .split('；')
                        .map(str::trim)
                        .filter(|cite| !cite.is_empty())
                        .map(|cite| cite.split_once(' ').unwrap_or_else(|| panic!("{id}: {cite}")))
                        .collect()
                });
                read.cases.push(Case {
                    id,
                    ground,
                    place: place.trim(),
                    operation,
                    uses: [from.trim(), to.trim()],
                    stated,
                    days: days.split(" / ").map(str::trim).collect(),
                    verdict,
                    fires: rules
                        .split_whitespace()
                        .map(|rule| rule.split_once('=').expect("rule=verdict"))
                        .map(|(rule, verdict)| (rule.to_owned(), verdict.to_owned()))
                        .collect(),
                    cites: by_day.collect(),
                });
            }
            _ => panic!("outside a section: {line}"),
        }
    }
    read
}

fn gate(id: &str) -> &'static Gate {
    GATES.iter().find(|gate| gate.id == id).unwrap_or_else(|| panic!("no rule {id}"))
}

/// Worst first, and then in the order of the table, as an answer lists them.
fn in_order(mut rules: Rules) -> Rules {
    let at = |id: &str| GATES.iter().position(|gate| gate.id == id).unwrap_or_else(|| panic!("no rule {id}"));
    rules.sort_by_key(|(rule, verdict)| (std::cmp::Reverse(rank(verdict)), at(rule)));
    rules
}

impl Table<'_> {
    fn parcel(&self, case: &Case<'_>) -> Value {
        let (west, south) = self.corner(case);
        rect(west, south, west + WIDTH, south + HEIGHT)
    }

    fn corner(&self, case: &Case<'_>) -> (f64, f64) {
        let ground = self.grounds.get(case.ground).unwrap_or_else(|| panic!("{}: ground {}", case.id, case.ground));
        let place = self.places.get(case.place).unwrap_or_else(|| panic!("{}: place {}", case.id, case.place));
        (place.west, 38.01 + ground.row as f64 * 0.01)
    }

    /// What must be in the registers: each ground in each place where a case asks about it.
    fn records(&self) -> BTreeMap<&'static str, Vec<ImportFeature>> {
        let mut all: BTreeMap<&'static str, Vec<ImportFeature>> = BTreeMap::new();
        let wanted: BTreeMap<(&str, &str), &Case<'_>> =
            self.cases.iter().map(|case| ((case.ground, case.place), case)).collect();
        for (n, ((ground, place), case)) in wanted.into_iter().enumerate() {
            let (west, south) = self.corner(case);
            let Some(division) = self.places[place].divisions.first() else { continue };
            for (k, record) in self.grounds[ground].records.iter().enumerate() {
                let (target, facts, geometry) = self::record(record, &format!("R{n}-{k}"), division, west, south);
                all.entry(target).or_default().push(feature(Value::Object(facts), geometry));
            }
        }
        all
    }

    fn question(&self, case: &Case<'_>, on: &str) -> Value {
        let mut question =
            Map::from_iter([("operation".to_owned(), json!(case.operation)), ("on".to_owned(), json!(on))]);
        for (name, code) in ["current_use", "planned_use"].into_iter().zip(case.uses) {
            if code != "-" {
                question.insert(name.to_owned(), land_use(code));
            }
        }
        let mut facts = Map::new();
        for stated in case.stated.split_whitespace().filter(|stated| *stated != "-") {
            let (name, value) = match stated {
                // A shop stood there, and it is no key unit's land.
                "harmless" => {
                    facts.insert("key_unit".to_owned(), json!(false));
                    ("former_industry", json!("5211"))
                }
                _ => match stated.split_once('=').unwrap_or_else(|| panic!("{}: {stated}", case.id)) {
                    ("industry", code) => ("former_industry", json!(code)),
                    ("key", said) => ("key_unit", yes(said)),
                    ("taken", said) => ("already_reclaimed", yes(said)),
                    ("plan", said) => ("in_supply_plan", yes(said)),
                    ("remediation", said) => ("serves_remediation", yes(said)),
                    ("food", said) => ("food_site", yes(said)),
                    ("survey", state) => ("survey_state", json!(state)),
                    ("assessed", code) => ("assessed_use", land_use(code)),
                    (other, _) => panic!("{}: no fact {other}", case.id),
                },
            };
            facts.insert(name.to_owned(), value);
        }
        question.insert("facts".to_owned(), Value::Object(facts));
        Value::Object(question)
    }
}

fn yes(said: &str) -> Value {
    match said {
        "yes" => json!(true),
        "no" => json!(false),
        _ => panic!("{said} is neither yes nor no"),
    }
}

/// `0701` of GB/T 21010, `L:0701` of the guide of 2023, `B:R2` of GB 50137.
fn land_use(code: &str) -> Value {
    match code.split_once(':') {
        Some(("L", code)) => json!({"system": "LUSC-2023", "code": code}),
        Some(("B", code)) => json!({"system": "GB 50137-2011", "code": code}),
        _ => json!({"system": "GB/T 21010-2017", "code": code}),
    }
}

/// A record in the words of GROUNDS: its register, its facts, and how it lies to the parcel (`over=`, default all of it).
fn record(said: &str, code: &str, division: &str, west: f64, south: f64) -> (&'static str, Map<String, Value>, Value) {
    let (east, north) = (west + WIDTH, south + HEIGHT);
    let mut words = said.split_whitespace();
    let (target, fixed) = match words.next().expect("a register") {
        "site" => ("sites", json!({"name": "某地块"})),
        "zone" => {
            ("control-zones", json!({"name": "某管控区域", "approved_by": "某人民政府", "approved_on": "2015-01-01"}))
        }
        "key_unit" => ("key-units", json!({"name": "某厂", "listed_on": "2015-01-01"})),
        "farmland" => ("farmland", json!({"land_type": "upland"})),
        "coverage" => ("coverage", json!({"name": "某次排查", "as_of": "2015-01-01"})),
        other => panic!("no register {other}"),
    };
    let Value::Object(mut facts) = fixed else { panic!("an object") };
    facts.insert("code".to_owned(), json!(code));
    facts.insert("division_code".to_owned(), json!(division));
    let mut geometry = rect(west - 0.0002, south - 0.0002, east + 0.0002, north + 0.0002);
    let mut barred = Vec::new();
    for word in words {
        let (name, value) = word.split_once('=').expect("name=value");
        match name {
            "over" => {
                geometry = match value {
                    "half" => rect(west + WIDTH / 2.0, south - 0.0002, east + 0.0002, north + 0.0002),
                    // 5e-8 degrees of longitude are 4 mm: half a square metre along the parcel's boundary.
                    "line" => rect(west - 0.001, south, west + 5e-8, north),
                    "beside" => rect(west - 0.001, south, west, north),
                    // 0.0004 degrees of longitude are 35 m.
                    "near" => rect(west - 0.001, south, west - 0.0004, north),
                    other => panic!("over={other}"),
                }
            }
            "use" => {
                facts.insert("land_use".to_owned(), land_use(value));
            }
            "bars" => {
                let (code, since) = value.split_once('@').map_or((value, None), |(code, since)| (code, Some(since)));
                let mut entry = land_use(code);
                entry["why"] = json!("风险未解除");
                entry["since"] = json!(since);
                barred.push(entry);
            }
            "registers" => {
                facts.insert("registers".to_owned(), json!(value.split(',').collect::<Vec<_>>()));
            }
            "industry" if target == "sites" => {
                facts.insert("former_industry".to_owned(), json!(value));
            }
            _ => {
                let value = if matches!(value, "yes" | "no") { yes(value) } else { json!(value) };
                facts.insert(name.to_owned(), value);
            }
        }
    }
    if !barred.is_empty() {
        facts.insert("negative_list".to_owned(), json!(barred));
    }
    (target, facts, geometry)
}

/// The divisions, each with its band, and those above them that the world does not have yet.
fn divisions() -> Vec<ImportFeature> {
    let above = [
        ("640000", "宁夏回族自治区"),
        ("640100", "银川市"),
        ("640104", "兴庆区"),
        ("150400", "赤峰市"),
        ("150402", "红山区"),
    ];
    let new = above.into_iter().map(|(code, name)| {
        let band = BANDS.iter().find(|(known, _)| *known == code);
        feature(
            json!({"code": code, "name_zh": name}),
            band.map_or(Value::Null, |(_, west)| rect(*west, 38.0, west + 1.0, 39.0)),
        )
    });
    let known = BANDS.iter().filter(|(code, _)| above.iter().all(|(new, _)| new != code));
    new.chain(known.map(|(code, west)| feature(json!({"code": code}), rect(*west, 38.0, west + 1.0, 39.0)))).collect()
}

/// What every rule that fired must tell, and on which rules and from which verdict on it must say by when, because their
/// texts do.
fn check_whole(id: &str, answer: &Value, faults: &mut Vec<String>) {
    const TIMED: &[&str] = &["G1", "G2", "G3", "G4", "G10", "G11", "G12", "G13", "S-C1", "S-C2"];
    const TIMED_FROM_HOLD: &[&str] = &["G6", "G8", "G15", "G16", "G17", "G23", "G25", "G28"];
    for rule in answer["rules"].as_array().expect("rules") {
        let text = |field: &str| rule[field].as_str().is_some_and(|text| !text.trim().is_empty());
        let list = |field: &str| rule[field].as_array().is_some_and(|list| !list.is_empty());
        let name = rule["rule"].as_str().expect("rule");
        let mut told = list("citations") && list("facts");
        for field in ["title_zh", "title_en", "actor", "actor_zh", "actor_en", "must_do_zh", "must_do_en", "confidence"]
        {
            told &= text(field);
        }
        let held = rank(rule["verdict"].as_str().expect("verdict")) >= rank("hold");
        if TIMED.contains(&name) || (held && TIMED_FROM_HOLD.contains(&name)) {
            told &= text("by") && text("by_en");
        }
        if !told {
            faults.push(format!("{id}: {name} is not whole: {rule}"));
        }
    }
}

/// The complete citations of a rule, each article without its English.
fn cited(answer: &Value, name: &str) -> Vec<(String, String)> {
    let rules = answer["rules"].as_array().expect("rules");
    let Some(rule) = rules.iter().find(|rule| rule["rule"] == name) else { return Vec::new() };
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let citations = rule["citations"].as_array().expect("citations");
    citations
        .iter()
        .map(|cite| {
            let article = text(&cite["article"]);
            (text(&cite["instrument_zh"]), article.split(" / ").next().expect("an article").to_owned())
        })
        .collect()
}

/// Every case of the table, as asked over HTTP.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_case_is_answered_as_the_table_says() {
    let table = table(TABLE);
    let mut config = Config { near_distance_m: Some(60.0), ..Config::default() };
    config.survey_before.insert("640000".to_owned(), vec!["supply".to_owned(), "registration".to_owned()]);
    let desk = Desk::with(config).await;
    desk.load(BTreeMap::from([("divisions", divisions())])).await;
    desk.load(table.records()).await;

    let runs: Vec<(&Case<'_>, usize)> =
        table.cases.iter().flat_map(|case| (0..case.days.len()).map(move |day| (case, day))).collect();
    let asked = stream::iter(runs).map(async |(case, day)| {
        let (parcel, question) = (table.parcel(case), table.question(case, case.days[day]));
        let status = if case.verdict == "refused" { 422 } else { 201 };
        (case, day, desk.ask(&parcel, &question, status).await)
    });
    let answers: Vec<_> = asked.buffered(6).collect().await;

    let mut faults = Vec::new();
    for (case, day, answer) in answers {
        let at = format!("{} on {}", case.id, case.days[day]);
        if case.verdict == "refused" {
            let code = answer["errors"][0]["code"].as_str();
            if code != case.fires.first().map(|(code, _)| code.as_str()) {
                faults.push(format!("{at}: refused as {code:?}"));
            }
            continue;
        }
        let expected = in_order(case.fires.clone());
        let got = fired(&answer);
        if answer["verdict"] != case.verdict || got != expected {
            let line: Vec<String> = got.iter().map(|(rule, verdict)| format!("{rule}={verdict}")).collect();
            faults.push(format!(
                "{at}: the answer is\n      {}: {}",
                answer["verdict"].as_str().expect("verdict"),
                line.join(" ")
            ));
        }
        let expected = case.cites.get(day).or(case.cites.first()).map_or(&[][..], Vec::as_slice);
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(short, article)| {
                let known = table.instruments.get(short);
                (known.unwrap_or_else(|| panic!("{at}: no instrument {short}")).to_string(), (*article).to_owned())
            })
            .collect();
        let got = cited(&answer, case.rule());
        if got != expected {
            let line: Vec<String> = got.iter().map(|(instrument, article)| format!("{instrument} {article}")).collect();
            faults.push(format!("{at}: {} cites\n      {}", case.rule(), line.join("；")));
        }
        check_whole(&at, &answer, &mut faults);
    }
    assert!(faults.is_empty(), "{} of the table's answers differ:\n{}", faults.len(), faults.join("\n"));
}

/// The table leaves no rule out: each fires in a case of its own and is silent in another, on both sides of the day on which
/// the Code took over where its law changed then.
#[test]
fn the_table_leaves_no_side_of_a_rule_out() {
    let table = table(TABLE);
    let ids: BTreeSet<&str> = table.cases.iter().map(|case| case.id).collect();
    assert_eq!(ids.len(), table.cases.len(), "a number stands twice");
    let (last, first) = (CODE_IN_FORCE.add_days(-1).to_string(), CODE_IN_FORCE.to_string());
    let mut missing = Vec::new();
    for gate in GATES {
        let own: Vec<&Case<'_>> = table.cases.iter().filter(|case| case.rule() == gate.id).collect();
        // Where the registry knows no boundary a parcel is refused before any rule is asked; its case says so.
        if gate.id == "P-DIVISION" {
            assert!(own.iter().any(|case| case.verdict == "refused"));
            continue;
        }
        // Silent under the usual settings, which are the table's; asked under others in `land_check.rs`.
        if gate.id == "P-LOCAL" {
            assert!(own.is_empty());
            continue;
        }
        let fires = |on: &str| -> Vec<&Case<'_>> {
            own.iter().copied().filter(|case| case.fires_its_rule() && case.days.contains(&on)).collect()
        };
        if !own.iter().any(|case| case.fires_its_rule()) {
            missing.push(format!("{} never fires", gate.id));
        }
        let looked_at = |case: &Case<'_>| {
            Operation::parse(case.operation).is_some_and(|operation| gate.operations.contains(&operation))
        };
        if !own.iter().any(|case| looked_at(case) && !case.fires_its_rule()) {
            missing.push(format!("{} is never silent on an operation that it looks at", gate.id));
        }
        for verdict in gate.verdicts {
            let given = table.cases.iter().flat_map(|case| &case.fires);
            let mut given = given.filter(|(rule, _)| rule == gate.id);
            if !given.any(|(_, said)| said == verdict.as_str())
                && !BEYOND_ONE_QUESTION.contains(&(gate.id, verdict.as_str()))
            {
                missing.push(format!("{} never says {}", gate.id, verdict.as_str()));
            }
        }
        let changed = gate.provisions.iter().any(|provision| provision.0.len() > 1);
        if !changed && gate.from != Some(CODE_IN_FORCE) {
            continue;
        }
        if fires(&first).is_empty() {
            missing.push(format!("{} does not fire on {first}", gate.id));
        }
        if gate.from == Some(CODE_IN_FORCE) {
            let before = own.iter().any(|case| {
                !case.fires_its_rule()
                    && case.days == [last.as_str()]
                    && fires(&first).iter().any(|then| asks_the_same(case, then))
            });
            if !before {
                missing.push(format!("{} is not shown to be silent on {last} where it fires on {first}", gate.id));
            }
            continue;
        }
        // The article of either law, on its own day.
        for (on, instrument) in [(&last, &SOIL_LAW), (&first, &CODE)] {
            let articles = gate.provisions.iter().flat_map(|provision| provision.0);
            let articles: BTreeSet<&str> =
                articles.filter(|basis| basis.instrument == instrument).map(|basis| basis.article).collect();
            let shown: BTreeSet<&str> = fires(on)
                .into_iter()
                .flat_map(|case| {
                    let day = case.days.iter().position(|day| day == on).unwrap_or(0);
                    case.cites.get(day).or(case.cites.first()).into_iter().flatten()
                })
                .filter(|(short, _)| table.instruments.get(short) == Some(&instrument.zh))
                .map(|(_, article)| *article)
                .collect();
            if shown != articles {
                missing.push(format!("{} on {on}: {articles:?}, and the table shows {shown:?}", gate.id));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    // A verdict is the worst of its rules, and what a rule says is declared of it.
    for case in table.cases.iter().filter(|case| case.verdict != "refused") {
        let worst = case.fires.iter().map(|(_, verdict)| verdict.as_str()).max_by_key(|verdict| rank(verdict));
        assert_eq!(worst.unwrap_or("allow"), case.verdict, "{}", case.id);
        for (rule, verdict) in &case.fires {
            assert!(gate(rule).verdicts.iter().any(|known| known.as_str() == verdict), "{}: {rule}={verdict}", case.id);
        }
        for day in &case.days {
            assert!(day.parse::<Day>().is_ok(), "{}: {day}", case.id);
        }
    }
}

/// Verdicts that take more than one question: the bureau's written reply is given to a consultation, and a negative list
/// without entries is not kept.
const BEYOND_ONE_QUESTION: &[(&str, &str)] = &[
    ("G2", "allow_recorded"),
    ("G2", "warn"),
    ("G2", "block"),
    ("G20", "warn"),
    // The register of control zones says of every zone whether it bars development.
    ("G21", "hold"),
];

fn asks_the_same(a: &Case<'_>, b: &Case<'_>) -> bool {
    (a.ground, a.place, a.operation, a.uses, a.stated) == (b.ground, b.place, b.operation, b.uses, b.stated)
}
