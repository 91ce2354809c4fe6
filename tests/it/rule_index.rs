//! The article index: which function and table uses a rule or an article, and which test pins it, read off the source's
//! tokens. A rule without a test that pins it fails here.
//!
//! A test pins a rule by its name, which begins with the rule's identifier in small letters (`g14_…`, `t7_…`, `code_461_…`
//! for the Code's article), or by a line of its documentation: `Pins: T7, G14, PRELIMINARY_SURVEY_MONTHS`.

use crate::support::committed;
use jingtu::across::rulebook::{Kind, RuleEntry, all};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::str::FromStr;

/// A function, table or test of the source.
#[derive(Debug, Clone)]
struct Item {
    /// `across/land_check/rules/building.rs::g14`; of a test with the folder before it.
    place: String,
    name: String,
    /// Under `#[cfg(test)]`, or in `tests/`.
    in_tests: bool,
    /// `#[test]` or the like stands before it.
    is_test: bool,
    doc: String,
    tokens: Vec<Token>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Ident(String),
    Text(String),
    Sign(char),
}

/// Everything of a file that has a name of its own.
fn items(file: &str, source: &str) -> Vec<Item> {
    let stream = TokenStream::from_str(source).unwrap_or_else(|e| panic!("{file} cannot be read as tokens: {e}"));
    let in_tests = file.starts_with("tests/") || file.ends_with("/tests.rs");
    let shown = if in_tests { file } else { file.strip_prefix("src/").unwrap_or(file) };
    let mut out = Vec::new();
    walk(stream, shown, in_tests, &mut out);
    for item in &mut out {
        // A test is shown with its whole path, so that it is found.
        if item.in_tests && !item.place.starts_with("tests/") && !item.place.starts_with("src/") {
            item.place = format!("src/{}", item.place);
        }
    }
    out
}

/// What stands before an item.
#[derive(Default)]
struct Before {
    doc: String,
    is_test: bool,
    cfg_test: bool,
}

fn walk(stream: TokenStream, place: &str, in_tests: bool, out: &mut Vec<Item>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let mut before = Before::default();
    let mut at = 0;
    while let Some(tree) = trees.get(at) {
        let next = |n: usize| trees.get(at + n);
        match tree {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                let inner = if matches!(next(1), Some(TokenTree::Punct(p)) if p.as_char() == '!') { 2 } else { 1 };
                if let Some(TokenTree::Group(group)) = next(inner) {
                    if inner == 1 {
                        read_attribute(group.stream(), &mut before);
                    }
                    at += inner + 1;
                    continue;
                }
                at += 1;
            }
            TokenTree::Ident(ident) => {
                let word = ident.to_string();
                let lifetime = at > 0 && matches!(&trees[at - 1], TokenTree::Punct(p) if p.as_char() == '\'');
                if lifetime {
                    at += 1;
                    continue;
                }
                let name = match next(1) {
                    Some(TokenTree::Ident(name)) => Some(name.to_string()),
                    _ => None,
                };
                match (word.as_str(), name) {
                    ("fn", Some(name)) => {
                        let end = end_of(&trees, at, true);
                        out.push(item(place, name, in_tests, &before, &trees[at..end]));
                        before = Before::default();
                        at = end;
                    }
                    ("static" | "const", Some(name)) if !matches!(name.as_str(), "fn" | "unsafe" | "mut" | "async") => {
                        let end = end_of(&trees, at, false);
                        out.push(item(place, name, in_tests, &before, &trees[at..end]));
                        before = Before::default();
                        at = end;
                    }
                    ("mod", Some(_)) => {
                        let end = end_of(&trees, at, true);
                        if let Some(TokenTree::Group(body)) = trees.get(end - 1) {
                            walk(body.stream(), place, in_tests || before.cfg_test, out);
                        }
                        before = Before::default();
                        at = end;
                    }
                    ("impl" | "trait", _) => {
                        let end = end_of(&trees, at, true);
                        if let Some(TokenTree::Group(body)) = trees.get(end - 1) {
                            walk(body.stream(), place, in_tests || before.cfg_test, out);
                        }
                        before = Before::default();
                        at = end;
                    }
                    ("struct" | "enum" | "use" | "type" | "macro_rules", _) => {
                        at = end_of(&trees, at, true);
                        before = Before::default();
                    }
                    _ => {
                        let bang = matches!(next(1), Some(TokenTree::Punct(p)) if p.as_char() == '!');
                        if let (true, Some(TokenTree::Group(body))) = (bang, next(2)) {
                            table(body.stream(), place, in_tests, out);
                            walk(body.stream(), place, in_tests || before.cfg_test, out);
                            before = Before::default();
                            at += 3;
                        } else {
                            at += 1;
                        }
                    }
                }
            }
            _ => at += 1,
        }
    }
}

