//! `jingtu serve`: the server, over its own PostgreSQL unless it was given one.

use super::{Outcome, cluster_error, cluster_options};
use crate::across::{imports, land_check, siting};
use crate::config::Config;
use crate::kernel::{Clock, Error, Kind, Result, Text};
use crate::platform::{App, app, webhooks};
use crate::registers::{deadline, sampling};
use crate::{api, pg};
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

pub(super) async fn run(config: Config, demo: bool) -> Result<Outcome> {
    // The address first: a taken port should not cost a start of PostgreSQL.
    let listener = TcpListener::bind(config.listen).await.map_err(|error| {
        Error::new(
            Kind::Unavailable,
            "address_in_use",
            Text::new(format!("无法监听 {}。", config.listen), format!("Cannot listen on {}.", config.listen)),
        )
        .because(error)
    })?;
    let (url, cluster) = match &config.database_url {
        Some(url) => {
            super::require_serving(url).await?;
            (url.clone(), None)
        }
        None => {
            let cluster =
                pg::Cluster::start(&config.data_dir, cluster_options(&config)).await.map_err(cluster_error)?;
            (cluster.url(), Some(cluster))
        }
    };
    let served = serve(listener, &url, config, demo).await;
    if let Some(cluster) = cluster {
        cluster.stop().await.map_err(cluster_error)?;
    }
    served?;
    Ok(Outcome::Done)
}

async fn serve(listener: TcpListener, url: &str, config: Config, demo: bool) -> Result<()> {
    let address = listener.local_addr().map_err(Error::internal)?;
    let db = app::connect(url, &config).await?;
    app::migrate(&db).await?;
    let app = App::new(db, Clock::system(config.today), config);
    let router = api::router(&app);
    if demo {
        super::demo::prepare(&app, address).await?;
    }
    let stop = CancellationToken::new();
    let workers = [
        tokio::spawn(imports::run_worker(app.clone(), imports::importer, stop.clone().cancelled_owned())),
        tokio::spawn(webhooks::run_worker(app.clone(), stop.clone().cancelled_owned())),
        tokio::spawn(deadline::run_worker(app.clone(), stop.clone().cancelled_owned())),
        tokio::spawn(sampling::run_worker(app.clone(), stop.clone().cancelled_owned())),
        tokio::spawn(land_check::run_worker(app.clone(), stop.clone().cancelled_owned())),
        tokio::spawn(siting::run_worker(app.clone(), stop.clone().cancelled_owned())),
    ];
    tracing::info!(%address, "listening");
    // Without it, a streamed page waits some 40 ms for the client's acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
    });
    // Whom a request comes from decides whether what it says of proxies is believed.
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(asked_to_stop()).await.map_err(Error::internal)?;
    stop.cancel();
    for worker in workers {
        worker.await.map_err(Error::internal)?;
    }
    app.db().close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn asked_to_stop() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals cannot be heard; stop the server by its process id");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("stopping: open requests are answered first");
}
