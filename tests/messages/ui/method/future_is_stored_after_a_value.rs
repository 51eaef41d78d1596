use finally::FinallyExt;

async fn f() -> u8 {
    let future = async { 1 }.finally(|| 2);
    let future = std::pin::pin!(future);
    println!("{future:?}");
    future.await
}

fn main() {
    let _ = f;
}