/// Where an item ends: behind its braces, or behind its semicolon.
fn end_of(trees: &[TokenTree], from: usize, braces: bool) -> usize {
    for (at, tree) in trees.iter().enumerate().skip(from) {
        match tree {
            TokenTree::Group(group) if braces && group.delimiter() == Delimiter::Brace => return at + 1,
            TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
            _ => {}
        }
    }
    trees.len()
}

fn read_attribute(stream: TokenStream, before: &mut Before) {
    let tokens = flat(stream);
    match tokens.as_slice() {
        [Token::Ident(doc), Token::Sign('='), Token::Text(text)] if doc == "doc" => {
            before.doc.push_str(text);
            before.doc.push('\n');
        }
        [Token::Ident(cfg), .., Token::Ident(test), Token::Sign(')')] if cfg == "cfg" && test == "test" => {
            before.cfg_test = true;
        }
        [Token::Ident(test), ..] if test == "test" => before.is_test = true,
        [Token::Ident(tokio), Token::Sign(':'), Token::Sign(':'), Token::Ident(test), ..]
            if tokio == "tokio" && test == "test" =>
        {
            before.is_test = true;
        }
        _ => {}
    }
}

/// The rows of a table in a macro: `NAME = …`, one item each.
fn table(stream: TokenStream, place: &str, in_tests: bool, out: &mut Vec<Item>) {
    let trees: Vec<TokenTree> = stream.into_iter().collect();
    let row = |at: usize| match (trees.get(at), trees.get(at + 1)) {
        (Some(TokenTree::Ident(name)), Some(TokenTree::Punct(equals))) if equals.as_char() == '=' => {
            let name = name.to_string();
            let constant =
                name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            constant.then_some(name)
        }
        _ => None,
    };
    let starts: Vec<(usize, String)> = (0..trees.len()).filter_map(|at| Some((at, row(at)?))).collect();
    for (i, (from, name)) in starts.iter().enumerate() {
        let to = starts.get(i + 1).map_or(trees.len(), |(to, _)| *to);
        out.push(item(place, name.clone(), in_tests, &Before::default(), &trees[*from..to]));
    }
}

fn item(place: &str, name: String, in_tests: bool, before: &Before, trees: &[TokenTree]) -> Item {
    Item {
        place: format!("{place}::{name}"),
        in_tests: in_tests || before.cfg_test || before.is_test,
        is_test: before.is_test,
        doc: before.doc.clone(),
        tokens: flat(trees.iter().cloned().collect()),
        name,
    }
}

fn flat(stream: TokenStream) -> Vec<Token> {
    let mut out = Vec::new();
    flatten(stream, &mut out);
    out
}

fn flatten(stream: TokenStream, out: &mut Vec<Token>) {
    for tree in stream {
        match tree {
            TokenTree::Ident(ident) => out.push(Token::Ident(ident.to_string())),
            TokenTree::Punct(punct) => out.push(Token::Sign(punct.as_char())),
            TokenTree::Literal(literal) => {
                if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                    out.push(Token::Text(text.value()));
                }
            }
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ('(', ')'),
                    Delimiter::Brace => ('{', '}'),
                    Delimiter::Bracket | Delimiter::None => ('[', ']'),
                };
                out.push(Token::Sign(open));
                flatten(group.stream(), out);
                out.push(Token::Sign(close));
            }
        }
    }
}

impl Item {
    fn names(&self, ident: &str) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Ident(name) if name == ident))
    }

    fn says(&self, text: &str) -> bool {
        self.tokens.iter().any(|token| matches!(token, Token::Text(said) if said == text))
    }

    /// What its documentation says that it pins.
    fn pins(&self) -> Vec<&str> {
        let lines = self.doc.lines().filter_map(|line| line.trim().strip_prefix("Pins:"));
        lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty()).collect()
    }
}

/// A name as tests carry it: small letters, words parted by `_`.
fn small(name: &str) -> String {
    name.to_lowercase().replace(['-', '.'], "_")
}

/// The short names of a provision's articles in a test's name: `code_461`, `law_66`.
fn short_articles(constant: &str) -> Vec<String> {
    let parts: Vec<&str> = constant.split('_').collect();
    let mut out = Vec::new();
    for (i, part) in parts.iter().enumerate() {
        if let (true, Some(article)) = (matches!(*part, "LAW" | "CODE" | "CIVIL"), parts.get(i + 1)) {
            out.push(format!("{}_{article}", part.to_lowercase()));
        }
    }
    out
}

