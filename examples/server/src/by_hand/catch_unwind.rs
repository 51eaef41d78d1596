//! The cleanup stands after the work, whose panic is caught.

use std::panic::{AssertUnwindSafe, resume_unwind};

use axum::extract::{Path, Query, State};
use futures_util::FutureExt;

use crate::{
    app::App,
    problem::Problem,
    rows::Rows,
    work::{JobId, Order},
};

pub async fn job(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(order): Query<Order>,
) -> Result<String, Problem> {
    let id = JobId::random();
    let lease = app.leases.clone().take(name, id).await?;
    let ended = AssertUnwindSafe(run(app.rows, id, order)).catch_unwind().await;
    let released = app.leases.release(lease).await;
    let report = ended.unwrap_or_else(|panic| resume_unwind(panic))?;
    released?;
    Ok(report)
}

async fn run(rows: Rows, id: JobId, order: Order) -> Result<String, Problem> {
    rows.clone().insert(id).await?;
    let ended = AssertUnwindSafe(order.work(&rows)).catch_unwind().await;
    let removed = rows.remove(id).await;
    let report = ended.unwrap_or_else(|panic| resume_unwind(panic))?;
    removed?;
    Ok(report)
}
