//! The variables of body and cleanup. If they share none, the block has no coroutine of its own, so that the body and a closure with the
//! cleanup exist at the same time.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, ready},
    pin::Pin,
    rc::Rc,
};

use finally::block::finally;

use crate::support::{Log, Panic, exclusive, hand::Hand, panic_of, suspend};

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

fn send<T: Send>(value: T) -> T {
    value
}

#[test]
fn a_closure_is_called_in_both() {
    async fn f(list: &mut Vec<u8>) -> Option<u8> {
        let mut add = || list.push(1);
        finally! {
            try { add(); suspend().await; add(); }
            finally { add(); }
        }
        let mut count = 0;
        let mut next = || {
            count += 1;
            Some(count)
        };
        let value = finally! { try { next()?; suspend().await; next()? } finally { next(); } };
        Some(value + count)
    }
    let mut list = vec![];
    assert_eq!((run(f(&mut list)), list), (Some(5), vec![1; 3]));
}

#[test]
fn a_macro_mentions_a_variable_without_its_name() {
    async fn f(list: &mut Vec<u8>) -> Option<u8> {
        macro_rules! add {
            () => {
                list.push(1)
            };
        }
        finally! { try { add!(); suspend().await; } finally { list.push(2); } }
        finally! { try { list.push(3); suspend().await; } finally { add!(); } }
        finally! { try { add!(); suspend().await; } finally { add!(); } }
        let mut add = || list.push(4);
        macro_rules! call {
            () => {
                add()
            };
        }
        finally! { try { call!(); suspend().await; call!(); } finally { add(); } }
        let mut text = String::new();
        macro_rules! mark {
            () => {
                text.push('!')
            };
        }
        finally! { try { mark!(); suspend().await; } finally { assert_eq!(format!("{text}"), "!"); } }
        list.first().copied()
    }
    let mut list = vec![];
    assert_eq!((run(f(&mut list)), list), (Some(1), vec![1, 2, 3, 1, 1, 1, 4, 4, 4]));
}

#[test]
fn a_string_names_a_variable() {
    async fn f(mut number: usize) -> usize {
        finally! { try { number += 1; suspend().await; number += 1; } finally { assert_eq!(format!("{number:?}"), "3"); } }
        finally! { try { assert_eq!(format!("{:number$}", 1), "  1"); suspend().await; } finally { number += 1; } }
        number
    }
    assert_eq!(run(f(1)), 4);
}

#[test]
fn fields_of_one_variable_are_used() {
    struct Pair {
        list: Vec<u8>,
        name: String,
    }
    impl Pair {
        async fn first(&mut self) -> Option<&mut u8> {
            let first = finally! {
                try { self.list.push(1); suspend().await; self.list.first_mut()? }
                finally { self.name.push('!'); }
            };
            Some(first)
        }
    }
    async fn parts(pair: &mut Pair) -> Option<u8> {
        let Pair { list, name } = pair;
        let first =
            finally! { try { list.push(2); suspend().await; *list.first()? } finally { name.push('?'); } };
        name.push('.');
        list.push(3);
        Some(first)
    }
    let mut pair = Pair { list: vec![], name: String::new() };
    *run(pair.first()).unwrap() += 1;
    assert_eq!(run(parts(&mut pair)), Some(2));
    assert_eq!((pair.list, pair.name.as_str()), (vec![2, 2, 3], "!?."));
}

#[test]
fn the_cleanup_borrows_and_leaves_its_variables_usable() {
    async fn f(mut cleaned: Vec<u8>, url: &str) -> Result<Vec<u8>, std::num::ParseIntError> {
        for _ in 0..2 {
            let number: u8 = finally! { try { ready(()).await; url.parse()? } finally { cleaned.push(1); } };
            cleaned.push(number);
        }
        Ok(cleaned)
    }
    assert_eq!((run(f(vec![], "2")), run(f(vec![], "x")).is_err()), (Ok(vec![1, 2, 1, 2]), true));
}