/// All that the source knows of the rules.
struct Index<'a> {
    rules: &'a [RuleEntry],
    items: Vec<Item>,
}

/// Tables that hold every rule of a kind: named for each, they would say nothing of one.
const TABLES: &[&str] = &["ALL", "GATES", "SITING", "KINDS", "TRANSITIONS", "DUTIES"];

impl<'a> Index<'a> {
    fn read(rules: &'a [RuleEntry]) -> Index<'a> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        for folder in ["src", "tests"] {
            collect(&root.join(folder), &mut files);
        }
        files.sort();
        let items = files
            .iter()
            .flat_map(|path| {
                let file = path.strip_prefix(root).expect("inside").to_string_lossy().replace('\\', "/");
                items(&file, &std::fs::read_to_string(path).expect("a source file"))
            })
            .collect();
        Index { rules, items }
    }

    fn code(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| !item.in_tests)
    }

    fn tests(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.is_test)
    }

    /// The function that judges a gate, as its row of the table names it: `building`, `g14`.
    fn judge(&self, gate: &str) -> Option<&Item> {
        if let Some(siting) = self.siting_judge(gate) {
            return Some(siting);
        }
        let table = self.code().find(|item| item.name == "GATES")?;
        let at = table.tokens.iter().position(|token| *token == Token::Text(gate.to_owned()))?;
        let call = table.tokens[at..].windows(6).find_map(|window| match window {
            [
                Token::Ident(judge),
                Token::Sign('('),
                Token::Ident(module),
                Token::Sign(':'),
                Token::Sign(':'),
                Token::Ident(function),
            ] if matches!(judge.as_str(), "facts" | "Closing") => Some((module.clone(), function.clone())),
            _ => None,
        })?;
        self.code().find(|item| {
            item.name == call.1 && item.place.contains("land_check") && item.place.contains(&format!("/{}.rs", call.0))
        })
    }

    /// The function that judges a rule of siting, as its row names it: `farmland::z1`.
    fn siting_judge(&self, rule: &str) -> Option<&Item> {
        let table = self.code().find(|item| item.name == "SITING")?;
        let at = table.tokens.iter().position(|token| *token == Token::Text(rule.to_owned()))?;
        let call = table.tokens[at..].windows(5).find_map(|window| match window {
            [Token::Ident(module), Token::Sign(':'), Token::Sign(':'), Token::Ident(function), ..]
                if matches!(module.as_str(), "farmland" | "surroundings" | "metals" | "orders" | "own") =>
            {
                Some((module.clone(), function.clone()))
            }
            _ => None,
        })?;
        self.code()
            .find(|item| item.name == call.1 && item.place == format!("across/siting/rules/{}.rs::{}", call.0, call.1))
    }

    fn used(&self, rule: &RuleEntry) -> BTreeSet<&str> {
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let not_itself =
            |item: &&Item| !item.place.contains("across/rulebook/") && !item.place.contains("standards/law.rs");
        if rule.kind == Kind::Provision {
            return self
                .code()
                .filter(not_itself)
                .filter(|item| rule.names.iter().any(|name| item.names(name)))
                .map(|item| item.place.as_str())
                .collect();
        }
        used.extend(self.judge(&rule.id).map(|item| item.place.as_str()));
        for item in self.code().filter(not_itself) {
            let named = item.says(rule.bare())
                || (rule.kind == Kind::Event && rule.names.first().is_some_and(|variant| item.names(variant)));
            if !named {
                continue;
            }
            used.insert(&item.place);
            // A constant of its own: whoever names the constant uses the rule.
            let constant = item.name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            if constant && item.says(rule.bare()) && !TABLES.contains(&item.name.as_str()) {
                used.extend(
                    self.code().filter(not_itself).filter(|other| other.names(&item.name)).map(|i| i.place.as_str()),
                );
            }
        }
        used
    }

    /// Tests that pin a rule in their own name or documentation.
    fn pinned_directly(&self, rule: &RuleEntry) -> BTreeSet<&str> {
        let constants: Vec<&str> = match rule.kind {
            Kind::Provision => rule.names.iter().map(String::as_str).collect(),
            Kind::Parameter | Kind::Deadline => self
                .code()
                .filter(|item| item.place.starts_with("standards/parameters.rs") || item.place.contains("catalogue.rs"))
                .filter(|item| !TABLES.contains(&item.name.as_str()))
                .filter(|item| {
                    item.tokens.iter().find_map(|t| if let Token::Text(t) = t { Some(t.as_str()) } else { None })
                        == Some(rule.bare())
                })
                .map(|item| item.name.as_str())
                .collect(),
            _ => Vec::new(),
        };
        let mut begins: Vec<String> = vec![small(rule.bare())];
        if rule.kind == Kind::Provision {
            begins = rule.names.iter().flat_map(|name| short_articles(name)).collect();
            begins.extend(rule.names.iter().map(|name| small(name)));
        }
        self.tests()
            .filter(|test| {
                let by_name = begins.iter().any(|begin| {
                    test.name.strip_prefix(begin.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
                });
                by_name
                    || test.pins().iter().any(|pin| *pin == rule.id || *pin == rule.bare() || constants.contains(pin))
                    || (rule.kind == Kind::Provision && constants.iter().any(|constant| test.names(constant)))
            })
            .map(|test| test.place.as_str())
            .collect()
    }

    /// Tests that pin a rule, or what it is made of: an event by its transitions, an article by the rules that rest on it.
    fn pinned(&self, rule: &RuleEntry) -> BTreeSet<&str> {
        let mut pinned = self.pinned_directly(rule);
        match rule.kind {
            Kind::Event => {
                for other in self.rules.iter().filter(|other| other.kind == Kind::Transition) {
                    if rule.names.contains(&other.id) {
                        pinned.extend(self.pinned_directly(other));
                    }
                }
            }
            Kind::Provision => {
                for other in self.resting(rule) {
                    pinned.extend(self.pinned_directly(other));
                }
            }
            _ => {}
        }
        pinned
    }

    /// The rules that rest on a provision.
    fn resting(&self, provision: &RuleEntry) -> Vec<&RuleEntry> {
        let Some(own) = provision.provisions.first() else { return Vec::new() };
        self.rules
            .iter()
            .filter(|rule| rule.kind != Kind::Provision && rule.provisions.iter().any(|p| std::ptr::eq(*p, *own)))
            .collect()
    }

    fn text(&self) -> String {
        let mut out = String::from(
            "Article index: rule or article → functions and tables that use it → tests that pin it. Generated from the source; JINGTU_BLESS=1 writes it anew.\n",
        );
        let mut articles: Vec<&RuleEntry> = self.rules.iter().filter(|rule| rule.kind == Kind::Provision).collect();
        articles.sort_by_key(|rule| by_article(rule));
        let rules = self.rules.iter().filter(|rule| rule.kind != Kind::Provision);
        for rule in articles.into_iter().chain(rules) {
            writeln!(out, "\n{}  {}", rule.id, rule.title.zh).unwrap();
            for other in if rule.kind == Kind::Provision { self.resting(rule) } else { Vec::new() } {
                writeln!(out, "  rule    {}", other.id).unwrap();
            }
            let mut used = self.used(rule);
            if rule.kind == Kind::Provision {
                // A gate's table names the article, its function decides by it.
                used.extend(
                    self.resting(rule).iter().filter_map(|o| self.judge(&o.id)).map(|judge| judge.place.as_str()),
                );
            }
            for place in used {
                writeln!(out, "  used    {place}").unwrap();
            }
            if let Some(judge) = self.judge(&rule.id) {
                let (acts, remedies) = judged(judge);
                for act in acts {
                    writeln!(out, "  acts    {act}").unwrap();
                }
                for (zh, en) in remedies {
                    writeln!(out, "  remedy  {zh} | {en}").unwrap();
                }
            }
            for test in self.pinned(rule) {
                writeln!(out, "  pinned  {test}").unwrap();
            }
        }
        out
    }
}

