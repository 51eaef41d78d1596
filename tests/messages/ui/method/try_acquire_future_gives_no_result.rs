use finally::try_acquire;

async fn f() {
    let guard = try_acquire(async { 1 }, |_| {}).await;
    drop(guard);
}

fn main() {
    let _ = f;
}
