use finally::{FinallyExt, replace_on_cancel};

fn main() {
    let _ = async {}.finally(|| replace_on_cancel(async {}, || 1));
}
