use finally::acquire;

async fn f() {
    let guard = acquire(async { 1 }, |value| value + 1).await;
    println!("{}", *guard);
}

fn main() {
    let _ = f;
}
