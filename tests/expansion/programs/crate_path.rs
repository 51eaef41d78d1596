//! The library under another name, through every kind of path.

mod vendor {
    pub use ::finally as renamed;

    pub mod inner {
        #[super::renamed::finally(clean, crate = super::renamed)]
        pub async fn work() {}

        fn clean() {}
    }
}

use crate::vendor::renamed::finally;

fn clean() {}

async fn close(_: u8) -> Result<(), String> {
    Ok(())
}

#[finally(clean, crate = ::finally)]
async fn absolute() {}

#[finally(clean, crate = finally_as_imported)]
async fn imported() {}

use ::finally as finally_as_imported;

#[finally(close(code).await, crate = crate::vendor::renamed)]
async fn re_exported(code: u8) -> Result<u8, String> {
    Ok(code)
}

#[finally(clean, on_cancel = skip, crate = self::vendor::renamed)]
#[finally(clean, crate = vendor::renamed, on_cancel = block)]
async fn twice() {}

#[finally(clean, crate = crate::vendor::renamed)]
fn not_async() -> u8 {
    1
}

fn main() {
    drop(absolute());
    drop(imported());
    drop(re_exported(1));
    drop(twice());
    drop(vendor::inner::work());
    assert_eq!(not_async(), 1);
}
