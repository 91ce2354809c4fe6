//! What every register stands on: the application's state, acts (the only way to write), audit, what others are told, identity, requests.

pub mod act;
pub mod app;
pub mod audit;
pub mod bulk;
pub mod call;
pub mod crs;
pub mod feature;
pub mod fields;
pub mod geofile;
pub mod identity;
pub mod jobs;
pub mod multipart;
pub mod outbox;
pub mod outlines;
pub mod overlay;
pub mod pdf;
pub mod reached;
pub mod reply;
pub mod seal;
pub mod table;
pub mod topology;
pub mod touch;
pub mod watch;
pub mod webhooks;
pub mod wkt;
pub mod workbook;

pub use act::{Act, Begun};
pub use app::App;
pub use call::{Body, Call, ContentCrs, IfMatch, Params, Stop};
pub use identity::{Caller, Permission, Role, Scope};
pub use outbox::Change;
pub use reply::Reply;
