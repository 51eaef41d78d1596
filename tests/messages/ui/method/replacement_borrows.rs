use finally::{FinallyExt, replace_on_cancel};

async fn clean(_: &str) {}

fn main() {
    let name = String::new();
    let _ = async {}.finally(|| replace_on_cancel(clean(&name), || clean(&name)));
}
