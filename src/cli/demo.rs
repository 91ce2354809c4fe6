//! `jingtu demo load`, and what `jingtu serve --demo` does before it serves: the sample data, and a fresh key per role.

use super::Outcome;
use super::say::say;
use crate::across::imports::{self, Mode, OnError, Options, Watch, reader::Source};
use crate::config::Config;
use crate::kernel::{Area, Day, DivisionCode, DocumentId, Error, Result, SiteId, Text};
use crate::platform::identity::{NewKey, keys};
use crate::platform::jobs::{Counts, RowFinding};
use crate::platform::{Act, App, Permission, Reply, Role, app, call};
use crate::registers::document::{self, NewDocument};
use crate::registers::notice::{self, NewNotice, NoticeKind};
use crate::registers::reference::{self, NewLayer};
use crate::registers::site::{self, Draft, EventType, Facts, LandUser, NewEvent, NewSite};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use rust_embed::RustEmbed;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

#[derive(RustEmbed)]
#[folder = "sample-data/"]
#[include = "*.geojson"]
#[include = "*.json"]
struct Sample;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Load the invented sample data into an empty registry
    Load,
}

pub(super) async fn run(config: Config, command: &Command) -> Result<Outcome> {
    let Command::Load = command;
    let opened = super::open(config).await?;
    let loaded = load(&opened.app).await;
    opened.close().await?;
    let sites = loaded?;
    say!("已装载示例数据（均为虚构），含 {sites} 个地块。 / Sample data (all invented) is loaded: {sites} sites.")?;
    Ok(Outcome::Done)
}

/// Loads the sample data on first use, makes a fresh key per role, and prints addresses and keys.
pub(super) async fn prepare(app: &App, address: SocketAddr) -> Result<()> {
    if !app::is_demo(app.db()).await? {
        load(app).await?;
    }
    let mut act = Act::operator(app, Permission::KeyManage).await?;
    keys::revoke_demo(&mut act).await?;
    let mut lines = Vec::new();
    for (role, division) in HOLDERS {
        let new = NewKey {
            name: format!("示例 {}", role.title().zh),
            role,
            division: DivisionCode::parse(division)
                .ok_or_else(|| Error::internal(format!("demo division {division}")))?,
            credit_code: match role {
                Role::LandUser => Some(sites()?.first().map(|s| s.land_user.credit_code.clone()).unwrap_or_default()),
                _ => None,
            },
            expires_on: None,
            demo: true,
        };
        let token = keys::create(&mut act, new).await?;
        lines.push(format!("  {:<19} {division}  {token}  {}", role.as_str(), role.title().zh));
    }
    act.finish(Reply::nothing()).await?;
    say!("")?;
    say!("地图 map      http://{address}/")?;
    say!("接口 API      http://{address}/docs")?;
    say!("图层 layers   http://{address}/ogc")?;
    say!("")?;
    say!("示例密钥（每次启动更换） / demo keys, new at every start:")?;
    say!("{}", lines.join("\n"))?;
    say!("")?;
    say!("数据均为虚构。Ctrl-C 停止。 / All data is invented. Ctrl-C stops.")?;
    Ok(())
}

/// Whom the demo gives a key, and where.
const HOLDERS: [(Role, &str); 10] = [
    (Role::CountyEcology, "152921"),
    (Role::PrefectureEcology, "152900"),
    (Role::ProvinceEcology, "150000"),
    (Role::Planning, "152900"),
    (Role::Agriculture, "140600"),
    (Role::Government, "152921"),
    (Role::LandUser, "152921"),
    (Role::ThirdParty, "152900"),
    (Role::Auditor, "000000"),
    (Role::Admin, "000000"),
];

