use finally::{Guard, guard};

async fn f() {
    let guard = guard(1, async |value: u8| value);
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
