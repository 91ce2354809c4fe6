//! The house's rules that the compiler does not hold, read off the source files' tokens. Each breach is a sentence with
//! file, line and rule. Every rule has a self-test: a snippet that breaks it, and must be caught.
#![cfg(test)]

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::str::FromStr;

// ---------------------------------------------------------------------------------------------------------------------
// What is allowed, and why. A line that nothing needs any more fails the test.

/// Rooms from the ground up. A file names only rooms of lower ranks, and its own.
const RANKS: &[(&str, u8)] = &[
    ("kernel", 0),
    ("standards", 1),
    ("config", 1),
    ("pg", 2),
    ("platform", 2),
    ("layers", 3),
    ("registers", 4),
    ("across", 5),
    ("api", 6),
    ("cli", 7),
];

/// Files of a register (or of a part of `across`) from the ground up: each names only those before it.
const ROLES: &[(&str, u8)] = &[
    ("rules", 0),
    ("store", 1),
    ("layer", 1),
    ("actions", 2),
    ("import", 3),
    ("jobs", 3),
    ("indicators", 3),
    ("http", 4),
];

/// Which part may name the face (`mod.rs`) of which other part of the same room: (from, to, why). `*` is every part.
const MEETINGS: &[(&str, &str, &str)] = &[
    ("*", "division", "every record lies in a division, and only the tree of divisions knows which there are"),
    ("site", "deadline", "steps of a site start and stop clocks, and its page shows them"),
    ("consultation", "land_check", "a consultation is about a land check, and its reply changes that check's verdict"),
    ("notice", "site", "a notice is about a site, and its service is a step of that site"),
    ("notice", "document", "a notice is filed as a paper, and its service rests on one"),
    ("notice", "deadline", "a notice says until when, counted as the clock that its service starts will count"),
    ("redevelopment", "site", "land taken into use again is a registered site, or none"),
    ("redevelopment", "document", "a decision that gives land to a use is a paper that is filed"),
    ("imports", "land_check", "a file of parcels is taken in as others are, and answered by the land check"),
    ("land_check", "imports", "files of parcels are read by the reader of imports"),
    ("rulebook", "land_check", "the gates of the land check are rules like others"),
    ("publicity", "deadline", "a duty to publish in time starts a clock, and its publication stops it"),
    ("standard", "document", "a local standard that is held against its text names the paper that is filed"),
    ("deadline", "document", "a yearly report may be handed in with a paper that is filed"),
    ("publicity", "document", "what proves a publication is a paper that is filed"),
    ("farmland", "protection", "whoever moves land into or out of priority protection tells the register of warnings"),
    ("farmland", "document", "a change of land use or of outlines rests on a paper that is filed"),
    ("site", "publicity", "a step obliges somebody to publish, and a disclosure meets that"),
    ("site", "control_zone", "a government's approval draws the zone of a contained site, and delisting ends it"),
    ("farmland", "sampling", "units are classed by the samples taken in them"),
    ("class_adjustment", "farmland", "a proposal is about farmland units, and its approval gives them their classes"),
    ("class_adjustment", "document", "the evidence of a proposal and the papers of its steps are filed"),
    ("protection", "document", "a warning is issued and answered on paper that is filed"),
    ("farmland_measure", "farmland", "a measure covers units of a class, and an outline finds those in it"),
    ("farmland_measure", "document", "a plan, an approval and the evidence of a result are papers that are filed"),
    ("sampling", "standard", "soil is held to the local values of its place as well"),
    ("parcel", "document", "a change of outlines rests on a paper that is filed"),
    ("siting_zone", "document", "a zone is published and an order given on paper that is filed"),
    ("verify", "land_check", "a proof says what was signed; how it stands now the land checks know"),
    ("verify", "siting", "a proof says what was signed; how it stands now the siting checks know"),
    (
        "siting",
        "land_check",
        "a siting check answers with the verdicts, actors and views of a land check, and is watched as one",
    ),
    ("rulebook", "siting", "the rules of siting checks are rules like others"),
    ("site", "document", "a step rests on a paper that is filed, and gives those in charge of the site sight of it"),
];

/// Files of the platform that are as pure as rules, so that rules may name them.
const PURE_FILES: &[&str] = &[
    "src/platform/fields.rs",
    "src/platform/seal/canonical.rs",
    "src/platform/seal/key.rs",
    "src/platform/seal/merkle.rs",
    "src/platform/seal/note.rs",
];

/// Files that may break one rule: (rule, file, why).
const EXCEPTIONS: &[(Rule, &str, &str)] = &[
    (Rule::Sql, "src/api/health.rs", "readiness asks the database itself, and no register's table but a name"),
    (Rule::Axum, "src/platform/multipart.rs", "forms are read as they stream in, by axum's own reader"),
    (
        Rule::Clock,
        "src/platform/jobs/mod.rs",
        "whether a server fell silent only the database can tell, by its own clock",
    ),
    (Rule::Axum, "src/registers/mod.rs", "a register declares its routes"),
    (Rule::Axum, "src/cli/serve.rs", "somebody must listen"),
    (Rule::Axum, "src/platform/feature.rs", "the link to a next page is made of the address that was asked"),
    (Rule::Sql, "src/layers/format/gpkg.rs", "a GeoPackage is a database of SQLite's, in a file of its own"),
    (Rule::Dynamic, "src/layers/format/gpkg.rs", "its statements are SQLite's, which query! does not know"),
    (Rule::Axum, "src/platform/reached.rs", "how a client reached the server is said by its request's head"),
    (
        Rule::Dynamic,
        "src/platform/app.rs",
        "what is set for a transaction goes with its begin; nothing that callers say",
    ),
    (
        Rule::Transaction,
        "src/platform/app.rs",
        "the way to begin one, and one snapshot, read only, for several statements",
    ),
    (
        Rule::Transaction,
        "src/platform/webhooks/courier.rs",
        "a delivery's row stays locked while it is under way, so that a server that dies gives it back; bookkeeping only",
    ),
];

/// Writes to a table whose name does not begin with its writer's: (file, table, why).
const FOREIGN_TABLES: &[(&str, &str, &str)] = &[
    ("src/layers/format/gpkg.rs", "gpkg_contents", GEOPACKAGE),
    ("src/layers/format/gpkg.rs", "gpkg_data_columns", GEOPACKAGE),
    ("src/layers/format/gpkg.rs", "gpkg_extensions", GEOPACKAGE),
    ("src/layers/format/gpkg.rs", "gpkg_geometry_columns", GEOPACKAGE),
    ("src/layers/format/gpkg.rs", "gpkg_spatial_ref_sys", GEOPACKAGE),
    ("src/layers/format/gpkg.rs", "temp.places", GEOPACKAGE),
];