/// Loads everything in one act: after a crash there is either all of it or nothing. Gives the number of sites.
///
/// # Errors
/// `registry_not_empty`: sample data is never mixed with another's.
async fn load(app: &App) -> Result<usize> {
    let mut act = Act::operator(app, Permission::DivisionWrite).await?;
    if !app::is_empty(&mut act).await? {
        return Err(Error::conflict(
            "registry_not_empty",
            Text::fixed(
                "登记系统中已有数据，不装载示例数据。",
                "The registry holds data already; sample data is not mixed with it.",
            ),
        ));
    }
    let today = act.today();
    import(&mut act, "divisions", features("divisions.geojson", today)?).await?;
    let known = sites()?;
    let listed: BTreeSet<String> =
        read::<ControlList>("control-list.json")?.entries.into_iter().map(|e| e.site).collect();
    let later: BTreeMap<String, Vec<Later>> =
        read::<LaterSites>("later.json")?.sites.into_iter().map(|one| (one.site, one.steps)).collect();
    let mut zones = features("control-zones.geojson", today)?;
    let mut codes = BTreeMap::new();
    let mut taken_over = Vec::new();
    for site in &known {
        // What is on the control list or has a negative list, and no steps that led there, is taken over with its stage, as
        // an existing register would be.
        let steps = later.get(&site.key);
        if steps.is_none() && (listed.contains(&site.key) || site.negative_list.is_some()) {
            taken_over.push(site.as_existing(today, listed.contains(&site.key)));
            continue;
        }
        let id = site.live(&mut act, today).await?;
        for step in steps.into_iter().flatten() {
            // A zone that a step draws is not brought once more as an existing register would.
            let zone = step.zone.as_ref().and_then(|key| zones.iter().position(|z| z["properties"]["code"] == **key));
            let zone = zone.map(|at| zones.swap_remove(at));
            site.later(&mut act, id, step, zone, today).await?;
        }
        codes.insert(site.key.clone(), site::code(&mut act, id).await?);
    }
    import(&mut act, "sites", taken_over).await?;
    for zone in &mut zones {
        let code = zone["properties"]["site"].as_str().and_then(|key| codes.get(key)).cloned();
        zone["properties"]["site_code"] = json!(code);
    }
    import(&mut act, "control-zones", zones).await?;
    import(&mut act, "key-units", features("key-units.geojson", today)?).await?;
    import(&mut act, "farmland", features("farmland.geojson", today)?).await?;
    import(&mut act, "samples", features("samples.geojson", today)?).await?;
    import(&mut act, "coverage", features("coverage.geojson", today)?).await?;
    import(&mut act, "parcels", features("parcels.geojson", today)?).await?;
    import(&mut act, "siting-zones", features("siting-zones.geojson", today)?).await?;
    facilities(&mut act, today).await?;
    app::mark_demo(&mut act).await?;
    act.note("demo", json!({"sites": known.len()}));
    act.finish(Reply::nothing()).await?;
    Ok(known.len())
}

/// Homes, schools and the like of one county, each kind in a layer of its own.
async fn facilities(act: &mut Act, today: Day) -> Result<()> {
    let mut by_kind: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for feature in features("facilities.geojson", today)? {
        let kind = feature["properties"]["kind"].as_str().unwrap_or_default().to_owned();
        by_kind.entry(kind).or_default().push(feature);
    }
    for (name, rows) in by_kind {
        let Some(kind) = reference::KINDS.into_iter().find(|kind| *kind == name) else {
            return Err(Error::internal(format!("the sample has facilities of kind {name}")));
        };
        let title = reference::titles(kind);
        let layer = NewLayer {
            name: name.clone(),
            kind,
            title_zh: format!("{}（示例）", title.zh),
            title_en: format!("{} (sample)", title.en),
            source: None,
            as_of: Some(today.add_days(-400)),
            division_code: Some("152921".to_owned()),
            public: true,
            on_import: "replace",
        };
        reference::make(act, layer).await?;
        import(act, &format!("reference:{name}"), rows).await?;
    }
    Ok(())
}

/// Imports features through the same code as a file of theirs.
async fn import(act: &mut Act, target: &str, features: Vec<Value>) -> Result<()> {
    let collection = json!({"type": "FeatureCollection", "features": features});
    let source = Source::Bytes {
        name: format!("{target}.geojson"),
        content: Bytes::from(serde_json::to_vec(&collection).map_err(Error::internal)?),
    };
    let options = Options { mode: Mode::Commit, on_error: OnError::RejectAll, crs: None, mapping: BTreeMap::new() };
    let mut log = Log(target);
    let counts = imports::run(act, &*imports::importer(target)?, &source, &options, &mut log).await?;
    let counts = imports::conclude(&options, counts)?;
    tracing::info!(target, written = counts.written, "sample data");
    Ok(())
}

struct Log<'a>(&'a str);

