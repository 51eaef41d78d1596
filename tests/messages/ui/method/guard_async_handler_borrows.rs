use finally::{Guard, guard};

async fn f(lock: String) {
    let guard = guard(1, async |_| println!("{lock}"));
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
