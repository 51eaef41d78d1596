//! Control flow inside of other macros.

use std::{
    fmt::Write as _,
    future::{Future, ready},
};

use finally::block::finally;

use crate::support::{Log, hand::Hand, suspend};

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

macro_rules! identity {
    ($expression:expr) => {
        $expression
    };
}

macro_rules! forever {
    ($expression:expr) => {
        loop {
            $expression
        }
    };
}

macro_rules! named {
    ($label:lifetime, $expression:expr) => {
        $label: loop {
            $expression
        }
    };
}

macro_rules! leave {
    ($value:expr) => {
        return Some($value)
    };
}

#[test]
fn arguments_of_macros_of_the_standard_library_leave_the_function() {
    fn all(log: &Log, which: u8) -> Option<u8> {
        let none = |number: u8| (which != number).then_some(number);
        finally! {
            try {
                println!("{}", none(0)?);
                eprint!("{:?}", (none(1)?, ""));
                assert!(none(2)? == 2, "{}", none(3)?);
                assert_eq!(none(4)?, 4);
                assert_ne!(1, none(5)?);
                debug_assert!(none(6)? == 6);
                let list = vec![none(7)?, 1];
                let repeated = vec![none(8)?; 2];
                let mut text = format!("{}{}", none(9)?, list.len() + repeated.len());
                write!(text, "{}", none(10)?).ok()?;
                assert!(matches!(none(11)?, 11 if none(12)? == 12));
                dbg!(none(13)?);
                if text.is_empty() {
                    unreachable!("{}", none(14)?);
                }
            }
            finally { log.push("clean"); }
        }
        Some(100)
    }
    for which in 0..=14 {
        let log = Log::default();
        // A release build does not evaluate `debug_assert!`.
        let never = [3, 14].contains(&which) || (which == 6 && !cfg!(debug_assertions));
        let expected = never.then_some(100);
        assert_eq!((all(&log, which), log.count("clean")), (expected, 1), "{which}");
    }
}

#[test]
fn jumps_in_their_arguments_reach_the_loops_around() {
    let log = Log::default();
    let mut numbers = 0..9;
    let found = loop {
        finally! {
            try {
                let number = numbers.next();
                let text = format!("{}", match number { None => break 100, Some(2) => continue, Some(number) => number });
                assert!(if text == "4" { break 4 } else { true });
                log.push(text);
            }
            finally { log.push("clean"); }
        }
    };
    assert_eq!((found, log.events().join(" ")), (4, "0 clean 1 clean clean 3 clean clean".into()));
}

#[test]
fn a_macro_that_hides_a_return_leaves_the_function_after_the_cleanup() {
    fn at_once(log: &Log) -> Option<u8> {
        finally! { try { log.push("body"); if log.count("body") == 1 { leave!(1) } } finally { log.push("clean"); } }
        Some(2)
    }
    async fn awaited(log: &Log) -> Option<u8> {
        finally! { try { suspend().await; if log.count("clean") == 0 { leave!(1) } } finally { log.push("clean"); } }
        Some(2)
    }
    let log = Log::default();
    assert_eq!((at_once(&log), log.take().join(" ")), (Some(1), "body clean".into()));
    assert_eq!((run(awaited(&log)), log.take().join(" ")), (Some(1), "clean".into()));
}

#[test]
fn bail_and_ensure_of_anyhow_work() {
    fn at_once(number: u8) -> anyhow::Result<u8> {
        let double = finally! {
            try {
                anyhow::ensure!(number != 1, "one");
                if number == 2 {
                    anyhow::bail!("two");
                }
                number * 2
            }
            finally {}
        };
        Ok(double)
    }
    async fn awaited(number: u8) -> anyhow::Result<u8> {
        let double = finally! {
            try {
                suspend().await;
                anyhow::ensure!(number != 1, "one");
                if number == 2 {
                    anyhow::bail!("two");
                }
                number * 2
            }
            finally {}
        };
        Ok(double)
    }
    for (number, expected) in [(1, Err("one")), (2, Err("two")), (3, Ok(6))] {
        assert_eq!(at_once(number).map_err(|error| error.to_string()), expected.map_err(String::from));
        assert_eq!(run(awaited(number)).map_err(|error| error.to_string()), expected.map_err(String::from));
    }
}