const GEOPACKAGE: &str = "a table of the file that is written, named by its standard";

// ---------------------------------------------------------------------------------------------------------------------
// The rules.

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rule {
    Direction,
    Roles,
    Meeting,
    Face,
    Pure,
    Sql,
    Dynamic,
    Writer,
    Axum,
    Transaction,
    Clock,
    Environment,
}

impl Rule {
    const ALL: [Rule; 12] = [
        Rule::Direction,
        Rule::Roles,
        Rule::Meeting,
        Rule::Face,
        Rule::Pure,
        Rule::Sql,
        Rule::Dynamic,
        Rule::Writer,
        Rule::Axum,
        Rule::Transaction,
        Rule::Clock,
        Rule::Environment,
    ];

    fn text(self) -> &'static str {
        match self {
            Rule::Direction => {
                "kernel < standards, config < pg, platform < layers < registers < across < api < cli: a file names only lower rooms"
            }
            Rule::Roles => {
                "inside a register rules ← store, layer ← actions ← import, jobs, indicators ← http: a file names only those before it"
            }
            Rule::Meeting => "registers meet only as MEETINGS in tests/architecture.rs lists, with reasons",
            Rule::Face => "a register is entered through its mod.rs only",
            Rule::Pure => {
                "kernel, standards and rules are pure: no async, no input or output, and in rules no SQL, HTTP, act, application or clock"
            }
            Rule::Sql => {
                "SQL is said in store.rs of registers and across, in platform, pg and layers/sql.rs, and nowhere else"
            }
            Rule::Dynamic => "SQL put together at run time belongs to layers/sql.rs and pg; everything else is query!",
            Rule::Writer => "a table has one writer, and its name begins with the writer's",
            Rule::Axum => "axum is known to files named http.rs, api and platform::{call, reply} only",
            Rule::Transaction => "transactions begin and commit in platform/act.rs only",
            Rule::Clock => "time enters through kernel/clock.rs only, and SQL does not ask the database's clock",
            Rule::Environment => "config.rs is the only reader of the environment",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Breach {
    rule: Rule,
    file: String,
    line: usize,
    what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {} ({:?}: {})", self.file, self.line, self.what, self.rule, self.rule.text())
    }
}

/// All breaches of a set of files, exceptions not yet taken out.
fn breaches(sources: &[Source]) -> Vec<Breach> {
    let parts = parts(sources);
    let mut found = Vec::new();
    for source in sources {
        let place = Place::of(source);
        let mut say = |rule: Rule, line: usize, what: String| {
            found.push(Breach { rule, file: source.file.clone(), line, what });
        };
        for path in &source.paths {
            named(&place, path, &parts, &mut say);
            if !path.test {
                outside(&place, path, &mut say);
            }
        }
        written(&place, source, &mut say);
    }
    found.sort_by(|a, b| (&a.file, a.line, a.rule).cmp(&(&b.file, b.line, b.rule)));
    found.dedup();
    found
}

/// Where a file stands.
struct Place<'a> {
    file: &'a str,
    room: Option<&'a str>,
    /// Register, or part of `across`.
    part: Option<&'a str>,
    /// The role of the file in it; `None` for its `mod.rs` and for files of no fixed role.
    role: Option<&'a str>,
}

