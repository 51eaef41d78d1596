//! The subject of the debugger. It is debugged twice, the second time with every line that is an attribute of this crate left empty.
//!
//! A breakpoint is set at each line that ends in `// stop`.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use finally::finally;

pub struct Conn(pub u64);

impl Conn {
    async fn fetch(&self, id: u64) -> u64 {
        self.0 + id
    }
    fn release(&self) {}
    async fn close(self) {}
    async fn flush(&self) {}
}

fn clean() {}

#[finally(clean)]
async fn path(conn: Conn, id: u64) -> u64 {
    let local = id + 1; // stop
    let doubled = local * 2;
    let row = conn.fetch(doubled).await;
    let sum = row + local;
    sum
}

#[finally(conn.release())]
async fn argument(conn: Conn, id: u64) -> Result<u64, String> {
    let local = id + 1; // stop
    let row = conn.fetch(local).await;
    if row > local {
        let sum = row + local;
        return Ok(sum);
    }
    Ok(row)
}

#[finally(conn.close().await)]
async fn awaited(conn: Conn, id: u64) -> u64 {
    let mut local = 0;
    while local < id {
        local += 1; // stop
    }
    let row = conn.fetch(local).await;
    row + 1
}

#[finally(conn.flush().await, on_cancel = skip)]
async fn skipped(conn: &Conn, id: u64) -> u64 {
    let local = conn.fetch(id).await;
    let doubled = local * 2; // stop
    let sum = doubled + 1;
    let tripled = sum * 3;
    tripled
}

#[finally(clean)]
fn not_async(conn: &Conn, id: u64) -> u64 {
    let local = conn.0 + id; // stop
    let doubled = local * 2;
    let sum = doubled + 1;
    sum
}

#[finally(conn.release())]
fn not_async_with_argument(conn: Conn, id: u64) -> u64 {
    let local = conn.0 + id; // stop
    let doubled = local * 2;
    let sum = doubled + 1;
    sum
}

#[finally(clean)]
fn returned(id: u64) -> impl Future<Output = u64> {
    let next = id + 1;
    async move {
        let local = next + 1; // stop
        let sum = local + 1;
        let tripled = sum * 3;
        tripled
    }
}

fn main() {
    run(path(Conn(5), 1));
    let _ = run(argument(Conn(5), 1));
    run(awaited(Conn(5), 3));
    run(skipped(&Conn(5), 1));
    not_async(&Conn(5), 1);
    not_async_with_argument(Conn(5), 1);
    run(returned(1));
}

fn run<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}
