use finally::block::finally;

fn clean() {}

macro_rules! pause {
    () => {
        std::future::ready(()).await
    };
}

async fn work() {
    finally! {
        try { pause!() }
        finally { clean() }
    }
}

fn main() {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let _ = std::pin::pin!(work()).poll(&mut context);
}
