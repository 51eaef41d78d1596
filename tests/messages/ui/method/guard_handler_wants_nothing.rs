use finally::{Guard, guard};

async fn f() {
    let guard = guard(1, || println!("no value"));
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
