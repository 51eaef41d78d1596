//! P8: a report has the text of an error with its causes, in one line, and the error itself if its type allows that.

use std::{
    error::Error as StdError,
    fmt, io,
    ops::Deref,
    sync::{Arc, Mutex},
};

use finally::{Failure, FailureKind, FinallyExt, Guard, Scope, block, finally, guard};
use tokio::sync::oneshot;

use crate::support::{
    Exclusive, Log, exclusive,
    hand::Hand,
    scene::{cancel, drained, held},
    suspend,
};

type Boxed = Box<dyn StdError + Send + Sync>;

/// An error with a cause.
#[derive(Debug)]
struct Lease {
    number: u8,
    cause: io::Error,
}

fn lease(number: u8) -> Lease {
    Lease { number, cause: io::Error::other("connection reset") }
}

impl fmt::Display for Lease {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cannot release lease {}", self.number)
    }
}

impl StdError for Lease {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.cause)
    }
}

const TEXT: &str = "cannot release lease 1: connection reset";

/// Calls `look` with each failure until the end of the turn.
fn looking<R: Send + 'static>(
    _turn: &Exclusive,
    look: impl Fn(&Failure) -> R + Send + Sync + 'static,
) -> impl Fn() -> Vec<R> {
    let seen = Arc::<Mutex<Vec<R>>>::default();
    let kept = Arc::clone(&seen);
    finally::set_failure_hook(move |failure| {
        let looked = look(failure);
        kept.lock().unwrap().push(looked);
    });
    move || std::mem::take(&mut *seen.lock().unwrap())
}

fn messages(turn: &Exclusive) -> Vec<String> {
    turn.failures().into_iter().map(|failure| failure.message).collect()
}

/// The number of the lease that is the error of a failure.
fn number(failure: &Failure) -> Option<u8> {
    failure.error()?.downcast_ref::<Lease>().map(|lease| lease.number)
}

/// Fails with an error in a cleanup of each form, whose caller has left. Each line of code makes the error anew.
macro_rules! in_each_form {
    ($error:expr => $ty:ty) => {{
        #[finally(Err::<(), $ty>($error))]
        async fn attribute() -> Result<(), $ty> {
            suspend().await;
            Ok(())
        }
        #[finally({ suspend().await; Err::<(), $ty>($error) })]
        async fn awaited() -> Result<(), $ty> {
            suspend().await;
            Ok(())
        }
        cancel(attribute());
        cancel(awaited());
        cancel(async {
            block::finally! { try { suspend().await; Ok::<(), $ty>(()) } finally { Err::<(), $ty>($error) } }
        });
        cancel(
            async {
                suspend().await;
                Ok::<(), $ty>(())
            }
            .finally(|| Err::<(), $ty>($error)),
        );
        cancel(
            async {
                suspend().await;
                Ok::<(), $ty>(())
            }
            .finally(|| async { Err::<(), $ty>($error) }),
        );
        drop(guard((), |()| Err::<(), $ty>($error)));
        drop(guard((), |()| async { Err::<(), $ty>($error) }));
        cancel(finally::acquire(suspend(), |()| Err::<(), $ty>($error)));
        let mut scope = Scope::<$ty>::new();
        scope.defer(|| Err::<(), $ty>($error));
        drop(scope);
        drained();
    }};
}

/// Returns the number of failures.
const FORMS: usize = 9;

mod the_text {
    use super::*;

    #[test]
    fn p8_it_has_the_causes() {
        #[finally(Err::<(), _>(lease(1)))]
        fn f() -> Result<(), Lease> {
            Err(lease(2))
        }
        let turn = exclusive();
        assert!(f().is_err());
        assert_eq!(messages(&turn), [TEXT]);
    }

