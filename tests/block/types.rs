//! The type of a block is inferred as that of a plain block, and so is the type of a `return` in it.

use std::{cell::RefCell, fmt::Debug, future::ready, rc::Rc};

use finally::block::finally;

use crate::support::hand::Hand;

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

#[test]
fn the_surroundings_tell_the_type() {
    let list: Vec<u8> = finally! { try { (0..3).collect() } finally {} };
    let boxed: Box<dyn Debug> = finally! { try { Box::new(1) } finally {} };
    let number: u64 = finally! { try { "5".parse().unwrap() } finally {} };
    let slice: &[u8] = finally! { try { &[1, 2, 3] } finally {} };
    let function: fn(u8) -> u8 = finally! { try { |number| number + 1 } finally {} };
    assert_eq!(
        (list.len(), format!("{boxed:?}"), number, slice.len(), function(1)),
        (3, "1".into(), 5, 3, 2)
    );
}

#[test]
fn a_later_use_tells_the_type() {
    fn takes(_: u8) {}
    fn parses() -> Result<Option<u8>, std::num::ParseIntError> {
        let parsed = finally! { try { "5".parse()? } finally {} };
        takes(parsed);
        let result = finally! { try { Ok(()) } finally {} };
        result?;
        Ok(Some(parsed))
    }
    let value = finally! { try { Default::default() } finally {} };
    takes(value);
    let mut list = finally! { try { Vec::new() } finally {} };
    list.push(1_u8);
    let none = finally! { try { None } finally {} };
    let _: Option<&str> = none;
    let number = finally! { try { 5 } finally {} };
    let _: u64 = number;
    assert_eq!(parses(), Ok(Some(5)));
}

#[test]
fn what_returns_is_coerced_to_the_result_of_the_function() {
    fn debug(early: bool) -> Box<dyn Debug> {
        finally! {
            try {
                if early {
                    return Box::new(1);
                }
                Box::new("late")
            }
            finally {}
        }
    }
    async fn error(early: bool) -> Result<(), Box<dyn std::error::Error>> {
        finally! {
            try {
                ready(()).await;
                if early {
                    return Err(Box::new(std::fmt::Error));
                }
            }
            finally {}
        }
        Ok(())
    }
    assert_eq!(
        (format!("{:?}", debug(true)), format!("{:?}", debug(false))),
        ("1".into(), "\"late\"".into())
    );
    assert!(run(error(true)).is_err() && run(error(false)).is_ok());
}

#[test]
fn what_breaks_is_coerced_to_the_type_of_the_loop() {
    fn debug(number: u8) -> Box<dyn Debug> {
        loop {
            finally! {
                try {
                    if number == 1 {
                        break Box::new(number);
                    }
                    if number == 2 {
                        break Box::new("two");
                    }
                    return Box::new(());
                }
                finally {}
            }
        }
    }
    async fn function(early: bool) -> fn(&str) -> usize {
        'found: {
            finally! {
                try {
                    ready(()).await;
                    if early {
                        break 'found |text| text.len();
                    }
                }
                finally {}
            }
            |text| text.len() + 1
        }
    }
    let list: Vec<u8> = loop {
        finally! { try { break [1, 2].into_iter().collect() } finally {} }
    };
    let shown = [1, 2, 3].map(|number| format!("{:?}", debug(number)));
    assert_eq!((shown.join(" "), list), ("1 \"two\" ()".into(), vec![1, 2]));
    assert_eq!((run(function(true))("text"), run(function(false))("text")), (4, 5));
}

#[test]
fn an_impl_trait_is_returned() {
    fn numbers(early: bool) -> impl Iterator<Item = u8> {
        finally! {
            try {
                if early {
                    return vec![1].into_iter();
                }
                vec![1, 2].into_iter()
            }
            finally {}
        }
    }
    assert_eq!((numbers(true).count(), numbers(false).count()), (1, 2));
}

macro_rules! known_to_nobody {
    ($value:expr) => {
        let _ = $value;
    };
}

