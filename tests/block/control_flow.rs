//! Control flow passes through a block in place, after the cleanup has run, and is left alone where it belongs to something
//! inside.

use std::{future::ready, ops::ControlFlow, task::Poll};

use finally::block::finally;

use crate::support::{Log, hand::Hand, suspend};

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

#[test]
fn the_value_is_the_value_of_the_block() {
    let log = Log::default();
    let value = finally! {
        try {
            log.push("body");
            1
        }
        finally { log.push("clean"); }
    };
    log.push("after");
    assert_eq!(value, 1);
    assert_eq!(log.events(), ["body", "clean", "after"]);
}

#[test]
fn a_return_leaves_the_function_after_the_cleanup() {
    fn at_once(log: &Log, early: bool) -> u8 {
        finally! {
            try {
                if early {
                    return 1;
                }
                log.push("body");
            }
            finally { log.push("clean"); }
        }
        log.push("after");
        2
    }
    async fn awaited(log: &Log, early: bool) -> u8 {
        finally! {
            try {
                suspend().await;
                if early {
                    return 1;
                }
                log.push("body");
            }
            finally(on_cancel = skip) {
                suspend().await;
                log.push("clean");
            }
        }
        log.push("after");
        2
    }
    let log = Log::default();
    for (early, value, events) in [(true, 1, vec!["clean"]), (false, 2, vec!["body", "clean", "after"])] {
        assert_eq!(
            (at_once(&log, early), log.take()),
            (value, events.clone().into_iter().map(String::from).collect())
        );
        assert_eq!(
            (run(awaited(&log, early)), log.take()),
            (value, events.into_iter().map(String::from).collect())
        );
    }
}

#[test]
fn a_return_after_an_or_leaves_the_function_too() {
    fn at_once(one: bool, other: bool) -> u8 {
        let value = finally! {
            try {
                if one || other {
                    return 1;
                }
                let neither = || !one || other;
                if neither() { 2 } else { 3 }
            }
            finally {}
        };
        value + 10
    }
    assert_eq!([at_once(false, false), at_once(true, false), at_once(false, true)], [12, 1, 1]);
}

#[test]
fn a_question_mark_converts_each_error_as_it_does_without_the_block() {
    #[derive(Debug, PartialEq)]
    enum Wrong {
        Number,
        Text,
    }
    impl From<std::num::ParseIntError> for Wrong {
        fn from(_: std::num::ParseIntError) -> Self {
            Self::Number
        }
    }
    impl From<std::str::Utf8Error> for Wrong {
        fn from(_: std::str::Utf8Error) -> Self {
            Self::Text
        }
    }
    fn number(bytes: &[u8]) -> Result<u8, Wrong> {
        let number: u8 = finally! { try { std::str::from_utf8(bytes)?.parse()? } finally {} };
        Ok(number)
    }
    async fn later(bytes: &[u8]) -> Result<u8, Wrong> {
        let number: u8 = finally! { try { std::str::from_utf8(ready(bytes).await)?.parse()? } finally {} };
        Ok(number)
    }
    for (bytes, expected) in [(&b"7"[..], Ok(7)), (b"x", Err(Wrong::Number)), (b"\xff", Err(Wrong::Text))] {
        assert_eq!(run(later(bytes)), expected);
        assert_eq!(number(bytes), expected);
    }
}

#[test]
fn a_question_mark_works_on_all_that_it_works_on() {
    fn option(value: Option<u8>) -> Option<u8> {
        Some(finally! { try { value? + 1 } finally {} })
    }
    fn boxed(text: &str) -> Result<u8, Box<dyn std::error::Error>> {
        Ok(finally! { try { text.parse::<u8>()? } finally {} })
    }
    fn message(text: &str) -> Result<u8, Box<dyn std::error::Error>> {
        finally! { try { Err("no number")? } finally {} }
        boxed(text)
    }
    fn flow(value: u8) -> ControlFlow<u8, u8> {
        finally! { try { if value > 1 { ControlFlow::Break(value)? } } finally {} }
        ControlFlow::Continue(value)
    }
    fn polled(value: Poll<Result<u8, String>>) -> Poll<Result<u8, String>> {
        finally! { try { value? } finally {} }.map(Ok)
    }
    fn next(value: Poll<Option<Result<u8, String>>>) -> Poll<Option<Result<u8, String>>> {
        finally! { try { value? } finally {} }.map(|value| value.map(Ok))
    }
    assert_eq!((option(Some(1)), option(None)), (Some(2), None));
    assert_eq!(boxed("1").unwrap(), 1);
    assert!(boxed("x").unwrap_err().is::<std::num::ParseIntError>());
    assert_eq!(message("1").unwrap_err().to_string(), "no number");
    assert_eq!((flow(1), flow(2)), (ControlFlow::Continue(1), ControlFlow::Break(2)));
    assert_eq!(polled(Poll::Pending), Poll::Pending);
    assert_eq!(polled(Poll::Ready(Err("no".into()))), Poll::Ready(Err("no".into())));
    assert_eq!(next(Poll::Ready(Some(Err("no".into())))), Poll::Ready(Some(Err("no".into()))));
    assert_eq!(next(Poll::Ready(None)), Poll::Ready(None));
}