impl<'a> Place<'a> {
    fn of(source: &'a Source) -> Place<'a> {
        let module = &source.module;
        let room = module.first().map(String::as_str);
        let many = matches!(room, Some("registers" | "across"));
        let part = if many { module.get(1).map(String::as_str) } else { None };
        let role = if many { module.get(2).map(String::as_str) } else { module.get(1).map(String::as_str) };
        Place { file: &source.file, room, part, role }
    }

    fn is_rules(&self) -> bool {
        self.part.is_some() && self.role == Some("rules")
    }

    fn is_pure(&self) -> bool {
        matches!(self.room, Some("kernel" | "standards")) || self.is_rules() || PURE_FILES.contains(&self.file)
    }

    fn says_sql(&self) -> bool {
        matches!(self.room, Some("pg" | "platform"))
            || (self.part.is_some() && self.role == Some("store"))
            || (self.room == Some("layers") && self.role == Some("sql"))
    }

    fn makes_sql(&self) -> bool {
        self.room == Some("pg") || (self.room == Some("layers") && self.role == Some("sql"))
    }

    fn knows_http(&self) -> bool {
        self.room == Some("api")
            || (self.role == Some("http") && (self.part.is_some() || self.room == Some("layers")))
            || (self.room == Some("platform")
                && (matches!(self.role, Some("call" | "reply")) || self.file.ends_with("/http.rs")))
    }
}

/// The registers and the parts of `across` that exist: (room, part).
fn parts(sources: &[Source]) -> BTreeSet<(String, String)> {
    sources
        .iter()
        .filter(|s| matches!(s.module.first().map(String::as_str), Some("registers" | "across")))
        .filter_map(|s| Some((s.module[0].clone(), s.module.get(1)?.clone())))
        .collect()
}

fn rank(ranks: &[(&str, u8)], name: &str) -> Option<u8> {
    ranks.iter().find(|(n, _)| *n == name).map(|(_, rank)| *rank)
}

/// What a path inside the crate may not name.
fn named(
    place: &Place<'_>,
    path: &NamedPath,
    parts: &BTreeSet<(String, String)>,
    say: &mut impl FnMut(Rule, usize, String),
) {
    let Some(room) = place.room else { return };
    let Some(inside) = path.inside() else { return };
    let Some(to) = inside.first().map(String::as_str) else { return };
    let shown = || format!("names crate::{}", inside.join("::"));
    if to != room
        && let (Some(here), Some(there)) = (rank(RANKS, room), rank(RANKS, to))
        && there >= here
    {
        say(Rule::Direction, path.line, shown());
    }
    if place.is_rules() && !path.test && matches!(to, "platform" | "config" | "layers") {
        // What a role is, and who is who, are facts; the rest of the platform does things.
        let harmless = inside.get(1).is_none_or(|name| {
            to == "platform"
                && (matches!(name.as_str(), "identity" | "Role" | "Permission")
                    || PURE_FILES.contains(&format!("src/platform/{name}.rs").as_str()))
                && !inside.iter().any(|s| s == "keys" || s == "authenticate")
        });
        if !harmless {
            say(Rule::Pure, path.line, shown());
        }
    }
    if place.is_rules() && !path.test && to == "kernel" && inside.iter().any(|s| s == "Clock" || s == "clock") {
        say(Rule::Pure, path.line, shown());
    }
    let Some(part) = inside.get(1) else { return };
    if !parts.contains(&(to.to_owned(), part.clone())) {
        return;
    }
    let role_named = inside.get(2).map(String::as_str).and_then(|name| Some((name, rank(ROLES, name)?)));
    if to == room && place.part == Some(part) {
        if let Some(here) = place.role.and_then(|role| rank(ROLES, role))
            && let Some((name, there)) = role_named
            && place.role != Some(name)
            && there >= here
        {
            say(Rule::Roles, path.line, shown());
        }
        return;
    }
    // The room's own mod.rs lists its parts; that is what it is for.
    let lists = place.part.is_none() && to == room;
    if to == room && !lists && !MEETINGS.iter().any(|(a, b, _)| b == part && (*a == "*" || Some(*a) == place.part)) {
        say(Rule::Meeting, path.line, shown());
    }
    if role_named.is_some() {
        say(Rule::Face, path.line, shown());
    }
}

/// What a path out of the crate may not name.
fn outside(place: &Place<'_>, path: &NamedPath, say: &mut impl FnMut(Rule, usize, String)) {
    let segments: Vec<&str> = path.segments.iter().map(String::as_str).collect();
    let shown = || format!("names {}", segments.join("::"));
    let Some(&root) = segments.first() else { return };
    let second = segments.get(1).copied().unwrap_or("");
    if root == "sqlx" {
        let query = second.starts_with("query") || matches!(second, "raw_sql" | "QueryBuilder" | "AssertSqlSafe");
        if query && !place.says_sql() {
            say(Rule::Sql, path.line, shown());
        }
        let function = second.starts_with("query") && !path.is_macro && !path.is_use;
        let dynamic = function || matches!(second, "raw_sql" | "QueryBuilder" | "AssertSqlSafe");
        if dynamic && !place.makes_sql() {
            say(Rule::Dynamic, path.line, shown());
        }
        let imports_query = path.is_use && second.starts_with("query");
        if imports_query && !place.makes_sql() {
            // Under another name it could be told apart no more.
            say(Rule::Dynamic, path.line, format!("{}; write sqlx::{second}! in full", shown()));
        }
        if place.is_rules() || (place.is_pure() && !matches!(second, "Type" | "Error")) {
            say(Rule::Pure, path.line, shown());
        }
    }
    if matches!(root, "axum" | "axum_extra" | "utoipa_axum" | "tower" | "tower_http" | "hyper" | "http") {
        if !place.knows_http() {
            say(Rule::Axum, path.line, shown());
        }
        if place.is_pure() {
            say(Rule::Pure, path.line, shown());
        }
    }
    let io = matches!(root, "tokio" | "futures_util" | "reqwest" | "nix")
        || (root == "std" && matches!(second, "fs" | "net" | "process" | "thread" | "env"));
    if place.is_pure() && io {
        say(Rule::Pure, path.line, shown());
    }
    let tail = &segments[segments.len().saturating_sub(2)..];
    let reads_clock =
        matches!(tail, ["Utc" | "Local" | "SystemTime", "now"] | ["Uuid", "now_v7" | "now_v6" | "now_v1"]);
    if reads_clock && place.file != "src/kernel/clock.rs" {
        say(Rule::Clock, path.line, shown());
    }
    let variables = matches!(tail, ["env", last] if last.contains("var") || *last == "*");
    if (variables || root == "figment") && place.room != Some("config") {
        say(Rule::Environment, path.line, shown());
    }
}

/// What tokens and literals may not say.
fn written(place: &Place<'_>, source: &Source, say: &mut impl FnMut(Rule, usize, String)) {
    let owners = owners(place);
    let tokens = &source.tokens;
    for (at, token) in tokens.iter().enumerate() {
        if token.test {
            continue;
        }
        let text = |offset: usize| tokens.get(at + offset).map_or("", |t| t.text.as_str());
        if place.is_pure() && token.kind == Kind::Ident && matches!(token.text.as_str(), "async" | "await") {
            say(Rule::Pure, token.line, format!("says {}", token.text));
        }
        let plain = matches!(text(1), "begin" | "commit") && text(2) == "(" && text(3) == ")";
        let transaction =
            token.text == "." && (plain || matches!(text(1), "begin_with" | "begin_immediate" | "transaction"));
        if transaction && place.file != "src/platform/act.rs" {
            say(Rule::Transaction, token.line, format!("says .{}()", text(1)));
        }
        if token.text == "."
            && matches!(text(1), "execute" | "fetch" | "fetch_one" | "fetch_all" | "fetch_optional" | "execute_many")
            && text(2) == "("
        {
            let argument = tokens.get(at + 3);
            let sql = argument.is_some_and(|t| t.kind == Kind::Text || t.text == "format");
            if sql && !place.makes_sql() {
                say(Rule::Dynamic, token.line, format!("runs a text with .{}()", text(1)));
            }
        }
        if token.kind != Kind::Text {
            continue;
        }
        let words = sql_words(&token.text);
        if !place.says_sql() && is_statement(&words) {
            say(Rule::Sql, token.line, format!("holds the SQL statement {:?}", head(&token.text)));
        }
        if place.says_sql() || is_statement(&words) {
            if let Some(word) = asks_clock(&words) {
                say(Rule::Clock, token.line, format!("asks the database's clock: {word}"));
            }
            for table in writes(&words) {
                let own = owners.iter().any(|owner| begins_with_name(&table, owner));
                let excepted = FOREIGN_TABLES.iter().any(|(file, t, _)| *file == place.file && *t == table);
                if !own && !excepted {
                    say(Rule::Writer, token.line, format!("writes to the table {table}"));
                }
            }
        }
    }
}

/// By what names a file's tables may begin.
fn owners(place: &Place<'_>) -> Vec<String> {
    let mut names: Vec<String> = match (place.room, place.part) {
        (_, Some(part)) => vec![part.to_owned()],
        (Some("platform"), None) => std::iter::once("platform").chain(place.role).map(str::to_owned).collect(),
        (Some(room), None) => vec![room.to_owned()],
        (None, None) => Vec::new(),
    };
    // `across::imports` keeps `import_job`.
    names.extend(names.clone().iter().filter_map(|n| n.strip_suffix('s').map(str::to_owned)));
    names
}

fn begins_with_name(table: &str, owner: &str) -> bool {
    table.strip_prefix(owner).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
}

fn head(text: &str) -> String {
    text.split_whitespace().take(6).collect::<Vec<_>>().join(" ")
}

/// SQL in lower case, cut into words and single signs; what stands in quotes or comments is left out.
fn sql_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => while chars.next().is_some_and(|c| c != '\'') {},
            '-' if chars.peek() == Some(&'-') => while chars.next().is_some_and(|c| c != '\n') {},
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = c.to_lowercase().to_string();
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || *c == '_' || *c == '.') {
                    word.extend(c.to_lowercase());
                }
                words.push(word);
            }
            c if c.is_whitespace() || c == '"' => {}
            c => words.push(c.to_string()),
        }
    }
    words
}

