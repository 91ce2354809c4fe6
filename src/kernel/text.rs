//! Text in the two languages of the product.

use std::borrow::Cow;

/// Language of an answer's prose: Chinese unless English is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

impl Lang {
    /// The first of the two languages that an `Accept-Language` value prefers; Chinese when it names neither.
    pub fn from_accept_language(value: &str) -> Lang {
        let mut best = (Lang::Zh, 0.0_f32);
        for (tag, quality) in weighted(value) {
            let quality = quality.unwrap_or(1.0);
            let lang = match tag.to_ascii_lowercase().split('-').next() {
                Some("zh") => Lang::Zh,
                Some("en") => Lang::En,
                _ => continue,
            };
            if quality > best.1 {
                best = (lang, quality);
            }
        }
        best.0
    }
}

/// The items of a header of what a client accepts, each with its weight: 1 where none is given, `None` where it cannot be read.
pub fn weighted(header: &str) -> impl Iterator<Item = (&str, Option<f32>)> {
    header.split(',').map(|item| {
        let mut pieces = item.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default();
        (name, pieces.find_map(|piece| piece.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok()))
    })
}

/// What an enum knows of its values' names: on the wire, and for people in both languages.
macro_rules! named {
    ($name:ident { $($variant:ident = $wire:literal, $zh:literal, $en:literal;)+ }) => {
        impl $name {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// Name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $wire,)+ }
            }

            /// Reads the name on the wire.
            pub fn parse(s: &str) -> Option<$name> {
                match s { $($wire => Some($name::$variant),)+ _ => None }
            }

            /// Name for people.
            pub const fn text(self) -> $crate::kernel::Text {
                match self { $($name::$variant => $crate::kernel::Text::fixed($zh, $en),)+ }
            }
        }
    };
}
pub(crate) use named;

/// An enum whose values have names; see [`named!`].
macro_rules! names {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $wire:literal, $zh:literal, $en:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$each])* $variant,)+ }

        $crate::kernel::text::named! { $name { $($variant = $wire, $zh, $en;)+ } }
    };
}
pub(crate) use names;

/// As [`names!`], of what stands in requests and answers under its name on the wire. The attribute says that name again where
/// it is not the value's in snake_case, because the document of the operations reads no literal of a macro.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $wire:literal, $zh:literal, $en:literal;)+ }) => {
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
            utoipa::ToSchema,
        )]
        #[serde(rename_all = "snake_case")]
        $(#[$doc])*
        pub enum $name { $($(#[$each])* $variant,)+ }

        $crate::kernel::text::named! { $name { $($variant = $wire, $zh, $en;)+ } }

        impl $name {
            /// What it is called.
            pub const fn title(self) -> $crate::kernel::Text {
                self.text()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// The same sentence in Chinese and English.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    /// 中文
    pub zh: Cow<'static, str>,
    /// English
    pub en: Cow<'static, str>,
}

impl Text {
    /// Text known when the program is written.
    pub const fn fixed(zh: &'static str, en: &'static str) -> Text {
        Text { zh: Cow::Borrowed(zh), en: Cow::Borrowed(en) }
    }

    /// Text made at run time.
    pub fn new(zh: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// The sentence in one language.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::Zh => &self.zh,
            Lang::En => &self.en,
        }
    }
}

impl std::fmt::Display for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} / {}", self.zh, self.en)
    }
}

/// Adds text as it may stand in the content and the attributes of HTML and SVG.
pub fn push_escaped(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_of_the_two_languages_wins_and_chinese_is_the_default() {
        for (header, lang) in [
            ("", Lang::Zh),
            ("fr", Lang::Zh),
            ("en-US,en;q=0.9", Lang::En),
            ("en;q=0.3, zh-CN;q=0.8", Lang::Zh),
            ("fr, en;q=0.5", Lang::En),
        ] {
            assert_eq!(Lang::from_accept_language(header), lang, "{header}");
        }
    }
}
