//! Runtimes on which any thread can spawn. A drop shuts them down.

use std::{
    future::Future,
    sync::{Arc, Weak},
};

use finally::BoxFuture;
use futures::{
    StreamExt,
    channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded},
    executor::{LocalPool, LocalSpawner, ThreadPool},
    task::{LocalSpawnExt, SpawnExt},
};
use tokio::{runtime::Runtime, task::LocalSet};

use super::support::runtimes;

pub trait Host {
    /// Returns a function that spawns a task on the runtime. It drops the task if the runtime has been shut down.
    fn spawner(&self) -> impl Fn(BoxFuture) + Send + Sync + 'static;

    /// Drives the runtime until the future has ended, as a task of its own.
    fn run(&mut self, future: impl Future<Output = ()> + Send + 'static);
}

pub struct Tokio(Runtime);

impl Tokio {
    pub fn multi_thread() -> Self {
        Self(runtimes::multi_thread())
    }

    pub fn current_thread() -> Self {
        Self(runtimes::current_thread())
    }
}

impl Host for Tokio {
    fn spawner(&self) -> impl Fn(BoxFuture) + Send + Sync + 'static {
        let handle = self.0.handle().clone();
        move |task| drop(handle.spawn(task))
    }

    fn run(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        self.0.block_on(self.0.spawn(future)).unwrap();
    }
}

/// Spawns the tasks that come by a channel, for a runtime whose own spawner stays on its thread.
async fn spawn_each(mut tasks: UnboundedReceiver<BoxFuture>, spawn: impl Fn(BoxFuture)) {
    while let Some(task) = tasks.next().await {
        spawn(task);
    }
}

fn sender(sender: &UnboundedSender<BoxFuture>) -> impl Fn(BoxFuture) + Send + Sync + 'static {
    let sender = sender.clone();
    move |task| drop(sender.unbounded_send(task))
}

pub struct TokioLocalSet {
    runtime: Runtime,
    tasks: LocalSet,
    sender: UnboundedSender<BoxFuture>,
}

impl TokioLocalSet {
    pub fn start() -> Self {
        let (sender, receiver) = unbounded();
        let tasks = LocalSet::new();
        tasks.spawn_local(spawn_each(receiver, |task| drop(tokio::task::spawn_local(task))));
        Self { runtime: runtimes::current_thread(), tasks, sender }
    }
}

impl Host for TokioLocalSet {
    fn spawner(&self) -> impl Fn(BoxFuture) + Send + Sync + 'static {
        sender(&self.sender)
    }

    fn run(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        let task = self.tasks.spawn_local(future);
        self.tasks.block_on(&self.runtime, task).unwrap();
    }
}

pub struct Smol(Arc<smol::Executor<'static>>);

impl Smol {
    pub fn start() -> Self {
        Self(Arc::default())
    }
}

impl Host for Smol {
    fn spawner(&self) -> impl Fn(BoxFuture) + Send + Sync + 'static {
        let executor = Arc::downgrade(&self.0);
        move |task| {
            if let Some(executor) = Weak::upgrade(&executor) {
                executor.spawn(task).detach();
            }
        }
    }

    fn run(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        smol::block_on(self.0.run(self.0.spawn(future)));
    }
}

pub struct FuturesThreadPool(ThreadPool);

impl FuturesThreadPool {
    pub fn start() -> Self {
        Self(ThreadPool::builder().pool_size(2).create().unwrap())
    }
}

impl Host for FuturesThreadPool {
    fn spawner(&self) -> impl Fn(BoxFuture) + Send + Sync + 'static {
        let pool = self.0.clone();
        move |task| pool.spawn_ok(task)
    }

    fn run(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        futures::executor::block_on(self.0.spawn_with_handle(future).unwrap());
    }
}

pub struct FuturesLocalPool {
    pool: LocalPool,
    sender: UnboundedSender<BoxFuture>,
}

impl FuturesLocalPool {
    pub fn start() -> Self {
        let (sender, receiver) = unbounded();
        let pool = LocalPool::new();
        let spawner: LocalSpawner = pool.spawner();
        let spawn = move |task| spawner.spawn_local(task).unwrap();
        pool.spawner().spawn_local(spawn_each(receiver, spawn)).unwrap();
        Self { pool, sender }
    }
}

impl Host for FuturesLocalPool {
    fn spawner(&self) -> impl Fn(BoxFuture) + Send + Sync + 'static {
        sender(&self.sender)
    }

    fn run(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        let task = self.pool.spawner().spawn_local_with_handle(future).unwrap();
        self.pool.run_until(task);
    }
}
