//! The state that all handlers share.

use std::{
    env,
    error::Error,
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::{
    Router, middleware,
    routing::{MethodRouter, get},
};
use finally::{Fate, Tracker};
use tokio_util::sync::CancellationToken;

use crate::{leases::Leases, limits, page, rows::Rows};

#[derive(Clone)]
pub struct App {
    pub rows: Rows,
    pub leases: Leases,
    /// Counts the requests that run, and their cleanups.
    pub requests: Tracker,
    /// Cancels the requests that run.
    pub cancel: CancellationToken,
    /// The time that a request may take.
    pub deadline: Duration,
    pub counts: Arc<Counts>,
}

impl App {
    /// Connects to the databases that the environment names.
    pub async fn open() -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            rows: Rows::open(&variable("DATABASE_URL")?).await?,
            leases: Leases::open(&variable("REDIS_URL")?).await?,
            requests: Tracker::new(),
            cancel: CancellationToken::new(),
            deadline: milliseconds("DEADLINE_MS", 5_000)?,
            counts: Arc::default(),
        })
    }

    /// The routes, with the limits of every request around them.
    pub fn router(self, job: MethodRouter<Self>) -> Router {
        Router::new()
            .route("/", get(page::page))
            .route("/jobs/{name}", job)
            .layer(middleware::from_fn_with_state(self.clone(), limits::limit))
            .with_state(self)
    }
}

/// How many jobs have started, and how those that are over have ended.
#[derive(Default)]
pub struct Counts {
    pub started: AtomicUsize,
    pub returned: AtomicUsize,
    pub failed: AtomicUsize,
    pub panicked: AtomicUsize,
    pub cancelled: AtomicUsize,
}

impl Counts {
    pub fn started(&self) {
        self.started.fetch_add(1, Relaxed);
    }

    pub fn ended<T, E>(&self, fate: &Fate<'_, Result<T, E>>) {
        let count = match fate {
            Fate::Returned(Ok(_)) => &self.returned,
            Fate::Returned(Err(_)) => &self.failed,
            Fate::Panicked(_) => &self.panicked,
            Fate::Cancelled => &self.cancelled,
        };
        count.fetch_add(1, Relaxed);
    }
}

pub fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

/// Reads a duration, which has a default.
pub fn milliseconds(name: &str, default: u64) -> Result<Duration, String> {
    let fail = |error: &dyn Display| format!("{name}: {error}");
    match env::var(name) {
        Ok(text) => text.parse().map(Duration::from_millis).map_err(|error| fail(&error)),
        Err(env::VarError::NotPresent) => Ok(Duration::from_millis(default)),
        Err(error) => Err(fail(&error)),
    }
}
