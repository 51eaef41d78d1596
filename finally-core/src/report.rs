//! How the end of a cleanup that nobody receives is reported.

use alloc::{format, string::String};
use core::{any::type_name, panic::Location};

use crate::{
    describe::{Describe, Detail},
    failure::{self, FailureKind},
    unwind::{Payload, catch},
};

/// Reports how a cleanup has ended, if it has failed, and drops its value.
pub(crate) fn report_cleanup<V>(
    ended: Result<V, Payload>,
    describe: Describe<V>,
    location: &'static Location<'static>,
) {
    report_end(ended, describe, location, (FailureKind::CleanupFailed, FailureKind::CleanupPanicked));
}

/// Reports an end of one of two kinds: an error, or a panic.
pub(crate) fn report_end<V>(
    ended: Result<V, Payload>,
    describe: Describe<V>,
    location: &'static Location<'static>,
    (failed, panicked): (FailureKind, FailureKind),
) {
    match ended {
        Ok(value) => {
            if let Some(text) = text_of(&value, describe) {
                failure::report(failed, text, location);
            }
            drop_reported(value, panicked, location);
        }
        Err(payload) => failure::report_panic(panicked, payload, location),
    }
}

/// Drops a value that nobody receives. A panic on that way is reported.
pub(crate) fn drop_reported<V>(value: V, panicked: FailureKind, location: &'static Location<'static>) {
    if let Err(payload) = catch(|| drop(value)) {
        failure::report_panic(panicked, payload, location);
    }
}

/// The text of a cleanup's error. Empty for a panic, whose payload says it.
pub(crate) fn text_of_cleanup<V>(ended: &Result<V, Payload>, describe: Describe<V>) -> String {
    ended.as_ref().ok().and_then(|value| text_of(value, describe)).unwrap_or_default()
}

/// The text of a value, if it is a failure.
///
/// A report comes out of a drop, or before other cleanups: a text that panics costs the text and nothing else.
fn text_of<V>(value: &V, describe: Describe<V>) -> Option<String> {
    catch(|| describe(value, Detail::Text)).unwrap_or_else(|payload| {
        payload.discard();
        Some(format!("an error in `{}`, whose text panics", type_name::<V>()))
    })
}

#[cfg(feature = "std")]
pub use reporting::Reporting;

#[cfg(feature = "std")]
mod reporting {
    use core::{
        future::Future,
        panic::Location,
        pin::Pin,
        task::{Context, Poll, ready},
    };

    use pin_project_lite::pin_project;

    use super::report_cleanup;
    use crate::{
        describe::Describe,
        unwind::{Payload, catch},
    };

    pin_project! {
        /// A cleanup that reports its own failure once its caller has left.
        ///
        /// It is boxed once: a caller that awaits the cleanup in this polls the future alone, and a caller that leaves hands
        /// the same box off.
        pub struct Reporting<F>
        where
            F: Future,
        {
            #[pin]
            future: F,
            report: Option<(Describe<F::Output>, &'static Location<'static>)>,
        }
    }

    impl<F: Future> Reporting<F> {
        pub(crate) const fn new(
            future: F,
            describe: Describe<F::Output>,
            location: &'static Location<'static>,
        ) -> Self {
            Self { future, report: Some((describe, location)) }
        }

        /// A cleanup of which the rest is said by [`address`](Self::address) before it is handed off.
        pub(crate) const fn unaddressed(future: F) -> Self {
            Self { future, report: None }
        }

        pub(crate) fn address(
            self: Pin<&mut Self>,
            describe: Describe<F::Output>,
            location: &'static Location<'static>,
        ) {
            *self.project().report = Some((describe, location));
        }

        /// The future alone, for a caller that receives its end.
        pub(crate) fn future(self: Pin<&mut Self>) -> Pin<&mut F> {
            self.project().future
        }
    }

    impl<F: Future> Future for Reporting<F> {
        type Output = ();

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            let this = self.project();
            let Some((describe, location)) = *this.report else {
                unreachable!("a cleanup is addressed before it is handed off")
            };
            poll_and_report(this.future, describe, location, context)
        }
    }

    /// Polls a cleanup whatever its future is, and catches its panic.
    fn poll_and_report<V>(
        future: Pin<&mut dyn Future<Output = V>>,
        describe: Describe<V>,
        location: &'static Location<'static>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let ended = match catch(|| future.poll(context)) {
            Ok(polled) => Ok(ready!(polled)),
            Err(payload) => Err::<V, Payload>(payload),
        };
        report_cleanup(ended, describe, location);
        Poll::Ready(())
    }
}