/// Articles in the order of instrument and number.
fn by_article(rule: &RuleEntry) -> (String, u32, String) {
    let basis = &rule.provisions[0].0[0];
    let digits: String = basis.article.chars().take_while(char::is_ascii_digit).collect();
    (basis.instrument.zh.to_owned(), digits.parse().unwrap_or(u32::MAX), basis.article.to_owned())
}

/// Who acts and what must be done, as a gate's function names them: its roles, and its sentences but notes and terms.
fn judged(function: &Item) -> (BTreeSet<String>, Vec<(String, String)>) {
    let tokens = &function.tokens;
    let mut acts = BTreeSet::new();
    let mut remedies = Vec::new();
    let mut skip_until = 0;
    for at in 0..tokens.len() {
        // What stands in `.by(…)` and `.note(…)` is when and why, not what.
        if let [Token::Sign('.'), Token::Ident(method), Token::Sign('('), ..] = &tokens[at..]
            && matches!(method.as_str(), "by" | "note")
        {
            skip_until = skip_until.max(closing(tokens, at + 2));
        }
        match &tokens[at..] {
            [Token::Ident(actor), Token::Sign(':'), Token::Sign(':'), Token::Ident(role), ..] if actor == "Actor" => {
                acts.insert(snake(role));
            }
            [
                Token::Ident(text),
                Token::Sign(':'),
                Token::Sign(':'),
                Token::Ident(fixed),
                Token::Sign('('),
                Token::Text(zh),
                Token::Sign(','),
                Token::Text(en),
                ..,
            ] if at >= skip_until && text == "Text" && fixed == "fixed" && zh.ends_with('。') => {
                remedies.push((zh.clone(), en.clone()));
            }
            _ => {}
        }
    }
    (acts, remedies)
}

