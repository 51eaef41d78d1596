//! The macros in a crate of each edition. The packages beside this file differ in their edition only.

#![deny(
    warnings,
    future_incompatible,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    clippy::all
)]
#![allow(clippy::never_loop, reason = "there are loops to break out of")]
#![allow(edition_2024_expr_fragment_specifier, reason = "the macros here take an `expr` of each edition")]

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

/// Runs a future that needs no wake from elsewhere.
fn run<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
}

/// Polls a future once, which suspends it, and drops it.
fn cancel(future: impl Future) {
    assert!(std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

/// Returns a future that suspends once.
fn suspend() -> impl Future<Output = ()> {
    let mut suspended = false;
    std::future::poll_fn(move |_| {
        if std::mem::replace(&mut suspended, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
}

#[derive(Default)]
struct Log(RefCell<Vec<String>>);

impl Log {
    fn push(&self, event: impl Into<String>) {
        self.0.borrow_mut().push(event.into());
    }

    fn take(&self) -> String {
        self.0.take().join(" ")
    }
}

fn parsed(text: &str) -> Result<u8, std::num::ParseIntError> {
    text.parse()
}

mod block_in_place {
    use super::*;
    use finally::block::finally;

    fn all(log: &Log, texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
        let mut sum = 0;
        'all: for text in texts {
            loop {
                let number = finally! {
                    try {
                        match *text {
                            "continue" => continue 'all,
                            "break" => break,
                            "end" => break 'all,
                            "return" => return Ok(100),
                            text => parsed(text)?,
                        }
                    }
                    finally { log.push(format!("clean({text})")); }
                };
                sum += u32::from(number);
                break;
            }
            log.push("next");
        }
        Ok(sum)
    }

    async fn all_awaited(log: &Log, texts: &[&str]) -> Result<u32, std::num::ParseIntError> {
        let mut sum = 0;
        'all: for text in texts {
            loop {
                let number = finally! {
                    try {
                        suspend().await;
                        match *text {
                            "continue" => continue 'all,
                            "break" => break,
                            "end" => break 'all,
                            "return" => return Ok(100),
                            text => parsed(text)?,
                        }
                    }
                    finally(on_cancel = skip) {
                        suspend().await;
                        log.push(format!("clean({text})"));
                    }
                };
                sum += u32::from(number);
                break;
            }
            log.push("next");
        }
        Ok(sum)
    }

    #[test]
    fn control_flow_passes_through() {
        let log = Log::default();
        for (texts, result, events) in [
            (&["1", "2"][..], Some(3), "clean(1) next clean(2) next"),
            (&["continue", "2"], Some(2), "clean(continue) clean(2) next"),
            (&["break", "2"], Some(2), "clean(break) next clean(2) next"),
            (&["end", "2"], Some(0), "clean(end)"),
            (&["return", "2"], Some(100), "clean(return)"),
            (&["x", "2"], None, "clean(x)"),
        ] {
            assert_eq!((all(&log, texts).ok(), &*log.take()), (result, events));
            assert_eq!((run(all_awaited(&log, texts)).ok(), &*log.take()), (result, events));
        }
    }

    #[test]
    fn one_that_is_cancelled_is_cleaned_up_after() {
        let log = Log::default();
        cancel(async {
            finally! {
                try { suspend().await }
                finally { log.push("clean"); }
            }
            log.push("after");
        });
        assert_eq!(log.take(), "clean");
    }

    #[test]
    fn a_panic_goes_on() {
        let log = Log::default();
        let panic = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            finally! {
                try { std::panic::resume_unwind(Box::new("body")) }
                finally { log.push("clean"); }
            }
        }));
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"body"));
        assert_eq!(log.take(), "clean");
    }

    #[test]
    fn the_fate_is_shown() {
        fn end(log: &Log, text: &str) -> Option<u8> {
            let number = finally! {
                try { text.parse::<u8>().ok()? }
                finally |fate| {
                    log.push(match fate {
                        finally::Fate::Returned(finally::block::End::Value(number)) => format!("value({number})"),
                        finally::Fate::Returned(finally::block::End::Return(result)) => format!("return({result:?})"),
                        _ => unreachable!(),
                    });
                }
            };
            Some(number)
        }
        let log = Log::default();
        assert_eq!((end(&log, "1"), end(&log, "x"), &*log.take()), (Some(1), None, "value(1) return(None)"));
    }

    #[test]
    fn the_type_goes_inside() {
        let list = finally! { <Vec<u8>> try { (0..3).collect() } finally {} };
        assert_eq!(list, [0, 1, 2]);
    }

    #[test]
    fn the_failure_of_a_cleanup_has_a_place() {
        fn fails(text: &str) -> Result<u8, std::num::ParseIntError> {
            let value = finally! {
                try { 1 }
                finally { parsed(text).map(drop) }
            };
            Ok(value)
        }
        let value: Result<u8, std::num::ParseIntError> = finally! {
            try { Ok(1) }
            finally {
                parsed("x")?;
                Ok::<(), std::num::ParseIntError>(())
            }
        };
        assert_eq!((fails("1"), fails("x").is_err(), value.is_err()), (Ok(1), true, true));
    }

    struct Owner {
        list: Vec<u8>,
        name: String,
    }

    impl Owner {
        /// A block and its cleanup use different fields of one place, even in an edition whose closures capture all of it.
        fn first(&mut self) -> &mut u8 {
            finally! {
                try { &mut self.list[0] }
                finally { self.name.push('!'); }
            }
        }
    }

    #[test]
    fn body_and_cleanup_share_places() {
        let mut owner = Owner { list: vec![1], name: String::new() };
        *owner.first() += 1;
        let mut list = vec![1];
        finally! {
            try { list.push(owner.list[0]) }
            finally { list.push(3); }
        }
        list.push(4);
        assert_eq!((list, owner.name), (vec![1, 2, 3, 4], "!".to_owned()));
    }

    #[test]
    fn blocks_nest() {
        fn nested(log: &Log, leave: bool) -> u8 {
            let value = finally! {
                try {
                    let value = finally! {
                        try {
                            if leave {
                                return 1;
                            }
                            2
                        }
                        finally { log.push("inner"); }
                    };
                    value + 1
                }
                finally {
                    finally! {
                        try { log.push("cleaning") }
                        finally { log.push("outer"); }
                    }
                }
            };
            value + 1
        }
        async fn awaited(log: &Log, leave: bool) -> u8 {
            finally! {
                try {
                    finally! {
                        try {
                            suspend().await;
                            if leave {
                                return 1;
                            }
                            3
                        }
                        finally { log.push("inner"); }
                    }
                }
                finally(on_cancel = block) {
                    suspend().await;
                    log.push("outer");
                }
            }
        }
        let log = Log::default();
        assert_eq!(
            (nested(&log, true), nested(&log, false), &*log.take()),
            (1, 4, "inner cleaning outer inner cleaning outer")
        );
        assert_eq!(
            (run(awaited(&log, true)), run(awaited(&log, false)), &*log.take()),
            (1, 3, "inner outer inner outer")
        );
    }
}

