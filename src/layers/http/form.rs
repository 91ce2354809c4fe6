//! In which form an answer is wanted: by the parameter `f`, else by the header `Accept`, weights and all.

use super::{Ask, HTML, JSON, JSON_FG, link};
use crate::kernel::text::weighted;
use crate::kernel::{Error, Kind, Result, Text};
use crate::layers::features::Link;
use crate::layers::format;
use crate::platform::reply::GEOJSON;
use axum::http::header;

/// The forms of most documents.
const PLAIN: [Wanted; 2] = [Wanted::Json, Wanted::Html];

/// A form that an answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Json,
    Html,
    /// JSON-FG: JSON that says more of features.
    JsonFg,
    /// The features themselves, as software keeps them.
    File(format::Form),
}

impl Wanted {
    /// As the parameter names it.
    pub fn name(self) -> &'static str {
        match self {
            Wanted::Json => "json",
            Wanted::Html => "html",
            Wanted::JsonFg => "jsonfg",
            Wanted::File(form) => form.name(),
        }
    }

    /// How much a media range of `Accept` says of it: 0 nothing, 3 all.
    fn matched_by(self, range: &str) -> u8 {
        let bare = |media_type: &'static str| media_type.split(';').next().unwrap_or_default();
        let own = match self {
            Wanted::Json => GEOJSON,
            Wanted::Html => bare(HTML),
            Wanted::JsonFg => JSON_FG,
            Wanted::File(form) => bare(form.media_type()),
        };
        let is_json = self == Wanted::Json && (range == JSON || (range.ends_with("+json") && range != JSON_FG));
        if range == own || is_json {
            return 3;
        }
        match range.strip_suffix("/*") {
            Some("*") => 1,
            Some(kind) if own.split('/').next() == Some(kind) => 2,
            _ => 0,
        }
    }
}

/// Of the forms that there are, the one that `Accept` gives most weight; the first of those that it gives the same. `None`
/// when it takes none of them.
fn accepted(accept: &str, forms: &[Wanted]) -> Option<Wanted> {
    let weight = |form: Wanted| {
        let ranges =
            weighted(accept).map(|(range, q)| (form.matched_by(&range.to_ascii_lowercase()), q.unwrap_or(0.0)));
        // What is said of a form itself goes before what is said of many.
        ranges.filter(|(said, _)| *said > 0).fold((0, 0.0), |best, next| if next.0 > best.0 { next } else { best }).1
    };
    let mut best: Option<(Wanted, f32)> = None;
    for form in forms {
        let q = weight(*form);
        if q > best.map_or(0.0, |(_, best)| best) {
            best = Some((*form, q));
        }
    }
    best.map(|(form, _)| form)
}

/// What a document is beside GeoJSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Profile {
    /// Nothing.
    Rfc7946,
    JsonFg,
}

impl Profile {
    const ALL: [Profile; 2] = [Profile::Rfc7946, Profile::JsonFg];

    fn name(self) -> &'static str {
        match self {
            Profile::Rfc7946 => "rfc7946",
            Profile::JsonFg => "jsonfg",
        }
    }

    /// A link to what it is.
    pub fn link(self, ask: &Ask) -> Link {
        let href = format!("http://www.opengis.net/def/profile/OGC/0/{}", self.name());
        link(href, "profile", "text/html", &Text::fixed("GeoJSON 规格", "Profile of GeoJSON"), ask.lang())
    }
}

impl Ask {
    /// What a document in this form is beside GeoJSON, by the parameter `profile`; `None` where it is no JSON.
    ///
    /// # Errors
    /// `bad_parameter` naming those there are.
    pub fn profile(&self, wanted: Wanted) -> Result<Option<Profile>> {
        let own = match wanted {
            Wanted::Json => Profile::Rfc7946,
            Wanted::JsonFg => Profile::JsonFg,
            Wanted::Html | Wanted::File(_) => return Ok(None),
        };
        let Some(names) = self.value("profile") else { return Ok(Some(own)) };
        // Several may be named, the most wanted first; those that are not known here are passed over.
        let known = |name: &str| Profile::ALL.into_iter().find(|profile| profile.name() == name.trim());
        let named = names.split(',').filter_map(known).find(|named| wanted == Wanted::Json || *named == own);
        named.map(Some).ok_or_else(|| {
            let known = if wanted == Wanted::Json { "rfc7946, jsonfg" } else { own.name() };
            Error::bad_parameter("profile", Text::new(format!("可用：{known}。"), format!("there are: {known}.")))
        })
    }

