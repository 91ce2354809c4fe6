//! Layers that are made while the program runs, of what was imported. What there is of them the register says that keeps them;
//! the engine knows what their names begin with, and asks again when the register's version has moved on.

use super::def::Layer;
use super::revision::Versions;
use crate::config::Config;
use crate::kernel::Result;
use crate::platform::App;
use futures_util::future::BoxFuture;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Layers of one register that it makes of its rows.
pub trait Family: Send + Sync {
    /// What their names begin with, and no other layer's does.
    fn prefix(&self) -> &'static str;

    /// The registers whose writes make other layers of them, or other columns, as `platform_register_version` names them.
    fn made_of(&self) -> &'static [&'static str];

    /// Those there are, by name.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn list<'a>(&'a self, app: &'a App) -> BoxFuture<'a, Result<Vec<Layer>>>;
}

/// The layers at a version; `None` where they were never listed.
type Listed = Option<(i64, Arc<[Arc<Layer>]>)>;

/// The layers of a family, as listed last.
pub(super) struct Members {
    family: &'static dyn Family,
    /// The version of the registers before they were listed, so that what is listed is of that version or a later one. Held
    /// while they are listed: who asks meanwhile waits for that.
    listed: Mutex<Listed>,
}

impl Members {
    /// Nothing is listed yet.
    pub fn of(family: &'static dyn Family) -> Members {
        Members { family, listed: Mutex::default() }
    }

    /// Whether a layer of this name would be one of them.
    pub fn may_have(&self, id: &str) -> bool {
        id.starts_with(self.family.prefix())
    }

    /// Those there are at these versions or later ones, as the operator has them seen.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all(&self, app: &App, versions: &Versions) -> Result<Arc<[Arc<Layer>]>> {
        let version = versions.newest(self.family.made_of());
        let mut listed = self.listed.lock().await;
        if let Some((at, layers)) = &*listed
            && *at >= version
        {
            return Ok(Arc::clone(layers));
        }
        let layers = self.family.list(app).await?;
        let config: &Config = app.config();
        let layers: Arc<[Arc<Layer>]> = layers.iter().map(|layer| Arc::new(layer.served_as(config))).collect();
        *listed = Some((version, Arc::clone(&layers)));
        Ok(layers)
    }
}
