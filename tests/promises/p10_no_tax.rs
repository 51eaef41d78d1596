//! P10: no extra poll, no extra wake, and little size. `allocations.rs` counts allocations.

use std::task::Poll;

use finally::finally;

use crate::support::{exclusive, hand::Hand, suspend};

async fn two_suspends() {
    suspend().await;
    suspend().await;
}

#[finally(two_suspends())]
async fn awaited(suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
}

#[finally(assert!(suspends < 9))]
async fn in_place(suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
}

#[finally(two_suspends(), armed = call)]
async fn armed(suspends: usize) {
    for _ in 0..suspends {
        suspend().await;
    }
}

#[test]
fn p10_polls_are_those_of_the_body_and_the_pendings_of_the_cleanup() {
    let _turn = exclusive();
    for suspends in 0..3 {
        let mut hand = Hand::new(awaited(suspends));
        hand.run();
        assert_eq!((hand.polls, hand.wakes.count()), (suspends + 1 + 2, suspends + 2), "awaited");

        let mut hand = Hand::new(armed(suspends));
        hand.run();
        assert_eq!((hand.polls, hand.wakes.count()), (suspends + 1 + 2, suspends + 2), "armed by the call");

        let mut hand = Hand::new(in_place(suspends));
        hand.run();
        assert_eq!((hand.polls, hand.wakes.count()), (suspends + 1, suspends), "in place");
    }
}

#[test]
fn p10_a_body_that_is_ready_at_once_is_ready_in_one_poll() {
    #[finally(assert_eq!(value, 1))]
    async fn in_place(value: u8) -> u8 {
        value
    }
    #[finally(std::future::ready(()))]
    async fn awaited(value: u8) -> u8 {
        value
    }
    assert_eq!(Hand::new(in_place(1)).poll(), Poll::Ready(1));
    assert_eq!(Hand::new(awaited(1)).poll(), Poll::Ready(1));
}

#[test]
fn p10_the_callers_own_inert_waker_is_not_taken_for_a_cancellation() {
    let _turn = exclusive();
    let mut future = Box::pin(awaited(2));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let pendings = (0..).take_while(|_| future.as_mut().poll(&mut context).is_pending()).count();
    assert_eq!(pendings, 4);
}

mod sizes {
    use super::*;

    type Argument = [u8; 256];

    async fn plain(argument: Argument) -> u8 {
        suspend().await;
        argument[0]
    }

    #[finally(two_suspends())]
    #[must_use]
    async fn mentions_nothing(argument: Argument) -> u8 {
        suspend().await;
        argument[0]
    }

    #[finally(assert_eq!(argument[0], 0))]
    #[must_use]
    async fn mentions_the_argument(argument: Argument) -> u8 {
        suspend().await;
        argument[0]
    }

    /// A cleanup that is awaited. The macro cannot see that.
    #[finally({ assert_eq!(argument[0], 0); two_suspends() })]
    #[must_use]
    async fn calls_with_the_argument(argument: Argument) -> u8 {
        suspend().await;
        argument[0]
    }

    #[finally({ suspend().await; assert_eq!(argument[0], 0) })]
    #[must_use]
    async fn takes_the_argument(argument: Argument) -> u8 {
        suspend().await;
        argument[0]
    }

    /// Bytes of a future with a 256-byte argument and one await, at most 1.10 times those of the plain function. With `#[must_use]`
    /// the function stays an async one.
    #[test]
    fn p10_the_future_of_a_function_that_stays_async_is_at_most_a_tenth_larger() {
        let argument = [0; 256];
        let limit = size_of_val(&plain(argument)) * 110 / 100;
        assert!(size_of_val(&mentions_nothing(argument)) <= limit);
        assert!(size_of_val(&mentions_the_argument(argument)) <= limit);
        assert!(size_of_val(&calls_with_the_argument(argument)) <= limit);
        assert!(size_of_val(&takes_the_argument(argument)) <= limit);
    }

    fn nothing() {}

