//! Errors at the user's own tokens.

/// Creates a `syn::Error` at the given tokens, or at the span after `at`.
macro_rules! error {
    (at $span:expr, $($message:tt)*) => {
        ::syn::Error::new($span, format!($($message)*))
    };
    ($tokens:expr, $($message:tt)*) => {
        ::syn::Error::new_spanned(&$tokens, format!($($message)*))
    };
}

/// Returns early with an error that `error!` creates.
macro_rules! bail {
    ($($arguments:tt)*) => {
        return Err($crate::error::error!($($arguments)*))
    };
}

pub(crate) use {bail, error};

/// Collects errors, so that each mistake is reported exactly once.
#[derive(Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            None => self.0 = Some(error),
        }
    }

    pub(crate) fn finish(self) -> syn::Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
