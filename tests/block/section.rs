//! The cleanup section: the variables that it sees, the control flow after it, and the place of its failure.

use std::future::{Future, ready};

use finally::{
    Fate,
    block::{End, finally, lastly},
};

use crate::support::{Error, Log, Panic, exclusive, hand::Hand, outcome, panic_of, suspend};

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

#[test]
fn without_await_it_shares_places_with_the_body_and_leaves_them_usable() {
    struct Pair {
        list: Vec<u8>,
        name: String,
    }
    impl Pair {
        fn at_once(&mut self) -> Option<u8> {
            let first = finally! {
                try { self.list.push(1); *self.list.first()? }
                finally { self.list.push(2); self.name.push('!'); }
            };
            self.list.push(3);
            Some(first)
        }
        async fn awaited(&mut self) -> Option<u8> {
            let first = finally! {
                try { self.list.push(1); suspend().await; *self.list.first()? }
                finally { self.list.push(2); self.name.push('!'); }
            };
            self.list.push(3);
            Some(first)
        }
    }
    let mut pair = Pair { list: vec![], name: String::new() };
    assert_eq!((pair.at_once(), run(pair.awaited())), (Some(1), Some(1)));
    assert_eq!((pair.list, pair.name.as_str()), (vec![1, 2, 3, 1, 2, 3], "!!"));
}

#[test]
fn with_await_it_takes_what_it_mentions() {
    async fn f(log: &Log) -> usize {
        let mut list = vec![1];
        let done = log.clone();
        finally! {
            try { list.push(2); suspend().await; list.len() }
            finally { suspend().await; list.push(3); done.push(format!("{list:?}")); }
        }
    }
    let log = Log::default();
    assert_eq!((run(f(&log)), log.take().join(" ")), (2, "[1, 2, 3]".into()));
}

#[test]
fn with_await_it_borrows_where_it_is_not_detached() {
    async fn f(list: &mut Vec<u8>) -> u8 {
        finally! {
            try { list.push(1); suspend().await; }
            finally(on_cancel = block) { suspend().await; list.push(2); }
        }
        let value = finally! {
            try { list.push(3); suspend().await; 4 }
            finally(on_cancel = skip) { suspend().await; list.push(5); }
        };
        list.push(6);
        value
    }
    let mut list = vec![];
    assert_eq!(run(f(&mut list)), 4);
    assert_eq!(list, [1, 2, 3, 5, 6]);
}

#[test]
fn it_and_its_replacement_share_places_with_the_body_and_leave_them_usable() {
    let log = Log::default();
    for (cancel_after, expected) in [(9, "[1, 2, 3, 4]"), (1, "[1, 9]"), (2, "[1, 2, 9]")] {
        let mut list = vec![];
        let future = async {
            let count = finally! {
                try { list.push(1); suspend().await; list.push(2); list.len() }
                finally(on_cancel = (list.push(9))) { suspend().await; list.push(3) }
            };
            list.push(4);
            count
        };
        run(outcome::cancel_after(cancel_after, future));
        log.push(format!("{list:?}"));
        assert_eq!(log.take(), [expected]);
    }
}

#[test]
fn blocks_where_it_borrows_and_is_cancelled() {
    let log = Log::default();
    let mut list = vec![];
    let future = async {
        finally! {
            try { list.push(1); suspend().await; list.push(2); }
            finally(on_cancel = block) { suspend().await; list.push(3); log.push("clean"); }
        }
    };
    let mut hand = Hand::new(future);
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!((list, log.count("clean")), (vec![1, 3], 1));
}

#[test]
fn skips_where_it_is_told_to_and_is_cancelled() {
    let log = Log::default();
    let future = async {
        finally! { try { suspend().await; } finally(on_cancel = skip) { suspend().await; log.push("clean"); } }
    };
    let mut hand = Hand::new(future);
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.count("clean"), 0);
}

#[test]
fn a_future_that_it_evaluates_to_is_awaited() {
    async fn later(log: Log) {
        suspend().await;
        log.push("clean");
    }
    async fn f(log: &Log) {
        finally! { try { suspend().await; } finally { log.push("built"); later(log.clone()) } }
        log.push("after");
    }
    let log = Log::default();
    run(f(&log));
    assert_eq!(log.take().join(" "), "built clean after");
}

#[test]
fn it_sees_the_fate() {
    fn f(log: &Log, how: u8) -> Result<u8, Error> {
        let value = loop {
            break finally! {
                try {
                    match how {
                        0 => 0,
                        1 => return Ok(1),
                        2 => Err(Error("two"))?,
                        3 => break 3,
                        _ => std::panic::panic_any(Panic("four")),
                    }
                }
                finally |fate| {
                    log.push(match fate {
                        Fate::Returned(End::Value(value)) => format!("value {value}"),
                        Fate::Returned(End::Return(result)) => format!("return {result:?}"),
                        Fate::Returned(End::Jump(_)) => "jump".into(),
                        Fate::Panicked(_) => "panic".into(),
                        Fate::Cancelled => "cancelled".into(),
                    });
                    assert_eq!(fate.error().is_some(), how == 2);
                    assert_eq!(fate.value().is_some(), how == 0);
                }
            };
        };
        Ok(value)
    }
    let log = Log::default();
    assert_eq!([f(&log, 0), f(&log, 1), f(&log, 2), f(&log, 3)], [Ok(0), Ok(1), Err(Error("two")), Ok(3)]);
    assert_eq!(panic_of(|| f(&log, 4)), Panic("four"));
    assert_eq!(log.take().join(", "), "value 0, return Ok(1), return Err(Error(\"two\")), jump, panic");
}