#[test]
fn a_macro_that_hides_a_loop_keeps_its_jumps() {
    let log = Log::default();
    let mut rounds = 0;
    loop {
        finally! {
            try {
                forever!({
                    rounds += 1;
                    if rounds < 3 {
                        continue;
                    }
                    break
                });
                log.push("body");
            }
            finally { log.push("clean"); }
        }
        break;
    }
    assert_eq!((rounds, log.events().join(" ")), (3, "body clean".into()));
}

#[test]
fn a_macro_without_one_passes_them_on() {
    let log = Log::default();
    let mut rounds = 0;
    while rounds < 10 {
        rounds += 1;
        finally! {
            try {
                if rounds == 1 {
                    identity!(continue)
                }
                if rounds == 2 {
                    identity!(break);
                }
                log.push("body");
            }
            finally { log.push("clean"); }
        }
    }
    assert_eq!((rounds, log.events().join(" ")), (2, "clean clean".into()));
}

#[test]
fn labels_that_a_macro_is_given_stay_with_it() {
    let log = Log::default();
    let value = 'outer: {
        finally! {
            try {
                let inner = named!('inner, break 'inner 1);
                if inner == 1 {
                    identity!(break 'outer inner + 1);
                }
                0
            }
            finally { log.push("clean"); }
        }
    };
    assert_eq!((value, log.count("clean")), (2, 1));
}

#[test]
fn what_is_no_code_stays_as_it_is() {
    let text = finally! { try { stringify!(return break continue) } finally {} };
    assert_eq!(text, "return break continue");
    macro_rules! defines {
        () => {};
    }
    finally! {
        try {
            macro_rules! inside { ($($any:tt)*) => { loop { break } }; }
            inside!();
            defines!();
        }
        finally {}
    }
}

#[test]
fn a_macro_that_makes_a_stream_awaits_in_the_stream() {
    macro_rules! try_stream {
        ($($body:tt)*) => { async move { { $($body)* }; Ok::<(), u8>(()) } }
    }
    fn not_async(log: &Log) -> impl Future<Output = Result<(), u8>> {
        finally! {
            try {
                log.push("body");
                try_stream! {
                    loop {
                        suspend().await;
                        if true { break }
                    }
                    Err(1)?;
                }
            }
            finally { log.push("clean"); }
        }
    }
    let log = Log::default();
    let stream = not_async(&log);
    assert_eq!(log.take(), ["body", "clean"]);
    assert_eq!(run(stream), Err(1));
}

#[test]
fn select_and_join_are_known_to_await() {
    async fn select(log: &Log, which: u8) -> Option<u8> {
        let mut rounds = 0;
        loop {
            rounds += 1;
            finally! {
                try {
                    tokio::select! {
                        biased;
                        number = ready(which), if rounds == 1 => match number {
                            0 => return Some(0),
                            1 => break,
                            2 => continue,
                            _ => { None::<()>?; }
                        },
                        () = suspend() => return Some(rounds),
                    }
                }
                finally { log.push("clean"); }
            }
        }
        Some(100)
    }
    async fn join() -> (u8, u8) {
        finally! { try { tokio::join!(ready(1), async { suspend().await; 2 }) } finally {} }
    }
    async fn try_join() -> Result<u8, u8> {
        let (one, two) = finally! { try { tokio::try_join!(ready(Ok::<u8, u8>(1)), ready(Err::<u8, u8>(2)))? } finally {} };
        Ok(one + two)
    }
    for (which, expected, cleanups) in [(0, Some(0), 1), (1, Some(100), 1), (2, Some(2), 2), (3, None, 1)] {
        let log = Log::default();
        assert_eq!((run(select(&log, which)), log.count("clean")), (expected, cleanups), "{which}");
    }
    assert_eq!(run(join()), (1, 2));
    assert_eq!(run(try_join()), Err(2));
}
