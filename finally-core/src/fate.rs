use core::{any::Any, fmt};

/// The end of a body, as its cleanup sees it.
///
/// A cleanup that is a closure with one parameter gets the fate of the body it follows. It can look at the result, and
/// cannot change it. A later cancellation does not change the fate: a body that returned has returned, even when its
/// caller leaves while the cleanup is still running.
///
/// # Examples
///
/// ```
/// use finally::{Fate, finally};
///
/// #[finally(|fate| match fate {
///     Fate::Returned(Ok(rows)) => println!("committed {rows} rows"),
///     Fate::Returned(Err(error)) => println!("rolled back: {error}"),
///     Fate::Panicked(_) => println!("rolled back after a panic"),
///     Fate::Cancelled => println!("rolled back, nobody waits for it"),
/// })]
/// async fn import(rows: u32) -> Result<u32, String> {
///     Ok(rows)
/// }
/// # use std::{pin::pin, task::{Context, Poll, Waker}};
/// # assert!(pin!(import(3)).poll(&mut Context::from_waker(Waker::noop())).is_ready());
/// ```
pub enum Fate<'a, T> {
    /// The body returned a value. An `Err` is a value: see [`Fate::error`].
    Returned(&'a T),
    /// The body panicked with this payload, which goes on to the caller after the cleanup.
    Panicked(&'a (dyn Any + Send)),
    /// The body was cancelled: its future was dropped before it finished.
    Cancelled,
}

impl<T> Fate<'_, T> {
    /// Returns whether the body returned a value: an `Ok`, an `Err` or anything else.
    #[must_use]
    pub const fn is_returned(&self) -> bool {
        matches!(self, Self::Returned(_))
    }

    /// Returns whether the body panicked.
    #[must_use]
    pub const fn is_panicked(&self) -> bool {
        matches!(self, Self::Panicked(_))
    }

    /// Returns whether the body was cancelled.
    #[must_use]
    pub const fn is_cancelled(&self) -> bool {
        matches!(self, Self::Cancelled)
    }
}

impl<'a, T, E> Fate<'a, Result<T, E>> {
    /// Returns the error that the body returned, if any.
    ///
    /// # Examples
    ///
    /// ```
    /// use finally::Fate;
    ///
    /// let result: Result<(), &str> = Err("no route");
    /// assert_eq!(Fate::Returned(&result).error(), Some(&"no route"));
    /// assert_eq!(Fate::<Result<(), &str>>::Cancelled.error(), None);
    /// ```
    #[must_use]
    pub const fn error(self) -> Option<&'a E> {
        match self {
            Self::Returned(Err(error)) => Some(error),
            _ => None,
        }
    }
}

impl<T> Clone for Fate<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Fate<'_, T> {}

/// Prints only the variant, so that `T` need not be `Debug`.
impl<T> fmt::Debug for Fate<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Returned(_) => "Returned(..)",
            Self::Panicked(_) => "Panicked(..)",
            Self::Cancelled => "Cancelled",
        })
    }
}