impl Watch for Log<'_> {
    fn progress<'a>(&'a mut self, _: u64, _: u64, _: &'a Counts) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn findings<'a>(&'a mut self, findings: Vec<RowFinding>) -> BoxFuture<'a, Result<()>> {
        for finding in findings {
            tracing::warn!(target = self.0, row = finding.row, pointer = finding.fault.pointer, message = %finding.fault.message);
        }
        Box::pin(async { Ok(()) })
    }
}

fn read<T: serde::de::DeserializeOwned>(name: &str) -> Result<T> {
    let file = Sample::get(name).ok_or_else(|| Error::internal(format!("sample-data/{name} was not built in")))?;
    call::parse_json(&file.data)
}

/// The features of a file, their days counted back from `today`.
fn features(name: &str, today: Day) -> Result<Vec<Value>> {
    let mut collection: Value = read(name)?;
    let mut features = match collection["features"].take() {
        Value::Array(features) => features,
        _ => return Err(Error::internal(format!("sample-data/{name} has no features"))),
    };
    for feature in &mut features {
        if let Some(properties) = feature["properties"].as_object_mut() {
            date(properties, today);
        }
    }
    Ok(features)
}

/// `approved_days_ago: 3` becomes `approved_on`, `as_of_days_ago` becomes `as_of`; `key` is the
/// code where there is none, and a `report` the source.
fn date(properties: &mut Map<String, Value>, today: Day) {
    let ago: Vec<(String, i64)> = properties
        .iter()
        .filter_map(|(name, value)| Some((name.strip_suffix("_days_ago")?.to_owned(), value.as_i64()?)))
        .collect();
    for (name, days) in ago {
        properties.remove(&format!("{name}_days_ago"));
        let name = if name == "as_of" { name } else { format!("{name}_on") };
        properties.insert(name, json!(today.add_days(-days)));
    }
    for (theirs, ours) in [("key", "code"), ("report", "source")] {
        if let Some(value) = properties.remove(theirs) {
            properties.entry(ours).or_insert(value);
        }
    }
}

#[derive(Deserialize)]
struct ControlList {
    entries: Vec<ControlListEntry>,
}

#[derive(Deserialize)]
struct ControlListEntry {
    site: String,
}

#[derive(Deserialize)]
struct SampleSites {
    sites: Vec<SampleSite>,
}

fn sites() -> Result<Vec<SampleSite>> {
    Ok(read::<SampleSites>("sites.json")?.sites)
}

#[derive(Deserialize)]
struct SampleSite {
    key: String,
    name: String,
    division_code: String,
    address: String,
    land_user: SampleLandUser,
    former_industry: String,
    land_use: SampleUse,
    basis: String,
    geometry: Value,
    history: Vec<Step>,
    expected_stage: String,
    negative_list: Option<Vec<SampleBarred>>,
}

#[derive(Deserialize)]
struct SampleLandUser {
    name: String,
    credit_code: String,
    contact: String,
}

#[derive(Deserialize)]
struct SampleUse {
    system: String,
    code: String,
}

#[derive(Deserialize)]
struct SampleBarred {
    use_system: String,
    use_code: String,
    why: String,
}

#[derive(Deserialize)]
struct Step {
    #[serde(rename = "type")]
    kind: String,
    days_ago: i64,
    stage: Option<String>,
    received_days_ago: Option<i64>,
    served_how: Option<String>,
    conclusion: Option<String>,
    risk_grade: Option<String>,
    reason: Option<String>,
    document: Option<SampleDocument>,
}

#[derive(Deserialize)]
struct SampleDocument {
    kind: String,
    title: String,
    issued_days_ago: Option<i64>,
}

#[derive(Deserialize)]
struct LaterSites {
    sites: Vec<LaterSite>,
}

#[derive(Deserialize)]
struct LaterSite {
    site: String,
    steps: Vec<Later>,
}

/// An event (`type`), or a notice (`notice`) with its service.
#[derive(Deserialize)]
struct Later {
    #[serde(rename = "type")]
    kind: Option<String>,
    notice: Option<String>,
    days_ago: i64,
    by: String,
    #[serde(default)]
    fields: Map<String, Value>,
    document: Option<SampleDocument>,
    zone: Option<String>,
    service: Option<LaterService>,
}

