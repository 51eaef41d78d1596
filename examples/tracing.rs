//! Where does the failure of a cleanup go in a program that logs by `tracing`?

use finally::finally;

async fn roll_back(order: u32) -> Result<(), String> {
    tracing::info!("rolling back");
    Err(format!("order {order} cannot be rolled back"))
}

/// The cleanup is inside the span, because `#[finally]` stands above `#[instrument]`.
#[finally(roll_back(order))]
#[tracing::instrument]
async fn book(order: u32) -> Result<(), String> {
    tracing::info!("booking");
    Err("sold out".into())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    tracing_subscriber::fmt().with_writer(std::io::stdout).without_time().with_ansi(false).init();

    // The caller gets the error of the body. That of the cleanup is an event.
    let error = book(7).await.unwrap_err();
    tracing::info!("the caller got: {error}");
}
