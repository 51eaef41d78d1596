use finally::finally;

async fn clean() {}

#[finally({ println!("cleaning"); clean().await; })]
fn work() {}

fn main() {
    work();
}
