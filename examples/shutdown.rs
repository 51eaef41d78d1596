//! How does a program end that leaves nothing behind?

use std::time::Duration;

use finally::finally;
use tokio::{select, signal::ctrl_c, task::JoinSet, time::sleep};

async fn release(lease: u8) {
    sleep(Duration::from_millis(10)).await;
    println!("  lease {lease} is released");
}

#[finally(release(lease))]
async fn work(lease: u8) {
    println!("  lease {lease} is taken");
    sleep(Duration::from_secs(60)).await;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), finally::StillRunning> {
    let mut tasks = JoinSet::new();
    for lease in 1..=3 {
        tasks.spawn(work(lease));
    }

    println!("Serve until Ctrl-C, or for a moment.");
    select! {
        pressed = ctrl_c() => pressed.expect("a handler of the signal"),
        () = sleep(Duration::from_millis(50)) => {}
    }

    println!("Cancel the tasks and await them. Each hands its cleanup off when it is dropped.");
    tasks.shutdown().await;
    println!("Wait for the cleanups, as long as the runtime is there.");
    finally::drain_timeout(Duration::from_secs(10)).await?;
    println!("Return from `main`.");
    Ok(())
}