#[derive(Deserialize)]
struct LaterService {
    days_ago: i64,
    received: DaysAgo,
    how: String,
    document: SampleDocument,
}

#[derive(Deserialize)]
struct DaysAgo {
    days_ago: i64,
}

/// `{"days_ago": 3}`, `{"days_ahead": 3}` as a day, `{"year_of_days_ago": 3}` as its year; anything else as it is.
fn dated(value: &Value, today: Day) -> Value {
    let days = |name: &str| value.get(name).and_then(Value::as_i64);
    match (days("days_ago"), days("days_ahead"), days("year_of_days_ago")) {
        (Some(ago), _, _) => json!(today.add_days(-ago)),
        (_, Some(ahead), _) => json!(today.add_days(ahead)),
        (_, _, Some(ago)) => json!(today.add_days(-ago).year()),
        _ => value.clone(),
    }
}

/// The division of the bureau that a role is in charge of a county's sites in.
fn bureau_of(role: Role, county: &str) -> String {
    match role {
        Role::PrefectureEcology => format!("{}00", &county[..4]),
        Role::ProvinceEcology => format!("{}0000", &county[..2]),
        _ => county.to_owned(),
    }
}

impl SampleSite {
    fn facts(&self) -> Facts {
        Facts {
            national_code: None,
            name: self.name.clone(),
            division_code: self.division_code.clone(),
            address: Some(self.address.clone()),
            land_user: Some(LandUser {
                name: self.land_user.name.clone(),
                credit_code: Some(self.land_user.credit_code.clone()),
                contact: Some(self.land_user.contact.clone()),
            }),
            former_industry: Some(self.former_industry.clone()),
            land_use: Some((self.land_use.system.clone(), self.land_use.code.clone())),
            basis: Some(self.basis.clone()),
        }
    }

    /// Lives the site's history through the same actions as an officer.
    async fn live(&self, act: &mut Act, today: Day) -> Result<SiteId> {
        let area = Area::from_geojson(&self.geometry, "/geometry").map_err(Error::invalid)?;
        let Some((first, later)) = self.history.split_first() else {
            return Err(Error::internal(format!("sample site {} has no history", self.key)));
        };
        let suspected = first.stage.as_deref() == Some("suspected");
        let new = NewSite {
            facts: self.facts(),
            suspected,
            suspected_on: suspected.then(|| today.add_days(-first.days_ago)),
            area,
            invented: true,
        };
        let id = site::register(act, new, Some(Role::CountyEcology)).await?;
        for step in later {
            self.step(act, id, step, today).await?;
        }
        Ok(id)
    }

    /// A step of the site's later life: an event, or a notice with its service.
    async fn later(&self, act: &mut Act, id: SiteId, step: &Later, zone: Option<Value>, today: Day) -> Result<()> {
        let what = step.kind.as_deref().or(step.notice.as_deref()).unwrap_or_default();
        self.take_later(act, id, step, zone, today).await.map_err(|error| {
            let named = format!("sample site {}, {what}: {error}", self.key);
            error.because(named)
        })
    }

    async fn take_later(&self, act: &mut Act, id: SiteId, step: &Later, zone: Option<Value>, today: Day) -> Result<()> {
        let unknown = |what: &str| Error::internal(format!("sample site {}: unknown {what}", self.key));
        let on = today.add_days(-step.days_ago);
        let by = Role::parse(&step.by).ok_or_else(|| unknown(&step.by))?;
        let mut fields: Map<String, Value> =
            step.fields.iter().map(|(name, value)| (name.clone(), dated(value, today))).collect();
        if let Some(kind) = &step.notice {
            let kind = NoticeKind::parse(kind).ok_or_else(|| unknown(kind))?;
            let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
            let due_on = text("due_on").and_then(|day| day.parse().ok());
            let bureau = DivisionCode::parse(&bureau_of(by, &self.division_code)).ok_or_else(|| unknown("division"))?;
            let bureau = (by, bureau);
            let new = NewNotice {
                site: id,
                kind,
                issued_on: Some(on),
                due_on,
                reason: text("reason"),
                contact: text("contact"),
                issuer: None,
                recipient: None,
            };
            let issued = notice::issue(act, new, Some(&bureau)).await?;
            let Some(service) = &step.service else { return Ok(()) };
            let given = notice::Given {
                served_how: Some(service.how.clone()),
                served_on: Some(today.add_days(-service.days_ago)),
                received_on: Some(today.add_days(-service.received.days_ago)),
                document_id: Some(self.file(act, &service.document, today).await?),
            };
            return notice::serve(act, issued, given, Some(&bureau)).await;
        }
        if let Some(zone) = zone {
            fields.insert("geometry".to_owned(), zone["geometry"].clone());
            for name in ["approved_by", "document_number"] {
                fields.insert(name.to_owned(), zone["properties"][name].clone());
            }
        }
        if let Some(document) = &step.document {
            fields.insert("document_id".to_owned(), json!(self.file(act, document, today).await?));
        }
        let draft: Draft = serde_json::from_value(Value::Object(fields)).map_err(Error::internal)?;
        let kind = step.kind.as_deref().unwrap_or_default();
        let event_type = EventType::parse(kind).ok_or_else(|| unknown(kind))?;
        let new = NewEvent { event_type, occurred_on: Some(on), draft };
        site::record(act, id, new, None, Some(by)).await.map(|_| ())
    }

