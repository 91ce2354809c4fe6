//! CQL2 text as tokens, one at a time.

use super::raw::{At, excerpt};
use crate::kernel::Text;
use std::fmt;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A name or keyword.
    Word(&'a str),
    /// A name in double quotes.
    Quoted(String),
    /// A text in single quotes, its escapes undone.
    Text(String),
    /// A number without its sign.
    Number(&'a str),
    /// `=` `<>` `<` `>` `<=` `>=` `+` `-` `*` `/` `%` `^` `(` `)` `[` `]` `,`
    Sign(&'static str),
    End,
}

impl fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(word) | Token::Number(word) => f.write_str(excerpt(word)),
            Token::Quoted(name) => write!(f, "\"{}\"", excerpt(name)),
            Token::Text(text) => write!(f, "'{}'", excerpt(text)),
            Token::Sign(sign) => f.write_str(sign),
            Token::End => f.write_str("…"),
        }
    }
}

/// What cannot be a token, and where.
pub(super) type Bad = (At, &'static str, Text);

/// The tokens of a text, with the one that is to be read next.
pub(super) struct Lexer<'a> {
    source: &'a str,
    /// Where the next token begins.
    pub at: At,
    pub token: Token<'a>,
    end: At,
}

impl<'a> Lexer<'a> {
    pub fn new(source: &'a str) -> Result<Lexer<'a>, Bad> {
        let mut lexer = Lexer { source, at: 0, token: Token::End, end: 0 };
        lexer.advance()?;
        Ok(lexer)
    }

    /// Gives the next token, and reads the one after it.
    pub fn advance(&mut self) -> Result<Token<'a>, Bad> {
        let rest = self.rest(self.end).trim_start_matches(char::is_whitespace);
        self.at = self.source.len() - rest.len();
        let (token, length) = self.read(rest)?;
        self.end = self.at + length;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn rest(&self, from: At) -> &'a str {
        self.source.get(from..).unwrap_or("")
    }

    fn read(&self, rest: &'a str) -> Result<(Token<'a>, usize), Bad> {
        let Some(first) = rest.chars().next() else { return Ok((Token::End, 0)) };
        match first {
            '\'' => self.text(rest),
            '"' => self.quoted(rest),
            '0'..='9' | '.' => self.number(rest),
            c if begins_name(c) => {
                let length = rest.find(|c| !continues_name(c)).unwrap_or(rest.len());
                Ok((Token::Word(rest.get(..length).unwrap_or("")), length))
            }
            _ => {
                const SIGNS: [&str; 17] =
                    ["<>", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")", "[", "]", ","];
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign));
                sign.map(|sign| (Token::Sign(sign), sign.len())).ok_or_else(|| {
                    (
                        self.at,
                        "unexpected_character",
                        Text::new(
                            format!("字符“{}”不能出现在这里。", first.escape_debug()),
                            format!("The character `{}` cannot stand here.", first.escape_debug()),
                        ),
                    )
                })
            }
        }
    }

    /// A quote in a text is doubled, or escaped by a backslash. `\a \b \t \n \v \f \r` are controls and `\\` is one
    /// backslash; before anything else a backslash is itself, so that the `\%` of a `LIKE` need not be `\\%`.
    fn text(&self, rest: &'a str) -> Result<(Token<'a>, usize), Bad> {
        let mut text = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            let next = chars.peek().map(|(_, c)| *c);
            let escaped = match (c, next) {
                ('\'', Some('\'')) => Some('\''),
                ('\'', _) => return Ok((Token::Text(text), at + 1)),
                ('\\', Some('\'')) => Some('\''),
                ('\\', Some('\\')) => Some('\\'),
                ('\\', Some(letter)) => CONTROLS.iter().find(|(l, _)| *l == letter).map(|(_, control)| *control),
                _ => None,
            };
            if escaped.is_some() {
                chars.next();
            }
            text.push(escaped.unwrap_or(c));
        }
        Err((
            self.at,
            "text_not_closed",
            Text::fixed(
                "文本缺少结束的单引号；文本中的单引号写作两个，反斜杠写作两个。",
                "The text has no closing quote; a quote in a text is written twice, and so is a backslash.",
            ),
        ))
    }

    /// A quote in a name is doubled.
    fn quoted(&self, rest: &'a str) -> Result<(Token<'a>, usize), Bad> {
        let mut name = String::new();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c != '"' {
                name.push(c);
            } else if chars.next_if(|(_, c)| *c == '"').is_some() {
                name.push('"');
            } else {
                return Ok((Token::Quoted(name), at + 1));
            }
        }
        Err((
            self.at,
            "name_not_closed",
            Text::fixed("名称缺少结束的双引号。", "The name has no closing double quote."),
        ))
    }

    fn number(&self, rest: &'a str) -> Result<(Token<'a>, usize), Bad> {
        let bytes = rest.as_bytes();
        let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
        let whole = digits(0);
        let mut length = whole;
        let mut any = whole > 0;
        if bytes.get(length) == Some(&b'.') {
            let fraction = digits(length + 1);
            any |= fraction > 0;
            length += 1 + fraction;
        }
        if any && matches!(bytes.get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            any = exponent > 0;
            length += 1 + sign + exponent;
        }
        let follows = rest.get(length..).and_then(|rest| rest.chars().next());
        if !any || follows.is_some_and(continues_name) {
            return Err((
                self.at,
                "bad_number",
                Text::fixed("数字的写法有误。", "This is not how a number is written."),
            ));
        }
        Ok((Token::Number(rest.get(..length).unwrap_or("")), length))
    }
}

/// Letters after a backslash, and the control characters that they mean.
pub(super) const CONTROLS: [(char, char); 7] =
    [('a', '\u{7}'), ('b', '\u{8}'), ('t', '\t'), ('n', '\n'), ('v', '\u{b}'), ('f', '\u{c}'), ('r', '\r')];

/// Whether a name can do without quotes, keywords apart.
pub(super) fn is_plain_name(name: &str) -> bool {
    name.chars().next().is_some_and(begins_name) && name.chars().all(continues_name)
}

fn begins_name(c: char) -> bool {
    matches!(c,
        ':' | '_' | 'A'..='Z' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1ffe}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
        && !c.is_whitespace()
}

fn continues_name(c: char) -> bool {
    begins_name(c) || matches!(c, '.' | '0'..='9' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}
