use std::rc::Rc;

use finally::{FinallyExt, replace_on_cancel};

fn main() {
    let name = Rc::new(1);
    let _ = async {}.finally(|| {
        replace_on_cancel(async {}, || async move {
            async {}.await;
            drop(name);
        })
    });
}
