//! The handler.

use axum::extract::{Path, Query, State};
use finally::{finally, try_acquire};

use crate::{
    app::App,
    problem::Problem,
    rows::Rows,
    work::{JobId, Order},
};

/// `POST /jobs/{name}`: runs a job, if no other one of its name runs.
#[finally(|fate| app.counts.ended(&fate))]
pub async fn job(
    State(app): State<App>,
    Path(name): Path<String>,
    Query(order): Query<Order>,
) -> Result<String, Problem> {
    app.counts.started();
    let id = JobId::random();
    // Cancelled during the request, the lease may be granted all the same. It is released then, too.
    let leases = app.leases.clone();
    let _lease = try_acquire(app.leases.clone().take(name, id), move |lease| leases.release(lease)).await?;
    run(app.rows.clone(), id, order).await
}

/// Does the work, with a row in the table for as long as it takes.
#[finally(rows.remove(id))]
async fn run(rows: Rows, id: JobId, order: Order) -> Result<String, Problem> {
    // Cancelled during the request, the INSERT goes on, and the DELETE of the cleanup waits for it.
    let _inserted = try_acquire(rows.clone().insert(id), |()| {}).await?;
    order.work(&rows).await
}
