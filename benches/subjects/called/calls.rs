//! One call of a function with a cleanup, in every form of this library, by hand, and with other crates.

use std::{
    convert::identity,
    future::Future,
    hint::black_box,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
};

use finally::{FinallyExt, Guard, Scope, block, finally, guard};
use futures::FutureExt;

use crate::{
    allocator::allocations,
    common::{clean, cleaned, poll_once, print, runtime},
    suspend::{Suspend, repeat},
};

type Outcome = Result<u32, String>;

fn clean_with(suspends: i32) {
    black_box(suspends);
    clean();
}

async fn clean_later() -> Result<(), String> {
    clean();
    Ok(())
}

async fn clean_later_with(suspends: i32) -> Result<(), String> {
    clean_with(suspends);
    Ok(())
}

/// The body's failure counts, or else that of the cleanup.
fn first_failure(outcome: Outcome, cleanup: Result<(), String>) -> Outcome {
    match (outcome, cleanup) {
        (Ok(_), Err(error)) => Err(error),
        (outcome, _) => outcome,
    }
}

// Without a cleanup, and with one by hand.

async fn plain(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

#[tracing::instrument(skip_all)]
async fn instrument(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

async fn hand_sync(suspends: i32) -> Outcome {
    let outcome = async {
        Suspend(suspends).await;
        Ok(black_box(7))
    }
    .await;
    clean();
    outcome
}

async fn hand_awaited(suspends: i32) -> Outcome {
    let outcome = async {
        Suspend(suspends).await;
        Ok(black_box(7))
    }
    .await;
    let cleanup = clean_later().await;
    first_failure(outcome, cleanup)
}

async fn idiom_sync(suspends: i32) -> Outcome {
    let end = AssertUnwindSafe(async {
        Suspend(suspends).await;
        Ok(black_box(7))
    })
    .catch_unwind()
    .await;
    clean();
    end.unwrap_or_else(|panic| resume_unwind(panic))
}

async fn idiom_awaited(suspends: i32) -> Outcome {
    let end = AssertUnwindSafe(async {
        Suspend(suspends).await;
        Ok(black_box(7))
    })
    .catch_unwind()
    .await;
    let cleanup = clean_later().await;
    match end {
        Ok(outcome) => first_failure(outcome, cleanup),
        Err(panic) => resume_unwind(panic),
    }
}

// Other crates.

async fn scopeguard_sync(suspends: i32) -> Outcome {
    scopeguard::defer! { clean() }
    Suspend(suspends).await;
    Ok(black_box(7))
}

async fn guarden_awaited(suspends: i32) -> Outcome {
    let guard = guarden::guard!(async move { clean_later().await });
    let outcome = async {
        Suspend(suspends).await;
        Ok(black_box(7))
    }
    .await;
    guard.trigger().await?;
    outcome
}

async fn cobalt_async_awaited(suspends: i32) -> Outcome {
    cobalt_async::try_finally(
        move || async move {
            Suspend(suspends).await;
            Ok(black_box(7))
        },
        clean_later,
    )
    .await
}

async fn async_safe_defer_awaited(suspends: i32) -> Outcome {
    async_safe_defer::send_async_scope!(scope, {
        scope.defer(|| async {
            let _ = clean_later().await;
        });
        Suspend(suspends).await;
        Ok(black_box(7))
    })
    .await
}

async fn futures_finally_awaited(suspends: i32) -> Outcome {
    use futures_finally::future::ThenFinallyFutureExt;
    async move {
        Suspend(suspends).await;
        Ok(black_box(7))
    }
    .then_finally(clean_later)
    .await
}

// The attribute.

#[finally(clean)]
async fn path_sync(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

#[finally(clean_with(suspends))]
async fn argument_sync(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

#[finally(clean_later)]
async fn path_awaited(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

#[finally(clean_later_with(suspends).await)]
async fn argument_awaited(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

#[finally(clean_later_with(suspends).await, on_cancel = skip)]
async fn argument_skip(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

#[finally(clean_later_with(suspends).await, on_cancel = block)]
async fn argument_block(suspends: i32) -> Outcome {
    Suspend(suspends).await;
    Ok(black_box(7))
}

// The method.

async fn method_sync(suspends: i32) -> Outcome {
    async move {
        Suspend(suspends).await;
        Ok(black_box(7))
    }
    .finally(clean)
    .await
}

async fn method_awaited(suspends: i32) -> Outcome {
    async move {
        Suspend(suspends).await;
        Ok(black_box(7))
    }
    .finally(clean_later)
    .await
}

// The block.

async fn block_sync(suspends: i32) -> Outcome {
    let value: u32 = block::finally! {
        try {
            Suspend(suspends).await;
            black_box(7)
        }
        finally {
            clean();
        }
    };
    Ok(value)
}

async fn block_jumps_sync(suspends: i32) -> Outcome {
    let value: u32 = block::finally! {
        try {
            Suspend(suspends).await;
            identity::<Outcome>(Ok(black_box(7)))?
        }
        finally {
            clean();
        }
    };
    Ok(value)
}

async fn block_awaited(suspends: i32) -> Outcome {
    let outcome: Outcome = block::finally! {
        try {
            Suspend(suspends).await;
            Ok(black_box(7))
        }
        finally { clean_later().await }
    };
    outcome
}

// Guards and scopes.

async fn guard_sync(suspends: i32) -> Outcome {
    let guard = guard(suspends, clean_with);
    Suspend(suspends).await;
    let outcome = Ok(black_box(7));
    Guard::release(guard).await;
    outcome
}

async fn guard_awaited(suspends: i32) -> Outcome {
    let guard = guard(suspends, clean_later_with);
    Suspend(suspends).await;
    let outcome = Ok(black_box(7));
    Guard::release(guard).await?;
    outcome
}

async fn scope_sync(suspends: i32) -> Outcome {
    let mut scope = Scope::<String>::new();
    scope.defer(clean);
    Suspend(suspends).await;
    let outcome = Ok(black_box(7));
    scope.close().await?;
    outcome
}

async fn scope_awaited(suspends: i32) -> Outcome {
    let mut scope = Scope::<String>::new();
    scope.defer(clean_later);
    Suspend(suspends).await;
    let outcome = Ok(black_box(7));
    scope.close().await?;
    outcome
}

// Functions that are not async, in an async one that calls them.

macro_rules! functions {
    ($($name:ident: $(#[$attribute:meta])? |$argument:ident| $body:expr;)*) => {
        $(async fn $name(argument: i32) -> Outcome {
            #[inline(never)]
            $(#[$attribute])?
            fn function($argument: i32) -> Outcome {
                $body
            }
            function(argument)
        })*
    };
}

functions! {
    function_plain: |argument| Ok(seven(argument));
    function_instrument: #[tracing::instrument(skip_all)] |argument| Ok(seven(argument));
    function_hand: |argument| {
        let outcome = Ok(seven(argument));
        clean();
        outcome
    };
    function_scopeguard: |argument| {
        scopeguard::defer! { clean() }
        Ok(seven(argument))
    };
    function_idiom: |argument| {
        let end = catch_unwind(AssertUnwindSafe(|| Ok(seven(argument))));
        clean();
        end.unwrap_or_else(|panic| resume_unwind(panic))
    };
    function_path: #[finally(clean)] |argument| Ok(seven(argument));
    function_argument: #[finally(clean_with(argument))] |argument| Ok(seven(argument));
    function_block: |argument| {
        let value: u32 = block::finally! {
            try { seven(argument) }
            finally { clean(); }
        };
        Ok(value)
    };
    function_guard: |argument| {
        let _guard = guard(argument, clean_with);
        Ok(seven(argument))
    };
}

fn seven(argument: i32) -> u32 {
    black_box(argument);
    7
}

trait Action {
    fn on<F: Future<Output = Outcome>>(self, make: fn(i32) -> F);
}

macro_rules! cases {
    ($($name:ident)*) => {
        fn with(case: &str, action: impl Action) {
            match case {
                $(stringify!($name) => action.on($name),)*
                _ => panic!("there is no case `{case}`"),
            }
        }
    };
}

cases! {
    plain instrument hand_sync hand_awaited idiom_sync idiom_awaited
    scopeguard_sync guarden_awaited cobalt_async_awaited async_safe_defer_awaited futures_finally_awaited
    path_sync argument_sync path_awaited argument_awaited argument_skip argument_block
    method_sync method_awaited block_sync block_jumps_sync block_awaited
    guard_sync guard_awaited scope_sync scope_awaited
    function_plain function_instrument function_hand function_scopeguard function_idiom
    function_path function_argument function_block function_guard
}

pub fn count(case: &str, suspends: i32, times: usize) {
    struct Count(i32, usize);

    impl Action for Count {
        fn on<F: Future<Output = Outcome>>(self, make: fn(i32) -> F) {
            print("bytes", size_of::<F>());
            let before = allocations();
            repeat(make, self.0, self.1);
            print("allocations", allocations() - before);
        }
    }

    with(case, Count(suspends, times));
}

pub fn fates(case: &str) {
    struct Fates;

    impl Action for Fates {
        fn on<F: Future<Output = Outcome>>(self, make: fn(i32) -> F) {
            std::panic::set_hook(Box::new(|_| ()));
            let runtime = runtime();
            let after = |run: &dyn Fn()| {
                let before = cleaned();
                run();
                // A cleanup that was spawned takes its turn.
                runtime.block_on(async {
                    for _ in 0..100 {
                        tokio::task::yield_now().await;
                    }
                });
                cleaned() - before
            };
            print("value", after(&|| assert_eq!(runtime.block_on(make(0)), Ok(7))));
            let panics = || assert!(runtime.block_on(AssertUnwindSafe(make(-1)).catch_unwind()).is_err());
            print("panic", after(&panics));
            print("cancellation", after(&|| runtime.block_on(async { poll_once(pin!(make(1))).await })));
        }
    }

    with(case, Fates);
}
