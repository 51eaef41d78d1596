use finally::{Guard, guard};

async fn f() {
    let guard = guard(1, println!("called already"));
    println!("{}", *guard);
    Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
