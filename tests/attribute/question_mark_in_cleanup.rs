//! A cleanup that fails with `?` and ends in `Ok(())` has the error type of the function, because `?` converts
//! into any error type.

use super::*;

struct OfCleanup;

#[derive(Debug, PartialEq)]
enum Failure {
    OfCleanup,
}

impl From<OfCleanup> for Failure {
    fn from(_: OfCleanup) -> Self {
        Self::OfCleanup
    }
}

impl From<std::fmt::Error> for Failure {
    fn from(_: std::fmt::Error) -> Self {
        unreachable!("so that there are two")
    }
}

type Result<T> = std::result::Result<T, Failure>;

fn fails() -> std::result::Result<(), OfCleanup> {
    Err(OfCleanup)
}

async fn fails_later() -> std::result::Result<(), OfCleanup> {
    fails()
}

#[test]
fn fail_as_their_functions_do() {
    #[finally({ fails()?; Ok(()) })]
    async fn in_place() -> Result<u8> {
        Ok(1)
    }
    #[finally({ fails_later().await?; Ok(()) })]
    async fn awaits(mut argument: String) -> std::result::Result<String, Failure> {
        argument.push('x');
        Ok(argument)
    }
    #[finally(async { fails_later().await?; Ok(()) }, on_cancel = skip)]
    async fn skips() -> Result<u8> {
        Ok(1)
    }
    #[finally({ fails()?; Ok(()) })]
    fn not_async() -> Result<u8> {
        Ok(1)
    }
    #[finally({ fails()?; Ok(()) })]
    fn opaque() -> impl Future<Output = Result<u8>> {
        async { Ok(1) }
    }
    #[finally({ fails()?; Ok(()) })]
    fn boxed() -> Pin<Box<dyn Future<Output = Result<u8>>>> {
        Box::pin(async { Ok(1) })
    }
    assert_eq!(block_on(in_place()), Err(Failure::OfCleanup));
    assert_eq!(block_on(awaits(String::new())), Err(Failure::OfCleanup));
    assert_eq!(block_on(skips()), Err(Failure::OfCleanup));
    assert_eq!(not_async(), Err(Failure::OfCleanup));
    assert_eq!(block_on(opaque()), Err(Failure::OfCleanup));
    assert_eq!(block_on(boxed()), Err(Failure::OfCleanup));
    let future = finally::block::finally! { <Result<u8>> async { Ok(1) } finally { fails()?; Ok(()) } };
    assert_eq!(block_on(future), Err(Failure::OfCleanup));
}

#[test]
fn fail_as_their_functions_do_from_a_closure() {
    #[finally(|| { fails()?; Ok(()) })]
    async fn closure() -> Result<u8> {
        Ok(1)
    }
    #[finally(|fate| { if fate.is_returned() { fails()?; } Ok(()) })]
    fn with_the_fate() -> Result<u8> {
        Ok(1)
    }
    #[finally(async || { fails_later().await?; Ok(()) })]
    async fn async_closure() -> Result<u8> {
        Ok(1)
    }
    #[finally(|_| async { fails_later().await?; Ok(()) })]
    async fn that_returns_a_block() -> Result<u8> {
        Ok(1)
    }
    assert_eq!(block_on(closure()), Err(Failure::OfCleanup));
    assert_eq!(with_the_fate(), Err(Failure::OfCleanup));
    assert_eq!(block_on(async_closure()), Err(Failure::OfCleanup));
    assert_eq!(block_on(that_returns_a_block()), Err(Failure::OfCleanup));
}
