//! `/ogc`: OGC API Features and Tiles over every layer. Which collections there are, and what is in them, follows from
//! the layers handed in.

mod api;
mod documents;
mod form;
mod items;
mod schemas;
mod search;
mod styles;
mod tiles;

use super::cache::{Answer, Cache, Coding, Made, Tag};
use super::def::Layer;
use super::draw::Samples;
use super::family::{Family, Members};
use super::features::Link;
use super::format;
use super::gate::{Gate, Patience, Reading};
use super::html;
use super::memory::{Latest, Memory};
use super::query::{self, Pairs};
use super::revision::Revisions;
use super::sql::{self, Extent};
use super::view::View;
use crate::config::Config;
use crate::kernel::{Error, Kind, Lang, Result, Text};
use crate::platform::reply::names_tag;
use crate::platform::{App, Call, Caller, Stop};
use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Query};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use std::convert::identity;
use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use api::Described;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const SCHEMA: &str = "application/schema+json";
const JSON_FG: &str = format::jsonfg::MEDIA_TYPE;
/// Views whose extents are found by one statement.
const EXTENTS: usize = 16;

/// Says that an answer lacks what would have been too much: of a tile its smallest features.
const TRUNCATED: &str = "jingtu-truncated";

/// The operations over these layers, and over those of these families.
pub fn routes(
    layers: impl Iterator<Item = &'static Layer>,
    families: &'static [&'static dyn Family],
) -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(documents::landing))
        .routes(routes!(documents::landing_root))
        .routes(routes!(documents::conformance))
        .routes(routes!(api::api))
        .routes(routes!(documents::collections))
        .routes(routes!(documents::collection))
        .routes(routes!(schemas::queryables))
        .routes(routes!(schemas::sortables))
        .routes(routes!(schemas::items_schema))
        .routes(routes!(items::items))
        .routes(routes!(items::item))
        .routes(routes!(search::search))
        .routes(routes!(tiles::tilesets))
        .routes(routes!(tiles::tileset))
        .routes(routes!(tiles::tilejson))
        .routes(routes!(tiles::tile))
        .routes(routes!(tiles::tile_matrix_sets))
        .routes(routes!(tiles::tile_matrix_set))
        .routes(routes!(styles::styles))
        .routes(routes!(styles::collection_styles))
        .routes(routes!(styles::style))
        .routes(routes!(styles::metadata))
        .layer(Extension(Arc::new(Declared { layers: layers.collect(), families, served: OnceLock::new() })))
}

/// What was declared, until the first request says as what it is served.
struct Declared {
    layers: Vec<&'static Layer>,
    families: &'static [&'static dyn Family],
    served: OnceLock<Arc<Layers>>,
}

impl Declared {
    fn served(&self, config: &Config) -> Arc<Layers> {
        let served = || {
            Arc::new(Layers {
                all: self.layers.iter().map(|layer| Arc::new(layer.served_as(config))).collect(),
                gate: Gate::new(App::maps, config.map_connections, Patience::SHORT),
                lookups: Gate::new(App::lookups, config.map_connections, Patience::SHORT),
                downloads: Gate::new(App::maps, config.map_downloads.min(config.map_connections), Patience::LONG),
                families: self.families.iter().map(|family| Members::of(*family)).collect(),
                cache: Cache::new(u64::from(config.layers_cache_mib) << 20),
                revisions: Revisions::default(),
                latest: Latest::default(),
                extents: Memory::default(),
                counts: Arc::default(),
                samples: Samples::default(),
            })
        };
        Arc::clone(self.served.get_or_init(served))
    }
}

/// The layers served, the way to their rows, and what is remembered of them.
struct Layers {
    /// Those that there always are.
    all: Vec<Arc<Layer>>,
    families: Vec<Members>,
    gate: Gate,
    /// For what is looked up by its identifier.
    lookups: Gate,
    /// Whole layers take long: they leave most of the connections to pages and tiles.
    downloads: Gate,
    cache: Cache,
    revisions: Revisions,
    latest: Latest,
    extents: Memory<Extent>,
    counts: Arc<Memory<Option<u64>>>,
    samples: Samples,
}

