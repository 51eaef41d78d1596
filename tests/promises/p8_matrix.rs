//! P7 and P8: every failure that comes up is delivered once, in each form and with each combination of the places where it can come
//! up.
//!
//! The combinations in which Rust itself aborts are left out: a panic in a drop while the thread unwinds, as in any function whose
//! argument panics in its drop after a panic. [`Form::aborts`] lists them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use finally::{FailureKind, FinallyExt, block, block_on_cancel, finally, replace_on_cancel, skip_on_cancel};

use crate::support::{ENDS, End, Error, Exclusive, Panic, exclusive, hand::Hand, scene::drained};

/// The time at which the caller leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    Never,
    InBody,
    InCleanup,
}

/// The way in which the caller leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Drop,
    /// The panics of drops are reported then, because another panic in a drop would abort.
    Unwinding,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    leaves: Leaves,
    by: By,
    body: End,
    /// Whether the body panics when it is dropped, and so on.
    body_explodes: bool,
    cleanup: End,
    cleanup_explodes: bool,
    argument_explodes: bool,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let in_cleanup = |by| ENDS.map(|body| (Leaves::InCleanup, by, body));
    let in_body = [By::Drop, By::Unwinding].map(|by| (Leaves::InBody, by, End::Succeeds));
    let never = ENDS.map(|body| (Leaves::Never, By::Drop, body));
    let left = in_cleanup(By::Drop).into_iter().chain(in_cleanup(By::Unwinding)).chain(in_body).chain(never);
    for (leaves, by, body) in left {
        for cleanup in ENDS {
            for bits in 0..8 {
                cases.push(Case {
                    leaves,
                    by,
                    body,
                    body_explodes: bits & 1 != 0,
                    cleanup,
                    cleanup_explodes: bits & 2 != 0,
                    argument_explodes: bits & 4 != 0,
                });
            }
        }
    }
    cases
}

/// The failures that have come up in the current case.
static RAISED: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// The case that runs.
static CASE: Mutex<Option<Case>> = Mutex::new(None);

fn case() -> Case {
    CASE.lock().unwrap_or_else(PoisonError::into_inner).unwrap()
}

/// Stands for the end of a cleanup among the failures.
const CLEANED: &str = "cleaned";

fn raise(failure: &str) {
    RAISED.lock().unwrap_or_else(PoisonError::into_inner).push(failure.to_owned());
}

/// Panics when it is dropped, if it is armed.
struct Bomb(Option<&'static str>);

impl Drop for Bomb {
    fn drop(&mut self) {
        if let Some(name) = self.0 {
            raise(&format!("panic {name}"));
            panic_any(Panic(name));
        }
    }
}

fn reach(end: End, name: &'static str) -> Result<(), Error> {
    match end {
        End::Succeeds => {}
        End::Fails => raise(&format!("error {name}")),
        End::Panics => raise(&format!("panic {name}")),
    }
    end.reach(name)
}

/// A body or a cleanup.
struct Step {
    end: End,
    name: &'static str,
    pending: usize,
    _bomb: Bomb,
}

impl Future for Step {
    type Output = Result<(), Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if self.pending > 0 {
            self.pending -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.name == "cleanup" {
            raise(CLEANED);
        }
        Poll::Ready(reach(self.end, self.name))
    }
}

fn body() -> Step {
    let Case { leaves, body: end, body_explodes, .. } = case();
    let pending = usize::from(leaves == Leaves::InBody);
    Step { end, name: "body", pending, _bomb: Bomb(body_explodes.then_some("body's drop")) }
}

fn clean() -> Step {
    let Case { leaves, cleanup: end, cleanup_explodes, .. } = case();
    let pending = usize::from(leaves == Leaves::InCleanup);
    Step { end, name: "cleanup", pending, _bomb: Bomb(cleanup_explodes.then_some("cleanup's drop")) }
}

fn clean_with(_: &Bomb) -> Step {
    clean()
}

fn reach_end() -> Result<(), Error> {
    raise(CLEANED);
    reach(case().cleanup, "cleanup")
}

fn clean_now(_: &Bomb) -> Result<(), Error> {
    reach_end()
}

fn argument() -> Bomb {
    Bomb(case().argument_explodes.then_some("argument's drop"))
}

type Boxed = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// What becomes of the argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Argument {
    /// There is none.
    No,
    /// It is dropped as soon as the cleanup is evaluated, and sees a panic of the body.
    Evaluated,
    /// The same, and the cleanup ends when it is evaluated.
    InPlace,
    /// The future of the cleanup owns it.
    Owned,
    /// The future of the cleanup owns a part of it.
    Part,
    /// The cleanup borrows it.
    Lent,
    /// The handler owns it, and is dropped with it when it has returned the cleanup.
    Captured,
}