mod future {
    use super::*;
    use finally::block::finally;

    #[test]
    fn one_that_borrows_and_one_that_takes() {
        let log = Log::default();
        let name = String::from("name");
        let borrows = finally! {
            async {
                suspend().await;
                name.len()
            }
            finally { log.push("clean"); }
        };
        assert_eq!((log.take(), run(borrows), log.take()), (String::new(), 4, "clean".to_owned()));
        let takes = finally! {
            <Result<usize, std::num::ParseIntError>>
            async move {
                if name.is_empty() {
                    return Ok(0);
                }
                suspend().await;
                Ok(usize::from(parsed(&name)?))
            }
            finally |fate| { assert!(fate.error().is_some()) }
        };
        assert!(run(takes).is_err());
    }

    #[test]
    fn one_that_is_cancelled_is_cleaned_up_after() {
        let log = Log::default();
        cancel(finally! {
            async { suspend().await }
            finally |fate| { log.push(format!("cancelled({})", fate.is_cancelled())); }
        });
        assert_eq!(log.take(), "cancelled(true)");
    }

    #[test]
    fn a_cleanup_that_awaits() {
        async fn close(name: String) -> Result<(), std::num::ParseIntError> {
            suspend().await;
            parsed(&name).map(drop)
        }
        let number = |name: String| {
            finally! {
                async { parsed("7") }
                finally { close(name).await }
            }
        };
        assert_eq!(run(number(String::from("1"))), Ok(7));
        assert!(run(number(String::from("x"))).is_err());
    }
}