    async fn step(&self, act: &mut Act, id: SiteId, step: &Step, today: Day) -> Result<()> {
        let day = |ago: i64| today.add_days(-ago);
        let document_id = match &step.document {
            Some(document) => Some(self.file(act, document, today).await?),
            None => None,
        };
        let event_type = EventType::parse(&step.kind)
            .ok_or_else(|| Error::internal(format!("sample site {} has the unknown event {}", self.key, step.kind)))?;
        let draft = Draft {
            document_id,
            received_on: step.received_days_ago.map(day),
            issued_on: step.served_how.as_ref().and(step.document.as_ref()).and_then(|d| d.issued_days_ago).map(day),
            served_how: step.served_how.clone(),
            conclusion: step.conclusion.clone(),
            risk_grade: step.risk_grade.clone(),
            reason: step.reason.clone(),
            ..Draft::default()
        };
        let role = match event_type.as_str() {
            "preliminary_report_submitted" => Role::LandUser,
            "preliminary_report_reviewed" => Role::PrefectureEcology,
            _ => Role::CountyEcology,
        };
        let new = NewEvent { event_type, occurred_on: Some(day(step.days_ago)), draft };
        site::record(act, id, new, None, Some(role)).await.map(|_| ()).map_err(|error| {
            let named = format!("sample site {}, {}: {error}", self.key, step.kind);
            error.because(named)
        })
    }

    /// Files a paper that says what it is: the sample has no scans.
    async fn file(&self, act: &mut Act, document: &SampleDocument, today: Day) -> Result<DocumentId> {
        let text = format!("{}\n\n本文件为虚构的示例数据。\nThis paper is invented sample data.\n", document.title);
        let new = NewDocument {
            content: Bytes::from(text),
            file_name: format!("{}-{}.txt", self.key, document.kind),
            kind: document.kind.clone(),
            title: document.title.clone(),
            issued_on: document.issued_days_ago.map(|ago| today.add_days(-ago)),
            division: DivisionCode::parse(&self.division_code),
        };
        document::add(act, new).await
    }

    /// The site as an existing register would bring it.
    fn as_existing(&self, today: Day, on_control_list: bool) -> Value {
        let last = self.history.last().map_or(0, |step| step.days_ago);
        let grade = self.history.iter().rev().find_map(|step| step.risk_grade.clone());
        let barred: Vec<Value> = self
            .negative_list
            .iter()
            .flatten()
            .map(|b| json!({"system": b.use_system, "code": b.use_code, "why": b.why}))
            .collect();
        json!({
            "type": "Feature",
            "geometry": self.geometry,
            "properties": {
                "name": self.name, "division_code": self.division_code, "address": self.address,
                "stage": if on_control_list { "listed" } else { self.expected_stage.as_str() },
                "stage_since": today.add_days(-last), "risk_grade": grade,
                "land_user": {"name": self.land_user.name, "credit_code": self.land_user.credit_code, "contact": self.land_user.contact},
                "former_industry": self.former_industry,
                "land_use": {"system": self.land_use.system, "code": self.land_use.code},
                "basis": self.basis, "negative_list": barred, "invented": true,
            }
        })
    }
}
