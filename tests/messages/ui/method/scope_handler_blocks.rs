use finally::{Scope, block_on_cancel};

fn main() {
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(|| block_on_cancel(async {}));
}