mod comma_form {
    use super::*;
    use finally::block::finally;

    #[test]
    fn of_both_kinds() {
        let log = Log::default();
        let value = finally!(try { 1 }, { log.push("one") });
        let later = finally!(
            async {
                suspend().await;
                2
            },
            |fate| { log.push(if fate.is_returned() { "two" } else { "" }) }
        );
        let awaited = async {
            finally!(try { suspend().await; 3 }, (on_cancel = skip) { suspend().await; log.push("three") })
        };
        assert_eq!((value, run(later), run(awaited), &*log.take()), (1, 2, 3, "one two three"));
    }
}

mod other_name {
    use super::*;
    use finally::prelude::*;

    #[finally::lastly(log.push("attribute"))]
    fn annotated(log: &Log) -> u8 {
        lastly! {
            try { 1 }
            lastly { log.push("block"); }
        }
    }

    #[test]
    fn of_all_three() {
        let log = Log::default();
        assert_eq!(annotated(&log) + lastly!(try { 2 }, { log.push("comma") }), 3);
        assert_eq!(run(async { 4 }.lastly(|| log.push("method"))), 4);
        assert_eq!(log.take(), "block attribute comma method");
    }
}

mod attribute {
    use super::*;
    use finally::finally;

    fn clean() {}

    async fn clean_later(_: String) {
        suspend().await;
    }

    #[finally(clean)]
    async fn with_a_path(text: &str) -> Result<u8, std::num::ParseIntError> {
        suspend().await;
        let number = parsed(text)?;
        Ok(number)
    }

    #[finally(|fate: finally::Fate<'_, Option<u8>>| log.push(format!("{}", fate.is_returned())))]
    async fn with_a_fate(log: &Log, number: Option<u8>) -> Option<u8> {
        suspend().await;
        Some(number? + 1)
    }

    #[finally(clean_later(name).await)]
    async fn that_awaits(name: String) -> usize {
        suspend().await;
        name.len()
    }

    #[finally({ suspend().await; log.push("clean") }, on_cancel = skip)]
    async fn that_borrows(log: &Log) {
        suspend().await;
        log.push("body");
    }

    #[finally({ suspend().await; log.push("clean") }, on_cancel = (log.push("instead")))]
    async fn that_is_replaced(log: &Log) {
        suspend().await;
        log.push("body");
    }

    #[finally(log.push("clean"))]
    fn not_async(log: &Log, early: bool) -> u8 {
        if early {
            return 1;
        }
        log.push("body");
        2
    }

    #[finally(clean)]
    fn returns_a_future(name: &str) -> impl Future<Output = usize> + '_ {
        async move { name.len() }
    }

    #[finally(clean)]
    fn returns_a_box<'a>(name: &'a str) -> Pin<Box<dyn Future<Output = usize> + 'a>> {
        Box::pin(async move { name.len() })
    }

    trait Close {
        fn name(&self) -> String;

        #[finally(log.push(self.name()))]
        fn close(&self, log: &Log) {
            log.push("close");
        }
    }

    impl Close for u8 {
        fn name(&self) -> String {
            self.to_string()
        }
    }

    #[test]
    fn of_every_form() {
        let log = Log::default();
        assert!(run(with_a_path("x")).is_err());
        assert_eq!((run(with_a_fate(&log, Some(1))), run(with_a_fate(&log, None))), (Some(2), None));
        assert_eq!(run(that_awaits("name".to_owned())), 4);
        run(that_borrows(&log));
        run(that_is_replaced(&log));
        cancel(that_is_replaced(&log));
        assert_eq!((not_async(&log, true), not_async(&log, false)), (1, 2));
        assert_eq!((run(returns_a_future("name")), run(returns_a_box("name"))), (4, 4));
        5.close(&log);
        assert_eq!(log.take(), "true true body clean body clean instead clean body clean close 5");
    }
}

/// A function with `armed = call` returns an opaque type. It captures the same lifetimes as the future of an async function.
mod armed_by_the_call {
    use super::*;
    use finally::finally;