/// Whether the words are an SQL statement rather than prose or a fragment.
fn is_statement(words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["select", rest @ ..] => rest.contains(&"from") && rest.iter().any(|w| matches!(*w, "," | "*" | "(" | "=")),
        ["with", _, "as", "(", ..] => true,
        ["insert", "into", ..] | ["delete", "from", ..] => true,
        ["update", rest @ ..] => rest.iter().take(4).any(|w| *w == "set"),
        [
            "create" | "alter" | "drop",
            "table" | "index" | "view" | "function" | "extension" | "role" | "database",
            ..,
        ] => true,
        ["truncate" | "copy", _, "from" | "restart" | "cascade" | "(", ..] => true,
        _ => false,
    }
}

fn asks_clock(words: &[String]) -> Option<&str> {
    words.iter().enumerate().find_map(|(at, word)| {
        let called = words.get(at + 1).is_some_and(|next| next == "(");
        let asked = match word.as_str() {
            "now" | "clock_timestamp" | "statement_timestamp" | "transaction_timestamp" | "timeofday" => called,
            "current_date" | "current_timestamp" | "current_time" | "localtimestamp" | "localtime" => true,
            _ => false,
        };
        asked.then_some(word.as_str())
    })
}

/// The tables that SQL writes to. Names of `with` queries are not tables.
fn writes(words: &[String]) -> Vec<String> {
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    let mut tables = Vec::new();
    for at in 0..words.len() {
        let table = match (word(at), word(at + 1)) {
            ("insert" | "merge", "into") | ("delete", "from") => word(at + 2),
            ("truncate", "table") | ("copy", "table") => word(at + 2),
            ("truncate", name) => name,
            ("update", name) => {
                // Not `for update`, `on conflict … do update set`, `on update`.
                let before = if at == 0 { "" } else { word(at - 1) };
                let sets = word(at + 2) == "set" || word(at + 3) == "set" || word(at + 4) == "set";
                if matches!(before, "for" | "do" | "on" | "key") || !sets { continue } else { name }
            }
            _ => continue,
        };
        if table.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_') {
            tables.push(table.trim_start_matches("public.").to_owned());
        }
    }
    tables
}

// ---------------------------------------------------------------------------------------------------------------------
// Reading the files.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ident,
    Text,
    Sign,
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    /// An identifier, one sign (`::` counts as one), or the value of a text literal.
    text: String,
    line: usize,
    /// Inside an item under `#[cfg(test)]`.
    test: bool,
    /// Names of the inline modules around it.
    modules: Vec<String>,
}

impl Token {
    fn new(kind: Kind, text: impl ToString, line: usize) -> Token {
        Token { kind, text: text.to_string(), line, test: false, modules: Vec::new() }
    }
}

#[derive(Debug)]
struct NamedPath {
    /// `crate` first for what is inside; a crate's name, or a local name, otherwise.
    segments: Vec<String>,
    line: usize,
    is_use: bool,
    is_macro: bool,
    test: bool,
}

impl NamedPath {
    fn inside(&self) -> Option<&[String]> {
        match self.segments.first().map(String::as_str) {
            Some("crate" | "jingtu") => Some(&self.segments[1..]),
            _ => None,
        }
    }
}

struct Source {
    file: String,
    module: Vec<String>,
    tokens: Vec<Token>,
    paths: Vec<NamedPath>,
    /// Modules in files of their own that exist for tests only.
    test_modules: Vec<Vec<String>>,
}

impl Source {
    fn parse(file: &str, text: &str) -> Source {
        let module = module_of(file);
        let stream = TokenStream::from_str(text).unwrap_or_else(|e| panic!("{file} cannot be read as tokens: {e}"));
        let mut tokens = Vec::new();
        flatten(stream, &mut tokens);
        let tokens = without_docs(tokens);
        let (tokens, test_modules) = placed(tokens, &module);
        let paths = paths(&tokens, &module);
        Source { file: file.to_owned(), module, tokens, paths, test_modules }
    }
}

fn module_of(file: &str) -> Vec<String> {
    let inner = file.strip_prefix("src/").unwrap_or(file).trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || matches!(inner, "lib" | "main") {
        module.pop();
    }
    module
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let line = tree.span().start().line;
        match tree {
            TokenTree::Ident(ident) => {
                let name = ident.to_string();
                out.push(Token::new(Kind::Ident, name.strip_prefix("r#").unwrap_or(&name), line));
            }
            TokenTree::Literal(literal) => match syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                Ok(text) => out.push(Token::new(Kind::Text, text.value(), line)),
                Err(_) => out.push(Token::new(Kind::Sign, literal.to_string(), line)),
            },
            TokenTree::Punct(punct) => {
                let double = punct.as_char() == ':'
                    && punct.spacing() == Spacing::Joint
                    && matches!(trees.peek(), Some(TokenTree::Punct(next)) if next.as_char() == ':');
                if double {
                    trees.next();
                    out.push(Token::new(Kind::Sign, "::", line));
                } else {
                    out.push(Token::new(Kind::Sign, punct.as_char(), line));
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                out.push(Token::new(Kind::Sign, open, line));
                flatten(group.stream(), out);
                out.push(Token::new(Kind::Sign, close, group.span_close().start().line));
            }
        }
    }
}

