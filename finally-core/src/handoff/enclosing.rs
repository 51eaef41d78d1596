//! Adoption: which finally encloses the code that runs now.

use core::{cell::Cell, mem};

use super::chain::Chain;

std::thread_local! {
    /// The chain of the innermost finally whose body this thread is polling or dropping.
    static ENCLOSING: Cell<Option<Chain>> = const { Cell::new(None) };
}

/// Runs `run` as the inside of a finally: what is cancelled there goes onto `chain`.
pub(super) fn collect(chain: &mut Chain, run: &mut dyn FnMut()) {
    /// Gives the thread back to the finally further out, on an unwind too.
    struct Restore<'a> {
        chain: &'a mut Chain,
        outer: Option<Chain>,
    }

    impl Drop for Restore<'_> {
        fn drop(&mut self) {
            let outer = self.outer.take();
            let collected = ENCLOSING.try_with(|enclosing| enclosing.replace(outer));
            *self.chain = collected.ok().flatten().unwrap_or_default();
        }
    }

    // A thread that is ending has no place for it any more. Its cleanups go to an executor.
    match ENCLOSING.try_with(|enclosing| enclosing.replace(Some(mem::take(chain)))) {
        Ok(outer) => {
            let _restore = Restore { chain, outer };
            run();
        }
        Err(_) => run(),
    }
}

/// Gives a chain to the enclosing finally, or gives it back where there is none.
pub(super) fn adopt(chain: Chain) -> Result<(), Chain> {
    let mut chain = Some(chain);
    let _ = ENCLOSING.try_with(|enclosing| {
        if let Some(mut adopted) = enclosing.take() {
            adopted.append(chain.take().unwrap_or_default());
            enclosing.set(Some(adopted));
        }
    });
    chain.map_or(Ok(()), Err)
}