    /// Functions that pass their argument on, three levels of them, with an attribute at each level.
    macro_rules! levels {
        ($($name:ident: $argument:ident $(, $attribute:meta)?;)*) => { $(
            mod $name {
                use super::*;

                $(#[$attribute])?
                pub(super) async fn one($argument: Argument) -> u8 {
                    suspend().await;
                    $argument[0]
                }

                $(#[$attribute])?
                async fn two($argument: Argument) -> u8 {
                    one($argument).await
                }

                $(#[$attribute])?
                pub(super) async fn three($argument: Argument) -> u8 {
                    two($argument).await
                }

                pub(super) fn sizes() -> [usize; 2] {
                    [size_of_val(&one([0; 256])), size_of_val(&three([0; 256]))]
                }
            }
        )* };
    }

    levels! {
        plain_levels: argument;
        path: argument, finally(two_suspends);
        skips: argument, finally(two_suspends(), on_cancel = skip);
        blocks: argument, finally(two_suspends(), on_cancel = block);
        replaces: argument, finally(two_suspends(), on_cancel = (two_suspends()));
        sync: argument, finally(nothing);
        mentions: argument, finally(assert_eq!(argument[0], 0));
        calls: argument, finally({ assert_eq!(argument[0], 0); two_suspends() });
        takes: argument, finally({ suspend().await; assert_eq!(argument[0], 0) });
        armed: argument, finally(nothing, armed = call);
        armed_mentions: argument, finally(assert_eq!(argument[0], 0), armed = call);
    }

    /// An async function keeps its arguments twice, as captures and as local variables. One with a cleanup keeps them once, also
    /// where it passes them on.
    #[test]
    fn p10_a_future_with_a_cleanup_keeps_its_arguments_once() {
        let [plain, plain_three] = plain_levels::sizes();
        let all = [
            path::sizes(),
            skips::sizes(),
            blocks::sizes(),
            replaces::sizes(),
            sync::sizes(),
            mentions::sizes(),
            calls::sizes(),
            takes::sizes(),
            armed::sizes(),
            armed_mentions::sizes(),
        ];
        for [one, three] in all {
            assert!(one * 10 <= plain * 6, "one level: {one} of {plain}");
            assert!(three * 10 <= plain_three * 9, "three levels: {three} of {plain_three}");
            assert!(one <= 550 && three <= 1_600, "{one}, {three}");
        }
    }

    async fn ends(_n: u32) {}

    #[finally(ends(n).await)]
    async fn awaited(n: u32) -> u32 {
        suspend().await;
        n
    }

    #[finally(ends(n).await, on_cancel = skip)]
    async fn skipped(n: u32) -> u32 {
        suspend().await;
        n
    }

    #[finally(ends(n).await, on_cancel = block)]
    async fn blocks(n: u32) -> u32 {
        suspend().await;
        n
    }

    #[finally(ends(n).await, on_cancel = (ends(n)))]
    async fn replaced(n: u32) -> u32 {
        suspend().await;
        n
    }

    /// Bytes of a future with a 4-byte argument.
    #[test]
    fn p10_a_small_future_stays_small() {
        assert!(size_of_val(&awaited(1)) <= 120);
        assert!(size_of_val(&skipped(1)) <= 160);
        assert!(size_of_val(&blocks(1)) <= 200);
        assert!(size_of_val(&replaced(1)) <= size_of_val(&skipped(1)));
    }
}

mod stack {
    use std::{future::pending, pin::Pin, thread};

    use super::*;

    type Nested = Pin<Box<dyn Future<Output = ()>>>;

    const LEVELS: usize = 1_000;
    const STACK: usize = 2 << 20;

    #[finally(ends())]
    async fn nested(levels: usize) {
        if levels > 1 {
            let inner: Nested = Box::pin(nested(levels - 1));
            inner.await;
        } else {
            pending::<()>().await;
        }
    }

    #[finally({})]
    async fn nested_sync(levels: usize) {
        if levels > 1 {
            let inner: Nested = Box::pin(nested_sync(levels - 1));
            inner.await;
        } else {
            pending::<()>().await;
        }
    }

    async fn ends() {}

    /// A nest is polled and cancelled on a stack of 2 MiB, which is the default of a thread of tokio and of `std`.
    fn fits(nested: fn(usize) -> Nested) {
        let scene = move || crate::support::scene::cancel(nested(LEVELS));
        thread::Builder::new().stack_size(STACK).spawn(scene).unwrap().join().unwrap();
    }

    #[test]
    fn p10_a_thousand_levels_of_a_cleanup_by_path_fit_on_a_stack() {
        let _turn = crate::support::exclusive();
        fits(|levels| Box::pin(nested_sync(levels)));
        fits(|levels| Box::pin(nested(levels)));
        crate::support::scene::drained();
    }
}
