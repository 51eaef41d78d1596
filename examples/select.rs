//! Is the loser of a `select!` cleaned up, and when?

use finally::finally;
use tokio::{
    select,
    time::{Duration, sleep},
};

async fn close(mirror: &'static str) {
    sleep(Duration::from_millis(1)).await;
    println!("  {mirror}: closed");
}

#[finally(close(mirror))]
async fn fetch(mirror: &'static str, answers: bool) -> &'static str {
    println!("  {mirror}: asked");
    if !answers {
        std::future::pending::<()>().await;
    }
    mirror
}

/// The cleanup of this function starts when those of both mirrors have ended.
#[finally(async || println!("  the race is over"))]
async fn race() -> &'static str {
    let winner = select! {
        biased;
        page = fetch("slow", false) => page,
        page = fetch("fast", true) => page,
    };
    println!("  the winner is {winner}");
    winner
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("The winner awaits its cleanup, the loser's is handed off.");
    race().await;
}
