//! Blocks that a `macro_rules!` macro makes from its fragments.

use finally::block::finally;

use crate::support::{hand::Hand, suspend};

macro_rules! of_blocks {
    ($body:block, $cleanup:block) => {
        finally! { try $body finally $cleanup }
    };
}

macro_rules! of_a_type {
    ($type:ty, $body:block, $fate:pat, $cleanup:block) => {
        finally! { <$type> try $body finally |$fate| $cleanup }
    };
}

macro_rules! of_expressions {
    ($body:expr, $cleanup:expr) => {
        finally! { try { $body } finally { $cleanup } }
    };
}

macro_rules! of_tokens {
    ($($tokens:tt)*) => {
        finally! { $($tokens)* }
    };
}

macro_rules! with_a_comma {
    ($body:block, $cleanup:block) => {
        finally!(try $body, $cleanup)
    };
}

macro_rules! of_a_future {
    ($body:block) => {
        finally! { async move $body finally {} }
    };
}

#[test]
fn every_kind_of_fragment_is_taken() {
    fn sum(number: Option<u8>) -> Option<u8> {
        let mut cleaned = 0;
        let sum = of_blocks!({ number? }, { cleaned += 1 })
            + of_a_type!(u8, { number? }, _, { cleaned += 1 })
            + of_expressions!(number?, cleaned += 1)
            + of_tokens! { try { number? } finally { cleaned += 1 } }
            + with_a_comma!({ number? }, { cleaned += 1 });
        Some(sum + cleaned)
    }
    assert_eq!((sum(Some(1)), sum(None)), (Some(10), None));
}

#[test]
fn jumps_in_a_fragment_reach_the_loop_around() {
    let mut rounds = 0;
    let found = loop {
        of_blocks!(
            {
                rounds += 1;
                for _ in 0..3 {
                    break;
                }
                if rounds < 3 {
                    continue;
                }
                break rounds;
            },
            {}
        );
    };
    assert_eq!(found, 3);
}

#[test]
fn a_fragment_becomes_a_future() {
    let number = of_a_future!({
        suspend().await;
        1
    });
    assert_eq!(Hand::new(number).run(), 1);
}

#[test]
fn a_fragment_awaits() {
    async fn number(number: Option<u8>) -> Option<u8> {
        Some(of_blocks!(
            {
                suspend().await;
                number?
            },
            {}
        ))
    }
    assert_eq!(Hand::new(number(Some(1))).run(), Some(1));
}

macro_rules! of_labels {
    ($outer:lifetime, $inner:lifetime, $rounds:ident) => {
        $outer: loop {
            finally! {
                try {
                    $rounds += 1;
                    $inner: loop {
                        if $rounds == 1 {
                            continue $outer;
                        }
                        if $rounds == 2 {
                            break $inner;
                        }
                        break $outer $rounds;
                    }
                }
                finally { $rounds += 10; }
            }
        }
    };
}

#[test]
fn a_label_may_be_a_fragment() {
    let mut rounds = 0;
    assert_eq!(of_labels!('outer, 'inner, rounds), 12);
    assert_eq!(rounds, 22);
    rounds = 1;
    assert_eq!(of_labels!('outer, 'inner, rounds), 13);
}