/// Where the bracket that opens here closes.
fn closing(tokens: &[Token], from: usize) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token {
            Token::Sign('(' | '[' | '{') => depth += 1,
            Token::Sign(')' | ']' | '}') => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn the_committed_index_is_the_sources() {
    committed("src/across/rulebook/index.txt", &Index::read(all()).text());
}

#[test]
fn every_rule_that_decides_is_pinned_by_a_test_and_used_somewhere() {
    let index = Index::read(all());
    let decides = |rule: &&RuleEntry| {
        matches!(
            rule.kind,
            Kind::Event
                | Kind::Transition
                | Kind::Gate
                | Kind::Siting
                | Kind::Parameter
                | Kind::Adjustment
                | Kind::Protection
        )
    };
    let loose: Vec<String> = all()
        .iter()
        .filter(decides)
        .filter_map(|rule| match (index.used(rule).is_empty(), index.pinned(rule).is_empty()) {
            (false, false) => None,
            (true, _) => Some(format!("{}: nothing uses it", rule.id)),
            (_, true) => Some(format!("{}: no test pins it", rule.id)),
        })
        .collect();
    assert!(loose.is_empty(), "{}", loose.join("\n"));
}

/// A misspelt pin would hold nothing.
#[test]
fn every_pin_names_a_rule() {
    let index = Index::read(all());
    let known = |pin: &str| {
        all().iter().any(|rule| rule.id == pin || rule.bare() == pin || rule.names.iter().any(|name| name == pin))
            || index.code().any(|item| item.name == pin)
    };
    let wrong: Vec<String> = index
        .items
        .iter()
        .filter(|item| item.in_tests)
        .flat_map(|test| test.pins().into_iter().map(move |pin| (test, pin)))
        .filter(|(test, pin)| !known(pin) || !test.is_test)
        .map(|(test, pin)| format!("{}: {pin}", test.place))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The reader of the source sees what it is for.
#[test]
fn functions_tables_and_tests_are_told_apart() {
    let source = r#"
        static GATES: &[Gate] = &[Gate::new("G99", "x", facts(somewhere::g99))];
        rows! { /// Doc.
            FIRST_ROW = "first", [LAW_1]; SECOND_ROW = "second", [LAW_2]; }
        impl Thing { fn method(&self) { LAW_3.cite(); } }
        #[cfg(test)]
        mod tests {
            /// Pins: G1, T2
            #[test]
            fn g99_says_so() { assert!(true); }
            fn helper() {}
        }
    "#;
    let items = items("src/a/b.rs", source);
    let of = |name: &str| items.iter().find(|item| item.name == name).unwrap_or_else(|| panic!("{name}"));
    assert!(of("GATES").says("G99") && of("GATES").names("g99"));
    assert!(of("FIRST_ROW").names("LAW_1") && !of("FIRST_ROW").names("LAW_2"));
    assert!(of("method").names("LAW_3") && !of("method").in_tests);
    assert_eq!(of("g99_says_so").pins(), ["G1", "T2"]);
    assert!(of("g99_says_so").is_test && of("helper").in_tests && !of("helper").is_test);
    assert_eq!(of("g99_says_so").place, "src/a/b.rs::g99_says_so");
    assert_eq!(of("method").place, "a/b.rs::method");
    let function = super::rule_index::items(
        "src/a.rs",
        r#"fn g(f: &Facts) { Finding::new(Verdict::Hold, Actor::LandUser, Text::fixed("做。", "Do."), facts).by(Text::fixed("之前。", "before")) }"#,
    );
    let (acts, remedies) = judged(&function[0]);
    assert_eq!(acts.into_iter().collect::<Vec<_>>(), ["land_user"]);
    assert_eq!(remedies, [("做。".to_owned(), "Do.".to_owned())]);
    assert_eq!(short_articles("LAW_66_3_CODE_461_3"), ["law_66", "code_461"]);
    assert_eq!(BTreeMap::from([("S-C10", small("S-C10"))])["S-C10"], "s_c10");
}