#[test]
fn anyhow_converts_and_adds_context() {
    use anyhow::Context as _;
    fn number(text: &str) -> anyhow::Result<u8> {
        let number: u8 =
            finally! { try { text.parse().with_context(|| format!("no number: {text}"))? } finally {} };
        Ok(number)
    }
    assert_eq!(number("1").unwrap(), 1);
    assert_eq!(number("x").unwrap_err().to_string(), "no number: x");
}

/// Returns the effect of the jumps in a block on a loop around it, for each of the numbers.
macro_rules! jumps {
    ($name:ident, $($async:ident)?, $($await:tt)*) => {
        #[allow(clippy::unused_async)]
        $($async)? fn $name(log: &Log, numbers: &[u8]) -> &'static str {
            let found = 'outer: loop {
                for number in numbers {
                    let kind = finally! {
                        try {
                            $($await)*
                            match number {
                                0 => continue,
                                1 => break,
                                2 => continue 'outer,
                                3 => break 'outer "three",
                                4 => return "four",
                                _ => "other",
                            }
                        }
                        finally { log.push(format!("clean {number}")); }
                    };
                    log.push(kind);
                }
                if log.count("again") == 1 {
                    break "end";
                }
                log.push("again");
            };
            log.push("after");
            found
        }
    };
}

jumps!(jumps_at_once, ,);
jumps!(jumps_awaited, async, suspend().await;);

#[test]
fn jumps_reach_the_loops_around_after_the_cleanup() {
    for (numbers, found, events) in [
        (&[5][..], "end", "clean 5, other, again, clean 5, other, after"),
        (&[0, 5], "end", "clean 0, clean 5, other, again, clean 0, clean 5, other, after"),
        (&[1, 5], "end", "clean 1, again, clean 1, after"),
        (&[3, 5], "three", "clean 3, after"),
        (&[4, 5], "four", "clean 4"),
    ] {
        let log = Log::default();
        assert_eq!(jumps_at_once(&log, numbers), found, "{numbers:?}");
        assert_eq!(log.take().join(", "), events, "{numbers:?}");
        assert_eq!(run(jumps_awaited(&log, numbers)), found, "{numbers:?}");
        assert_eq!(log.take().join(", "), events, "{numbers:?}");
    }
}