/// Each way out of a block whose body and cleanup have variables of their own.
async fn ways_out(log: Log, way: u8) -> Option<u8> {
    let (cleaned, taken, held) = (log.clone(), log.on_drop("taken"), log.on_drop("held"));
    for _ in 0..2 {
        let (taken, held) = (log.on_drop("taken in loop"), log.on_drop("held in loop"));
        let value = finally! {
            try {
                let held = held;
                suspend().await;
                match way {
                    0 => return Some(0),
                    1 => continue,
                    2 => break,
                    3 => None?,
                    4 => std::panic::panic_any(Panic("body")),
                    _ => std::mem::drop(held),
                }
                way
            }
            finally { cleaned.push("clean"); drop(taken); cleaned.push("cleaned"); }
        };
        assert_eq!(value, way);
        log.push("after");
        break;
    }
    drop((taken, held));
    Some(1)
}

#[test]
fn p1_p2_what_each_takes_is_dropped_with_it() {
    const BLOCK: &str = "held in loop, clean, taken in loop, cleaned";
    let outer = "taken, held";
    let reversed = "held, taken";
    let log = Log::default();
    for (way, value, events) in [
        (0, Some(0), format!("{BLOCK}, {reversed}")),
        (1, Some(1), format!("{BLOCK}, {BLOCK}, {outer}")),
        (2, Some(1), format!("{BLOCK}, {outer}")),
        (3, None, format!("{BLOCK}, {reversed}")),
        (5, Some(1), format!("{BLOCK}, after, {outer}")),
    ] {
        assert_eq!((run(ways_out(log.clone(), way)), log.take().join(", ")), (value, events), "{way}");
    }
    assert_eq!(panic_of(|| run(ways_out(log.clone(), 4))), Panic("body"));
    assert_eq!(log.take().join(", "), format!("{BLOCK}, {reversed}"));
    let mut hand = Hand::new(ways_out(log.clone(), 0));
    assert!(hand.poll().is_pending());
    drop(hand);
    assert_eq!(log.take().join(", "), format!("{BLOCK}, {reversed}"));
}

#[test]
fn p2_what_a_cleanup_that_is_awaited_takes_is_dropped_with_it() {
    async fn f(log: Log) -> Option<()> {
        let (cleaned, taken, held) = (log.clone(), log.on_drop("taken"), log.on_drop("held"));
        finally! {
            try { let _held = held; suspend().await; None?; }
            finally { cleaned.push("clean"); crate::support::suspend().await; drop(taken); cleaned.push("cleaned"); }
        }
        Some(())
    }
    let log = Log::default();
    assert_eq!((run(f(log.clone())), log.take().join(", ")), (None, "held, clean, taken, cleaned".into()));
    let _turn = exclusive();
    let mut hand = Hand::new(f(log.clone()));
    assert!(hand.poll().is_pending());
    assert!(hand.poll().is_pending());
    assert_eq!(log.events().join(", "), "held, clean");
}

#[test]
fn the_variables_of_a_send_future_are_send() {
    async fn leaves(early: bool) -> Option<u8> {
        let (mut cell, mut cleaned) = (Cell::new(1), Cell::new(0));
        let value = finally! {
            try {
                suspend().await;
                *cell.get_mut() += 1;
                if early { None? }
                Rc::new(cell.get())
            }
            finally { *cleaned.get_mut() += 1; }
        };
        assert_eq!(cleaned.get(), 1);
        Some(*value)
    }
    assert_eq!((run(send(leaves(false))), run(send(leaves(true)))), (Some(2), None));
}

#[test]
fn a_block_that_is_not_send_holds_anything() {
    async fn f(cell: Rc<RefCell<Vec<u8>>>) -> Option<Rc<RefCell<Vec<u8>>>> {
        let cleaned = Rc::clone(&cell);
        Some(finally! {
            try { cell.try_borrow_mut().ok()?.push(2); suspend().await; Rc::clone(&cell) }
            finally { cleaned.borrow_mut().push(3); }
        })
    }
    assert_eq!(*run(f(Rc::default())).unwrap().borrow(), [2, 3]);
}