#[test]
fn it_reads_the_fate_before_it_awaits() {
    async fn f(log: Log) -> Option<u8> {
        finally! {
            try { suspend().await; None?; 1 }
            finally |fate| {
                let returned = matches!(fate, Fate::Returned(End::Return(None)));
                async move { suspend().await; log.push(format!("returned {returned}")); }
            }
        };
        None
    }
    async fn nothing_else_awaits(log: Log) -> u8 {
        finally! { try { 1 } finally |fate| { let fate = format!("{fate:?}"); async move { ready(()).await; log.push(fate) } } }
    }
    let log = Log::default();
    assert_eq!(run(f(log.clone())), None);
    assert_eq!(run(nothing_else_awaits(log.clone())), 1);
    assert_eq!(log.take().join(", "), "returned true, Returned(..)");
}

#[test]
fn it_sees_that_the_body_was_cancelled() {
    let log = Log::default();
    let seen = log.clone();
    let mut hand = Hand::new(async move {
        finally! { try { suspend().await; } finally |fate| { seen.push(format!("{fate:?}")); } }
    });
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.take().join(" "), "Cancelled");
}

#[derive(Debug, PartialEq)]
struct Wider(&'static str);

impl From<Error> for Wider {
    fn from(error: Error) -> Self {
        Self(error.0)
    }
}

#[test]
fn its_failure_leaves_the_function_as_a_question_mark_does() {
    fn at_once(log: &Log) -> Result<u8, Wider> {
        let value = finally! { try { 1 } finally { Err(Error("cleanup")) } };
        log.push("after");
        Ok(value)
    }
    async fn awaited(log: &Log) -> Result<u8, Wider> {
        let value =
            finally! { try { suspend().await; 1 } finally { suspend().await; Err(Error("cleanup")) } };
        log.push("after");
        Ok(value)
    }
    fn asks(log: &Log) -> Result<u8, Wider> {
        let value = finally! { try { 1 } finally { Err(Error("cleanup"))?; Ok::<(), Error>(()) } };
        log.push("after");
        Ok(value)
    }
    let log = Log::default();
    assert_eq!([at_once(&log), run(awaited(&log)), asks(&log)], [const { Err(Wider("cleanup")) }; 3]);
    assert!(log.events().is_empty());
}

#[test]
fn its_failure_is_the_value_where_that_is_a_result() {
    let result: Result<u8, Wider> = finally! { try { Ok(1) } finally { Err(Error("cleanup")) } };
    assert_eq!(result, Err(Wider("cleanup")));
    let result = run(async {
        let result: Result<u8, Wider> =
            finally! { try { suspend().await; Ok(1) } finally { suspend().await; Err(Error("cleanup")) } };
        result
    });
    assert_eq!(result, Err(Wider("cleanup")));
}

#[test]
fn its_failure_comes_before_a_jump() {
    fn f() -> Result<u8, Wider> {
        loop {
            finally! { try { break } finally { Err(Error("cleanup")) } }
        }
        Ok(1)
    }
    fn returns() -> Result<u8, Wider> {
        finally! { try { return Ok(1) } finally { Err(Error("cleanup")) } }
        Ok(2)
    }
    assert_eq!([f(), returns()], [const { Err(Wider("cleanup")) }; 2]);
}

#[test]
fn p7_the_failure_of_the_body_is_the_first() {
    fn asks() -> Result<u8, Wider> {
        let value = finally! { try { Err(Error("body"))?; 1 } finally { Err(Error("cleanup")) } };
        Ok(value)
    }
    fn value() -> Result<u8, Wider> {
        finally! { try { Err(Wider("body")) } finally { Err(Error("cleanup")) } }
    }
    let turn = exclusive();
    for body in [asks, value] {
        assert_eq!(body(), Err(Wider("body")));
        let failures = turn.failures();
        assert_eq!((failures.len(), failures[0].message.as_str()), (1, "cleanup"));
        assert_eq!(failures[0].file, file!());
    }
}

#[test]
fn it_has_its_other_name() {
    let log = Log::default();
    lastly! { try { log.push("body"); } lastly { log.push("clean"); } }
    lastly! { try { log.push("body"); } finally { log.push("clean"); } }
    lastly!(
        try {
            log.push("body");
        },
        {
            log.push("clean");
        }
    );
    finally!(
        try {
            log.push("body");
        },
        |_| {
            log.push("clean");
        }
    );
    finally!(<()> try { log.push("body"); }, { log.push("clean"); },);
    assert_eq!(log.take().join(" "), ["body clean"; 5].join(" "));
}