impl Layers {
    /// Every layer there is, those of families included.
    async fn all(&self, app: &App) -> Result<Vec<Arc<Layer>>> {
        let mut all = self.all.clone();
        if !self.families.is_empty() {
            let versions = self.revisions.current(app).await?;
            for family in &self.families {
                all.extend(family.all(app, &versions).await?.iter().cloned());
            }
        }
        Ok(all)
    }

    /// The layer of a family that an address names, where it names one.
    async fn member(&self, app: &App, path: &str) -> Result<Option<Arc<Layer>>> {
        for family in &self.families {
            let Some(id) = path.split('/').find(|segment| family.may_have(segment)) else { continue };
            let versions = self.revisions.current(app).await?;
            return Ok(family.all(app, &versions).await?.iter().find(|layer| layer.id == id).cloned());
        }
        Ok(None)
    }

    fn find(&self, id: &str) -> Option<&Arc<Layer>> {
        self.all.iter().find(|layer| layer.id == id)
    }

    /// A layer's revision, with all that was committed before this was called.
    async fn revision(&self, app: &App, layer: &Layer) -> Result<i64> {
        let revision = self.revisions.current(app).await?.of(layer);
        self.latest.note(&layer.id, revision);
        Ok(revision)
    }

    /// The extent of a view, exact at this moment.
    async fn extent(&self, app: &App, view: &View) -> Result<Extent> {
        Ok(self.extents(app, std::slice::from_ref(view)).await?.remove(0))
    }

    /// The extents of views, exact at this moment: what is not remembered is found by few statements, however many views
    /// there are.
    async fn extents(&self, app: &App, views: &[View]) -> Result<Vec<Extent>> {
        let versions = self.revisions.current(app).await?;
        let remembered = |view: &View| {
            let revision = versions.of(&view.layer);
            self.latest.note(&view.layer.id, revision);
            self.extents.at(&view.mark(), revision)
        };
        let mut extents: Vec<Option<Extent>> = views.iter().map(remembered).collect();
        let unknown: Vec<usize> = (0..views.len()).filter(|at| extents[*at].is_none()).collect();
        if !unknown.is_empty() {
            let mut reading = self.gate.enter(app).await?;
            for part in unknown.chunks(EXTENTS) {
                let asked: Vec<&View> = part.iter().map(|at| &views[*at]).collect();
                let found = sql::extents(reading.conn()?, &asked).await?;
                for (at, (revision, extent)) in part.iter().zip(found) {
                    self.extents.keep(views[*at].mark(), revision, extent.clone());
                    extents[*at] = Some(extent);
                }
            }
            reading.done().await?;
        }
        extents.into_iter().map(|extent| extent.ok_or_else(|| Error::internal("a view has no extent"))).collect()
    }
}

/// What every operation here needs to know of a request.
struct Ask {
    call: Call,
    layers: Arc<Layers>,
    /// The layer of a family that the address names.
    member: Option<Arc<Layer>>,
    /// `https://host`, without a slash at its end.
    base: String,
    path: String,
    pairs: Pairs,
    headers: HeaderMap,
}

impl FromRequestParts<App> for Ask {
    type Rejection = Stop;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Ask, Stop> {
        let call = Call::from_request_parts(parts, app).await?;
        let layers = parts.extensions.get::<Arc<Declared>>().map(|declared| declared.served(app.config()));
        let layers = layers.ok_or_else(|| Error::internal("the layers are not among the request's extensions"))?;
        let member = layers.member(app, parts.uri.path()).await?;
        let Query(pairs) = Query::<Pairs>::try_from_uri(&parts.uri).map_err(|rejection| {
            Error::new(
                Kind::Malformed,
                "bad_parameter",
                Text::fixed("查询参数无法识别。", "The query parameters cannot be read."),
            )
            .because(rejection)
        })?;
        // Where nothing says how we are reached, links are relative to whatever the client asked.
        let base = call.base().unwrap_or_default().to_owned();
        let (path, headers) = (parts.uri.path().to_owned(), parts.headers.clone());
        Ok(Ask { call, layers, member, base, path, pairs, headers })
    }
}

