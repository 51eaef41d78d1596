use finally::{Guard, guard};

async fn f() {
    let guard = guard(1, |_| {});
    Guard::release(guard).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f();
}
