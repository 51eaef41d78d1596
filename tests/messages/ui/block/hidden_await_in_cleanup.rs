use finally::block::finally;

macro_rules! pause {
    () => {
        std::future::ready(()).await
    };
}

async fn work() {
    finally! {
        try {}
        finally { pause!() }
    }
}

fn main() {
    futures::executor::block_on(work());
}
