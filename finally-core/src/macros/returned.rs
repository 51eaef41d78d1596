//! Whether the value of a function that is not async runs later, so that its cleanup would run before.
//!
//! As for the text of a failure ([`describe`](crate::macros::describe)), the macro lets method resolution choose by the type.

use core::{future::IntoFuture, marker::PhantomData, ops::Deref};

#[cfg(feature = "stream")]
use futures_core::Stream;

use crate::engine::exit::Exit;

/// The first step of method resolution: a type that can be awaited.
pub struct Returned<T>(InContainer<T>);

/// The second step: a container of such a type, such as an `Option`.
pub struct InContainer<T>(AsStream<T>);

/// The third step: a stream.
pub struct AsStream<T>(AllElse<T>);

/// The last step: any other type, whose value is complete when the function returns.
pub struct AllElse<T>(PhantomData<fn() -> T>);

/// The answer that the value runs later.
pub struct Later;

/// The answer that the value does not run later.
pub struct Now;

/// Requires that a cleanup may run when the function returns.
#[diagnostic::on_unimplemented(
    message = "`{T}` runs after this function has returned, and the cleanup would run before",
    label = "the cleanup would not wait for this",
    note = "attach the cleanup to what the function returns, as in `work.finally(|| ..)` or `Box::pin(work.finally(|| ..))`; or write the type as `impl Future` or `Pin<Box<dyn Future>>`, so that the attribute sees it"
)]
pub trait Precedes<T> {}

impl<T> Precedes<T> for Now {}

impl<T> Exit<T> {
    /// Returns the first step of method resolution for the type of the value.
    #[inline(always)]
    pub const fn returned(&self) -> Returned<T> {
        Returned(InContainer(AsStream(AllElse(PhantomData))))
    }
}

impl<T: IntoFuture> Returned<T> {
    #[inline(always)]
    pub const fn __finally_when(&self) -> Later {
        Later
    }
}

impl<T: IntoFuture, E> InContainer<Result<T, E>> {
    #[inline(always)]
    pub const fn __finally_when(&self) -> Later {
        Later
    }
}

impl<T: IntoFuture> InContainer<Option<T>> {
    #[inline(always)]
    pub const fn __finally_when(&self) -> Later {
        Later
    }
}

#[cfg(feature = "stream")]
impl<T: Stream> AsStream<T> {
    #[inline(always)]
    pub const fn __finally_when(&self) -> Later {
        Later
    }
}

impl<T> AllElse<T> {
    #[inline(always)]
    pub const fn __finally_when(&self) -> Now {
        Now
    }
}

impl<T> Deref for Returned<T> {
    type Target = InContainer<T>;

    #[inline(always)]
    fn deref(&self) -> &InContainer<T> {
        &self.0
    }
}

impl<T> Deref for InContainer<T> {
    type Target = AsStream<T>;

    #[inline(always)]
    fn deref(&self) -> &AsStream<T> {
        &self.0
    }
}

impl<T> Deref for AsStream<T> {
    type Target = AllElse<T>;

    #[inline(always)]
    fn deref(&self) -> &AllElse<T> {
        &self.0
    }
}

/// Requires that the value is there when the function returns.
#[inline(always)]
pub const fn precedes<T, W: Precedes<T>>(_: &Exit<T>, _: &W) {}

#[cfg(test)]
mod tests {
    use core::future::{Ready, ready};

    use super::*;
    use crate::engine::exit::Outcome;

    fn exit<T>(value: T) -> Exit<T> {
        Exit::new(Outcome::Returned(value))
    }

    /// The test passes if it compiles.
    #[test]
    fn what_runs_later_is_known_by_its_type() {
        let Later = exit(ready(1)).returned().__finally_when();
        let Later = exit(Ok::<_, u8>(ready(1))).returned().__finally_when();
        let Later = exit(Some(ready(1))).returned().__finally_when();
        let Now = exit(Ok::<u8, Ready<u8>>(1)).returned().__finally_when();
        let Now = exit([1].into_iter()).returned().__finally_when();
    }

    #[cfg(feature = "stream")]
    #[test]
    fn a_stream_runs_later() {
        let Later = exit(futures::stream::empty::<u8>()).returned().__finally_when();
    }
}
