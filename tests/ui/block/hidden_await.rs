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
    futures::executor::block_on(work());
}