struct Form {
    name: &'static str,
    argument: Argument,
    /// Whether the body is awaited in a block of ours, and the cleanup. Rust drops such a future with its end in flight.
    awaits: (bool, bool),
    start: fn() -> Boxed,
}

impl Form {
    /// Whether Rust aborts: the argument is dropped while a panic unwinds.
    fn aborts(&self, case: Case) -> bool {
        let body_panics = case.leaves != Leaves::InBody && (case.body == End::Panics || case.body_explodes);
        let cleanup_panics = case.cleanup == End::Panics || case.cleanup_explodes;
        let (awaits_body, awaits_cleanup) = self.awaits;
        let twice = |awaits: bool, end, explodes: bool| awaits && end == End::Panics && explodes;
        twice(awaits_body, case.body, case.body_explodes)
            || twice(awaits_cleanup, case.cleanup, case.cleanup_explodes)
            || case.argument_explodes
                && match self.argument {
                    Argument::No => true,
                    Argument::Part => body_panics || cleanup_panics,
                    Argument::Evaluated => body_panics,
                    Argument::InPlace => body_panics || case.cleanup == End::Panics,
                    Argument::Owned | Argument::Captured => cleanup_panics,
                    Argument::Lent => case.leaves == Leaves::Never && (body_panics || cleanup_panics),
                }
    }

    /// Whether the cleanup runs. It does not if there is none on cancellation, and if its handler panics.
    fn cleans(&self, case: Case) -> bool {
        let handler_panics = self.argument == Argument::Captured && case.argument_explodes;
        !handler_panics && (case.leaves == Leaves::Never || !self.name.contains("skip"))
    }

    /// Whether an error is lost as in any function or block whose variable panics in its drop.
    fn loses_errors(&self, case: Case) -> bool {
        let lent = case.leaves == Leaves::Never && case.argument_explodes && self.argument == Argument::Lent;
        let (awaits_body, awaits_cleanup) = self.awaits;
        lent || awaits_body && case.body_explodes
            || awaits_cleanup && (case.argument_explodes || case.cleanup_explodes)
    }
}

const NEITHER: (bool, bool) = (false, false);

