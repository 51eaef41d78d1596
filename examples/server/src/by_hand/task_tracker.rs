//! Each job is a task of its own, which the client and the deadline do not cancel, and for which the server waits.

use std::{sync::LazyLock, time::Duration};

use axum::extract::{Path, Query, State};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::{
    app::App,
    problem::Problem,
    work::{JobId, Order},
};

static TASKS: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

pub async fn job(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(order): Query<Order>,
) -> Result<String, Problem> {
    TASKS.spawn(run(app, name, order)).await.map_err(Problem::Task)?
}

async fn run(app: App, name: String, order: Order) -> Result<String, Problem> {
    let id = JobId::random();
    let lease = app.leases.clone().take(name, id).await?;
    let report = with_row(&app, id, order).await;
    let released = app.leases.release(lease).await;
    let report = report?;
    released?;
    Ok(report)
}

async fn with_row(app: &App, id: JobId, order: Order) -> Result<String, Problem> {
    app.rows.clone().insert(id).await?;
    let report = tokio::select! {
        report = order.work(&app.rows) => report,
        () = sleep(app.deadline) => Err(Problem::TooLate),
        () = app.cancel.cancelled() => Err(Problem::Stopped),
    };
    let removed = app.rows.clone().remove(id).await;
    let report = report?;
    removed?;
    Ok(report)
}

/// Waits for the tasks, for a server that has been stopped.
pub async fn wait(limit: Duration) -> bool {
    TASKS.close();
    timeout(limit, TASKS.wait()).await.is_ok()
}
