use finally::acquire;

struct Hidden;

async fn f() {
    let guard = acquire(async { 1 }, |_| Err(Hidden)).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
