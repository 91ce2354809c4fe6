//! CQL2 text, read and written.

use super::ast::{
    ArithmeticOp, ArrayOp, Comparison, End, Expr, List, Place, Property, Scalar, SpatialOp, Subject, TemporalOp, Time,
};
use super::lex::{Bad, CONTROLS, Lexer, Token, is_plain_name};
use super::raw::{At, Growth, Node, Op, Raw, Read};
use super::wkt;
use crate::kernel::{Fault, Text};

/// Words that are never a name without quotes.
const RESERVED: [&str; 11] = ["AND", "OR", "NOT", "LIKE", "BETWEEN", "IN", "IS", "NULL", "TRUE", "FALSE", "DIV"];

/// Words that are a name unless a parenthesis follows, operators apart.
const CONSTRUCTORS: [&str; 6] = ["CASEI", "ACCENTI", "DATE", "TIMESTAMP", "INTERVAL", "BBOX"];

/// Reads a text.
pub(super) fn read(source: &str, growth: &mut Growth<'_>) -> Read<Node> {
    let lexer = Lexer::new(source).map_err(|bad| said(growth, bad))?;
    let mut reader = Reader { lexer, growth, level: 0 };
    let node = reader.condition()?;
    match reader.lexer.token {
        Token::End => Ok(node),
        _ => Err(reader.unexpected("AND, OR")),
    }
}

fn said(growth: &Growth<'_>, (at, code, message): Bad) -> Box<Fault> {
    growth.fault(at, code, message)
}

/// Reads by descent. Every level of it is a parenthesis, and those are counted.
pub(super) struct Reader<'a, 'g, 'b> {
    lexer: Lexer<'a>,
    pub growth: &'g mut Growth<'b>,
    level: usize,
}

impl<'a> Reader<'a, '_, '_> {
    pub fn at(&self) -> At {
        self.lexer.at
    }

