//! The decisions of a program, and the log of its run.

use std::{
    future::{Future, poll_fn},
    sync::{Arc, Mutex},
    task::Poll,
};

/// A sequence of decisions. It is finite, so that every loop ends.
#[derive(Clone, Debug)]
pub struct Input(Arc<Mutex<(u64, u32)>>);

impl Input {
    /// Returns the decisions of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new((seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, 60))))
    }

    fn draw(&self) -> u64 {
        let mut state = self.0.lock().unwrap();
        state.0 = state.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.0 >> 40
    }

    /// Decides whether to take a branch.
    #[must_use]
    pub fn next(&self) -> bool {
        let goes_on = {
            let mut state = self.0.lock().unwrap();
            state.1 = state.1.saturating_sub(1);
            state.1 > 0
        };
        self.draw() % 2 == 0 && goes_on
    }

    /// Returns a number below 100.
    #[must_use]
    pub fn number(&self) -> u8 {
        u8::try_from(self.draw() % 100).unwrap()
    }

    /// Returns a number, or `None` sometimes.
    #[must_use]
    pub fn option(&self) -> Option<u8> {
        (self.draw() % 4 > 0).then(|| self.number())
    }

    /// Fails sometimes.
    ///
    /// # Errors
    ///
    /// The error has a number.
    pub fn narrow(&self) -> Result<u8, Narrow> {
        self.option().ok_or_else(|| Narrow(self.number()))
    }

    /// Fails sometimes.
    ///
    /// # Errors
    ///
    /// The error has a number.
    pub fn other(&self) -> Result<u8, Other> {
        self.option().ok_or_else(|| Other(self.number()))
    }

    /// Fails sometimes.
    ///
    /// # Errors
    ///
    /// The error has a number.
    pub fn wide(&self) -> Result<u8, Wide> {
        self.option().ok_or_else(|| Wide::Own(self.number()))
    }

    /// Fails sometimes.
    ///
    /// # Errors
    ///
    /// The error has a number.
    pub fn cleanup(&self) -> Result<(), Narrow> {
        self.narrow().map(drop)
    }
}

/// An error that converts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrow(pub u8);

/// Another error that converts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Other(pub u8);

/// The error into which the others convert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wide {
    /// An error of this type from the start.
    Own(u8),
    /// A converted [`Narrow`].
    Narrow(u8),
    /// A converted [`Other`].
    Other(u8),
}

impl From<Narrow> for Wide {
    fn from(error: Narrow) -> Self {
        Self::Narrow(error.0)
    }
}

impl From<Other> for Wide {
    fn from(error: Other) -> Self {
        Self::Other(error.0)
    }
}

/// Events in the order in which they happen.
#[derive(Clone, Debug, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Adds an event.
    pub fn push(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    /// Returns the events.
    #[must_use]
    pub fn events(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// Returns a future that is pending once, and wakes itself.
pub(crate) fn suspend() -> impl Future<Output = ()> + Send {
    let mut suspended = false;
    poll_fn(move |context| {
        if std::mem::replace(&mut suspended, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
}