/// Documentation is prose: `#[doc = "…"]`, which is what `///` and `//!` are to the compiler.
fn without_docs(tokens: Vec<Token>) -> Vec<Token> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_doc = token.text == "doc"
            && tokens.peek().is_some_and(|t| t.text == "=")
            && out.last().is_some_and(|t| t.text == "[")
            && out.iter().rev().nth(1).is_some_and(|t| matches!(t.text.as_str(), "#" | "!"));
        if !is_doc {
            out.push(token);
            continue;
        }
        out.pop();
        if out.last().is_some_and(|t| t.text == "!") {
            out.pop();
        }
        out.pop();
        let mut depth = 1;
        for token in tokens.by_ref() {
            match (token.kind, token.text.as_str()) {
                (Kind::Sign, "[") => depth += 1,
                (Kind::Sign, "]") => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    out
}

/// The index after the group that opens at `at`.
fn after_group(tokens: &[Token], at: usize) -> usize {
    let mut depth = 0_usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        if token.kind != Kind::Sign {
            continue;
        }
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// Marks what is under `#[cfg(test)]` and inside inline modules.
fn placed(mut tokens: Vec<Token>, module: &[String]) -> (Vec<Token>, Vec<Vec<String>>) {
    let mut test_modules = Vec::new();
    for at in 0..tokens.len() {
        let texts: Vec<String> = tokens[at..].iter().take(7).map(|t| t.text.clone()).collect();
        if texts == ["#", "[", "cfg", "(", "test", ")", "]"] {
            let mut end = at + 7;
            while tokens.get(end).is_some_and(|t| t.text == "#") {
                end = after_group(&tokens, end + 1);
            }
            if let Some(name) = (end..end + 3).find(|i| tokens.get(*i).is_some_and(|t| t.text == "mod"))
                && tokens.get(name + 2).is_some_and(|t| t.text == ";")
            {
                test_modules.push(module.iter().cloned().chain([tokens[name + 1].text.clone()]).collect());
            }
            while let Some(token) = tokens.get(end) {
                if token.kind == Kind::Sign && token.text == ";" {
                    break;
                }
                let body = token.kind == Kind::Sign && token.text == "{";
                end = if token.kind == Kind::Sign && matches!(token.text.as_str(), "(" | "[" | "{") {
                    after_group(&tokens, end)
                } else {
                    end + 1
                };
                if body {
                    break;
                }
            }
            for token in &mut tokens[at..end] {
                token.test = true;
            }
        }
        if texts.len() > 2 && texts[0] == "mod" && texts[2] == "{" && tokens[at].kind == Kind::Ident {
            let name = tokens[at + 1].text.clone();
            let end = after_group(&tokens, at + 2);
            for token in &mut tokens[at + 2..end] {
                token.modules.push(name.clone());
            }
        }
    }
    (tokens, test_modules)
}

/// Every path of two segments or more, `use` groups taken apart, `self`, `super` and imported names resolved.
fn paths(tokens: &[Token], module: &[String]) -> Vec<NamedPath> {
    let mut raw = Vec::new();
    let mut at = 0;
    let mut use_until = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token.kind == Kind::Ident && token.text == "use" {
            use_until = (at..tokens.len()).find(|i| tokens[*i].text == ";").unwrap_or(tokens.len());
        }
        let starts = token.kind == Kind::Ident && token.text != "use";
        let continues = at > 0 && tokens[at - 1].text == "."
            || at > 1 && tokens[at - 1].text == "::" && tokens[at - 2].kind == Kind::Ident;
        if starts && !continues {
            at = path_from(tokens, at, Vec::new(), at < use_until, &mut raw);
        } else {
            at += 1;
        }
    }
    let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in tokens
        .windows(2)
        .filter(|pair| pair[0].kind == Kind::Ident && pair[0].text == "mod" && pair[0].modules.is_empty())
    {
        let child = std::iter::once("crate").chain(module.iter().map(String::as_str)).chain([pair[1].text.as_str()]);
        aliases.insert(pair[1].text.clone(), child.map(str::to_owned).collect());
    }
    let mut out = Vec::new();
    for found in &raw {
        let segments = absolute(&found.segments, module, &found.modules);
        if let (true, Some(name)) = (found.is_use, &found.name) {
            aliases.insert(name.clone(), segments.clone());
        }
    }
    for found in raw {
        let mut segments = absolute(&found.segments, module, &found.modules);
        if segments.len() > 1
            && let Some(full) = aliases.get(&segments[0])
        {
            segments.splice(0..1, full.iter().cloned());
        }
        if segments.len() > 1 {
            let Raw { line, is_use, is_macro, test, .. } = found;
            out.push(NamedPath { segments, line, is_use, is_macro, test });
        }
    }
    out
}

struct Raw {
    segments: Vec<String>,
    /// What a `use` calls it.
    name: Option<String>,
    line: usize,
    is_use: bool,
    is_macro: bool,
    test: bool,
    modules: Vec<String>,
}

/// Reads one path (or a group of them) and gives the index after it.
fn path_from(tokens: &[Token], mut at: usize, mut segments: Vec<String>, is_use: bool, out: &mut Vec<Raw>) -> usize {
    let first = &tokens[at];
    let text = |i: usize| tokens.get(i).map_or("", |t| t.text.as_str());
    loop {
        if text(at) == "{" {
            let end = after_group(tokens, at);
            at += 1;
            while at < end - 1 {
                if text(at) == "," {
                    at += 1;
                } else {
                    at = path_from(tokens, at, segments.clone(), is_use, out);
                }
            }
            return end;
        }
        segments.push(text(at).to_owned());
        at += 1;
        let goes_on = text(at) == "::"
            && tokens
                .get(at + 1)
                .is_some_and(|t| t.kind == Kind::Ident || (is_use && matches!(t.text.as_str(), "{" | "*")));
        if !goes_on {
            break;
        }
        at += 1;
    }
    if segments.len() > 1 && segments.last().is_some_and(|s| s == "self") {
        segments.pop();
    }
    let mut name = segments.last().cloned();
    if is_use && text(at) == "as" {
        name = Some(text(at + 1).to_owned());
        at += 2;
    }
    out.push(Raw {
        segments,
        name,
        line: first.line,
        is_use,
        is_macro: text(at) == "!" && text(at + 1) != "=",
        test: first.test,
        modules: first.modules.clone(),
    });
    at
}

fn absolute(segments: &[String], module: &[String], modules: &[String]) -> Vec<String> {
    let mut base: Vec<String> = module.iter().chain(modules).cloned().collect();
    let mut rest = segments;
    match segments.first().map(String::as_str) {
        Some("self") if segments.len() > 1 => rest = &rest[1..],
        Some("super") => {
            while rest.first().is_some_and(|s| s == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        _ => return segments.to_vec(),
    }
    std::iter::once("crate".to_owned()).chain(base).chain(rest.iter().cloned()).collect()
}

/// The crate's files. Files that exist for tests only are test code throughout.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    walk(&root.join("src"), &mut files);
    files.sort();
    let mut sources: Vec<Source> = files
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root).expect("under the root").to_str().expect("a name in UTF-8");
            Source::parse(name, &std::fs::read_to_string(path).expect("a source file"))
        })
        .collect();
    mark_tests(&mut sources);
    sources
}