    pub fn advance(&mut self) -> Read<Token<'a>> {
        self.lexer.advance().map_err(|bad| said(self.growth, bad))
    }

    pub fn unexpected(&self, wanted: &str) -> Box<Fault> {
        let message = match &self.lexer.token {
            Token::End => Text::new(
                format!("过滤条件不完整，后面应为 {wanted}。"),
                format!("The filter ends too early; {wanted} should follow."),
            ),
            token => Text::new(
                format!("这里应为 {wanted}，而不是 {token}。"),
                format!("Here {wanted} should stand, not {token}."),
            ),
        };
        self.growth.fault(self.lexer.at, "unexpected_token", message)
    }

    pub fn is_sign(&self, sign: &str) -> bool {
        matches!(self.lexer.token, Token::Sign(s) if s == sign)
    }

    pub fn is_word(&self, word: &str) -> bool {
        matches!(self.lexer.token, Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn eat_sign(&mut self, sign: &str) -> Read<bool> {
        let is = self.is_sign(sign);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    pub fn eat_word(&mut self, word: &str) -> Read<bool> {
        let is = self.is_word(word);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    pub fn expect(&mut self, sign: &'static str) -> Read<()> {
        if self.eat_sign(sign)? { Ok(()) } else { Err(self.unexpected(sign)) }
    }

    /// What stands between an opening sign, which is next, and its closing one.
    pub fn enclosed<T>(&mut self, open: &'static str, inner: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let at = self.at();
        self.expect(open)?;
        self.level += 1;
        if self.level > self.growth.limits.depth {
            return Err(self.growth.too_deep(at));
        }
        let inner = inner(self)?;
        self.level -= 1;
        self.expect(if open == "[" { "]" } else { ")" })?;
        Ok(inner)
    }

    /// One or more, separated by commas.
    pub fn several<T>(&mut self, mut one: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut all = vec![one(self)?];
        while self.eat_sign(",")? {
            all.push(one(self)?);
        }
        Ok(all)
    }

    fn op(&mut self, at: At, op: Op, operands: Vec<Node>) -> Read<Node> {
        self.growth.node(at, Raw::Op(op, operands))
    }

    fn condition(&mut self) -> Read<Node> {
        self.joined("OR", Op::Or, |reader| reader.joined("AND", Op::And, Self::negation))
    }

    fn joined(&mut self, word: &str, op: Op, mut part: impl FnMut(&mut Self) -> Read<Node>) -> Read<Node> {
        let at = self.at();
        let first = part(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut parts = vec![first];
        while self.eat_word(word)? {
            parts.push(part(self)?);
        }
        self.op(at, op, parts)
    }

    fn negation(&mut self) -> Read<Node> {
        let mut nots = Vec::new();
        while self.is_word("NOT") {
            nots.push(self.at());
            self.advance()?;
        }
        let mut node = self.predicate()?;
        for at in nots.into_iter().rev() {
            node = self.op(at, Op::Not, vec![node])?;
        }
        Ok(node)
    }

    fn predicate(&mut self) -> Read<Node> {
        let first = self.value()?;
        match self.lexer.token {
            Token::Sign(sign) => match Comparison::ALL.iter().find(|comparison| comparison.text() == sign) {
                Some(comparison) => self.compared(first, *comparison),
                None => Ok(first),
            },
            Token::Word(word) if word.eq_ignore_ascii_case("IS") => self.is_null(first),
            Token::Word(_) => {
                let at = self.at();
                let not = self.eat_word("NOT")?;
                let node = if self.is_word("LIKE") {
                    self.like(at, first)?
                } else if self.growth.draft && self.is_word("ILIKE") {
                    self.ilike(at, first)?
                } else if self.is_word("BETWEEN") {
                    self.between(at, first)?
                } else if self.is_word("IN") {
                    self.is_in(at, first)?
                } else if not {
                    return Err(self.unexpected("LIKE, BETWEEN, IN"));
                } else {
                    return Ok(first);
                };
                self.unless(not, at, node)
            }
            _ => Ok(first),
        }
    }

    fn compared(&mut self, first: Node, comparison: Comparison) -> Read<Node> {
        let at = self.at();
        self.advance()?;
        let second = self.value()?;
        self.op(at, Op::Compare(comparison), vec![first, second])
    }

    fn is_null(&mut self, first: Node) -> Read<Node> {
        let at = self.at();
        self.advance()?;
        let not = self.eat_word("NOT")?;
        if !self.eat_word("NULL")? {
            return Err(self.unexpected("NULL"));
        }
        let node = self.op(at, Op::IsNull, vec![first])?;
        self.unless(not, at, node)
    }

    fn like(&mut self, at: At, first: Node) -> Read<Node> {
        self.advance()?;
        let pattern = self.value()?;
        self.op(at, Op::Like, vec![first, pattern])
    }

    fn ilike(&mut self, at: At, first: Node) -> Read<Node> {
        self.advance()?;
        let pattern = self.value()?;
        let (first_at, pattern_at) = (first.at, pattern.at);
        let first = self.op(first_at, Op::CaseI, vec![first])?;
        let pattern = self.op(pattern_at, Op::CaseI, vec![pattern])?;
        self.op(at, Op::Like, vec![first, pattern])
    }

    fn between(&mut self, at: At, first: Node) -> Read<Node> {
        self.advance()?;
        let low = self.value()?;
        if !self.eat_word("AND")? {
            return Err(self.unexpected("AND"));
        }
        let high = self.value()?;
        self.op(at, Op::Between, vec![first, low, high])
    }

    fn is_in(&mut self, at: At, first: Node) -> Read<Node> {
        self.advance()?;
        let at_list = self.at();
        let list = self.enclosed("(", |reader| reader.several(Self::value))?;
        let list = self.growth.node(at_list, Raw::List(list))?;
        self.op(at, Op::In, vec![first, list])
    }

    fn unless(&mut self, not: bool, at: At, node: Node) -> Read<Node> {
        if not { self.op(at, Op::Not, vec![node]) } else { Ok(node) }
    }

    fn value(&mut self) -> Read<Node> {
        self.arithmetic(0)
    }

    /// Arithmetic of operators that bind at least so tightly.
    fn arithmetic(&mut self, least: u8) -> Read<Node> {
        let mut left = self.factor()?;
        let mut was_power = false;
        while let Some((op, binding)) = self.operator()
            && binding >= least
        {
            let at = self.at();
            if was_power && op == ArithmeticOp::Power {
                return Err(self.power_of_power());
            }
            was_power = op == ArithmeticOp::Power;
            self.advance()?;
            let right = self.arithmetic(binding + 1)?;
            left = self.op(at, Op::Arithmetic(op), vec![left, right])?;
        }
        Ok(left)
    }

    /// The operator that is next, and how tightly it binds.
    fn operator(&self) -> Option<(ArithmeticOp, u8)> {
        Some(match self.lexer.token {
            Token::Sign("+") => (ArithmeticOp::Add, 0),
            Token::Sign("-") => (ArithmeticOp::Subtract, 0),
            Token::Sign("*") => (ArithmeticOp::Multiply, 1),
            Token::Sign("/") => (ArithmeticOp::Divide, 1),
            Token::Sign("%") => (ArithmeticOp::Modulo, 1),
            Token::Word(word) if word.eq_ignore_ascii_case("DIV") => (ArithmeticOp::Div, 1),
            Token::Sign("^") => (ArithmeticOp::Power, 2),
            _ => return None,
        })
    }

    fn power_of_power(&self) -> Box<Fault> {
        let message = Text::fixed(
            "连续的 ^ 有两种读法，请用括号写明。",
            "A row of ^ can be read in two ways; say with parentheses which is meant.",
        );
        self.growth.fault(self.at(), "power_of_power", message)
    }

    /// A sign binds closer than any operator: `-2^2` is 4, as the standard's grammar has it.
    fn factor(&mut self) -> Read<Node> {
        match self.lexer.token {
            Token::Sign("-") => self.negative(),
            Token::Sign("+") => {
                let at = self.at();
                self.advance()?;
                self.literal(at, false)
            }
            Token::Number(_) => self.literal(self.at(), false),
            _ => self.primary(),
        }
    }

    fn negative(&mut self) -> Read<Node> {
        let at = self.at();
        self.advance()?;
        if matches!(self.lexer.token, Token::Number(_)) {
            return self.literal(at, true);
        }
        let operand = self.primary()?;
        let minus_one = self.growth.node(at, Raw::Integer(-1))?;
        self.op(at, Op::Arithmetic(ArithmeticOp::Multiply), vec![minus_one, operand])
    }

    fn literal(&mut self, at: At, minus: bool) -> Read<Node> {
        let Token::Number(digits) = self.lexer.token else { return Err(self.unexpected("0-9")) };
        self.advance()?;
        let raw = self.number(at, minus, digits)?;
        self.growth.node(at, raw)
    }

    fn number(&self, at: At, minus: bool, digits: &str) -> Read<Raw> {
        let signed = if minus { format!("-{digits}") } else { digits.to_owned() };
        if let Ok(whole) = signed.parse::<i64>() {
            return Ok(Raw::Integer(whole));
        }
        match signed.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Raw::Number(number)),
            _ => Err(self.growth.fault(at, "number_out_of_range", number_out_of_range())),
        }
    }

    /// A coordinate.
    pub fn coordinate(&mut self) -> Read<f64> {
        let at = self.at();
        let minus = self.eat_sign("-")?;
        if !minus {
            self.eat_sign("+")?;
        }
        let Token::Number(digits) = self.lexer.token else { return Err(self.unexpected("0-9")) };
        self.advance()?;
        match self.number(at, minus, digits)? {
            Raw::Number(number) => Ok(number),
            // Rounded as any other numeral of so many digits.
            _ => Ok(if minus { -1.0 } else { 1.0 } * digits.parse::<f64>().unwrap_or(f64::NAN)),
        }
    }

    fn primary(&mut self) -> Read<Node> {
        let at = self.at();
        match self.lexer.token {
            Token::Sign("(") => {
                if let Some(list) = self.parenthesised()? {
                    return Ok(list);
                }
                self.growth.node(at, Raw::List(Vec::new()))
            }
            Token::Sign("[") => self.list(),
            Token::Text(_) => {
                let text = self.quoted_text()?;
                let text = self.growth.text(at, text)?;
                self.growth.node(at, Raw::Text(text))
            }
            Token::Quoted(_) => {
                let Token::Quoted(name) = self.advance()? else { return Err(self.unexpected("\"")) };
                self.growth.node(at, Raw::Property { name, quoted: true })
            }
            Token::Word(word) => self.word(at, word),
            _ => Err(self.unexpected("a property, a value, NOT, (")),
        }
    }

    /// A condition or value in parentheses, or an array of two elements and more; nothing for `()`.
    fn parenthesised(&mut self) -> Read<Option<Node>> {
        let at = self.at();
        let mut parts =
            self.enclosed(
                "(",
                |reader| {
                    if reader.is_sign(")") { Ok(Vec::new()) } else { reader.several(Self::condition) }
                },
            )?;
        if parts.len() > 1 {
            return self.growth.node(at, Raw::List(parts)).map(Some);
        }
        Ok(parts.pop())
    }

    /// An array, where nothing else can be meant: of one element, too.
    fn list(&mut self) -> Read<Node> {
        let at = self.at();
        let open = if self.is_sign("[") { "[" } else { "(" };
        let items = self.enclosed(open, |reader| {
            if reader.is_sign(")") || reader.is_sign("]") { Ok(Vec::new()) } else { reader.several(Self::condition) }
        })?;
        self.growth.node(at, Raw::List(items))
    }

    fn quoted_text(&mut self) -> Read<String> {
        if !matches!(self.lexer.token, Token::Text(_)) {
            return Err(self.unexpected("'...'"));
        }
        match self.advance()? {
            Token::Text(text) => Ok(text),
            _ => Ok(String::new()),
        }
    }

    fn word(&mut self, at: At, word: &str) -> Read<Node> {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        if is("TRUE") || is("FALSE") {
            self.advance()?;
            return self.growth.node(at, Raw::Boolean(is("TRUE")));
        }
        if RESERVED.into_iter().any(is) {
            return Err(self.unexpected("a property, a value, NOT, ("));
        }
        self.advance()?;
        if let Some(kind) = wkt::Kind::named(word)
            && (self.is_sign("(") || self.is_word("Z") || self.is_word("EMPTY"))
        {
            let geometry = wkt::geometry(self, kind)?;
            return self.growth.node(at, Raw::Geometry(geometry));
        }
        if !self.is_sign("(") {
            return self.growth.node(at, Raw::Property { name: word.to_owned(), quoted: false });
        }
        if is("DATE") || is("TIMESTAMP") {
            let text_at = self.at();
            let text = self.enclosed("(", Self::quoted_text)?;
            let raw = if is("DATE") {
                Raw::Day(self.growth.day(text_at, &text)?)
            } else {
                Raw::Instant(self.growth.instant(text_at, &text)?)
            };
            return self.growth.node(at, raw);
        }
        if is("INTERVAL") {
            let ends = self.enclosed("(", |reader| reader.several(Self::end))?;
            if ends.len() != 2 {
                return Err(arity(self.growth, at, "INTERVAL", 2));
            }
            return self.growth.node(at, Raw::Interval(ends));
        }
        if is("BBOX") {
            let numbers = self.enclosed("(", |reader| reader.several(Self::coordinate))?;
            let bbox = self.growth.bbox(at, &numbers)?;
            return self.growth.node(at, Raw::Bbox(bbox));
        }
        let array = ArrayOp::ALL.iter().find(|op| is(op.text()));
        let op = if is("CASEI") {
            Op::CaseI
        } else if is("ACCENTI") {
            Op::AccentI
        } else if let Some(op) = SpatialOp::ALL.iter().find(|op| is(op.text())) {
            Op::Spatial(*op)
        } else if let Some(op) = TemporalOp::ALL.iter().find(|op| is(op.text())) {
            Op::Temporal(*op)
        } else if let Some(op) = array {
            Op::Array(*op)
        } else {
            return Err(unknown_function(self.growth, at, word));
        };
        let operands = self.enclosed("(", |reader| {
            reader.several(|reader| {
                let list = array.is_some() && (reader.is_sign("(") || reader.is_sign("["));
                if list { reader.list() } else { reader.condition() }
            })
        })?;
        self.op(at, op, operands)
    }

    /// An end of an interval. The standard's own examples put texts in double quotes here; no name is like those.
    fn end(&mut self) -> Read<Node> {
        let at = self.at();
        match &self.lexer.token {
            Token::Quoted(text) if text == ".." || text.starts_with(|c: char| c.is_ascii_digit()) => {
                let text = text.clone();
                self.advance()?;
                self.growth.end(at, &text)
            }
            Token::Text(_) => {
                let text = self.quoted_text()?;
                self.growth.end(at, &text)
            }
            _ => self.primary(),
        }
    }
}

pub(super) fn number_out_of_range() -> Text {
    Text::fixed("数字超出双精度的范围。", "The number is beyond double precision.")
}

pub(super) fn arity(growth: &Growth<'_>, at: At, name: &str, wanted: usize) -> Box<Fault> {
    growth.fault(
        at,
        "operand_count",
        Text::new(format!("{name} 应有 {wanted} 个参数。"), format!("{name} takes {wanted} operands.")),
    )
}

pub(super) fn unknown_function(growth: &Growth<'_>, at: At, name: &str) -> Box<Fault> {
    let name = super::raw::excerpt(name);
    growth.fault(
        at,
        "unknown_function",
        Text::new(
            format!("没有函数 {name}；可用的是 CQL2 标准中的函数，如 S_INTERSECTS、T_DURING、A_CONTAINS、CASEI。"),
            format!(
                "There is no function {name}; there are those of the CQL2 standard, such as S_INTERSECTS, T_DURING, \
                 A_CONTAINS and CASEI."
            ),
        ),
    )
}

// ---------------------------------------------------------------------------------------------------------------------

/// Writes a condition, so that reading it again gives the same.
pub(super) fn write(expr: &Expr) -> String {
    let mut out = String::new();
    expression(expr, &mut out);
    out
}

fn expression(expr: &Expr, out: &mut String) {
    match expr {
        Expr::And(parts) => joined(parts, " AND ", out),
        Expr::Or(parts) => joined(parts, " OR ", out),
        Expr::Not(part) => {
            out.push_str("NOT ");
            operand(part, out);
        }
        Expr::Holds(value) => scalar(value, out),
        Expr::Compare(comparison, a, b) => {
            scalar(a, out);
            out.push(' ');
            out.push_str(comparison.text());
            out.push(' ');
            scalar(b, out);
        }
        Expr::Like { value, pattern } => {
            scalar(value, out);
            out.push_str(" LIKE ");
            scalar(pattern, out);
        }
        Expr::Between { value, low, high } => {
            scalar(value, out);
            out.push_str(" BETWEEN ");
            scalar(low, out);
            out.push_str(" AND ");
            scalar(high, out);
        }
        Expr::In { value, list } => {
            scalar(value, out);
            out.push_str(" IN (");
            separated(list, out, scalar);
            out.push(')');
        }
        Expr::IsNull(subject) => {
            match subject {
                Subject::Scalar(value) => scalar(value, out),
                Subject::Place(value) => place(value, out),
                Subject::Interval(value) => time(value, out),
                Subject::Texts(value) => property(value, out),
                Subject::Condition(value) => {
                    out.push('(');
                    expression(value, out);
                    out.push(')');
                }
            }
            out.push_str(" IS NULL");
        }
        Expr::Spatial(op, a, b) => function(op.text(), a, b, out, place),
        Expr::Temporal(op, a, b) => function(op.text(), a, b, out, time),
        Expr::Array(op, a, b) => function(op.text(), a, b, out, |list, out| match list {
            List::Property(value) => property(value, out),
            List::Items(items) => {
                out.push('(');
                separated(items, out, scalar);
                out.push(')');
            }
        }),
    }
}

fn joined(parts: &[Expr], word: &str, out: &mut String) {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.push_str(word);
        }
        operand(part, out);
    }
}

