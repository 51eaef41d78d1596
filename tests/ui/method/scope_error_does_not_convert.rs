use finally::Scope;

fn main() {
    let mut scope = Scope::<std::fmt::Error>::new();
    scope.defer(|| std::fs::remove_file("lock"));
}
