use finally::{Guard, guard};

struct Hidden;

async fn f() {
    let guard = guard(1, |_| Err(Hidden));
    println!("{}", *guard);
    let _ = Guard::release(guard).await;
}

fn main() {
    let _ = f;
}