    #[test]
    fn p8_it_is_the_same_from_every_form() {
        let turn = exclusive();
        in_each_form!(io::Error::other(lease(1)) => io::Error);
        assert_eq!(messages(&turn), [TEXT; FORMS]);
        in_each_form!(Box::from(lease(1)) => Boxed);
        assert_eq!(messages(&turn), [TEXT; FORMS]);
        in_each_form!(lease(1).into() => anyhow::Error);
        assert_eq!(messages(&turn), [TEXT; FORMS]);
        in_each_form!("no \"lease\"".to_owned() => String);
        assert_eq!(messages(&turn), ["no \"lease\""; FORMS]);
        in_each_form!("no \"lease\"" => &'static str);
        assert_eq!(messages(&turn), ["no \"lease\""; FORMS]);
    }

    #[test]
    fn p8_an_error_that_cannot_be_owned_has_its_causes_too() {
        #[finally(Err::<(), Box<dyn StdError>>(Box::new(lease(1))))]
        fn boxed() -> Result<(), Box<dyn StdError>> {
            Err("body".into())
        }
        #[derive(Debug)]
        struct Borrowing<'a>(&'a Lease);

        impl fmt::Display for Borrowing<'_> {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self.0, formatter)
            }
        }
        impl StdError for Borrowing<'_> {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                self.0.source()
            }
        }
        #[finally(suspend())]
        async fn borrowing(lease: &Lease) -> Result<(), Borrowing<'_>> {
            Err(Borrowing(lease))
        }
        let turn = exclusive();
        assert!(boxed().is_err());
        cancel(borrowing(&lease(1)));
        drained();
        let mut scope = Scope::<Box<dyn StdError + Send>>::new();
        scope.defer(|| Err::<(), Box<dyn StdError + Send>>(Box::new(lease(1))));
        drop(scope);
        assert_eq!(messages(&turn), [TEXT; 3]);
    }

    #[test]
    fn p8_a_cause_that_it_contains_already_is_not_repeated() {
        #[derive(Debug)]
        struct Showing(Lease);

        impl fmt::Display for Showing {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "stopped ({})", self.0)
            }
        }
        impl StdError for Showing {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&self.0)
            }
        }
        #[finally(Err::<(), _>(Showing(lease(1))))]
        fn f() -> Result<(), Showing> {
            Err(Showing(lease(2)))
        }
        let turn = exclusive();
        assert!(f().is_err());
        assert_eq!(messages(&turn), ["stopped (cannot release lease 1): connection reset"]);
    }

    #[test]
    fn p8_it_ends_though_the_causes_are_a_cycle() {
        #[derive(Debug)]
        struct Cycle;

        impl fmt::Display for Cycle {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("cycle")
            }
        }
        impl StdError for Cycle {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                Some(&Cycle)
            }
        }
        let turn = exclusive();
        in_each_form!(Box::new(Cycle) => Boxed);
        assert_eq!(messages(&turn), ["cycle"; FORMS]);
    }

    #[test]
    fn p8_a_cause_that_panics_costs_the_text_and_nothing_else() {
        #[derive(Debug)]
        struct Panicking;

        impl fmt::Display for Panicking {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("panicking")
            }
        }
        impl StdError for Panicking {
            fn source(&self) -> Option<&(dyn StdError + 'static)> {
                panic!("source")
            }
        }
        #[finally(Err::<(), _>(Panicking))]
        async fn inner() -> Result<(), Panicking> {
            suspend().await;
            Ok(())
        }
        #[finally(async { log.push("clean") })]
        async fn outer(log: Log) {
            let _ = inner().await;
            let _uses = &log;
        }
        let turn = exclusive();
        let log = Log::default();
        cancel(outer(log.clone()));
        drained();
        assert_eq!(log.events(), ["clean"]);
        let texts = messages(&turn);
        assert_eq!(texts.len(), 1);
        assert!(texts[0].contains("Panicking") && texts[0].ends_with("text panics"), "{texts:?}");
        in_each_form!(Box::new(Panicking) => Boxed);
        let texts = messages(&turn);
        assert_eq!(texts.len(), FORMS);
        assert!(texts.iter().all(|text| text.ends_with("text panics")), "{texts:?}");
    }

    #[test]
    fn p8_a_report_is_one_line_whatever_the_text_is() {
        #[finally(Err::<(), _>("a\nb\r\n\tc \u{1b}[31m\u{2028}d \"e\" \\ é"))]
        fn f() -> Result<(), &'static str> {
            Err("body")
        }
        let turn = exclusive();
        let shown = looking(&turn, ToString::to_string);
        assert!(f().is_err());
        let line = shown().pop().unwrap();
        let (_, text) = line.split_once("the cleanup failed: ").unwrap();
        assert_eq!(text, r#"a\nb\r\n\tc \u{1b}[31m\u{2028}d "e" \ é"#);
    }

    #[test]
    fn p8_the_text_of_a_methods_body_is_the_name_of_its_type() {
        let turn = exclusive();
        cancel(async { Err::<(), _>(lease(1)) }.finally(suspend));
        drained();
        let texts = messages(&turn);
        assert_eq!(texts.len(), 1);
        assert!(texts[0].starts_with("core::result::Result<(),") && texts[0].contains("Lease"), "{texts:?}");
    }
}

