//! An expansion raises no lint of the compiler.

#![deny(
    warnings,
    unused,
    nonstandard_style,
    future_incompatible,
    let_underscore,
    refining_impl_trait,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unreachable_pub,
    unsafe_code,
    clippy::all,
    clippy::pedantic
)]

use std::{future::Future, pin::Pin, sync::Mutex};

use finally::{Fate, finally};

fn clean() {}

async fn clean_later() -> Result<(), std::fmt::Error> {
    std::future::ready(Ok(())).await
}

struct Conn(Mutex<Vec<u8>>);

impl Conn {
    async fn close(&mut self) -> Result<(), std::fmt::Error> {
        std::future::ready(Ok(())).await
    }

    #[finally(clean)]
    async fn reads(&self, _ignored: String, (one, _): (u8, u8)) -> usize {
        clean_later().await.unwrap();
        self.0.lock().map_or(0, |list| list.len()) + usize::from(one)
    }

    #[finally(self.0.get_mut().unwrap().clear())]
    async fn writes(&mut self, value: u8) {
        clean_later().await.unwrap();
        self.0.get_mut().unwrap().push(value);
    }

    #[finally(self.close().await, on_cancel = block)]
    async fn blocks(&mut self) -> Result<u8, std::fmt::Error> {
        clean_later().await?;
        Ok(1)
    }

    #[finally(self.close().await, on_cancel = skip)]
    async fn skips(&mut self) -> Result<u8, std::fmt::Error> {
        if self.0.get_mut().unwrap().is_empty() {
            return Ok(2);
        }
        Ok(1)
    }
}

#[finally(conn.close().await)]
async fn takes(mut conn: Conn) -> Result<usize, std::fmt::Error> {
    conn.0.get_mut().unwrap().push(1);
    Ok(conn.reads(String::new(), (1, 2)).await)
}

#[finally(|fate| drop(text.clone() + if fate.is_cancelled() { "!" } else { "" }))]
async fn mentions(text: String) -> usize {
    clean_later().await.unwrap();
    text.len()
}

#[finally(|fate: Fate<'_, Result<(), std::fmt::Error>>| assert!(fate.is_returned()))]
#[finally(clean)]
#[finally(clean_later(), on_cancel = skip)]
async fn several() -> Result<(), std::fmt::Error> {
    Ok(())
}

#[finally(clean)]
fn not_async(value: u8) -> u8 {
    value
}

#[finally(clean)]
fn returns_future(value: u8) -> impl Future<Output = u8> {
    async move { value }
}

#[finally(clean_later)]
fn returns_boxed<'a>(
    value: &'a u8,
) -> Pin<Box<dyn Future<Output = Result<u8, std::fmt::Error>> + Send + 'a>> {
    Box::pin(async move { Ok(*value) })
}

#[async_trait::async_trait]
trait Work {
    async fn work(&self);
}

#[async_trait::async_trait]
impl Work for u8 {
    #[finally(clean)]
    async fn work(&self) {}
}

#[finally(clean)]
#[rustfmt::skip]
fn returns_boxed_in_a_line() -> Pin<Box<dyn Future<Output = u8>>> { Box::pin(async { 1 }) }

#[finally(clean)]
#[rustfmt::skip]
fn returns_future_in_a_line() -> impl Future<Output = u8> { async { 1 } }

#[finally(clean)]
#[rustfmt::skip]
async fn awaits_in_a_line() -> u8 { 1 }

#[finally(clean)]
#[rustfmt::skip]
fn calls_in_a_line() -> u8 { 1 }

#[finally(clean)]
async fn diverges() -> ! {
    panic!("out")
}

#[test]
fn every_form_compiles_under_deny() {
    futures::executor::block_on(async {
        let mut conn = Conn(Mutex::default());
        conn.writes(1).await;
        assert_eq!(conn.reads(String::new(), (1, 2)).await, 1);
        assert_eq!((conn.blocks().await, conn.skips().await), (Ok(1), Ok(2)));
        assert_eq!(takes(conn).await, Ok(2));
        assert_eq!((mentions(String::from("text")).await, several().await), (4, Ok(())));
        assert_eq!((not_async(1), returns_future(1).await, returns_boxed(&1).await), (1, 1, Ok(1)));
    });
    drop((diverges(), one_expression("")));
    drop((Work::work(&1), returns_boxed_in_a_line(), returns_future_in_a_line(), awaits_in_a_line()));
    assert_eq!(calls_in_a_line(), 1);
}

#[finally(clean)]
async fn one_expression(value: &str) -> usize {
    value.len()
}
