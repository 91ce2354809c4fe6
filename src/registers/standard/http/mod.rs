//! Standards, substances and screening over HTTP.

mod catalogue;
mod local;
mod screen;

use crate::platform::App;
use utoipa_axum::router::OpenApiRouter;

pub(super) fn routes() -> OpenApiRouter<App> {
    screen::routes().merge(catalogue::routes()).merge(local::routes())
}