const FORMS: &[Form] = &[
    Form {
        name: "sync",
        argument: Argument::InPlace,
        awaits: NEITHER,
        start: || Box::pin(forms::sync(argument())),
    },
    Form {
        name: "sync by path",
        argument: Argument::No,
        awaits: NEITHER,
        start: || Box::pin(forms::sync_path()),
    },
    Form {
        name: "part",
        argument: Argument::Part,
        awaits: (false, true),
        start: || Box::pin(forms::part((clean(), argument()))),
    },
    Form { name: "method, sync", argument: Argument::No, awaits: NEITHER, start: forms::method_sync },
    Form {
        name: "replace with it",
        argument: Argument::Lent,
        awaits: NEITHER,
        start: || Box::pin(forms::replacing_with(argument())),
    },
    Form { name: "path", argument: Argument::No, awaits: NEITHER, start: || Box::pin(forms::path()) },
    Form {
        name: "argument",
        argument: Argument::Evaluated,
        awaits: NEITHER,
        start: || Box::pin(forms::with(argument())),
    },
    Form {
        name: "awaited",
        argument: Argument::Owned,
        awaits: (false, true),
        start: || Box::pin(forms::awaited(argument())),
    },
    Form {
        name: "block",
        argument: Argument::Lent,
        awaits: NEITHER,
        start: || Box::pin(forms::blocking(argument())),
    },
    Form {
        name: "block by path",
        argument: Argument::No,
        awaits: NEITHER,
        start: || Box::pin(forms::blocking_path()),
    },
    Form {
        name: "skip",
        argument: Argument::Lent,
        awaits: NEITHER,
        start: || Box::pin(forms::skipping(argument())),
    },
    Form {
        name: "skip by path",
        argument: Argument::No,
        awaits: NEITHER,
        start: || Box::pin(forms::skipping_path()),
    },
    Form {
        name: "replace",
        argument: Argument::Lent,
        awaits: NEITHER,
        start: || Box::pin(forms::replacing(argument())),
    },
    Form {
        name: "replace by path",
        argument: Argument::No,
        awaits: NEITHER,
        start: || Box::pin(forms::replacing_path()),
    },
    Form { name: "method", argument: Argument::Captured, awaits: NEITHER, start: forms::method },
    Form {
        name: "method, block",
        argument: Argument::Captured,
        awaits: NEITHER,
        start: forms::method_blocking,
    },
    Form {
        name: "method, skip",
        argument: Argument::Captured,
        awaits: NEITHER,
        start: forms::method_skipping,
    },
    Form { name: "method, replace", argument: Argument::No, awaits: NEITHER, start: forms::method_replacing },
    Form {
        name: "block in place",
        argument: Argument::No,
        awaits: (true, false),
        start: || Box::pin(forms::in_place()),
    },
    Form {
        name: "block with a future",
        argument: Argument::No,
        awaits: (true, false),
        start: forms::of_future,
    },
];

mod forms {
    use super::*;

    #[finally(clean)]
    pub fn path() -> impl Future<Output = Result<(), Error>> {
        body()
    }

    #[finally(clean_with(&argument))]
    pub fn with(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(clean_now(&argument))]
    pub fn sync(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(reach_end())]
    pub fn sync_path() -> impl Future<Output = Result<(), Error>> {
        body()
    }

    pub fn method_sync() -> Boxed {
        Box::pin(body().finally(reach_end))
    }

    #[finally(argument.0.await)]
    pub fn part(argument: (Step, Bomb)) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument.1;
        body()
    }

    #[finally(clean(), on_cancel = (clean_with(&argument)))]
    pub fn replacing_with(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(clean_with(&argument).await)]
    pub fn awaited(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(clean_with(&argument), on_cancel = block)]
    pub fn blocking(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(clean(), on_cancel = block)]
    pub fn blocking_path() -> impl Future<Output = Result<(), Error>> {
        body()
    }

    #[finally(clean_with(&argument), on_cancel = skip)]
    pub fn skipping(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(clean(), on_cancel = skip)]
    pub fn skipping_path() -> impl Future<Output = Result<(), Error>> {
        body()
    }

    #[finally(clean_with(&argument), on_cancel = (clean()))]
    pub fn replacing(argument: Bomb) -> impl Future<Output = Result<(), Error>> {
        let _uses = &argument;
        body()
    }

    #[finally(clean(), on_cancel = (clean()))]
    pub fn replacing_path() -> impl Future<Output = Result<(), Error>> {
        body()
    }

    pub fn method() -> Boxed {
        let argument = argument();
        Box::pin(body().finally(move || clean_with(&argument)))
    }

    pub fn method_blocking() -> Boxed {
        let argument = argument();
        Box::pin(body().finally(move || block_on_cancel(clean_with(&argument))))
    }

    pub fn method_skipping() -> Boxed {
        let argument = argument();
        Box::pin(body().finally(move || skip_on_cancel(clean_with(&argument))))
    }

    pub fn method_replacing() -> Boxed {
        Box::pin(body().finally(|| replace_on_cancel(clean(), clean)))
    }

    pub async fn in_place() -> Result<(), Error> {
        block::finally! {
            try { body().await }
            finally { clean() }
        }
    }

    pub fn of_future() -> Boxed {
        Box::pin(block::finally! {
            <Result<(), Error>>
            async { body().await }
            finally |_| { clean() }
        })
    }
}