mod the_error {
    use super::*;

    #[test]
    fn p8_of_an_attribute_and_a_block_is_there() {
        #[finally(Err::<(), _>(lease(1)))]
        fn plain() -> Result<(), Lease> {
            Err(lease(2))
        }
        #[finally({ suspend().await; Err::<(), _>(lease(1)) })]
        async fn awaited() -> Result<(), Lease> {
            Err(lease(2))
        }
        #[finally({ suspend().await; Err::<(), _>(lease(1)) }, on_cancel = block)]
        async fn blocking() -> Result<(), Lease> {
            suspend().await;
            Ok(())
        }
        let turn = exclusive();
        let numbers = looking(&turn, number);
        assert!(plain().is_err());
        assert!(Hand::new(awaited()).run().is_err());
        cancel(blocking());
        let block: Result<(), Lease> = block::finally! { try { Err(lease(2)) } finally { Err(lease(1)) } };
        assert!(block.is_err());
        assert_eq!(numbers(), [Some(1); 4]);
    }

    #[test]
    fn p8_of_a_body_whose_caller_left_has_only_its_text() {
        #[finally(suspend())]
        async fn f() -> Result<(), Lease> {
            Err(lease(1))
        }
        let turn = exclusive();
        let seen = looking(&turn, |failure| (failure.kind(), failure.message() == TEXT, number(failure)));
        cancel(f());
        drained();
        assert_eq!(seen(), [(FailureKind::BodyFailed, true, None)]);
    }

    #[test]
    fn p8_is_there_from_every_form_if_it_is_in_a_box() {
        let turn = exclusive();
        let numbers = looking(&turn, number);
        in_each_form!(Box::new(lease(1)) => Boxed);
        assert_eq!(numbers(), [Some(1); FORMS]);
    }

    #[test]
    fn p8_is_there_from_every_form_if_it_is_one_of_the_system() {
        let turn = exclusive();
        let kinds = looking(&turn, |failure| {
            failure.error().and_then(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind)
        });
        in_each_form!(io::ErrorKind::NotFound.into() => io::Error);
        assert_eq!(kinds(), [Some(io::ErrorKind::NotFound); FORMS]);
    }

    #[test]
    fn p8_of_a_type_that_stands_for_an_error_is_what_it_converts_into() {
        #[finally(Err::<(), _>(anyhow::Error::from(lease(1))))]
        fn f() -> anyhow::Result<()> {
            anyhow::bail!("body")
        }
        let turn = exclusive();
        let texts = looking(&turn, |failure| failure.error().map(ToString::to_string));
        assert!(f().is_err());
        assert_eq!(texts(), [Some("cannot release lease 1".to_owned())]);
    }

