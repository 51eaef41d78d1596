//! Middleware for every request: a deadline, the shutdown, and a wait for the cleanups.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use finally::FinallyExt;
use tokio::time::timeout;

use crate::{app::App, problem::Problem};

/// Cancels a request at its deadline or at the shutdown.
///
/// The answer is sent when the cleanups of the request have ended, so a client that tries again finds the lease free. If
/// the client has left, the whole of this future is dropped, and the tracker counts the cleanups that go on.
pub async fn limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let request = timeout(app.deadline, next.run(request));
    let limited = app.cancel.run_until_cancelled(request).settled();
    match app.requests.track_future(limited).await {
        Some(Ok(response)) => response,
        Some(Err(_)) => Problem::TooLate.into_response(),
        None => Problem::Stopped.into_response(),
    }
}
