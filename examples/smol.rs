//! Does it work without tokio?

use std::time::Duration;

use finally::{FinallyExt, finally};
use smol::{Timer, future};

async fn land(balloon: &'static str) {
    Timer::after(Duration::from_millis(10)).await;
    println!("  {balloon} has landed");
}

#[finally(land(balloon))]
async fn fly(balloon: &'static str, minutes: u64) {
    println!("  {balloon} flies");
    Timer::after(Duration::from_millis(minutes)).await;
}

fn main() {
    // Without this, what is handed off goes to a background thread.
    finally::set_executor(|cleanup| smol::spawn(cleanup).detach()).expect("no other executor");

    smol::block_on(async {
        println!("One that ends awaits its cleanup.");
        fly("the red balloon", 1).await;

        println!("One that is cancelled hands it off, here to the executor of smol.");
        let storm = async {
            Timer::after(Duration::from_millis(5)).await;
            println!("  a storm comes");
        };
        future::or(fly("the blue balloon", 60_000), storm).settled().await;
        println!("  all are on the ground: {}", finally::detached() == 0);
    });
}
