//! A guard that spawns the cleanup when it is dropped.

use axum::extract::{Path, Query, State};
use scopeguard::guard;

use crate::{
    app::App,
    problem::Problem,
    work::{JobId, Order},
};

pub async fn job(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(order): Query<Order>,
) -> Result<String, Problem> {
    let id = JobId::random();
    let leases = app.leases.clone();
    let _lease = guard(app.leases.take(name, id).await?, |lease| drop(tokio::spawn(leases.release(lease))));
    let rows = app.rows.clone();
    app.rows.clone().insert(id).await?;
    let _row = guard(id, |id| drop(tokio::spawn(rows.remove(id))));
    order.work(&app.rows).await
}
