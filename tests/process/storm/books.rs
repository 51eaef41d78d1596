//! The books of a storm: every body that was entered, and every failure that was raised.

use std::{
    any::Any,
    collections::BTreeMap,
    fmt,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

use finally::{Failure, FailureKind};
use futures::FutureExt;

use crate::{random::Random, support::scene::PATIENCE, trees::Tree};

/// The result of a body, and of a cleanup.
pub type Outcome = Result<(), Error>;

/// An error with a number of its own.
#[derive(Debug)]
pub struct Error(u64);

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{self:?}")
    }
}

impl std::error::Error for Error {}

/// The payload of a panic, with a number of its own.
struct Panic(u64);

/// The books of one program. An entry that is open at the end of the program is an error.
#[derive(Default)]
pub struct Books {
    clock: AtomicU64,
    entries: Mutex<Vec<Arc<Entry>>>,
    /// The number of times each raised failure was delivered or reported.
    failures: Mutex<BTreeMap<u64, usize>>,
    /// The number of reports that have only the name of the type of the error.
    nameless: AtomicUsize,
    lost: AtomicUsize,
    /// Failures that no part of the storm has raised.
    foreign: Mutex<Vec<String>>,
    tasks: Mutex<usize>,
    task_ended: Condvar,
}

impl Books {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, SeqCst) + 1
    }

    fn number(&self) -> u64 {
        let number = self.tick();
        self.failures.lock().unwrap().insert(number, 0);
        number
    }

    /// Ends a body or a cleanup: with success in most cases, otherwise with a failure that it enters into the books.
    pub fn end(&self, random: &mut Random) -> Outcome {
        match random.below(24) {
            0 | 1 => Err(Error(self.number())),
            2 => self.panic(),
            _ => Ok(()),
        }
    }

    /// Panics without calling the panic hook.
    pub fn panic(&self) -> ! {
        resume_unwind(Box::new(Panic(self.number())))
    }

    fn settle(&self, number: u64) {
        *self.failures.lock().unwrap().get_mut(&number).expect("an error of these books") += 1;
    }

    fn settle_panic(&self, payload: &(dyn Any + Send), text: &str) {
        match payload.downcast_ref() {
            Some(Panic(number)) => self.settle(*number),
            None => self.foreign.lock().unwrap().push(text.into()),
        }
    }

    /// Enters the result that a caller gets.
    pub fn deliver(&self, caught: Result<Outcome, Box<dyn Any + Send>>) {
        match caught {
            Ok(Ok(())) => {}
            Ok(Err(Error(number))) => self.settle(number),
            Err(payload) => {
                let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
                let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
                self.settle_panic(&*payload, &text.unwrap_or_default());
            }
        }
    }

    /// Enters a failure that the hook gets.
    pub fn report(&self, failure: &Failure) {
        if failure.kind() == FailureKind::Lost {
            self.lost.fetch_add(1, SeqCst);
        } else if let Some(payload) = failure.payload() {
            self.settle_panic(payload, failure.message());
        } else if let Some(number) = number_of(failure.message()) {
            self.settle(number);
        } else {
            self.nameless.fetch_add(1, SeqCst);
        }
    }

    /// Enters a body into the books.
    pub fn enter(&self, kind: Kind, around: Option<Arc<Entry>>) -> Arc<Entry> {
        let entry = Arc::new(Entry {
            kind,
            around,
            body_ended: AtomicBool::new(false),
            all_ended: AtomicBool::new(false),
            starts: AtomicUsize::new(0),
            start: AtomicU64::new(0),
            end: AtomicU64::new(0),
        });
        self.entries.lock().unwrap().push(Arc::clone(&entry));
        entry
    }

    /// Waits until every task that was counted has been dropped.
    pub fn wait_for_tasks(&self) {
        let tasks = self.tasks.lock().unwrap();
        let (tasks, _) = self.task_ended.wait_timeout_while(tasks, PATIENCE, |tasks| *tasks > 0).unwrap();
        assert_eq!(*tasks, 0, "tasks that are never dropped");
    }

    /// Checks the books, and starts new ones.
    pub fn close(&self) -> Vec<Form> {
        let entries = mem::take(&mut *self.entries.lock().unwrap());
        let mut lost = 0;
        for entry in &entries {
            lost += usize::from(entry.is_lost());
            entry.check();
        }
        assert_eq!(
            self.lost.swap(0, SeqCst),
            lost,
            "each lost cleanup is reported as that, and no other one"
        );
        let failures = mem::take(&mut *self.failures.lock().unwrap());
        let twice: Vec<_> = failures.iter().filter(|(_, settled)| **settled > 1).collect();
        assert!(twice.is_empty(), "failures that were delivered or reported more than once: {twice:?}");
        let open: Vec<_> = failures.iter().filter(|(_, settled)| **settled == 0).collect();
        let nameless = self.nameless.swap(0, SeqCst);
        assert_eq!(
            open.len(),
            nameless,
            "{open:?} were raised, and {nameless} of them were reported without a name"
        );
        assert_eq!(*self.foreign.lock().unwrap(), [""; 0]);
        entries.iter().map(|entry| entry.kind.form).collect()
    }
}