    struct Conn<'a>(&'a Log);

    #[finally(log.push("clean"), armed = call)]
    async fn anonymous(log: &Log, one: &str, two: &mut String) -> usize {
        suspend().await;
        two.push_str(one);
        two.len()
    }

    #[finally(conn.0.push("clean"), armed = call)]
    async fn hidden(conn: Conn<'_>, text: &'static str) -> &'static str {
        suspend().await;
        text
    }

    #[finally(log.push("clean"), armed = call)]
    async fn named<'a, T: AsRef<str>>(log: &Log, one: &'a T, _two: &T) -> &'a str {
        suspend().await;
        one.as_ref()
    }

    #[finally({ suspend().await; log.push("clean") }, on_cancel = skip, armed = call)]
    async fn of_anonymous_type(log: &Log, one: impl AsRef<str>) -> Result<u8, std::num::ParseIntError> {
        suspend().await;
        let number = parsed(one.as_ref())?;
        Ok(number)
    }

    impl<'a> Conn<'a> {
        #[finally(self.0.push("clean"), armed = call)]
        async fn method(&self, mut by: u8, (one, _): (u8, u8)) -> &'a Log {
            suspend().await;
            by += one;
            self.0.push(by.to_string());
            self.0
        }
    }

    trait Close {
        async fn close(&self, name: &str) -> usize;

        #[finally({ let _ = name; }, armed = call)]
        async fn close_twice(&self, name: &str) -> usize {
            self.close(name).await + self.close(name).await
        }
    }

    impl Close for Conn<'_> {
        #[finally(self.0.push("clean"), armed = call)]
        async fn close(&self, name: &str) -> usize {
            suspend().await;
            name.len()
        }
    }

    /// The borrow lives exactly as long as the future.
    #[test]
    fn captures_every_lifetime() {
        let log = Log::default();
        let mut text = String::from("text");
        {
            let one = String::from("one");
            let future = anonymous(&log, &one, &mut text);
            assert_eq!((run(future), &*log.take()), (7, "clean"));
        }
        assert_eq!((run(hidden(Conn(&log), "four")), &*log.take()), ("four", "clean"));
        let named = {
            let two = String::new();
            run(named(&log, &text, &two))
        };
        assert_eq!((named, &*log.take()), ("textone", "clean"));
        assert_eq!((run(of_anonymous_type(&log, "7")), &*log.take()), (Ok(7), "clean"));
        let _log = {
            let conn = Conn(&log);
            run(conn.method(1, (2, 3)))
        };
        assert_eq!(log.take(), "3 clean");
        assert_eq!((run(Conn(&log).close_twice("four")), &*log.take()), (8, "clean clean"));
    }

    #[test]
    fn is_cleaned_up_after_if_it_is_never_polled() {
        let log = Log::default();
        drop(anonymous(&log, "", &mut String::new()));
        drop(hidden(Conn(&log), ""));
        drop(named(&log, &String::new(), &String::new()));
        drop(Conn(&log).method(1, (2, 3)));
        drop(Conn(&log).close(""));
        assert_eq!(log.take(), "clean clean clean clean clean");
        drop(of_anonymous_type(&log, "7"));
        cancel(anonymous(&log, "", &mut String::new()));
        assert_eq!(log.take(), "clean");
    }
}

/// Up to edition 2021, a temporary of the last expression of a function is dropped after the local variables. The arguments live
/// longer still, and an expansion must not change that.
#[allow(tail_expr_drop_order, reason = "the test compares this order")]
mod last_expressions {
    use super::*;
    use finally::finally;

    fn clean() {}

    struct Item<'a>(&'a Log, &'static str);

