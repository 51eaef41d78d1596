//! Blocks in blocks, and wherever else a block can stand.

use finally::{FinallyExt as _, block::finally, finally as annotate, guard};

use crate::support::{
    Error, Log, exclusive,
    hand::Hand,
    outcome::{cancel_after, observe},
    steps, suspend,
};

fn run<F: Future>(future: F) -> F::Output {
    Hand::new(future).run()
}

#[test]
fn jumps_pass_through_several_cleanups_from_the_inside_out() {
    let log = Log::default();
    let mut again = false;
    let value = 'outer: loop {
        for number in 0..5 {
            finally! {
                try {
                    finally! {
                        try {
                            match number {
                                0 => continue,
                                1 if !again => { again = true; continue 'outer }
                                1 => log.push("through"),
                                _ => break 'outer number,
                            }
                        }
                        finally { log.push(format!("inner {number}")); }
                    }
                    log.push(format!("between {number}"));
                }
                finally { log.push(format!("outer {number}")); }
            }
        }
    };
    let round = "inner 0, outer 0, ";
    assert_eq!(value, 2);
    assert_eq!(
        log.take().join(", "),
        format!("{round}inner 1, outer 1, {round}through, inner 1, between 1, outer 1, inner 2, outer 2")
    );
}

#[test]
fn a_return_passes_through_several_cleanups_and_stays_in_a_cleanup() {
    fn f(log: &Log) -> Result<u8, std::num::ParseIntError> {
        let value = finally! {
            try {
                let value: u8 = finally! {
                    try { "x".parse()? }
                    finally {
                        let checked = finally! { try { "1".parse().unwrap_or(0) } finally { log.push("innermost"); } };
                        log.push(format!("inner {checked}"));
                    }
                };
                value
            }
            finally { log.push("outer"); }
        };
        Ok(value)
    }
    let log = Log::default();
    assert!(f(&log).is_err());
    assert_eq!(log.take().join(", "), "innermost, inner 1, outer");
}

#[test]
fn the_failure_of_an_inner_cleanup_leaves_the_function_through_the_outer_one() {
    fn f(log: &Log) -> Result<u8, Error> {
        finally! {
            try {
                finally! { try { log.push("body"); } finally { log.push("inner"); Err(Error("inner")) } }
                log.push("after");
            }
            finally { log.push("outer"); }
        }
        Ok(1)
    }
    let log = Log::default();
    assert_eq!((f(&log), log.take().join(", ")), (Err(Error("inner")), "body, inner, outer".into()));
}

#[test]
fn a_block_stands_wherever_an_expression_does() {
    fn option(number: u8) -> Option<u8> {
        let Some(number) = finally!(try { number.checked_sub(1) }, {}) else {
            return finally! { try { Some(100) } finally {} };
        };
        let list = [finally! { try { number } finally {} }, finally! { try { number + 1 } finally {} }];
        let sum = match finally! { try { list } finally {} } {
            [0, second] => finally! { try { second } finally {} },
            [first, _] if finally! { try { first == 1 } finally {} } => 10,
            [first, second] => first + second,
        };
        let closure = |add: u8| finally! { try { if add == 0 { return sum } sum + add } finally {} };
        if finally! { try { closure(0) == sum } finally {} } { Some(closure(1)) } else { None }
    }
    assert_eq!([option(0), option(1), option(2), option(3)], [Some(100), Some(2), Some(11), Some(6)]);
}

#[test]
fn a_block_stands_in_the_arm_of_a_select() {
    let log = Log::default();
    let value = run(async {
        loop {
            tokio::select! {
                biased;
                () = suspend() => {
                    finally! { try { suspend().await; if log.count("clean") == 0 { continue } break 7 } finally { log.push("clean"); } }
                }
            }
        }
    });
    assert_eq!((value, log.count("clean")), (7, 2));
}

#[test]
fn a_block_stands_in_the_body_and_in_the_cleanup_of_an_annotated_function() {
    #[annotate({ finally! { try { log.push("cleanup"); } finally { log.push("its own"); } } })]
    async fn f(log: Log) -> Option<u8> {
        finally! { try { suspend().await; None?; 1 } finally { log.push("block"); } };
        Some(2)
    }
    let log = Log::default();
    assert_eq!((run(f(log.clone())), log.take().join(", ")), (None, "block, cleanup, its own".into()));
}

#[test]
fn a_function_inside_of_a_body_is_annotated() {
    let log = Log::default();
    finally! {
        try {
            #[annotate(log.push("function"))]
            fn f(log: &Log) -> bool {
                log.push("body");
                true
            }
            assert!(f(&log));
        }
        finally { log.push("block"); }
    }
    assert_eq!(log.take().join(", "), "body, function, block");
}