#[test]
fn lifetimes_and_generics_pass_through() {
    async fn longest<'a, T: AsRef<str> + ?Sized>(texts: &[&'a T], seen: &mut usize) -> Option<&'a str> {
        let mut longest = "";
        for text in texts {
            let text =
                finally! { try { ready(()).await; texts.first()?; T::as_ref(text) } finally { *seen += 1; } };
            if text.len() > longest.len() {
                longest = text;
            }
        }
        Some(longest)
    }
    async fn call<R, F: AsyncFnOnce(&str) -> R>(call: F, name: &str, done: &Cell<bool>) -> R {
        finally! { try { call(name).await } finally { done.set(true); } }
    }
    let (mut seen, done) = (0, Cell::new(false));
    assert_eq!(run(longest(&["a", "abc", "ab"], &mut seen)), Some("abc"));
    assert_eq!(run(call(async |name: &str| name.len(), "four", &done)), 4);
    assert_eq!((seen, done.get()), (3, true));
}

#[test]
fn values_with_lifetimes_leave_the_future_send() {
    async fn first<'a>(texts: &[&'a str], seen: &mut Vec<&'a str>) -> Option<&'a str> {
        let first =
            finally! { try { suspend().await; Some(*texts.first()?)? } finally { seen.push("seen"); } };
        let same = finally! { try { suspend().await; first } finally { seen.push("again"); } };
        for text in texts {
            finally! { try { suspend().await; if *text == same { break } } finally { seen.push(same); } }
        }
        Some(same)
    }
    fn boxed<'a>(
        texts: &'a [&'a str],
        seen: &'a mut Vec<&'a str>,
    ) -> Pin<Box<dyn Future<Output = Option<&'a str>> + Send + 'a>> {
        Box::pin(first(texts, seen))
    }
    let mut seen = vec![];
    assert_eq!(run(boxed(&["a", "b"], &mut seen)), Some("a"));
    let mut seen = vec![];
    assert_eq!(run(send(first(&["a", "b"], &mut seen))), Some("a"));
    assert_eq!(seen, ["seen", "again", "a"]);
}

#[test]
fn an_async_closure_has_a_block() {
    let seen = Cell::new(0);
    let add = async |list: &mut Vec<u8>| {
        let length = finally! { try { list.push(1); suspend().await; list.first()?; list.len() } finally { seen.set(seen.get() + 1); } };
        Some(length)
    };
    let mut list = vec![];
    run(async {
        add(&mut list).await;
        assert_eq!(add(&mut list).await, Some(2));
    });
    assert_eq!(seen.get(), 2);
}

#[test]
fn blocks_nest_with_variables_of_each_level() {
    async fn f(log: &Log) -> Result<u8, ()> {
        let (inner, outer) = (log.clone(), log.clone());
        let number = finally! {
            try {
                let value = finally! { try { suspend().await; Ok::<u8, ()>(1)? } finally { inner.push("inner"); } };
                Err::<(), ()>(()).or(Ok::<(), ()>(()))?;
                value + 1
            }
            finally { outer.push("outer"); }
        };
        Ok(number)
    }
    let log = Log::default();
    assert_eq!((run(f(&log)), log.take().join(" ")), (Ok(2), "inner outer".into()));
}

#[test]
fn a_block_that_is_dropped_on_another_thread_is_cleaned_up_there() {
    async fn f(log: Log, cleaned: Log) -> Option<u8> {
        Some(
            finally! { try { log.push("body"); pending::<()>().await; Some(1)? } finally { cleaned.push("clean"); } },
        )
    }
    let log = Log::default();
    let mut hand = Hand::new(Box::pin(f(log.clone(), log.clone())));
    assert!(hand.poll().is_pending());
    std::thread::spawn(move || drop(hand)).join().unwrap();
    assert_eq!(log.take().join(" "), "body clean");
}

#[test]
fn a_value_that_is_not_send_waits_for_a_cleanup_that_is_awaited() {
    async fn f(log: &Log) -> Option<Rc<u8>> {
        let cleaned = log.clone();
        Some(finally! {
            try { suspend().await; log.push("body"); Rc::new(Some(1)?) }
            finally { crate::support::suspend().await; cleaned.push("clean"); }
        })
    }
    let log = Log::default();
    assert_eq!((run(f(&log)), log.take().join(" ")), (Some(Rc::new(1)), "body clean".into()));
}