fn mark_tests(sources: &mut [Source]) {
    let tests: Vec<Vec<String>> = sources.iter().flat_map(|s| s.test_modules.clone()).collect();
    for source in sources {
        if tests.iter().any(|module| source.module.starts_with(module)) {
            source.tokens.iter_mut().for_each(|t| t.test = true);
            source.paths.iter_mut().for_each(|p| p.test = true);
        }
    }
}

fn walk(dir: &Path, out: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            walk(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The tests.

#[test]
fn the_house_keeps_its_rules() {
    let sources = sources();
    assert!(sources.len() > 40, "only {} source files were found", sources.len());
    let (excepted, broken): (Vec<_>, Vec<_>) = breaches(&sources)
        .into_iter()
        .partition(|b| EXCEPTIONS.iter().any(|(rule, file, _)| *rule == b.rule && *file == b.file));
    let said: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{} breaches:\n{}", said.len(), said.join("\n"));
    for (rule, file, why) in EXCEPTIONS {
        assert!(!why.is_empty());
        assert!(
            excepted.iter().any(|b| b.rule == *rule && b.file == *file),
            "the exception of {file} from {rule:?} is not needed any more"
        );
    }
}

#[test]
fn every_room_has_its_rank_and_every_meeting_its_need() {
    let sources = sources();
    for source in &sources {
        if let Some(room) = source.module.first() {
            assert!(rank(RANKS, room).is_some(), "{}: the room {room} has no rank", source.file);
        }
    }
    for (from, to, why) in MEETINGS {
        assert!(!why.is_empty());
        let met = sources
            .iter()
            .filter(|s| Place::of(s).part.is_some_and(|part| part == *from || (*from == "*" && part != *to)))
            .any(|s| s.paths.iter().filter_map(NamedPath::inside).any(|p| p.get(1).is_some_and(|part| part == to)));
        assert!(met, "the meeting of {from} with {to} is not needed any more");
    }
    for (file, table, why) in FOREIGN_TABLES {
        assert!(!why.is_empty());
        let source = sources.iter().find(|s| s.file == *file).unwrap_or_else(|| panic!("{file} is not there"));
        let writes = source
            .tokens
            .iter()
            .filter(|t| t.kind == Kind::Text)
            .any(|t| writes(&sql_words(&t.text)).iter().any(|w| w == table));
        assert!(writes, "{file} does not write to {table} any more");
    }
}

/// A migration `NNNN_<owner>[_<what>].sql` makes tables of its owner only.
#[test]
fn a_migrations_tables_begin_with_its_owners_name() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut numbers = BTreeSet::new();
    let mut tables = 0;
    for entry in std::fs::read_dir(&dir).expect("migrations") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|n| n.to_str()).expect("a name").to_owned();
        let (number, what) = name.trim_end_matches(".sql").split_once('_').expect("NNNN_<register>_<what>.sql");
        assert!(numbers.insert(number.to_owned()), "two migrations have the number {number}");
        for table in created(&std::fs::read_to_string(&path).expect("a migration")) {
            tables += 1;
            assert!(
                owned(&table, what),
                "migrations/{name} makes the table {table}, which does not begin with its owner's name"
            );
        }
    }
    assert!(tables > 3);
    assert!(owned("site_event", "site_events") && owned("key_unit", "key_unit") && owned("platform_job", "jobs"));
    assert!(!owned("site", "farmland") && !owned("platform_job", "site"));
    assert_eq!(
        created("create table if not exists a (x int); -- create table b\nCREATE TABLE public.c ()"),
        ["a", "c"]
    );
}

fn created(sql: &str) -> Vec<String> {
    let words = sql_words(sql);
    let mut tables = Vec::new();
    for at in 0..words.len() {
        if words[at] == "create" && words.get(at + 1).is_some_and(|w| w == "table") {
            let skip = if words.get(at + 2).is_some_and(|w| w == "if") { 5 } else { 2 };
            tables.push(words.get(at + skip).cloned().unwrap_or_default().trim_start_matches("public.").to_owned());
        }
    }
    tables
}

/// Whether some beginning of the migration's name, cut at an underscore, begins the table's. A part of the platform puts
/// the platform's name before its own.
fn owned(table: &str, what: &str) -> bool {
    let cuts = what.match_indices('_').map(|(i, _)| &what[..i]).chain([what]);
    let own = table.strip_prefix("platform_").unwrap_or(table);
    cuts.into_iter().any(|owner| {
        begins_with_name(table, owner)
            || begins_with_name(own, owner)
            || begins_with_name(own, owner.strip_suffix('s').unwrap_or(owner))
    })
}

/// Macros that make components, and whether one invocation makes several: the derives in their bodies name nothing.
const COMPONENT_MACROS: [(&str, bool); 2] = [("words", false), ("ids", true)];

/// A component has its type's bare name, and of two types of one name the document describes one: a type whose name is
/// another's too says what it is called there by `#[schema(as = …)]`.
#[test]
fn no_two_types_are_one_component_of_the_document() {
    let sources = sources();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for source in &sources {
        for (name, line) in components(source) {
            places.entry(name).or_default().push(format!("{}:{line}", source.file));
        }
    }
    assert!(places.len() > 300, "only {} components were found", places.len());
    let shared: Vec<String> = places
        .iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|(name, places)| format!("{name}: {}", places.join(", ")))
        .collect();
    assert!(shared.is_empty(), "{} names are several types':\n{}", shared.len(), shared.join("\n"));
}

