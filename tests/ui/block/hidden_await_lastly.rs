use finally::block::lastly;

fn clean() {}

macro_rules! pause {
    () => {
        std::future::ready(()).await
    };
}

async fn work() {
    lastly!(try { pause!() }, { clean() });
}

fn main() {
    futures::executor::block_on(work());
}
