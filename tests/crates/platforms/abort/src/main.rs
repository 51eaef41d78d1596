//! A program in which a panic aborts. It runs one case, and writes a line for each thing that happens.

use std::{
    env,
    future::{Future, pending, ready},
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use finally::finally;
use tokio::{
    runtime::{Builder, Runtime},
    time::sleep,
};

#[finally(println!("clean"))]
async fn in_place(end: Result<u8, &'static str>) -> Result<u8, &'static str> {
    println!("body");
    ready(()).await;
    end
}

#[finally(println!("clean"))]
async fn panics() {
    println!("body");
    ready(()).await;
    panic!("the body");
}

#[finally(panic!("the cleanup"))]
async fn panics_in_the_cleanup() {
    println!("body");
}

#[finally(clean())]
async fn is_cancelled() {
    println!("body");
    pending::<()>().await;
}

#[finally(clean().await, on_cancel = block)]
async fn is_cancelled_and_blocks() {
    println!("body");
    pending::<()>().await;
}

async fn clean() {
    sleep(Duration::from_millis(1)).await;
    println!("clean");
}

#[cfg(not(panic = "abort"))]
compile_error!("a panic does not abort this program");

/// Polls a future once, and drops it.
fn cancel(future: impl Future) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
}

fn main() {
    let case = env::args().nth(1).expect("the name of a case");
    match case.as_str() {
        "value" => drop(runtime().block_on(in_place(Ok(1)))),
        "error" => drop(runtime().block_on(in_place(Err("body")))),
        "panic" => runtime().block_on(panics()),
        "panic-of-the-cleanup" => runtime().block_on(panics_in_the_cleanup()),
        "hand-off-to-a-runtime" => runtime().block_on(async {
            cancel(is_cancelled());
            finally::drain().await;
        }),
        "hand-off-to-the-background-thread" => {
            cancel(is_cancelled());
            finally::drain_blocking(None).unwrap();
        }
        "block-in-a-worker" => runtime().block_on(async {
            tokio::spawn(async { cancel(is_cancelled_and_blocks()) }).await.unwrap();
        }),
        "block-outside-of-a-worker" => runtime().block_on(async { cancel(is_cancelled_and_blocks()) }),
        _ => panic!("no case is called {case}"),
    }
    println!("end");
}
