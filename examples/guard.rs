//! How is a value cleaned up that a function makes in the middle?

use std::num::ParseIntError;

use finally::{Guard, guard};
use tokio::task::yield_now;

struct Connection(u8);

impl Connection {
    async fn close(self) {
        yield_now().await;
        println!("  connection {} is closed", self.0);
    }
}

async fn ask(number: u8, text: &str) -> Result<u8, ParseIntError> {
    let connection = guard(Connection(number), Connection::close);
    let answer = text.parse()?; // an error leaves the function here, and drops the guard
    Guard::release(connection).await;
    Ok(answer)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    println!("A value: `release` awaits the cleanup.");
    println!("  the caller gets {:?}", ask(1, "7").await);

    println!("An error: the drop hands the cleanup off, and the caller does not wait.");
    println!("  the caller gets {:?}", ask(2, "seven").await.map_err(|error| error.to_string()));
    finally::drain().await;

    println!("`disarm` gives the value back.");
    let kept = Guard::disarm(guard(Connection(3), Connection::close));
    println!("  connection {} stays open", kept.0);
}