/// Attribute, block, future, method and guard, from the outside in.
#[annotate(steps(log.clone(), "attribute", 1))]
async fn mixed(log: Log) {
    let (block, future, method, guarded) = (log.clone(), log.clone(), log.clone(), log.clone());
    finally! {
        try {
            finally! {
                async move {
                    async {
                        let _guard = guard((), move |()| steps(guarded, "guard", 1));
                        suspend().await;
                        suspend().await;
                    }
                    .finally(move || steps(method, "method", 1))
                    .await;
                }
                finally { steps(future, "future", 1).await; }
            }
            .await;
        }
        finally { steps(block, "block", 1).await; }
    }
}

const MIXED: [&str; 10] = [
    "guard 0",
    "guard 1",
    "method 0",
    "method 1",
    "future 0",
    "future 1",
    "block 0",
    "block 1",
    "attribute 0",
    "attribute 1",
];

on_every_runtime! {
    p6_all_forms_run_from_the_innermost_to_the_outermost(runtime) {
        let _turn = exclusive();
        let log = Log::default();
        runtime.run(observe(mixed(log.clone())));
        assert_eq!(log.events(), MIXED);
        for pendings in 1..=6 {
            let log = Log::default();
            runtime.run(cancel_after(pendings, mixed(log.clone())));
            assert_eq!(log.events(), MIXED, "after {pendings} pendings");
        }
    }
}

/// Each level puts types between a future and the one inside of it, and the compiler stops at a depth of 128. A block takes more of them if
/// its cleanup shares variables with its body.
mod nests_are_within_the_recursion_limit {
    use super::*;

    fn send<F: Future + Send>(future: F) -> F {
        future
    }

    async fn clean_later() {}

    macro_rules! nest {
        ($name:ident, $order:ident, $body:ident, $cleanup:tt: $($level:ident)*) => {
            mod $name {
                use super::*;

                nest!(@ $order $body $cleanup $($level)*);

                #[test]
                fn compile() {
                    let levels = [$(stringify!($level)),*].len() - 1;
                    assert_eq!(run(send(a())), Some(levels));
                }
            }
        };
        (@ $order:ident $body:ident $cleanup:tt $last:ident) => {
            async fn $last() -> Option<usize> {
                Some(0)
            }
        };
        (@ outermost_first $body:ident $cleanup:tt $outer:ident $($inner:ident)*) => {
            nest!(@ $body $cleanup $outer $($inner)*);
            nest!(@ outermost_first $body $cleanup $($inner)*);
        };
        (@ innermost_first $body:ident $cleanup:tt $outer:ident $($inner:ident)*) => {
            nest!(@ innermost_first $body $cleanup $($inner)*);
            nest!(@ $body $cleanup $outer $($inner)*);
        };
        (@ stays $cleanup:tt $outer:ident $inner:ident $($rest:ident)*) => {
            async fn $outer() -> Option<usize> {
                finally! { try { $inner().await.map(|below| below + 1) } finally $cleanup }
            }
        };
        (@ leaves $cleanup:tt $outer:ident $inner:ident $($rest:ident)*) => {
            async fn $outer() -> Option<usize> {
                finally! { try { Some($inner().await? + 1) } finally $cleanup }
            }
        };
        (@ shares $cleanup:tt $outer:ident $inner:ident $($rest:ident)*) => {
            async fn $outer() -> Option<usize> {
                let mut levels = 0;
                finally! {
                    try { levels = $inner().await?; Some(levels + 1) }
                    finally { levels += 1; assert!(levels > 0); $cleanup }
                }
            }
        };
    }

    nest!(twenty_blocks, innermost_first, stays, {}: a b c d e f g h i j k l m n o p q r s t u);
    nest!(thirteen_blocks, outermost_first, stays, {}: a b c d e f g h i j k l m n);
    nest!(twenty_blocks_that_may_leave, innermost_first, leaves, {}: a b c d e f g h i j k l m n o p q r s t u);
    nest!(thirteen_blocks_that_may_leave, outermost_first, leaves, {}: a b c d e f g h i j k l m n);
    nest!(twenty_awaited_blocks, innermost_first, leaves, { clean_later().await; }: a b c d e f g h i j k l m n o p q r s t u);
    nest!(thirteen_awaited_blocks, outermost_first, leaves, { clean_later().await; }: a b c d e f g h i j k l m n);
    nest!(thirteen_blocks_that_share, innermost_first, shares, {}: a b c d e f g h i j k l m n);
    nest!(nine_blocks_that_share, outermost_first, shares, {}: a b c d e f g h i j);
    nest!(thirteen_awaited_blocks_that_share, innermost_first, shares, { clean_later().await; }: a b c d e f g h i j k l m n);
    nest!(nine_awaited_blocks_that_share, outermost_first, shares, { clean_later().await; }: a b c d e f g h i j);
}
