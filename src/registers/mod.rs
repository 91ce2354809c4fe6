//! The registers, each a folder of its own. What a register offers the rest of the house is its [`Register`].

use crate::layers::Layer;
use crate::platform::App;
use utoipa_axum::router::OpenApiRouter;

/// What a register declares: routes, layers. Router, OpenAPI document, collections, tiles and coverage tests follow.
pub struct Register {
    /// Stable, snake_case; the name that checks and coverage call it by.
    pub id: &'static str,
    /// Its operations.
    pub routes: fn() -> OpenApiRouter<App>,
    /// Its layers.
    pub layers: &'static [&'static Layer],
}

/// Every register.
pub static ALL: &[&Register] = &[];

/// Every layer of every register.
pub fn layers() -> impl Iterator<Item = &'static Layer> {
    ALL.iter().flat_map(|register| register.layers.iter().copied())
}