/// A part of an `AND`, `OR` or `NOT`: in parentheses where it is one of them.
fn operand(part: &Expr, out: &mut String) {
    if matches!(part, Expr::And(_) | Expr::Or(_) | Expr::Not(_)) {
        out.push('(');
        expression(part, out);
        out.push(')');
    } else {
        expression(part, out);
    }
}

fn separated<T>(items: &[T], out: &mut String, one: impl Fn(&T, &mut String)) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        one(item, out);
    }
}

fn function<T>(name: &str, a: &T, b: &T, out: &mut String, one: impl Fn(&T, &mut String)) {
    out.push_str(name);
    out.push('(');
    one(a, out);
    out.push_str(", ");
    one(b, out);
    out.push(')');
}

fn scalar(value: &Scalar, out: &mut String) {
    match value {
        Scalar::Property(value) => property(value, out),
        Scalar::Text(value) => text(value, out),
        Scalar::CaseI(value) => {
            out.push_str("CASEI(");
            scalar(value, out);
            out.push(')');
        }
        Scalar::AccentI(value) => {
            out.push_str("ACCENTI(");
            scalar(value, out);
            out.push(')');
        }
        Scalar::Integer(value) => out.push_str(&value.to_string()),
        Scalar::Number(value) => out.push_str(ryu::Buffer::new().format_finite(*value)),
        Scalar::Arithmetic(op, a, b) => {
            for (i, part) in [a, b].into_iter().enumerate() {
                if i > 0 {
                    out.push(' ');
                    out.push_str(op.text());
                    out.push(' ');
                }
                let nested = matches!(**part, Scalar::Arithmetic(..));
                out.push_str(if nested { "(" } else { "" });
                scalar(part, out);
                out.push_str(if nested { ")" } else { "" });
            }
        }
        Scalar::Boolean(value) => out.push_str(if *value { "TRUE" } else { "FALSE" }),
        Scalar::Day(day) => out.push_str(&format!("DATE('{day}')")),
        Scalar::Instant(instant) => out.push_str(&format!("TIMESTAMP('{}')", super::written(*instant))),
        Scalar::Uuid(uuid) => out.push_str(&format!("'{uuid}'")),
    }
}

