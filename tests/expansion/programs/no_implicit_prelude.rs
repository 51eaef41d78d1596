//! The expansion needs no prelude.

#![no_implicit_prelude]

fn clean() {}

async fn clean_later(_: u8) {}

fn fails() -> ::std::result::Result<(), u8> {
    ::std::result::Result::Ok(())
}

#[::finally::finally(clean)]
async fn closed(_: u8) {}

#[::finally::finally(clean_later(code).await)]
async fn mentions(code: u8, _: u8) -> u8 {
    code
}

#[::finally::finally(fails)]
async fn fallible() -> ::std::result::Result<u8, u8> {
    ::std::result::Result::Ok(1)
}

#[::finally::finally(clean_later(code).await, on_cancel = block)]
async fn blocks(code: u8) {
    clean_later(code).await;
}

#[::finally::finally(clean_later(1), on_cancel = skip)]
async fn skips() {}

#[::finally::finally(clean)]
fn not_async() -> u8 {
    1
}

#[::finally::finally(clean)]
fn boxed() -> ::std::pin::Pin<::std::boxed::Box<dyn ::std::future::Future<Output = ()>>> {
    ::std::boxed::Box::pin(async {})
}

fn main() {
    ::std::mem::drop((closed(1), mentions(1, 2), fallible(), blocks(1), skips(), boxed()));
    not_async();
}
