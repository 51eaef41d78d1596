//! The attribute beside others, above them and below.

use std::{
    cell::RefCell,
    future::Future,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use finally::{finally, lastly};
use tracing::{Event, Metadata, Subscriber, instrument, span};

thread_local! {
    static EVENTS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn log(event: impl Into<String>) {
    EVENTS.with_borrow_mut(|events| events.push(event.into()));
}

fn clean() {
    log("clean");
}

async fn clean_later() {
    yields().await;
    log("clean");
}

fn events() -> String {
    EVENTS.take().join(" ")
}

async fn yields() {
    let mut yielded = false;
    std::future::poll_fn(|context| {
        context.waker().wake_by_ref();
        if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

fn run<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

/// Polls it once, which is not enough, and drops it.
fn cancel(future: impl Future) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

mod of_tokio {
    use super::*;

    #[test]
    fn above_main_it_is_inside_of_the_runtime() {
        #[finally(clean_later())]
        #[tokio::main(flavor = "current_thread")]
        async fn main() -> Result<u8, String> {
            tokio::task::yield_now().await;
            log("body");
            Ok(1)
        }

        assert_eq!((main(), events().as_str()), (Ok(1), "body clean"));
    }

    #[test]
    fn below_main_it_is_outside_of_the_runtime() {
        #[tokio::main(flavor = "current_thread")]
        #[finally({ assert!(tokio::runtime::Handle::try_current().is_err()); clean() })]
        async fn main() -> Result<u8, String> {
            tokio::task::yield_now().await;
            log("body");
            Ok(1)
        }

        assert_eq!((main(), events().as_str()), (Ok(1), "body clean"));
    }

    #[finally(clean_later())]
    #[finally(assert_eq!(events(), "body clean"))]
    #[tokio::test]
    async fn above_test() {
        tokio::task::yield_now().await;
        log("body");
        EVENTS.with_borrow_mut(Vec::clear);
        log("body");
    }

    #[finally(|fate| assert!(fate.is_panicked()))]
    #[tokio::test]
    #[should_panic = "in the test"]
    async fn above_a_test_that_panics() {
        tokio::task::yield_now().await;
        panic!("in the test");
    }

    #[tokio::test]
    #[finally(assert!(tokio::runtime::Handle::try_current().is_err()))]
    async fn below_test() {
        tokio::task::yield_now().await;
    }
}

mod of_the_test_harness {
    use super::*;

    #[finally(clean)]
    #[test]
    fn above_test() {
        assert_eq!(events(), "");
    }

    #[test]
    #[finally(assert_eq!(events(), "body"))]
    fn below_test() {
        log("body");
    }

    #[finally(|fate| assert!(fate.is_panicked()))]
    #[test]
    #[should_panic = "in the test"]
    fn above_a_test_that_panics() {
        panic!("in the test");
    }

    #[test]
    #[should_panic = "in the test"]
    #[finally(|fate| assert!(fate.is_panicked()))]
    fn below_a_test_that_panics() {
        panic!("in the test");
    }

    #[test]
    #[finally(clean)]
    #[ignore = "it would fail"]
    fn beside_ignore() {
        unreachable!("it is ignored");
    }
}

mod of_tracing {
    use super::*;

    /// Logs when a span is entered and left.
    #[derive(Clone, Default)]
    struct Spans(Arc<Mutex<Vec<&'static str>>>);

    impl Subscriber for Spans {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
            let mut names = self.0.lock().unwrap();
            names.push(attributes.metadata().name());
            span::Id::from_u64(names.len() as u64)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, _: &Event<'_>) {}

        fn enter(&self, _: &span::Id) {
            log("<");
        }

        fn exit(&self, _: &span::Id) {
            log(">");
        }
    }

    fn traced<T>(work: impl FnOnce() -> T) -> T {
        tracing::subscriber::with_default(Spans::default(), work)
    }

    /// The text of an argument, to check that both see it.
    #[finally(log(format!("clean:{name}")))]
    #[instrument(fields(length = name.len()))]
    async fn above(name: String) -> usize {
        log("body");
        name.len()
    }

    #[instrument(fields(length = name.len()))]
    #[finally(clean)]
    async fn below(name: String) -> usize {
        log("body");
        name.len()
    }

    #[finally(clean)]
    #[instrument]
    fn above_a_function(name: &str) -> usize {
        log("body");
        name.len()
    }

    #[instrument]
    #[finally(log(format!("clean:{name}")))]
    fn below_a_function(name: &str) -> usize {
        log("body");
        name.len()
    }

    #[test]
    fn above_the_cleanup_is_inside_of_the_span_and_below_outside() {
        traced(|| {
            assert_eq!(run(above("abc".to_owned())), 3);
            assert_eq!(events(), "< body clean:abc > < >");
            assert_eq!(run(below("abc".to_owned())), 3);
            assert_eq!(events(), "< body > < > clean");
            assert_eq!(above_a_function("abc"), 3);
            assert_eq!(events(), "< body clean >");
            assert_eq!(below_a_function("abc"), 3);
            assert_eq!(events(), "< body > clean:abc");
        });
    }

    #[finally(clean)]
    #[instrument(skip_all, err, ret)]
    async fn cancelled_above() -> Result<(), String> {
        yields().await;
        Ok(())
    }

    #[instrument(skip_all, err, ret)]
    #[finally(clean)]
    async fn cancelled_below() -> Result<(), String> {
        yields().await;
        Ok(())
    }

    #[test]
    fn a_cancelled_one_is_cleaned_up_after() {
        for future in [true, false] {
            if future {
                cancel(cancelled_above());
            } else {
                cancel(cancelled_below());
            }
            assert_eq!(events(), "clean");
        }
    }
}

mod of_async_trait {
    use super::*;

    #[async_trait::async_trait]
    trait Work {
        #[finally(clean)]
        #[instrument(skip_all)]
        async fn provided(&self, value: u8) -> u8 {
            yields().await;
            log("body");
            value
        }

        #[must_use]
        async fn required(&mut self, value: u8) -> u8;
    }

    #[async_trait::async_trait]
    impl Work for u8 {
        /// It has documentation.
        #[finally(log(format!("clean:{self}")))]
        #[instrument(skip_all)]
        async fn required(&mut self, value: u8) -> u8 {
            yields().await;
            *self += value;
            log("body");
            value
        }
    }

    #[test]
    fn it_comes_first_from_wherever_it_stands() {
        let mut work = 1_u8;
        assert_eq!((run(work.provided(2)), events().as_str()), (2, "body clean"));
        assert_eq!((run(work.required(2)), events().as_str()), (2, "body clean:3"));
        cancel(work.required(2));
        assert_eq!(events(), "clean:3");
    }
}

/// Attributes that say something about the function, above and below.
mod of_the_language {
    #![deny(warnings, clippy::all, clippy::pedantic)]

    use super::*;

    #[cfg(not(any()))]
    #[inline]
    #[finally(clean)]
    async fn there() -> u8 {
        1
    }

    #[finally(clean)]
    #[cfg(not(any()))]
    #[inline]
    async fn there_too() -> u8 {
        1
    }

    #[cfg(any())]
    #[finally(missing)]
    async fn not_there() -> Missing {}

    #[finally(clean)]
    #[cfg(any())]
    async fn not_there() -> Missing {}

    #[cfg_attr(all(), finally(clean))]
    #[cfg_attr(any(), finally(missing))]
    async fn on_a_condition() -> u8 {
        1
    }

    #[test]
    fn cfg_and_inline() {
        assert_eq!((run(there()), events().as_str()), (1, "clean"));
        assert_eq!((run(there_too()), events().as_str()), (1, "clean"));
        assert_eq!((run(on_a_condition()), events().as_str()), (1, "clean"));
    }

    #[must_use = "it counts"]
    #[finally(clean)]
    fn counts() -> u8 {
        1
    }

    #[finally(clean)]
    #[must_use = "it counts"]
    async fn counts_later() -> u8 {
        1
    }

    #[test]
    fn must_use() {
        #[expect(unused_must_use)]
        {
            counts();
            counts_later();
            run(counts_later());
        }
        assert_eq!(events(), "clean clean");
    }

    #[expect(unused_variables)]
    #[finally(clean)]
    async fn expected(unused: u8) {}

    #[finally(clean)]
    #[expect(unused_variables)]
    async fn expected_below(unused: u8) {
        let unused = 1;
    }

    #[expect(unused_variables, unused_mut)]
    #[finally(clean)]
    fn expected_of_a_function(mut unused: u8, #[allow(unused_variables)] allowed: u8) {}

    #[finally(clean)]
    #[allow(unused_variables, unused_mut)]
    fn allowed(mut unused: u8) {}

    #[finally(clean)]
    fn expected_of_arguments(
        #[expect(unused_variables)] unused: u8,
        #[expect(unused_mut)] mut used: u8,
    ) -> u8 {
        used
    }

    #[finally(clean)]
    async fn expected_of_later_arguments(
        #[expect(unused_variables)] unused: u8,
        #[expect(unused_mut)] mut used: u8,
    ) -> u8 {
        used
    }

    #[expect(unused_variables, unused_mut)]
    #[finally(clean, armed = call)]
    async fn expected_of_an_armed_one(mut unused: u8) {}

    #[finally(clean, armed = call)]
    async fn expected_of_arguments_of_an_armed_one(
        #[expect(unused_variables)] unused: u8,
        #[expect(unused_mut)] mut used: u8,
    ) -> u8 {
        used
    }

    #[test]
    fn expect_and_allow() {
        run(expected_of_an_armed_one(1));
        assert_eq!((run(expected_of_arguments_of_an_armed_one(1, 2)), &*events()), (2, "clean clean"));
        run(expected(1));
        run(expected_below(1));
        expected_of_a_function(1, 2);
        allowed(1);
        assert_eq!((expected_of_arguments(1, 2), run(expected_of_later_arguments(1, 2))), (2, 2));
        assert_eq!(events(), "clean clean clean clean clean clean");
    }

    /// Above.
    #[finally(clean)]
    /// Below.
    #[doc(hidden)]
    #[cold]
    #[track_caller]
    #[lastly(|| clean())]
    /// Below all of them.
    fn documented() -> u32 {
        1
    }

    #[test]
    fn documentation_and_two_of_ours() {
        assert_eq!((documented(), events().as_str()), (1, "clean clean"));
    }

    #[inline]
    #[finally(clean, armed = call)]
    /// Documented.
    #[doc(hidden)]
    #[cold]
    #[track_caller]
    #[clippy::cognitive_complexity = "1"]
    #[cfg_attr(any(), no_such_attribute)]
    #[cfg_attr(all(), inline(never), allow(unused))]
    #[must_use]
    #[deprecated = "use another"]
    async fn armed() -> u32 {
        1
    }

    #[test]
    fn armed_by_the_call() {
        #[expect(deprecated)]
        let future = armed();
        assert_eq!((run(future), events().as_str()), (1, "clean"));
        #[expect(unused_must_use, deprecated)]
        {
            armed();
        }
        assert_eq!(events(), "clean");
    }

    #[finally(clean)]
    #[deprecated = "use another"]
    async fn old() {}

    #[test]
    fn deprecated() {
        #[expect(deprecated)]
        run(old());
        assert_eq!(events(), "clean");
    }
}