fn property(property: &Property, out: &mut String) {
    let name = &*property.name;
    let is = |word: &str| name.eq_ignore_ascii_case(word);
    let keyword = RESERVED.into_iter().chain(CONSTRUCTORS).any(is)
        || wkt::Kind::named(name).is_some()
        || SpatialOp::ALL.iter().any(|op| is(op.text()))
        || TemporalOp::ALL.iter().any(|op| is(op.text()))
        || ArrayOp::ALL.iter().any(|op| is(op.text()));
    if is_plain_name(name) && !keyword {
        out.push_str(name);
    } else {
        out.push('"');
        out.push_str(&name.replace('"', "\"\""));
        out.push('"');
    }
}

fn text(value: &str, out: &mut String) {
    out.push('\'');
    for c in value.chars() {
        match c {
            '\'' => out.push_str("''"),
            '\\' => out.push_str("\\\\"),
            c => match CONTROLS.iter().find(|(_, control)| *control == c) {
                Some((letter, _)) => out.extend(['\\', *letter]),
                None => out.push(c),
            },
        }
    }
    out.push('\'');
}

fn place(value: &Place, out: &mut String) {
    match value {
        Place::Property(value) => property(value, out),
        Place::Geometry(geometry) => wkt::write(geometry, out),
        Place::Bbox(b) => {
            out.push_str("BBOX(");
            separated(&[b.west, b.south, b.east, b.north], out, |number, out| wkt::number(*number, out));
            out.push(')');
        }
    }
}

fn time(value: &Time, out: &mut String) {
    let end = |end: &End, out: &mut String| match end {
        End::Open => out.push_str("'..'"),
        End::At(Scalar::Day(day)) => out.push_str(&format!("'{day}'")),
        End::At(Scalar::Instant(instant)) => out.push_str(&format!("'{}'", super::written(*instant))),
        End::At(value) => scalar(value, out),
    };
    match value {
        Time::At(value) => scalar(value, out),
        Time::Interval(first, last) => function("INTERVAL", first, last, out, end),
    }
}
