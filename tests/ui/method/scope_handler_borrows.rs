use finally::Scope;

fn main() {
    let lock = String::new();
    let mut scope = Scope::<std::io::Error>::new();
    scope.defer(|| std::fs::remove_file(&lock));
}
