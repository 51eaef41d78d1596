use finally::FinallyExt;

async fn f(lock: &str) -> u8 {
    async { 1 }.finally(async move || println!("{lock}")).await
}

fn main() {
    let _ = f;
}
