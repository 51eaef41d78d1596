//! In which span does a cleanup log, and where does its failure go?

use finally::{FinallyExt, finally};
use tokio::time::{Duration, sleep, timeout};

async fn roll_back(order: u32) -> Result<(), String> {
    tracing::info!("rolling back");
    Err(format!("order {order} cannot be rolled back"))
}

/// The cleanup is inside the span, because `#[finally]` stands above `#[instrument]`.
#[finally(roll_back(order))]
#[tracing::instrument]
async fn book(order: u32) -> Result<(), String> {
    sleep(Duration::from_millis(10)).await;
    Err("sold out".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stdout).without_time().with_ansi(false).init();

    // The caller gets the error of the body. That of the cleanup is an event.
    let error = book(7).await.unwrap_err();
    tracing::info!("the caller got: {error}");

    // The caller has left, and the cleanup was handed off.
    let ended = timeout(Duration::from_millis(1), book(8)).settled().await;
    tracing::info!("in time: {}", ended.is_ok());
}
