use finally::FinallyExt;

async fn f() -> u8 {
    async { 1 }.finally(println!("called already")).await
}

fn main() {
    let _ = f();
}