/// Returns the number in a text that contains `Error(number)`.
fn number_of(text: &str) -> Option<u64> {
    text.split_once("Error(")?.1.split_once(')')?.0.parse().ok()
}

/// The form in which a body and its cleanup are written.
pub type Form = &'static str;

#[derive(Clone, Copy)]
pub struct Kind {
    pub form: Form,
    /// Whether the cleanup waits for cleanups that were handed off inside the body, as all awaited ones do.
    pub waits: bool,
    /// Whether a cancellation skips the cleanup.
    pub skips: bool,
    /// Whether a cancellation waits for the cleanup if that is possible.
    pub blocks: bool,
}

/// A body that was entered.
pub struct Entry {
    kind: Kind,
    /// The nearest enclosing body whose cleanup comes after the cleanup of this one.
    around: Option<Arc<Entry>>,
    body_ended: AtomicBool,
    all_ended: AtomicBool,
    starts: AtomicUsize,
    start: AtomicU64,
    end: AtomicU64,
}

impl Entry {
    pub fn around(&self) -> Option<Arc<Self>> {
        self.around.clone()
    }

    /// Records the end of the body, unless the body is cancelled.
    pub async fn body<T>(&self, body: impl Future<Output = T>) -> T {
        noting(&self.body_ended, body).await
    }

    /// Records the end of the body and its cleanup, unless one of them is cancelled.
    pub async fn all<T>(&self, all: impl Future<Output = T>) -> T {
        noting(&self.all_ended, all).await
    }

    pub fn cleanup_starts(&self, books: &Books) {
        self.starts.fetch_add(1, SeqCst);
        self.start.store(books.tick(), SeqCst);
    }

    pub fn cleanup_ends(&self, books: &Books) {
        self.end.store(books.tick(), SeqCst);
    }

    fn has_ended(&self) -> bool {
        self.end.load(SeqCst) > 0
    }

    fn is_lost(&self) -> bool {
        self.kind.blocks && !self.has_ended()
    }

    fn check(&self) {
        let (form, starts) = (self.kind.form, self.starts.load(SeqCst));
        assert!(starts <= 1, "{form}: cleaned up {starts} times");
        let cancelled = !self.all_ended.load(SeqCst);
        if self.kind.skips && cancelled {
            assert!(
                starts == 0 || self.body_ended.load(SeqCst),
                "{form}: cleaned up though the body was cancelled"
            );
        } else if !self.is_lost() {
            assert_eq!((starts, self.has_ended()), (1, true), "{form}: cleaned up once, to the end");
        }
        let (mut path, mut around) = (form.to_owned(), self.around.as_ref());
        while let Some(outer) = around {
            path = format!("{path} < {}", outer.kind.form);
            if outer.kind.waits && outer.starts.load(SeqCst) == 1 {
                let (end, start) = (self.end.load(SeqCst), outer.start.load(SeqCst));
                assert!(
                    end < start,
                    "inner before outer: {path}, which ended at {end} and started at {start}"
                );
            }
            around = outer.around.as_ref();
        }
    }
}

/// Records that a future ends, also if it panics.
async fn noting<T>(ended: &AtomicBool, future: impl Future<Output = T>) -> T {
    let caught = AssertUnwindSafe(future).catch_unwind().await;
    ended.store(true, SeqCst);
    caught.unwrap_or_else(|payload| resume_unwind(payload))
}

/// A tree that a task owns. It delivers the result, and a panic of its drop.
pub struct Task {
    tree: Option<Tree>,
    books: Arc<Books>,
}

impl Task {
    pub fn new(books: &Arc<Books>, tree: Tree) -> Self {
        *books.tasks.lock().unwrap() += 1;
        Self { tree: Some(tree), books: Arc::clone(books) }
    }
}

impl Future for Task {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let tree = self.tree.as_mut().expect("a task is polled until it has ended");
        match catch_unwind(AssertUnwindSafe(|| tree.as_mut().poll(context))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(outcome)) => self.books.deliver(Ok(outcome)),
            Err(payload) => self.books.deliver(Err(payload)),
        }
        Poll::Ready(())
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let tree = self.tree.take();
        self.books.deliver(catch_unwind(AssertUnwindSafe(|| drop(tree))).map(Ok));
        *self.books.tasks.lock().unwrap() -= 1;
        self.books.task_ended.notify_all();
    }
}
