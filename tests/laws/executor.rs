//! The executor of handed-off cleanups. It polls the tasks that were woken by hand, one after the other, in the order in which they
//! were spawned.
//!
//! A drop with `on_cancel = block` waits for such tasks in the same thread that polls them. Programs that may do so are watched: if
//! nothing changes for a while, more threads drive the tasks until the drop has returned.

use std::{
    io::{self, Write as _},
    mem, process,
    sync::{
        Arc, Mutex, MutexGuard, Once, PoisonError,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Context, Poll, Wake, Waker},
    thread,
    time::Duration,
};

use finally::BoxFuture;

static TASKS: Mutex<Vec<Arc<Task>>> = Mutex::new(Vec::new());
static SPAWNED: AtomicU64 = AtomicU64::new(0);
static ENDED: AtomicU64 = AtomicU64::new(0);
static POLLS: AtomicU64 = AtomicU64::new(0);
static WAKES: AtomicU64 = AtomicU64::new(0);

struct Task {
    future: Mutex<Option<BoxFuture>>,
    woken: AtomicBool,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        WAKES.fetch_add(1, Relaxed);
        self.woken.store(true, SeqCst);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers the executor, once for the process.
pub fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        finally::set_executor(|future| {
            SPAWNED.fetch_add(1, Relaxed);
            let task = Task { future: Mutex::new(Some(future)), woken: AtomicBool::new(true) };
            lock(&TASKS).push(Arc::new(task));
        })
        .expect("nobody else sets one");
    });
}

/// The counts of the executor since the start of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub spawned: u64,
    pub ended: u64,
    pub polls: u64,
    pub wakes: u64,
}

pub fn counts() -> Counts {
    Counts {
        spawned: SPAWNED.load(SeqCst),
        ended: ENDED.load(SeqCst),
        polls: POLLS.load(SeqCst),
        wakes: WAKES.load(SeqCst),
    }
}

/// Returns the number of tasks that have not ended.
pub fn unfinished() -> usize {
    lock(&TASKS).len()
}

/// Leaks the tasks that are stuck. If they were dropped, they would go on in a thread.
pub fn forget() {
    mem::take(&mut *lock(&TASKS)).into_iter().for_each(mem::forget);
}

/// Polls each woken task once. Returns whether there was one.
pub fn round() -> bool {
    let tasks = lock(&TASKS).clone();
    let mut moved = false;
    for task in tasks {
        moved |= poll(&task);
    }
    moved
}

fn poll(task: &Arc<Task>) -> bool {
    // Another thread may be polling it.
    let Ok(mut place) = task.future.try_lock() else { return false };
    if place.is_none() || !task.woken.swap(false, SeqCst) {
        return false;
    }
    POLLS.fetch_add(1, Relaxed);
    let Some(future) = &mut *place else { return false };
    let waker = Waker::from(Arc::clone(task));
    if let Poll::Ready(()) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
        *place = None;
        ENDED.fetch_add(1, Relaxed);
        lock(&TASKS).retain(|other| !Arc::ptr_eq(other, task));
    }
    true
}

/// Set while the driver is in a call that may wait.
static WATCHED: AtomicBool = AtomicBool::new(false);
/// The number of threads that help.
static HELPERS: AtomicUsize = AtomicUsize::new(0);

/// Calls `run`, which may wait for tasks of this executor.
pub fn watched<R>(may_wait: bool, run: impl FnOnce() -> R) -> R {
    static WATCH: Once = Once::new();

    if !may_wait {
        return run();
    }
    let watch = || {
        thread::spawn(watch);
    };
    WATCH.call_once(watch);
    WATCHED.store(true, SeqCst);
    let result = run();
    while HELPERS.load(SeqCst) > 0 {
        thread::yield_now();
    }
    WATCHED.store(false, SeqCst);
    // A thread that has just started sees that it is not needed.
    while HELPERS.load(SeqCst) > 0 {
        thread::yield_now();
    }
    result
}

/// The current program, for a message about it.
pub static RUNNING: Mutex<String> = Mutex::new(String::new());

fn watch() {
    const PATIENCE: Duration = Duration::from_millis(1);
    /// After this number of checks without a change, the drop waits for ever.
    const FOR_EVER: u32 = 20_000;

    let progress = || (crate::event::len(), POLLS.load(SeqCst), WATCHED.load(SeqCst));
    let mut before = progress();
    let mut unchanged = 0;
    loop {
        thread::sleep(PATIENCE);
        let now = progress();
        unchanged = if now == before && now.2 { unchanged + 1 } else { 0 };
        before = now;
        if unchanged == FOR_EVER {
            // The test harness would capture the output of `eprintln!`.
            let _ =
                writeln!(io::stderr(), "breaks [\"L11 wakes\"]: a drop waits for ever\n{}", lock(&RUNNING));
            process::abort();
        }
        if unchanged > 0 {
            HELPERS.fetch_add(1, SeqCst);
            thread::spawn(help);
        }
    }
}

/// Drives the tasks until none is woken.
fn help() {
    loop {
        if !WATCHED.load(SeqCst) || !round() {
            break;
        }
    }
    HELPERS.fetch_sub(1, SeqCst);
}
