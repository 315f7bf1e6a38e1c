//! The edge: sockets, threads and time. Everything that the pure rooms decide is carried out here.
//!
//! ```text
//! listener ─▶ the thread with fewest sessions ─▶ auth ─▶ driver ─ Session ─ SessionDecider, SessionObserver
//! main thread: accepts, follows catalogs, watches policies and signals, serves metrics
//! ```

mod buffers;
pub mod database;
pub mod decide;
mod driver;
mod leg;
mod listen;
mod machine;
mod observe;
mod phase;
mod reload;
mod rule;
mod session;
mod signals;
mod start;
mod worker;

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::watch;

pub use start::{CatalogLogins, ServeError};

use self::listen::Bound;
use self::phase::Phase;
use self::reload::Reload;
use self::session::Server;
use self::signals::{Ask, Signals};
use self::worker::{Pool, Serve};
use crate::config::Config;
use crate::metrics::{self, Admin};

/// How long the start waits for catalogs before it listens all the same: sessions are then refused until they come.
const CATALOG_PATIENCE: Duration = Duration::from_secs(10);
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Serves until a signal ends it.
///
/// # Errors
/// The process cannot start; while it runs nothing ends it but a signal.
pub fn run(config: Config) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(ServeError::runtime("runtime"))?;
    let server = Arc::new(start::server(config)?);
    let audit = server.observing.audit.clone();
    let served = runtime.block_on(serve(server));
    audit.stop(if served.is_ok() { "signal" } else { "start failed" });
    served
}

async fn serve(server: Arc<Server>) -> Result<(), ServeError> {
    let mut signals = Signals::new().map_err(ServeError::runtime("signals"))?;
    let listen = &server.config.listen;
    let bound = Bound::new(listen.address, listen.unix_socket.as_deref())
        .map_err(|error| ServeError::Runtime(format!("{}: {error}", listen.address)))?;
    let (phase, watched) = watch::channel(Phase::Serving);
    serve_metrics(&server, watched.clone()).await?;
    let reload = Reload { server: server.clone(), runtime: Handle::current() };
    reload.accepted(&server.policies.current());
    let watching = reload.clone();
    let watch = server.policies.watch(move |outcome| watching.policies(outcome));
    // Where the directory cannot be watched, SIGHUP still reloads.
    let _watch = watch.inspect_err(|error| tracing::warn!(%error, "policy: changes are not noticed")).ok();

    await_catalogs(&server).await;
    let (pool, threads) = start_sessions(&server, &watched)?;
    let listeners = bound.listen().map_err(ServeError::runtime("listen"))?;
    tracing::info!(address = %listen.address, threads = threads.len(), "listening");
    let ask = tokio::select! {
        () = listeners.accept(pool) => Ask::Stop,
        ask = until_end(&mut signals, &reload) => ask,
    };
    drop(listeners);
    end(ask, &server, &phase, &mut signals, threads).await;
    Ok(())
}

async fn serve_metrics(server: &Arc<Server>, phase: watch::Receiver<Phase>) -> Result<(), ServeError> {
    let Some(address) = server.config.admin else { return Ok(()) };
    let listener = tokio::net::TcpListener::bind(address).await;
    let listener = listener.map_err(|error| ServeError::Runtime(format!("{address}: {error}")))?;
    let (ready, looked) = (server.clone(), server.clone());
    let admin = Admin {
        metrics: server.observing.metrics.clone(),
        audit: Some(server.observing.audit.clone()),
        look: Box::new(move |metrics| metrics.catalog_age(looked.databases.catalog_age())),
        ready: Box::new(move || match *phase.borrow() {
            Phase::Serving if ready.databases.are_ready() => Ok(()),
            Phase::Serving => Err("a catalog has not been read"),
            Phase::Draining | Phase::Closing => Err("draining"),
        }),
    };
    tokio::spawn(metrics::serve(listener, Arc::new(admin)));
    Ok(())
}

async fn await_catalogs(server: &Server) {
    let ready = async {
        while !server.databases.are_settled() {
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    };
    if tokio::time::timeout(CATALOG_PATIENCE, ready).await.is_err() {
        tracing::warn!("a catalog could not be read yet: its sessions are refused until it can");
    }
}

fn start_sessions(
    server: &Arc<Server>,
    phase: &watch::Receiver<Phase>,
) -> Result<(Arc<Pool>, Vec<JoinHandle<()>>), ServeError> {
    let (server, phase) = (server.clone(), phase.clone());
    let threads = server.config.process.threads;
    let serve: Serve = Arc::new(move |accepted| Box::pin(session::serve(server.clone(), accepted, phase.clone())));
    let (pool, threads) = Pool::start(threads, &serve).map_err(ServeError::runtime("threads"))?;
    Ok((Arc::new(pool), threads))
}

/// Reloads as often as it is asked for.
async fn until_end(signals: &mut Signals, reload: &Reload) -> Ask {
    loop {
        match signals.next().await {
            Ask::Reload => reload.everything(),
            ask @ (Ask::Drain | Ask::Stop) => return ask,
        }
    }
}

/// Nothing is accepted any more. Sessions finish their transactions, or end at once, or once their time is up.
async fn end(
    ask: Ask,
    server: &Server,
    phase: &watch::Sender<Phase>,
    signals: &mut Signals,
    threads: Vec<JoinHandle<()>>,
) {
    if ask == Ask::Drain {
        tracing::info!(sessions = server.observing.metrics.client_connections.get(), "draining");
        phase.send_replace(Phase::Draining);
        let patience = tokio::time::sleep(server.config.process.shutdown_timeout);
        tokio::select! {
            () = all_ended(&threads) => {}
            () = patience => tracing::warn!(sessions = server.observing.metrics.client_connections.get(), "time is up: open sessions end now"),
            () = second_thought(signals) => tracing::info!("asked again: open sessions end now"),
        }
    }
    phase.send_replace(Phase::Closing);
    // Bounded: each session's last words are.
    all_ended(&threads).await;
    tracing::info!("stopped");
}

/// A second signal that asks for the end.
async fn second_thought(signals: &mut Signals) {
    while signals.next().await == Ask::Reload {}
}

async fn all_ended(threads: &[JoinHandle<()>]) {
    while !threads.iter().all(JoinHandle::is_finished) {
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}
