//! The one typed configuration: a TOML file and `JINGTU_*` variables. Unknown keys are refused, so that a misspelt
//! setting is an error and not a silent default. Nothing else reads the environment.

use crate::kernel::{Day, Error, Fault, Network, Text};
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Everything an operator may set. Each field is a key of the TOML file and, in upper case behind `JINGTU_`, a variable.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address to listen on.
    pub listen: SocketAddr,
    /// Where the embedded PostgreSQL lives, when no `database_url` is given.
    pub data_dir: PathBuf,
    /// A PostgreSQL to use instead of the embedded one: `postgres://user:password@host/database`.
    pub database_url: Option<String>,
    /// Folder of PostgreSQL's programs, when they are not where they usually are.
    pub pg_bin: Option<PathBuf>,
    /// How clients reach this server, for links: `https://soil.example.gov.cn`. Without it, links are made from the
    /// request's `Host`.
    pub public_url: Option<String>,
    /// Proxies in front of this server, by address or network (`10.0.0.0/8`): what they say in `Forwarded` or
    /// `X-Forwarded-Proto`, `-Host` and `-Prefix` about how clients reach it goes into links, when there is no `public_url`.
    /// They must overwrite what clients send under these names. Nobody else is believed.
    pub trusted_proxies: Vec<Network>,
    /// Fixes the civil day (tests, demos, drills); `/readyz` then says so.
    pub today: Option<Day>,
    /// Connections to the database at most.
    pub database_connections: u32,
    /// Connections to the database for maps at most, beside those; as many answers are made at once.
    pub map_connections: u32,
    /// Largest request body, bytes.
    pub max_body_bytes: usize,
    /// Longest a single query may run, milliseconds.
    pub statement_timeout_ms: u32,
    /// Per clock rule: whether a due date on a rest day moves to the next working day (Civil Code art. 203). Order 42 has
    /// no clause of its own on counting, so it is a setting; unset rules roll.
    pub roll_forward: BTreeMap<String, bool>,
    /// Values of rules' parameters that differ here from those printed, or that no instrument prints: parameter → division
    /// code (`000000`: everywhere) → number in the parameter's unit. Every answer that rests on one says so.
    pub parameters: BTreeMap<String, BTreeMap<String, u32>>,
    /// By when the soil survey before a change of use must be finished, as a province fixed it under the Code's art. 454(2):
    /// code of the province → operations of a land check that may not go on before. No province's text is confirmed, so every
    /// answer that rests on it says so; a province left out is warned of.
    pub survey_before: BTreeMap<String, Vec<String>>,
    /// Whether a region's text serves as this registry's default where the place has none of its own (rules G1, G2, G3 and
    /// G26 of a land check). Outside its region it is not law, and every answer that rests on it says so.
    pub adopt_regional: bool,
    /// Whether a parcel that only touches a registered record is warned of (rule P-NEAR). No text asks for it; with
    /// `near_distance_m` set, what touches is warned of anyway.
    pub touching_warns: bool,
    /// Whether housing and public use among themselves need no new survey (rule G27, a standard's text that is recalled and
    /// not verified). Without it, every change to such a use needs one.
    pub interchange_exempt: bool,
    /// What "near" (周边) means in a land check, metres. No law gives a distance; unset means only overlap and touch
    /// are reported.
    pub near_distance_m: Option<f64>,
    /// Overlaps below this area are line contact, for a person to decide, m².
    pub sliver_max_m2: f64,
    /// Overlaps below this share of the parcel are line contact, 0 to 1.
    pub sliver_max_share: f64,
    /// Log lines as `text` or `json`.
    pub log_format: LogFormat,
    /// Filter of the log, such as `info` or `jingtu=debug`.
    pub log: String,
    /// Memory for answers of the layers that are kept until their layer changes, MiB; 0 keeps none.
    pub layers_cache_mib: u32,
    /// Whole layers that are read at once, of the connections for maps.
    pub map_downloads: u32,
    /// Who sees the layers, by their names, where that is not what they were declared with. The demo opens `farmland`, its
    /// data being invented.
    pub layers: BTreeMap<String, LayerSettings>,
    /// Whether subscribers may be told over plain http, and at loopback addresses: `http://127.0.0.1:9000/hook`. The demo
    /// switches it on. Without it, https to public addresses only.
    pub webhook_http_loopback: bool,
    /// How long a subscriber may take to answer, milliseconds.
    pub webhook_timeout_ms: u32,
    /// Days without an acknowledgement after which a subscription is paused. It can be resumed, and misses nothing.
    pub webhook_give_up_days: u32,
    /// Font file with Chinese characters that papers are written with as PDF, when it is not where it usually is.
    pub cjk_font: Option<PathBuf>,
    /// Names of ecology bureaus by division code, as they sign papers; one that is not here is named after its division.
    pub office_names: BTreeMap<String, String>,
}

