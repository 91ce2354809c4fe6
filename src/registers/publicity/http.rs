//! Publicity over HTTP.
use crate::platform::App;
use utoipa_axum::router::OpenApiRouter;
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}