#[test]
fn a_labelled_continue_starts_the_outer_loop_again() {
    let log = Log::default();
    let mut rounds = 0;
    'outer: while rounds < 3 {
        rounds += 1;
        loop {
            finally! { try { continue 'outer } finally { log.push("clean"); } }
        }
    }
    assert_eq!((rounds, log.count("clean")), (3, 3));
}

#[test]
fn a_break_of_a_labelled_block_leaves_that_block() {
    let log = Log::default();
    let value = 'found: {
        for number in [1, 2, 3] {
            finally! { try { if number == 2 { break 'found number } } finally { log.push("clean"); } }
        }
        0
    };
    assert_eq!((value, log.count("clean")), (2, 2));
}

#[test]
fn what_belongs_to_something_inside_stays_there() {
    fn all(log: &Log) -> Option<u8> {
        let mut sum = 0;
        for _ in 0..2 {
            finally! {
                try {
                    let add = |number: u8| {
                        if number == 0 {
                            return 0;
                        }
                        number + 1
                    };
                    let checked = |number: Option<u8>| Some(number? + 1);
                    fn item(number: u8) -> u8 {
                        loop {
                            return number;
                        }
                    }
                    for number in 0..4 {
                        if number == 1 {
                            continue;
                        }
                        if number == 3 {
                            break;
                        }
                        sum += item(add(number));
                    }
                    let mut rounds = 0;
                    'inner: while { rounds += 1; rounds < 10 } {
                        loop {
                            if rounds == 3 {
                                break 'inner;
                            }
                            continue 'inner;
                        }
                    }
                    let value = loop {
                        break checked(None).unwrap_or(1);
                    };
                    let block = 'block: {
                        if rounds == 3 {
                            break 'block 2;
                        }
                        0
                    };
                    let later = async { return 4 };
                    drop(async move { later.await + 1 });
                    sum += value + block;
                }
                finally { log.push("clean"); }
            }
        }
        Some(sum)
    }
    let log = Log::default();
    assert_eq!(all(&log), Some(12));
    assert_eq!(log.count("clean"), 2);
}

#[test]
fn a_jump_after_a_type_or_a_pattern_leaves_the_block() {
    struct Even(bool);
    let log = Log::default();
    for number in 0..5_u8 {
        finally! {
            try {
                struct Parity;
                impl From<Parity> for Even {
                    fn from(_: Parity) -> Self { loop { break Self(true) } }
                }
                let noop: fn() = || ();
                noop();
                let is_one: &dyn for<'a> Fn(&'a u8) -> bool = &|number| *number == 1;
                if is_one(&number) { continue }
                match number {
                    | 0 | 2 => log.push(number.to_string()),
                    | 3 => continue,
                    _ if Even::from(Parity).0 => break,
                    _ => unreachable!(),
                }
            }
            finally { log.push("clean"); }
        }
    }
    assert_eq!(log.events(), ["0", "clean", "clean", "2", "clean", "clean", "clean"]);
}

#[test]
fn a_body_awaits_after_the_type_of_a_function() {
    async fn awaits(log: &Log) {
        finally! {
            try {
                let noop: fn() = || ();
                noop();
                suspend().await;
                log.push("body");
            }
            finally { log.push("clean"); }
        }
    }
    let log = Log::default();
    run(awaits(&log));
    assert_eq!(log.events(), ["body", "clean"]);
}

#[test]
fn a_loop_has_a_block_in_its_header() {
    let log = Log::default();
    let mut rounds = 0;
    loop {
        finally! {
            try {
                while match rounds { 0..=2 => { rounds += 1; true } _ => false } {
                    if rounds == 2 {
                        break;
                    }
                }
                for _ in [1].iter().map(|number| { number + 1 }) {
                    continue;
                }
                if rounds < 5 {
                    rounds += 1;
                    continue;
                }
                break;
            }
            finally { log.push("clean"); }
        }
    }
    assert_eq!((rounds, log.count("clean")), (5, 4));
}

#[test]
fn a_panic_goes_on_after_the_cleanup() {
    let log = Log::default();
    let panic = crate::support::panic_of(|| {
        finally! {
            try { std::panic::panic_any(crate::support::Panic("body")) }
            finally { log.push("clean"); }
        }
    });
    assert_eq!((panic, log.count("clean")), (crate::support::Panic("body"), 1));
}

#[test]
fn a_body_that_never_returns_leaves_a_function_that_never_does() {
    fn never(log: &Log) -> ! {
        finally! { try { std::panic::panic_any(crate::support::Panic("body")) } finally { log.push("clean"); } }
    }
    fn loops(log: &Log) -> ! {
        loop {
            finally! { try { if log.count("clean") == 2 { never(log) } } finally { log.push("clean"); } }
        }
    }
    let log = Log::default();
    crate::support::panic_of(|| loops(&log));
    assert_eq!(log.count("clean"), 4);
}

/// The types of `a_question_mark_works_on_all_that_it_works_on` do not depend on the output.
#[test]
fn the_block_awaits_in_an_async_closure_and_in_an_async_block() {
    let log = Log::default();
    let closure = async |text: &str| -> Result<u8, std::num::ParseIntError> {
        Ok(finally! { try { suspend().await; text.parse::<u8>()? } finally { log.push("clean"); } })
    };
    let block = async {
        let number = finally! { try { suspend().await; "x".parse::<u8>()? } finally { log.push("clean"); } };
        Ok::<u8, std::num::ParseIntError>(number)
    };
    assert_eq!(run(closure("1")), Ok(1));
    assert!(run(block).is_err());
    assert_eq!(log.count("clean"), 2);
}