impl Ask {
    fn app(&self) -> &App {
        self.call.app()
    }

    fn lang(&self) -> Lang {
        self.call.lang()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn value(&self, name: &str) -> Option<&str> {
        query::value(&self.pairs, name)
    }

    /// This address with its parameters, those named left out.
    fn own_url(&self, without: &[&str]) -> String {
        let mut url = self.url(&self.path);
        for (n, (name, value)) in self.pairs.iter().filter(|(name, _)| !without.contains(&name.as_str())).enumerate() {
            url.push(if n == 0 { '?' } else { '&' });
            percent(name, &mut url);
            url.push('=');
            percent(value, &mut url);
        }
        url
    }

    /// The parameters of this address with their question mark, those named left out; nothing where none is left.
    fn own_filters(&self, without: &[&str]) -> String {
        let own = self.own_url(without);
        own.find('?').map_or_else(String::new, |at| own[at..].to_owned())
    }

    /// What the caller sees of a layer.
    fn view(&self, id: &str) -> Result<View> {
        let found = self.layers.find(id).or_else(|| self.member.as_ref().filter(|layer| layer.id == id));
        let none = || Error::not_found("图层", "collection");
        let layer = found.ok_or_else(none)?;
        View::of(Arc::clone(layer), self.call.caller())
            .map_err(|hidden| if layer.member.is_some() { none() } else { hidden })
    }

    /// An answer's frame: what caches must know of it.
    fn respond(&self, status: StatusCode, media_type: &'static str, body: Body) -> Response {
        let mut response = Response::new(body);
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language, authorization"));
        headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language(self.lang())));
        let cache = if *self.call.caller() == Caller::Public { "public, no-cache" } else { "private, no-cache" };
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
        if media_type == HTML {
            headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(html::CSP));
        }
        response
    }

    /// A document as JSON or, where a browser asks, as a page.
    fn document(&self, title: &str, media_type: &'static str, view: &impl Serialize) -> Result<Response> {
        if self.wants_html()? {
            let value = serde_json::to_value(view).map_err(Error::internal)?;
            return Ok(self.html(title, &value));
        }
        let body = serde_json::to_vec(view).map_err(Error::internal)?;
        Ok(self.respond(StatusCode::OK, media_type, Body::from(body)))
    }

    fn html(&self, title: &str, document: &Value) -> Response {
        self.respond(StatusCode::OK, HTML, Body::from(html::page(self.lang(), title, document)))
    }

    /// The answer that follows from a view's rows and `parts`: that the client has it already, which is told without a look
    /// at the rows; else what is kept of it; else what `make` makes by a connection that `gate` gives.
    async fn answer<F>(
        &self,
        gate: &Gate,
        view: &View,
        parts: &[String],
        make: impl FnOnce(Reading) -> F,
    ) -> Result<Response>
    where
        F: Future<Output = Result<Made>>,
    {
        let (app, layers, layer) = (self.app(), &self.layers, &view.layer);
        let tag_at = |revision: i64| self.tag(revision, parts);
        let known = self.headers.get(header::IF_NONE_MATCH);
        // Where there is nothing that it could be compared with, the rows say themselves which revision they are of.
        let first = known.is_none().then(|| layers.cache.first(tag_at(layers.latest.of(&layer.id)))).and_then(identity);
        let making = match first {
            Some(making) => making,
            None => {
                let tag = tag_at(layers.revision(app, layer).await?);
                let written = tag.to_string();
                if known.is_some_and(|known| names_tag(known, &written)) {
                    return self.not_modified(&written);
                }
                if let Some(entry) = layers.cache.get(&tag).await {
                    return self.tagged(Answer::Entry(entry)).await;
                }
                layers.cache.making(tag)
            }
        };
        let answer = layers.cache.get_or_make(&making, tag_at, || async {
            let made = make(gate.enter(app).await?).await?;
            layers.latest.note(&layer.id, made.revision);
            Ok(made)
        });
        self.tagged(answer.await?).await
    }

    /// An answer with its entity tag, packed as the client takes it where it is complete.
    async fn tagged(&self, answer: Answer) -> Result<Response> {
        let (mut response, tag) = match answer {
            Answer::Entry(entry) => {
                let accepted = self.headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
                let (bytes, coding) = entry.bytes(accepted.and_then(Coding::accepted)).await?;
                let mut response = self.respond(status(entry.status)?, entry.media_type, Body::from(bytes));
                if let Some(coding) = coding {
                    let name = HeaderValue::from_static(coding.name());
                    response.headers_mut().insert(header::CONTENT_ENCODING, name);
                }
                if entry.partial {
                    response.headers_mut().insert(TRUNCATED, HeaderValue::from_static("true"));
                }
                (response, entry.tag)
            }
            Answer::Stream { tag, status: code, media_type, chunks } => {
                (self.respond(status(code)?, media_type, Body::from_stream(chunks)), tag)
            }
        };
        let tag = HeaderValue::from_str(&tag.to_string()).map_err(Error::internal)?;
        response.headers_mut().insert(header::ETAG, tag);
        Ok(response)
    }

    /// Acknowledges the preference that is honoured in any case: what is not known is refused.
    fn say_what_was_preferred(&self, headers: &mut HeaderMap) {
        let preferences = self.headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
        if preferences.flat_map(|list| list.split(',')).any(|preference| preference.trim() == "handling=strict") {
            headers.insert("preference-applied", HeaderValue::from_static("handling=strict"));
        }
    }

    /// The entity tag of what follows from the rows at a revision, from these parts and from what every answer depends on:
    /// strong, for the same tag is the same bytes.
    fn tag(&self, revision: i64, parts: &[String]) -> Tag {
        let revision = revision.to_string();
        let fixed = [env!("CARGO_PKG_VERSION"), &revision, self.base.as_str(), language(self.lang())];
        Tag::of(fixed.into_iter().chain(parts.iter().map(String::as_str)))
    }

    fn not_modified(&self, tag: &str) -> Result<Response> {
        let mut response = self.respond(StatusCode::NOT_MODIFIED, JSON, Body::empty());
        response.headers_mut().remove(header::CONTENT_TYPE);
        response.headers_mut().insert(header::ETAG, HeaderValue::from_str(tag).map_err(Error::internal)?);
        Ok(response)
    }
}