    impl Item<'_> {
        fn lock(&self) -> Lock<'_> {
            Lock(self)
        }
    }

    impl Drop for Item<'_> {
        fn drop(&mut self) {
            self.0.push(self.1);
        }
    }

    struct Lock<'a>(&'a Item<'a>);

    impl Lock<'_> {
        fn length(&self) -> usize {
            self.0 .1.len()
        }
    }

    impl Drop for Lock<'_> {
        fn drop(&mut self) {
            self.0 .0.push("lock");
        }
    }

    macro_rules! functions {
        ($($name:ident, $(#[$attribute:meta])?, $(#[$of_async:meta])?;)*) => { $(
            mod $name {
                use super::*;

                $(#[$attribute])?
                fn of_value(item: Item<'_>) -> usize {
                    let _local = Item(item.0, "local");
                    item.lock().length()
                }

                $(#[$attribute])?
                fn of_part((item, _rest): (Item<'_>, Item<'_>)) -> usize {
                    let _local = Item(item.0, "local");
                    item.lock().length()
                }

                $(#[$attribute])?
                fn of_nothing(item: Item<'_>, _rest: Item<'_>) {
                    let _local = Item(item.0, "local");
                    if item.lock().length() == 0 {
                        clean()
                    }
                }

                $(#[$of_async])?
                async fn of_awaited_value(item: Item<'_>) -> usize {
                    let _local = Item(item.0, "local");
                    item.lock().length()
                }

                $(#[$of_async])?
                async fn of_awaited_part((item, _rest): (Item<'_>, Item<'_>)) -> usize {
                    let _local = Item(item.0, "local");
                    item.lock().length()
                }

                pub(super) fn all() -> Vec<String> {
                    let log = Log::default();
                    let item = || Item(&log, "item");
                    let rest = || Item(&log, "rest");
                    let mut events = Vec::new();
                    let _ = of_value(item());
                    events.push(log.take());
                    let _ = of_part((item(), rest()));
                    events.push(log.take());
                    of_nothing(item(), rest());
                    events.push(log.take());
                    let _ = run(of_awaited_value(item()));
                    events.push(log.take());
                    let _ = run(of_awaited_part((item(), rest())));
                    events.push(log.take());
                    events
                }
            }
        )* };
    }

    functions! {
        plain,,;
        annotated, #[finally(clean)], #[finally(clean)];
        armed, #[finally(clean)], #[finally(clean, armed = call)];
    }

    #[test]
    fn borrow_from_arguments() {
        assert_eq!(annotated::all(), plain::all());
        assert_eq!(armed::all(), plain::all());
    }
}

mod in_macros {
    use super::*;
    use finally::block::finally;

    macro_rules! guarded {
        ($log:expr, $body:block) => {
            finally! { try $body finally { $log.push("clean"); } }
        };
        ($log:expr, <$type:ty> $($body:tt)*) => {
            finally! { <$type> try { $($body)* } finally { $log.push("clean"); } }
        };
    }

    macro_rules! leave {
        ($value:expr) => {
            return $value
        };
    }

    macro_rules! annotated {
        ($name:ident($log:ident), $cleanup:expr, $body:block) => {
            #[finally::finally($cleanup)]
            fn $name($log: &Log) -> u8 $body
        };
    }

    annotated!(from_parts(log), log.push("clean"), { u8::from(log.take().is_empty()) });

    fn all(log: &Log, early: bool) -> u8 {
        let sum = guarded!(log, {
            if early {
                leave!(1);
            }
            2
        });
        sum + guarded!(log, <u8> let three = "3"; three.parse().unwrap())
    }

    #[test]
    fn around_and_inside() {
        let log = Log::default();
        assert_eq!((all(&log, true), &*log.take()), (1, "clean"));
        assert_eq!((all(&log, false), &*log.take()), (5, "clean clean"));
        assert_eq!((from_parts(&log), &*log.take()), (1, "clean"));
    }
}

/// Before Rust 1.95, an import of the attribute hides the block macro of a glob.
mod imports {
    use super::Log;
    use finally::{finally, prelude::*};

    #[finally(log.push("attribute"))]
    fn block_by_its_path(log: &Log) -> u8 {
        finally::block::finally! {
            try { 1 }
            finally { log.push("block"); }
        }
    }

    #[finally(log.push("attribute"))]
    fn block_imported_inside(log: &Log) -> u8 {
        use finally::block::finally;

        finally! {
            try { 2 }
            finally { log.push("block"); }
        }
    }

    #[finally(log.push("attribute"))]
    async fn method(log: &Log) -> u8 {
        async { 3 }.finally(|| log.push("method")).await
    }

    #[test]
    fn of_the_attribute_and_the_block_in_one_module() {
        let log = Log::default();
        assert_eq!((block_by_its_path(&log), &*log.take()), (1, "block attribute"));
        assert_eq!((block_imported_inside(&log), &*log.take()), (2, "block attribute"));
        assert_eq!((super::run(method(&log)), &*log.take()), (3, "method attribute"));
    }
}