    /// The form wanted, of those that there are; the first of them where nothing is said.
    ///
    /// # Errors
    /// `bad_parameter` naming those there are; `not_acceptable`.
    pub fn wanted(&self, forms: &[Wanted]) -> Result<Wanted> {
        let known = || forms.iter().map(|form| form.name()).collect::<Vec<_>>().join(", ");
        if let Some(name) = self.value("f") {
            return forms.iter().find(|form| form.name() == name).copied().ok_or_else(|| {
                let known = known();
                Error::bad_parameter("f", Text::new(format!("可用：{known}。"), format!("there are: {known}.")))
            });
        }
        let accept = self.headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        accepted(accept.filter(|accept| !accept.trim().is_empty()).unwrap_or("*/*"), forms).ok_or_else(|| {
            let known = known();
            let detail = Text::new(
                format!("没有 Accept 所要的格式，可用（参数 f）：{known}。"),
                format!("There is no form that `Accept` takes; there are, by the parameter f: {known}."),
            );
            Error::new(Kind::NotAcceptable, "not_acceptable", detail)
        })
    }

    /// Links to this document in its forms, one of which it is in; each has its media type.
    pub fn links_to_forms(&self, forms: &[Wanted], own: Wanted, media_type: fn(Wanted) -> &'static str) -> Vec<Link> {
        let link_to = |form: &Wanted| {
            // Of a form that is another, the profile may be none.
            let bare = self.own_url(if *form == own { &["f"] } else { &["f", "profile"] });
            let joint = if bare.contains('?') { '&' } else { '?' };
            let title = match form {
                Wanted::Html => Text::fixed("网页", "HTML"),
                Wanted::JsonFg => Text::fixed("JSON-FG", "JSON-FG"),
                Wanted::Json | Wanted::File(_) => Text::fixed("JSON", "JSON"),
            };
            let rel = if *form == own { "self" } else { "alternate" };
            link(format!("{bare}{joint}f={}", form.name()), rel, media_type(*form), &title, self.lang())
        };
        forms.iter().map(link_to).collect()
    }

    /// Links to this document in its forms, where those are JSON and a page.
    ///
    /// # Errors
    /// As [`Ask::wanted`].
    pub fn own_links(&self) -> Result<Vec<Link>> {
        let media_type = |form| if form == Wanted::Html { "text/html" } else { JSON };
        Ok(self.links_to_forms(&PLAIN, self.wanted(&PLAIN)?, media_type))
    }

    /// Whether a page for a browser is wanted, of a document that else is JSON.
    ///
    /// # Errors
    /// As [`Ask::wanted`].
    pub fn wants_html(&self) -> Result<bool> {
        Ok(self.wanted(&PLAIN)? == Wanted::Html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::format::Form;

    #[test]
    fn the_form_is_the_one_with_the_most_weight() {
        let files = [Wanted::File(Form::Csv), Wanted::File(Form::Parquet)];
        let forms = [Wanted::Json, Wanted::Html, Wanted::JsonFg, files[0], files[1]];
        for (accept, form) in [
            ("*/*", Some(Wanted::Json)),
            ("application/geo+json", Some(Wanted::Json)),
            ("application/json;q=0.4, text/html", Some(Wanted::Html)),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Some(Wanted::Html)),
            ("application/json, */*;q=0.1", Some(Wanted::Json)),
            ("text/*", Some(Wanted::Html)),
            ("text/csv", Some(Wanted::File(Form::Csv))),
            ("TEXT/CSV; header=present", Some(Wanted::File(Form::Csv))),
            ("text/html;q=0, text/*;q=0.5", Some(Wanted::File(Form::Csv))),
            ("application/vnd.apache.parquet", Some(Wanted::File(Form::Parquet))),
            ("application/vnd.ogc.fg+json", Some(Wanted::JsonFg)),
            ("application/vnd.ogc.fg+json, application/geo+json;q=0.9", Some(Wanted::JsonFg)),
            ("application/vnd.ogc.fg+json;q=0.5, application/geo+json", Some(Wanted::Json)),
            ("image/png", None),
            ("application/json;q=0", None),
        ] {
            assert_eq!(accepted(accept, &forms), form, "{accept}");
        }
    }
}
