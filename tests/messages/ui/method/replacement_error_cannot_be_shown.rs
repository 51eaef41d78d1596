use finally::{FinallyExt, replace_on_cancel};

struct Error;

fn main() {
    let _ = async {}.finally(|| replace_on_cancel(async {}, || Err::<(), _>(Error)));
}