#[test]
fn a_closure_without_a_return_type_keeps_the_one_that_it_has_without_the_block() {
    let value = || finally! { try { known_to_nobody!(1); 5_u8 } finally {} };
    let before_the_value = || {
        finally! { try { known_to_nobody!(1); } finally {} }
        5_u8
    };
    let option = |value: Option<u8>| {
        let value = finally! { try { value? } finally {} };
        Some(value)
    };
    let unit = || {
        finally! { try { known_to_nobody!(1); } finally {} }
    };
    let panics = || {
        finally! { try { known_to_nobody!(1); } finally {} }
        panic!()
    };
    assert_eq!((value(), before_the_value(), option(None)), (5, 5, None));
    unit();
    assert!(std::thread::spawn(panics).join().is_err());
}

#[test]
fn a_task_that_never_ends_is_a_task() {
    fn is_task(_: impl Future<Output = ()> + Send + 'static) {}
    is_task(async {
        loop {
            finally! { try { known_to_nobody!(1); ready(()).await; } finally {} }
        }
    });
    is_task(async {
        finally! { try { known_to_nobody!(1); ready(()).await; } finally {} }
    });
}

struct Owner {
    list: Vec<u8>,
    name: String,
}

impl Owner {
    fn first(&mut self) -> &mut u8 {
        finally! { try { if self.list.is_empty() { self.list.push(1); } &mut self.list[0] } finally { self.name.push('!'); } }
    }

    fn first_if_named(&mut self) -> Option<&mut u8> {
        Some(finally! { try { self.name.chars().next()?; self.list.first_mut()? } finally {} })
    }

    async fn first_later(&mut self) -> Option<&mut u8> {
        Some(
            finally! { try { ready(()).await; self.name.chars().next()?; self.list.first_mut()? } finally {} },
        )
    }

    fn longer<'a>(&'a self, other: &'a str) -> Option<&'a str> {
        let longer = finally! { try { if other.len() < self.name.chars().count() { return Some(&self.name) } other } finally {} };
        Some(longer)
    }
}

#[test]
fn a_value_borrows_from_what_is_around() {
    let mut owner = Owner { list: vec![], name: "n".into() };
    *owner.first() += 1;
    *owner.first_if_named().unwrap() += 1;
    *run(owner.first_later()).unwrap() += 1;
    assert_eq!((owner.list[0], owner.longer("other"), owner.longer("")), (4, Some("other"), Some("n!")));
}

#[test]
fn generic_functions_have_blocks() {
    fn first<T: Clone, const N: usize>(list: [T; N]) -> Option<T> {
        Some(finally! { try { list.first()?.clone() } finally { assert!(N < 3); } })
    }
    assert_eq!((first([1, 2]), first::<u8, 0>([])), (Some(1), None));
}

#[test]
fn the_type_is_written_inside() {
    fn parsed(text: &str) -> Option<u64> {
        let number = finally! { <u64> try { text.parse().ok()? } finally {} };
        Some(number)
    }
    let list = finally! { <Vec<_>> try { [1_u8].into_iter().collect() } finally {} };
    assert_eq!((parsed("5"), parsed("x"), list), (Some(5), None, vec![1]));
}

#[test]
fn what_awaits_stays_send_whatever_its_value_is() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let value = is_send(async { *finally! { try { ready(()).await; Rc::new(1) } finally {} } });
    assert_eq!(run(value), 1);
}

#[test]
fn a_block_that_does_not_await_may_hold_anything() {
    let cell = Rc::new(RefCell::new(vec![1]));
    fn pushed(cell: &Rc<RefCell<Vec<u8>>>) -> Option<Rc<RefCell<Vec<u8>>>> {
        Some(
            finally! { try { cell.try_borrow_mut().ok()?.push(2); Rc::clone(cell) } finally { cell.borrow_mut().push(3); } },
        )
    }
    assert_eq!(*pushed(&cell).unwrap().borrow(), [1, 2, 3]);
}

#[test]
fn a_value_that_is_not_send_leaves_the_future_send() {
    fn send<T: Send>(value: T) -> T {
        value
    }
    async fn leaves(early: bool) -> Result<usize, std::fmt::Error> {
        let text = finally! {
            try {
                ready(()).await;
                if early {
                    return Ok(0);
                }
                Err::<(), _>(std::fmt::Error).or(Ok(()))?;
                Rc::<str>::from("four")
            }
            finally {}
        };
        Ok(text.len())
    }
    assert_eq!((run(send(leaves(false))), run(send(leaves(true)))), (Ok(4), Ok(0)));
}