/// Runs one case, and returns what its caller gets.
fn run(form: &Form, case: Case) -> Vec<String> {
    let mut hand = Some(Hand::new((form.start)()));
    let mut seen = Vec::new();
    let mut see = |ended: std::thread::Result<Poll<Result<(), Error>>>| match ended {
        Ok(Poll::Ready(Ok(()))) => true,
        Ok(Poll::Ready(Err(error))) => {
            seen.push(format!("error {}", error.0));
            true
        }
        Ok(Poll::Pending) => false,
        Err(payload) => {
            seen.push(format!("panic {}", payload.downcast::<Panic>().unwrap().0));
            true
        }
    };
    let mut ended = see(catch_unwind(AssertUnwindSafe(|| hand.as_mut().unwrap().poll())));
    while !ended && case.leaves == Leaves::Never {
        ended = see(catch_unwind(AssertUnwindSafe(|| hand.as_mut().unwrap().poll())));
    }
    see(catch_unwind(AssertUnwindSafe(|| {
        let _hand = hand.take();
        if case.by == By::Unwinding {
            panic_any(Panic("caller"));
        }
        Poll::Pending
    })));
    seen.retain(|seen| seen != "panic caller");
    seen
}

fn check(turn: &Exclusive, form: &Form, case: Case) -> Result<(), String> {
    *CASE.lock().unwrap() = Some(case);
    let mut all = run(form, case);
    drained();
    let received = all.clone();
    for failure in turn.failures() {
        assert_eq!(failure.file, file!(), "{} {case:?}: {failure:?}", form.name);
        all.push(match (failure.panic, failure.kind) {
            (Some(Panic(name)), _) => format!("panic {name}"),
            (None, FailureKind::BodyFailed) => "error body".to_owned(),
            (None, _) => "error cleanup".to_owned(),
        });
    }
    let mut raised = std::mem::take(&mut *RAISED.lock().unwrap());
    let cleaned = raised.iter().filter(|it| *it == CLEANED).count();
    raised.retain(|it| it != CLEANED);
    if form.loses_errors(case) {
        raised.retain(|failure| failure.starts_with("panic") || all.contains(failure));
    }
    let first = case.leaves != Leaves::Never || received.first() == first_of(form, &raised);
    all.sort();
    let sorted = {
        let mut raised = raised.clone();
        raised.sort();
        raised
    };
    if first && all == sorted && received.len() <= 1 && cleaned == usize::from(form.cleans(case)) {
        return Ok(());
    }
    Err(format!(
        "{}, {case:?}: cleaned {cleaned}, raised {raised:?}, received {received:?}, in all {all:?}",
        form.name
    ))
}

/// Returns the failure that the caller gets. A panic of a drop takes the place of the error before it. The drop of an argument counts
/// as one of the body, unless the cleanup owns the argument.
fn first_of<'a>(form: &Form, raised: &'a [String]) -> Option<&'a String> {
    let (first, second) = (raised.first()?, raised.get(1));
    let is_of_body = !matches!(form.argument, Argument::Owned | Argument::Captured);
    let argument = raised.iter().find(|failure| *failure == "panic argument's drop").filter(|_| is_of_body);
    match (first.as_str(), second.map(String::as_str)) {
        ("error body", Some("panic body's drop")) | ("error cleanup", Some("panic cleanup's drop")) => second,
        ("error body" | "error cleanup", _) if argument.is_some() => argument,
        _ => Some(first),
    }
}

#[test]
fn p8_every_failure_is_delivered_once() {
    let turn = exclusive();
    let mut wrong = Vec::new();
    for form in FORMS {
        for case in cases().into_iter().filter(|case| !form.aborts(*case)) {
            wrong.extend(check(&turn, form, case).err());
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
