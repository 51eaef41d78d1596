use finally::block::finally;

fn clean() {}

macro_rules! pause {
    () => {
        std::future::ready(()).await
    };
}

async fn work() -> Option<u8> {
    let five = finally! {
        try {
            pause!();
            Some(5)?
        }
        finally { clean() }
    };
    Some(five)
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(work()).poll(&mut context);
}
