//! Reports the end of a cleanup that nobody receives.

use alloc::{format, string::String};
use core::{any::type_name, mem::needs_drop, panic::Location};

use crate::{
    engine::unwind::{Payload, catch},
    failure::{self, FailureKind},
    macros::describe::{Answer, Ask, BoxedError, Describe, Detail, is_failure},
};

/// The kinds of a failure: of an error, and of a panic.
type Kinds = (FailureKind, FailureKind);

pub(crate) const OF_CLEANUP: Kinds = (FailureKind::CleanupFailed, FailureKind::CleanupPanicked);
pub(crate) const OF_BODY: Kinds = (FailureKind::BodyFailed, FailureKind::BodyPanicked);

/// Reports how a cleanup has ended, if it has failed, and drops its value.
#[inline]
pub(crate) fn report_cleanup<V>(
    ended: Result<V, Payload>,
    describe: Describe<V>,
    location: &'static Location<'static>,
) {
    report_end(ended, describe, location, OF_CLEANUP);
}

/// Reports an end of one of two kinds: an error, or a panic.
#[inline]
pub(crate) fn report_end<V>(
    ended: Result<V, Payload>,
    describe: Describe<V>,
    location: &'static Location<'static>,
    kinds: Kinds,
) {
    match ended {
        Ok(value) if is_failure(describe, &value) => report_error(value, None, describe, location, kinds),
        Ok(value) => drop_reported(value, kinds.1, location),
        Err(payload) => failure::report_panic(kinds.1, payload, location),
    }
}

/// Reports a value that is a failure, and drops it after that. Its text may be known already.
#[cold]
pub(crate) fn report_error<V>(
    value: V,
    text: Option<String>,
    describe: Describe<V>,
    location: &'static Location<'static>,
    (failed, panicked): Kinds,
) {
    let text = text.or_else(|| text_of(&value, describe)).unwrap_or_default();
    let mut value = Some(value);
    let error = take_error(&mut value, describe);
    let error = failure::report_error(failed, text, error, location);
    drop_reported((error, value), panicked, location);
}

/// Drops a value that nobody receives, and reports a panic of the drop.
#[inline]
fn drop_reported<V>(value: V, panicked: FailureKind, location: &'static Location<'static>) {
    if !needs_drop::<V>() {
        return;
    }
    if let Err(payload) = catch(|| drop(value)) {
        failure::report_panic(panicked, payload, location);
    }
}

/// Returns the text of a cleanup's error. It is empty for a panic, because the payload has the text.
pub(crate) fn text_of_cleanup<V>(ended: &Result<V, Payload>, describe: Describe<V>) -> String {
    ended.as_ref().ok().and_then(|value| text_of(value, describe)).unwrap_or_default()
}

/// Returns the text of a value, if it is a failure.
///
/// A report is made inside a drop, or before other cleanups, so a panic of the text is caught, and only the text is lost.
fn text_of<V>(value: &V, describe: Describe<V>) -> Option<String> {
    let answer = catch(|| describe(Ask::About(value, Detail::Text))).unwrap_or_else(|payload| {
        payload.discard();
        Some(Answer::Text(format!("an error in `{}`, whose text panics", type_name::<V>())))
    });
    match answer {
        Some(Answer::Text(text)) => Some(text),
        Some(Answer::Error(_)) | None => None,
    }
}

/// Takes the error out of a value, if it can be owned. If the conversion panics, the error is lost.
fn take_error<V>(value: &mut Option<V>, describe: Describe<V>) -> Option<BoxedError> {
    match catch(|| describe(Ask::Error(value))) {
        Ok(Some(Answer::Error(error))) => Some(error),
        Ok(_) => None,
        Err(payload) => {
            payload.discard();
            None
        }
    }
}

#[cfg(feature = "std")]
pub(crate) use reporting::AnyReporting;
#[cfg(feature = "std")]
pub use reporting::Reporting;

#[cfg(feature = "std")]
mod reporting {
    use alloc::boxed::Box;
    use core::{
        future::Future,
        mem::ManuallyDrop,
        panic::Location,
        pin::Pin,
        task::{Context, Poll, ready},
    };

    use pin_project_lite::pin_project;

    use super::report_cleanup;
    use crate::{
        engine::{erased::erased, unwind::abort},
        handoff::BoxFuture,
        macros::describe::Describe,
    };

    pin_project! {
        /// A cleanup that reports its own error after its caller has left.
        ///
        /// It is boxed once: a caller that awaits the cleanup polls only the future inside, and a caller that leaves hands off the
        /// same box.
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

        /// Makes a cleanup whose report is set by [`into_reporting`](AnyReporting::into_reporting) at the hand-off.
        pub(crate) const fn without_report(future: F) -> Self {
            Self { future, report: None }
        }

        /// Returns the future inside, for a caller that receives its end.
        pub(crate) fn future(self: Pin<&mut Self>) -> Pin<&mut F> {
            self.project().future
        }
    }

    /// A panic of the future is left to the executor that polls it.
    impl<F: Future> Future for Reporting<F> {
        type Output = ();

        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
            let this = self.project();
            poll(erased!(this.future => Pin<&mut dyn Future<Output = F::Output>>), this.report, context)
        }
    }

    /// An object-safe cleanup that is handed off if its caller leaves.
    pub(crate) trait AnyReporting<V>: Send {
        /// Polls the future alone.
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<V>;

        /// Returns the same box as a future that reports its own error.
        fn into_reporting(
            self: Pin<Box<Self>>,
            describe: Describe<V>,
            location: &'static Location<'static>,
        ) -> BoxFuture;
    }

    impl<F> AnyReporting<F::Output> for Reporting<F>
    where
        F: Future + Send + 'static,
        F::Output: 'static,
    {
        #[cfg_attr(not(debug_assertions), inline(always))]
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
            self.project().future.poll(context)
        }

        fn into_reporting(
            self: Pin<Box<Self>>,
            describe: Describe<F::Output>,
            location: &'static Location<'static>,
        ) -> BoxFuture {
            // If the box could be dropped here, the compiler would repeat its drop code for each function.
            let mut reporting = ManuallyDrop::new(self);
            *reporting.as_mut().project().report = Some((describe, location));
            let reporting: Pin<Box<Self>> = ManuallyDrop::into_inner(reporting);
            reporting
        }
    }

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll<F: Future + ?Sized>(
        future: Pin<&mut F>,
        report: &Option<(Describe<F::Output>, &'static Location<'static>)>,
        context: &mut Context<'_>,
    ) -> Poll<()> {
        let Some((describe, location)) = *report else { abort(&"a cleanup gets its report at the hand-off") };
        let ended = ready!(future.poll(context));
        // Most cleanups cannot fail. A value without a size has no error to report.
        if size_of::<F::Output>() > 0 {
            report_cleanup(Ok(ended), describe, location);
        }
        Poll::Ready(())
    }
}