fn status(code: u16) -> Result<StatusCode> {
    StatusCode::from_u16(code).map_err(Error::internal)
}

fn language(lang: Lang) -> &'static str {
    if lang == Lang::Zh { "zh" } else { "en" }
}

fn link(href: String, rel: &str, media_type: &str, title: &Text, lang: Lang) -> Link {
    Link {
        href,
        rel: rel.to_owned(),
        media_type: Some(media_type.to_owned()),
        title: Some(title.in_lang(lang).to_owned()),
        templated: None,
        method: None,
        body: None,
    }
}

/// A longer address is told in the document alone: what stands between may refuse an answer for the length of its headers.
const LINKED: usize = 1024;

/// Links as a header has them. Their titles stay in the document: a header cannot hold Chinese.
fn link_header(links: &[Link]) -> Result<HeaderValue> {
    let mut text = String::new();
    for link in links.iter().filter(|link| link.href.len() <= LINKED) {
        if !text.is_empty() {
            text.push_str(", ");
        }
        // Writing to a string cannot fail.
        let _ = write!(text, "<{}>; rel=\"{}\"", link.href, link.rel);
        if let Some(media_type) = &link.media_type {
            let _ = write!(text, "; type=\"{media_type}\"");
        }
    }
    HeaderValue::from_str(&text).map_err(Error::internal)
}

fn percent(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~,:/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Form of an answer.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "says in the document what Ask reads")]
struct FormParams {
    /// `json` or `html`; without it `Accept` decides.
    #[param(example = "json")]
    f: Option<String>,
}