/// Who sees a layer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayerSettings {
    /// Whether everybody sees its rows, or departments and owners only; as declared where it is not said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// Who sees a field, by its name.
    pub fields: BTreeMap<String, Audience>,
}

/// Who sees a field of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody who sees the row.
    Public,
    /// Those alone whose permission and division cover the row, and its owner.
    Departments,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For a person at a terminal.
    Text,
    /// One JSON object per line.
    Json,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data_dir: PathBuf::from("./.jingtu"),
            database_url: None,
            pg_bin: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            today: None,
            database_connections: 20,
            map_connections: 12,
            max_body_bytes: 64 << 20,
            statement_timeout_ms: 30_000,
            roll_forward: BTreeMap::new(),
            parameters: BTreeMap::new(),
            survey_before: BTreeMap::new(),
            adopt_regional: true,
            touching_warns: false,
            interchange_exempt: true,
            near_distance_m: None,
            sliver_max_m2: 1.0,
            sliver_max_share: 0.001,
            log_format: LogFormat::Text,
            log: "info".to_owned(),
            layers_cache_mib: 256,
            map_downloads: 4,
            layers: BTreeMap::new(),
            webhook_http_loopback: false,
            webhook_timeout_ms: 10_000,
            webhook_give_up_days: 7,
            cjk_font: None,
            office_names: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Defaults, then the file (the one named, else `jingtu.toml` where there is one), then the environment.
    ///
    /// # Errors
    /// `bad_config` naming the key: unknown, or of the wrong kind; or the named file is missing.
    pub fn load(file: Option<&Path>) -> Result<Config, Error> {
        if let Some(path) = file.filter(|path| !path.is_file()) {
            return Err(bad_config(&format!("{}", path.display()), "no such file"));
        }
        let file = Toml::file(file.unwrap_or(Path::new("jingtu.toml")));
        Figment::from(Serialized::defaults(Config::default()))
            .merge(file)
            .merge(Env::prefixed("JINGTU_").split("__"))
            .extract()
            .map_err(|error| bad_config(&error.path.join("."), &error.kind.to_string()))
    }

    /// The error for a value that cannot be meant, naming its key (`survey_before.150000`).
    pub fn refuse(key: &str, what: Text) -> Error {
        Error::new(
            crate::kernel::Kind::Malformed,
            "bad_config",
            Text::new(
                format!("配置有误：{key}：{}", what.zh),
                format!("The configuration is wrong: {key}: {}", what.en),
            ),
        )
        .with_faults(vec![Fault::new(format!("/{}", key.replace('.', "/")), "bad_config", what)])
    }

    /// Whether due dates under this rule roll forward over rest days.
    pub fn rolls_forward(&self, rule: &str) -> bool {
        self.roll_forward.get(rule).copied().unwrap_or(true)
    }
}

fn bad_config(key: &str, cause: &str) -> Error {
    Config::refuse(key, Text::new(cause.to_owned(), cause.to_owned()))
}
