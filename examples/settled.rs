//! How does one wait for the cleanup of what a timeout has cancelled?

use finally::{FinallyExt, finally};
use tokio::time::{Duration, sleep, timeout};

async fn unlock(door: &'static str) {
    sleep(Duration::from_millis(20)).await;
    println!("  {door} is unlocked");
}

#[finally(unlock(door))]
async fn work(door: &'static str) {
    println!("  {door} is locked");
    sleep(Duration::from_secs(60)).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("A timeout drops the work, and does not wait.");
    let ended = timeout(Duration::from_millis(1), work("the front door")).await;
    println!("  in time: {}", ended.is_ok());
    finally::drain().await;

    println!("A settled one waits for the cleanup.");
    let ended = timeout(Duration::from_millis(1), work("the back door")).settled().await;
    println!("  in time: {}", ended.is_ok());
}
