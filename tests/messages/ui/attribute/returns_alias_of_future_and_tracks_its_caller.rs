use std::{future::Future, pin::Pin};

use finally::finally;

type Later = Pin<Box<dyn Future<Output = u8>>>;

#[finally(println!("too early"))]
#[track_caller]
fn work() -> Later {
    Box::pin(async { 1 })
}

fn main() {}
