//! The subject of the measurement. It is measured twice, the second time with every line that is an attribute of this crate left empty.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use finally::finally;

pub struct Conn(pub u64);

impl Conn {
    async fn fetch(&self, id: u64) -> Result<u64, String> {
        if id == self.0 { Err("no such row".to_owned()) } else { Ok(id) }
    }
    fn release(&self) {}
    async fn close(self) {}
    async fn flush(&self) {}
}

fn clean() {}

/// Never ready.
async fn wait_for_ever() {
    std::future::pending().await
}

// The twins.

#[finally(clean)]
async fn path(conn: Conn, id: u64) -> Result<u64, String> {
    let mut sum = 0;
    for at in 0..3 {
        if at == 7 {
            sum += 100;
        }
        sum += conn.fetch(id + at).await?;
    }
    if sum > 1_000 {
        return Ok(0);
    }
    let doubled = sum * 2;
    Ok(doubled)
}

#[finally(conn.release())]
async fn argument(conn: Conn, id: u64) -> Result<u64, String> {
    let row = conn.fetch(id).await?;
    match row {
        1 => {
            let one = row * 10;
            return Ok(one);
        }
        2 => {
            panic!("two")
        }
        _ => {}
    }
    Ok(row)
}

#[finally(conn.close().await)]
async fn awaited(conn: Conn, mut left: u64) -> Result<u64, String> {
    let mut rows = Vec::new();
    while left > 0 {
        left -= 1;
        let Ok(row) = conn.fetch(left).await else {
            continue;
        };
        rows.push(row);
    }
    let sum = rows
        .iter()
        .filter(|row| **row != 4)
        .sum::<u64>();
    Ok(sum)
}

#[finally(clean)]
async fn cancelled(conn: Conn) -> Result<(), String> {
    let row = conn.fetch(1).await?;
    if row == 1 {
        wait_for_ever().await;
        clean();
    }
    Ok(())
}

#[finally(conn.flush().await, on_cancel = skip)]
async fn skipped(conn: &Conn, id: u64) -> Result<(), String> {
    if id == 3 {
        return Err("three".to_owned());
    }
    conn.fetch(id).await?;
    Ok(())
}

#[finally(conn.flush().await, on_cancel = block)]
async fn blocked(conn: &Conn, id: u64) -> u64 {
    let found = conn.fetch(id).await.is_ok();
    if found {
        1
    } else {
        0
    }
}

#[finally(clean)]
fn not_async(conn: &Conn, id: u64) -> Result<u64, String> {
    if id == 3 {
        return Err("three".to_owned());
    }
    let value = "7".parse::<u64>()
        .map_err(|error| {
            error.to_string()
        })?;
    Ok(value + conn.0)
}

#[finally(conn.release())]
fn not_async_with_argument(conn: Conn, words: &[&str]) -> usize {
    let mut length = 0;
    for word in words {
        length += match word.len() {
            0 => 1,
            9 => 2,
            length => length,
        };
    }
    length + conn.0 as usize
}

#[finally(clean)]
fn returned(id: u64) -> impl Future<Output = u64> {
    let next = id + 1;
    async move {
        if next == 3 {
            return 0;
        }
        next
    }
}

#[finally(clean)]
fn boxed(id: u64) -> Pin<Box<dyn Future<Output = u64>>> {
    if id == 5 {
        return Box::pin(async { 0 });
    }
    Box::pin(async move {
        id
    })
}

impl Conn {
    #[finally(self.release())]
    async fn method(&mut self, by: u64) -> u64 {
        if by > 5 {
            self.0 = 0;
        }
        self.0 += by;
        self.0
    }
}

// The end of the twins.

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let _ = run(path(Conn(5), 1));
    let _ = run(path(Conn(5), 4));
    let _ = run(argument(Conn(5), 1));
    let _ = std::panic::catch_unwind(|| run(argument(Conn(5), 2)));
    let _ = run(awaited(Conn(3), 6));
    assert!(pin!(cancelled(Conn(5))).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let _ = run(skipped(&Conn(5), 1));
    let _ = run(skipped(&Conn(5), 3));
    run(blocked(&Conn(5), 1));
    let _ = not_async(&Conn(5), 1);
    not_async_with_argument(Conn(5), &["", "three", "words"]);
    run(returned(1));
    run(boxed(1));
    run(Conn(5).method(2));
}

fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
