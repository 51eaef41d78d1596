use finally::{Guard, guard};

async fn f() {
    let guard = guard(1, |_, _| {});
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
