use finally::Scope;

struct Hidden;

fn main() {
    let mut scope = Scope::<Hidden>::new();
    scope.defer(|| Err(Hidden));
}
