//! `finally! { try { .. } finally { .. } }`: a cleanup for a block in the middle of a function.

pub use finally_core::End;

/// Runs a cleanup after a block, exactly once, however the block ends.
///
/// ```text
/// finally! { [<TYPE>] BODY finally CLEANUP }        BODY:    try { .. }  or  async [move] { .. }
/// finally!([<TYPE>] BODY, CLEANUP)                  CLEANUP: [(options)] { .. }  or  [(options)] |fate| { .. }
/// ```
///
/// rustfmt formats the second form if it has neither a type nor options, and leaves the inside of all others unchanged.
///
/// # `try`: a block in place
///
/// Its value is the value of the macro. `return`, `?`, `break` and `continue` in it act on the function and the loops around,
/// after the cleanup has run.
///
/// ```
/// use std::cell::Cell;
/// use finally::block::finally;
///
/// fn parse_all(texts: &[&str], open: &Cell<u32>) -> Result<Vec<u8>, std::num::ParseIntError> {
///     let mut numbers = Vec::new();
///     for text in texts {
///         open.set(open.get() + 1);
///         let number: u8 = finally! {
///             try {
///                 if text.is_empty() {
///                     continue;
///                 }
///                 if *text == "end" {
///                     break;
///                 }
///                 text.parse()?
///             }
///             finally { open.set(open.get() - 1); }
///         };
///         numbers.push(number);
///     }
///     Ok(numbers)
/// }
///
/// let open = Cell::new(0);
/// assert_eq!(parse_all(&["1", "", "2", "end", "x"], &open), Ok(vec![1, 2]));
/// assert!(parse_all(&["1", "x"], &open).is_err());
/// assert_eq!(open.get(), 0);
/// ```
///
/// It works in functions that are not async where neither part awaits, and in async ones with an `.await` in either part, in
/// both, or in none.
///
/// ```
/// use finally::block::finally;
/// use tokio::sync::Semaphore;
///
/// async fn fetch(slots: &Semaphore, pages: &mut Vec<String>) -> Result<usize, tokio::sync::AcquireError> {
///     let count = finally! {
///         try {
///             let _slot = slots.acquire().await?;
///             pages.push("page".to_owned());
///             pages.len()
///         }
///         finally { pages.truncate(10); }         // body and cleanup share one `&mut`, which is usable afterwards
///     };
///     pages.push("end".to_owned());
///     Ok(count)
/// }
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # assert_eq!(runtime.block_on(fetch(&Semaphore::new(1), &mut Vec::new())).unwrap(), 1);
/// ```
///
/// # `async`: a future
///
/// As an async block, it does nothing until it is polled, `return` and `?` end the block, and it can be stored, spawned and
/// passed to a `select!`. `<TYPE>` names its output, where nothing else does.
///
/// ```
/// use finally::block::finally;
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let number = finally! {
///     <Result<u8, std::num::ParseIntError>>
///     async move { Ok("7".parse::<u8>()?) }
///     finally { println!("parsed"); }
/// };
/// assert_eq!(tokio::spawn(number).await.unwrap(), Ok(7));
/// # });
/// ```
///
/// # The cleanup
///
/// It evaluates to `()`, to `Result<(), E>`, or to a future of one of them, as the cleanup of the attribute does.
///
/// * **Without `.await`** it is evaluated in place, on cancellation inside the drop. It shares variables with the body, and
///   leaves them usable.
/// * **With `.await`** it stands for an `async move` block. It takes the variables that it mentions, and they are
///   `Send + 'static`, because it is handed off on cancellation. With `finally(on_cancel = block) { .. }`,
///   `finally(on_cancel = skip) { .. }` or `finally(on_cancel = (..)) { .. }` it borrows them, and leaves them usable.
///   [`macro@crate::finally`] describes the options. A cleanup in the parentheses of `on_cancel = (..)` takes or shares its
///   variables by the same rules.
/// * **With `|fate|`** it looks at how the body ended. It gets a [`Fate`](crate::Fate) of the output of an `async` block, and of
///   the [`End`] of a `try` block. A fate borrows, so it is read before the first `.await`:
///   `finally |fate| { let cancelled = fate.is_cancelled(); async move { .. } }`.
///
/// `return`, `break` and `continue` cannot leave it. A `?` ends it, so it is a `Result` then, and its last line names the type:
/// `Ok::<(), io::Error>(())`.
///
/// # Order
///
/// The order is that of the attribute. All that the body holds or has taken is dropped before the cleanup starts. A block that
/// is never reached, and a future that is never polled, run nothing. A panic continues after the cleanup with its payload.
///
/// # Failures
///
/// The first failure wins. If the body had none, the failure of the cleanup is the value of the block if that is a `Result`.
/// Otherwise it leaves the function as a `?` would. It takes the place of a `return` or a jump of the body. Every failure that
/// no caller gets goes to the failure hook, see [`Failure`](crate::Failure). A failure of a body that is reported there carries
/// only the name of its type.
///
/// # Bounds and limits
///
/// * The future that a block awaits is `Send` only if the variables that the body borrows across an `.await` are `Sync`. Without
///   the feature `std`, a block that may leave the function also needs a value that is `Send`.
/// * A `return`, a `?` or a jump inside another macro works. An `.await` that is written inside another macro is not seen, except
///   in `select!` and `join!`. If nothing else in the block awaits, it is a compile error. An `.await` inside `stream!` or
///   `try_stream!` belongs to the stream.
/// * A `break` or a `continue` without a label inside another macro needs a loop around the block, even if it belongs to a loop
///   of that macro.
/// * Coverage reports do not show the lines of a body: in edition 2018, a block that they show could not share variables with its
///   cleanup.
/// * With `on_cancel = block` on a tokio current-thread runtime, in a `LocalSet` and on a runtime that is shutting down, a
///   cleanup is polled once. If it is pending then, it is reported as lost.
/// * A body is a closure or a future of its own. So a variable that is moved on any path counts as moved on every path.
/// * A variable that is declared without a value cannot get its first one in a body. Make it the value of the block.
/// * A body that always leaves the function has a value, too. Its type is `()` if nothing else determines it.
///
/// # Costs
///
/// No extra poll and no extra wake. No allocation for a cleanup that does not await or is skipped, and one for one that does.
/// A block that awaits adds at most 128 bytes to the future around it, beside the values that its body takes and those that its
/// cleanup holds. The cleanup is cheapest if it uses no variable of the body: such a block is faster and smaller, and more of them nest
/// below the `recursion_limit` of a crate.
///
/// # The type goes inside
///
/// A macro call has no place for generics: the grammar has `path!`, and then the delimiter. So `finally!<u8> { .. }` is written
/// `finally! { <u8> .. }`.
#[macro_export]
#[doc(hidden)]
macro_rules! __finally {
    ($($tokens:tt)*) => { $crate::__block! { [$crate finally] $($tokens)* } };
}

/// The same as [`finally!`](macro@finally), under the name that some promise libraries give it.
///
/// ```
/// use finally::block::lastly;
///
/// let value = lastly! { try { 1 } lastly { println!("clean"); } };
/// assert_eq!(value, 1);
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __lastly {
    ($($tokens:tt)*) => { $crate::__block! { [$crate lastly] $($tokens)* } };
}

#[doc(inline)]
pub use __finally as finally;
#[doc(inline)]
pub use __lastly as lastly;