    #[test]
    fn p8_is_not_there_if_its_type_does_not_allow_it() {
        #[finally(Err::<(), _>("cleanup"))]
        fn text() -> Result<(), &'static str> {
            Err("body")
        }
        #[finally(Err::<(), Box<dyn StdError>>("cleanup".into()))]
        fn not_send() -> Result<(), Box<dyn StdError>> {
            Err("body".into())
        }
        let turn = exclusive();
        let is_there = looking(&turn, |failure| failure.error().is_some());
        assert!(text().is_err());
        assert!(not_send().is_err());
        drop(guard((), |()| Err(lease(1))));
        cancel(async { Err::<(), _>(lease(1)) }.finally(suspend));
        drained();
        assert_eq!(is_there(), [false; 4]);
    }

    #[test]
    fn p8_is_the_source_of_the_failure() {
        #[finally(Err::<(), _>(lease(1)))]
        fn f() -> Result<(), Lease> {
            Err(lease(2))
        }
        let turn = exclusive();
        let sources = looking(&turn, |failure| {
            let failure: &dyn StdError = failure;
            failure.source().map(<dyn StdError>::is::<Lease>)
        });
        assert!(f().is_err());
        assert_eq!(sources(), [Some(true)]);
    }

    /// The cleanup's error has become one of the body's type, which nobody receives.
    #[test]
    fn p8_that_was_converted_for_a_caller_that_left_has_only_its_text() {
        #[derive(Debug)]
        struct Converted(Lease);

        impl From<Lease> for Converted {
            fn from(lease: Lease) -> Self {
                Self(lease)
            }
        }
        impl fmt::Display for Converted {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "converted {}", self.0)
            }
        }
        impl StdError for Converted {}

        async fn cancel_and_fail(gate: oneshot::Receiver<()>) -> Result<(), Lease> {
            cancel(held(Log::default(), "cancelled", gate));
            Err(lease(1))
        }
        #[finally(cancel_and_fail(gate))]
        async fn f(gate: oneshot::Receiver<()>) -> Result<(), Converted> {
            Ok(())
        }
        let turn = exclusive();
        let (open, gate) = oneshot::channel();
        let seen = looking(&turn, |failure| (failure.message().to_owned(), failure.error().is_some()));
        cancel(f(gate));
        open.send(()).unwrap();
        drained();
        assert_eq!(seen(), [(TEXT.to_owned(), false)]);
    }

    #[test]
    fn p8_is_dropped_once_after_the_hook() {
        struct Logged(Log);

        impl fmt::Debug for Logged {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("Logged")
            }
        }
        impl fmt::Display for Logged {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("logged")
            }
        }
        impl StdError for Logged {}
        impl Drop for Logged {
            fn drop(&mut self) {
                self.0.push("drop");
            }
        }
        let turn = exclusive();
        let log = Log::default();
        let seen = log.clone();
        let is_there = looking(&turn, move |failure| {
            seen.push("hook");
            failure.error().is_some()
        });
        let error = || Err::<(), Boxed>(Box::new(Logged(log.clone())));
        drop(guard((), |()| error()));
        assert_eq!(is_there(), [true]);
        assert_eq!(log.take(), ["hook", "drop"], "one that the failure owns");
        drop(guard((), |()| Err(Logged(log.clone()))));
        assert_eq!(is_there(), [false]);
        assert_eq!(log.take(), ["hook", "drop"], "one that it does not own");
    }

    #[test]
    fn p8_whose_conversion_panics_costs_itself_and_not_its_text() {
        #[derive(Debug)]
        struct Unconvertible(Lease);

        impl fmt::Display for Unconvertible {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, formatter)
            }
        }
        impl Deref for Unconvertible {
            type Target = Lease;

            fn deref(&self) -> &Lease {
                &self.0
            }
        }
        impl From<Unconvertible> for Boxed {
            fn from(_: Unconvertible) -> Self {
                panic!("conversion")
            }
        }
        #[finally(Err::<(), _>(Unconvertible(lease(1))))]
        fn f() -> Result<(), Unconvertible> {
            Err(Unconvertible(lease(2)))
        }
        let turn = exclusive();
        let seen = looking(&turn, |failure| (failure.message().to_owned(), failure.error().is_some()));
        assert!(f().is_err());
        assert_eq!(seen(), [(TEXT.to_owned(), false)]);
    }

    /// Nothing is moved out for a failure that its caller receives.
    #[test]
    fn p8_that_is_delivered_is_delivered_unchanged() {
        #[finally(Err::<(), _>(lease(1)))]
        fn f() -> Result<(), Lease> {
            Ok(())
        }
        let turn = exclusive();
        assert_eq!(f().unwrap_err().number, 1);
        let released = Hand::new(Guard::release(guard((), |()| Err(lease(2))))).run();
        assert_eq!(released.unwrap_err().number, 2);
        assert!(turn.failures().is_empty());
    }
}