#[test]
fn components_are_found_under_the_names_they_have() {
    let text = r#"
        #[derive(Debug, ToSchema)] #[serde(tag = "type")] pub(crate) struct Plain { a: Vec<u8> }
        #[serde(untagged)] #[derive(utoipa::ToSchema)] enum Kind<'a> { A(&'a str) }
        #[derive(ToSchema)] #[schema(example = "as = Wrong", as = site::Status)] enum Status { A }
        #[derive(ToSchema)] struct Page<P: ToSchema> { of: P }
        impl utoipa::ToSchema for ByHand {}
        words! { /// Why.
            #[schema(as = Reason)] Why { A = "a", "一", "a"; } }
        ids! { /// One.
            OneId, TwoId, }
        macro_rules! words { ($name:ident) => { #[derive(ToSchema)] pub enum $name {} } }
        #[derive(Debug)] struct Other;
        #[cfg(test)] mod tests { #[derive(ToSchema)] struct Plain; }
    "#;
    let found = components(&Source::parse("src/registers/site/http.rs", text));
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Plain", "Kind", "site.Status", "Page<>", "ByHand", "Reason", "OneId", "TwoId"]);
}

/// The components that a file makes, with their lines. One with types as parameters is named by those too: `Page<>`.
fn components(source: &Source) -> Vec<(String, usize)> {
    let tokens = &source.tokens;
    let text = |at: usize| tokens.get(at).filter(|t| t.kind != Kind::Text).map_or("", |t| t.text.as_str());
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if tokens[at].test {
            at += 1;
        } else if text(at) == "#" && text(at + 1) == "[" {
            let (attributes, mut end) = attributes(tokens, at);
            if text(end) == "pub" {
                end += 1;
                if text(end) == "(" {
                    end = after_group(tokens, end);
                }
            }
            let derived = attributes.iter().any(|a| a[0].text == "derive" && a.iter().any(|t| t.text == "ToSchema"));
            if derived && matches!(text(end), "struct" | "enum") && text(end + 1) != "$" {
                let generic = text(end + 2) == "<" && text(end + 3) != "'";
                let bare = format!("{}{}", text(end + 1), if generic { "<>" } else { "" });
                found.push((renamed(&attributes).unwrap_or(bare), tokens[end + 1].line));
            }
            at = end.max(at + 1);
        } else if text(at) == "ToSchema" && text(at + 1) == "for" {
            found.push((text(at + 2).to_owned(), tokens[at].line));
            at += 3;
        } else if let Some((_, many)) = COMPONENT_MACROS.iter().find(|(name, _)| *name == text(at))
            && text(at + 1) == "!"
            && text(at + 2) == "{"
        {
            let end = after_group(tokens, at + 2) - 1;
            at += 3;
            while at < end {
                let (attributes, name) = attributes(tokens, at);
                found.push((renamed(&attributes).unwrap_or_else(|| text(name).to_owned()), tokens[name].line));
                at = if *many && text(name + 1) == "," { name + 2 } else { end };
            }
        } else {
            at += 1;
        }
    }
    found
}

/// What stands in the brackets of the attributes that begin at `at`, and the index after them.
fn attributes(tokens: &[Token], mut at: usize) -> (Vec<&[Token]>, usize) {
    let mut attributes = Vec::new();
    while tokens.get(at).is_some_and(|t| t.text == "#") && tokens.get(at + 1).is_some_and(|t| t.text == "[") {
        let end = after_group(tokens, at + 1);
        attributes.push(&tokens[at + 2..end - 1]);
        at = end;
    }
    (attributes, at)
}

/// The name that `#[schema(as = …)]` gives.
fn renamed(attributes: &[&[Token]]) -> Option<String> {
    let schema = attributes.iter().filter(|a| a.first().is_some_and(|t| t.text == "schema"));
    schema.flat_map(|a| a.windows(2).enumerate().map(move |(at, pair)| (a, at, pair))).find_map(|(a, at, pair)| {
        let is_as = pair[0].kind == Kind::Ident && pair[0].text == "as" && pair[1].text == "=";
        let name = a[at + 2..].iter().take_while(|t| !matches!(t.text.as_str(), "," | ")"));
        is_as.then(|| name.map(|t| if t.text == "::" { "." } else { &t.text }).collect())
    })
}

/// The breaches of one pretended file, beside a house of two registers and a part of `across`.
fn caught(file: &str, text: &str) -> Vec<Breach> {
    let mut sources: Vec<Source> =
        ["src/registers/site/mod.rs", "src/registers/farmland/mod.rs", "src/across/land_check/mod.rs"]
            .into_iter()
            .filter(|f| *f != file)
            .map(|f| Source::parse(f, ""))
            .collect();
    sources.push(Source::parse(file, text));
    mark_tests(&mut sources);
    breaches(&sources)
}

#[test]
fn each_rule_catches_what_breaks_it() {
    use Rule::*;
    let site = |role: &str| format!("src/registers/site/{role}.rs");
    let cases: Vec<(Rule, String, &str)> = vec![
        (Direction, "src/kernel/day.rs".into(), "use crate::platform::App;"),
        (Direction, "src/platform/app.rs".into(), "fn f() { crate::pg::attach(); }"),
        (Direction, "src/standards/law.rs".into(), "use crate::{kernel::Day, config::Config};"),
        (Direction, "src/layers/def.rs".into(), "use super::super::registers::ALL;"),
        (Direction, "src/registers/site/http.rs".into(), "use crate::api::problem as p;"),
        (Direction, "src/across/land_check/http.rs".into(), "println!(\"{}\", crate::cli::x);"),
        (Direction, "src/kernel/day.rs".into(), "#[cfg(test)] mod tests { use crate::registers::ALL; }"),
        (Roles, site("rules"), "use super::store::load;"),
        (Roles, "src/registers/site/rules/step.rs".into(), "use super::super::actions;"),
        (Roles, site("store"), "use crate::registers::site::actions::register;"),
        (Roles, site("actions"), "use super::http::View;"),
        (Roles, "src/across/land_check/store.rs".into(), "fn f() { super::http::g() }"),
        (Meeting, site("actions"), "use crate::registers::farmland::Class;"),
        (Meeting, site("store"), "use crate::registers::farmland; fn f() { farmland::x() }"),
        (Face, site("actions"), "use crate::registers::farmland::store::load;"),
        (Face, "src/across/land_check/actions.rs".into(), "use crate::registers::site; fn f() { site::store::load() }"),
        (Pure, site("rules"), "async fn f() {}"),
        (Pure, "src/kernel/day.rs".into(), "fn f() { async { 1 }; }"),
        (Pure, site("rules"), "use crate::platform::Act;"),
        (Pure, site("rules"), "use crate::platform::{Role, App};"),
        (Pure, site("rules"), "use crate::kernel::{Day, Clock};"),
        (Pure, site("rules"), "#[derive(sqlx::Type)] struct A;"),
        (Pure, "src/kernel/day.rs".into(), "use sqlx::PgConnection;"),
        (Pure, site("rules"), "use axum::Json;"),
        (Pure, "src/platform/fields.rs".into(), "async fn f() {}"),
        (Face, site("mod"), "pub mod http; use crate::registers::farmland::rules::Class;"),
        (Pure, "src/standards/law.rs".into(), "fn f() { std::fs::read(\"x\"); }"),
        (Sql, site("actions"), "fn f() { sqlx::query!(\"select 1\"); }"),
        (Sql, "src/cli/key.rs".into(), "use sqlx::query_as;"),
        (Sql, "src/layers/features.rs".into(), "const A: &str = \"select a, b from site\";"),
        (Sql, site("http"), "const A: &str = \"update site set name = $1\";"),
        (Dynamic, site("store"), "fn f() { sqlx::query(\"select 1\"); }"),
        (Dynamic, site("store"), "fn f() { sqlx::query_as::<_, A>(x); }"),
        (Dynamic, site("store"), "use sqlx::QueryBuilder;"),
        (Dynamic, "src/platform/act.rs".into(), "fn f() { sqlx::AssertSqlSafe(x); }"),
        (Dynamic, site("store"), "use sqlx::query_scalar;"),
        (Dynamic, site("store"), "fn f() { tx.execute(\"vacuum\"); }"),
        (Dynamic, "src/platform/app.rs".into(), "fn f() { tx.execute(format!(\"x\").as_str()); }"),
        (Writer, site("store"), "fn f() { sqlx::query!(\"insert into farmland (id) values ($1)\"); }"),
        (Writer, site("store"), "fn f() { sqlx::query!(\"with x as (select 1) update farmland f set a = 1\"); }"),
        (Writer, site("store"), "fn f() { sqlx::query!(\"delete from sites\"); }"),
        (Writer, "src/platform/audit.rs".into(), "fn f() { sqlx::query!(\"truncate site\"); }"),
        (
            Writer,
            "src/across/land_check/store.rs".into(),
            "fn f() { sqlx::query!(\"update only_site as s set a = 1\"); }",
        ),
        (Axum, site("actions"), "use axum::http::StatusCode;"),
        (Axum, "src/platform/app.rs".into(), "use axum::Router;"),
        (Axum, "src/layers/tiles.rs".into(), "fn f() -> axum::response::Response {}"),
        (Axum, "src/across/mod.rs".into(), "use utoipa_axum::router::OpenApiRouter;"),
        (Transaction, site("actions"), "fn f() { let tx = app.db().begin().await; }"),
        (Transaction, site("store"), "fn f() { tx.commit().await; }"),
        (Transaction, "src/platform/identity/keys.rs".into(), "fn f() { db.begin_with(\"begin\").await; }"),
        (Clock, site("actions"), "use chrono::Utc; fn f() { Utc::now(); }"),
        (Clock, "src/platform/act.rs".into(), "fn f() { std::time::SystemTime::now(); uuid::Uuid::now_v7(); }"),
        (Clock, site("store"), "fn f() { sqlx::query!(\"select a from site where at < now()\"); }"),
        (Clock, "src/platform/audit.rs".into(), "fn f() { sqlx::query!(\"select current_date\"); }"),
        (Environment, "src/cli/serve.rs".into(), "fn f() { std::env::var(\"A\"); }"),
        (Environment, "src/pg/cluster.rs".into(), "use std::env; fn f() { env::var_os(\"A\"); }"),
        (Environment, "src/platform/app.rs".into(), "use figment::Figment;"),
    ];
    for (rule, file, text) in &cases {
        let found = caught(file, text);
        let hit = found.iter().find(|b| b.rule == *rule).unwrap_or_else(|| panic!("{rule:?} missed in {file}: {text}"));
        let sentence = hit.to_string();
        assert!(sentence.starts_with(&format!("{file}:1: ")) && sentence.contains(rule.text()), "{sentence}");
    }
    for rule in Rule::ALL {
        assert!(cases.iter().any(|(r, ..)| *r == rule), "{rule:?} has no self-test");
    }
}

#[test]
fn what_is_allowed_is_not_caught() {
    let cases = [
        ("src/kernel/error.rs", "impl From<sqlx::Error> for Error {} #[derive(sqlx::Type)] struct A;"),
        ("src/kernel/clock.rs", "use chrono::Utc; fn f() { Utc::now(); }"),
        ("src/config.rs", "use crate::kernel::Day; use figment::Figment; fn f() { std::env::var(\"A\"); }"),
        (
            "src/registers/site/rules/step.rs",
            "use super::stage::Stage; use crate::platform::{Role, identity::Role as R}; use crate::kernel::Day;",
        ),
        (
            "src/registers/site/store.rs",
            "use super::rules::Stage; fn f() { sqlx::query!(\"insert into site_event (a) values (1) on conflict do update set a = 1\"); sqlx::query_as!(A, \"select a from farmland for update\"); }",
        ),
        (
            "src/registers/site/actions.rs",
            "use super::{rules, store}; /// select a, b from site\nasync fn f(act: &mut Act) { act.finish(x).await }",
        ),
        (
            "src/registers/site/http.rs",
            "use super::actions; use axum::extract::Path; async fn f(call: Call) { call.begin(Permission::SiteRead).await }",
        ),
        (
            "src/registers/mod.rs",
            "pub mod site; pub static ALL: &[&Register] = &[&site::REGISTER]; use crate::registers::site as s;",
        ),
        (
            "src/across/land_check/actions.rs",
            "use crate::registers::{self, site::Stage}; fn f() { registers::layers(); }",
        ),
        (
            "src/platform/act.rs",
            "fn f() { app.db().begin().await; tx.commit().await; sqlx::query!(\"update platform_audit_head set seq = $1\"); }",
        ),
        ("src/platform/overlay.rs", "fn f() { sqlx::query!(\"insert into overlay_piece (a) values (1)\"); }"),
        ("src/layers/sql.rs", "fn f() { sqlx::QueryBuilder::new(\"select \"); sqlx::query(sqlx::AssertSqlSafe(x)); }"),
        (
            "src/pg/cluster.rs",
            "fn f() { sqlx::query(\"create extension if not exists postgis\"); std::env::temp_dir(); }",
        ),
        ("src/api/middleware.rs", "use axum::Router; fn f() { std::time::Instant::now(); }"),
        ("src/cli/key.rs", "use crate::platform::Act; const A: &str = \"select a file from the list\";"),
        ("src/registers/site/rules.rs", "#[cfg(test)] mod tests { fn f() { std::env::var(\"JINGTU_BLESS\"); } }"),
        (
            "src/platform/app.rs",
            "use chrono::{DateTime, Utc}; fn f(a: DateTime<Utc>, b: kernel::Now) { f::<Utc>(now) }",
        ),
    ];
    for (file, text) in cases {
        let found: Vec<String> = caught(file, text).iter().map(ToString::to_string).collect();
        let excepted = EXCEPTIONS.iter().any(|(_, f, _)| *f == file);
        assert!(found.is_empty() || excepted, "{file}: {text}\n{}", found.join("\n"));
    }
}
