use finally::{Guard, guard};

async fn f() {
    let guard = guard(1, |value| value + 1);
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
