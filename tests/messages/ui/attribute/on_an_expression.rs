use finally::finally;

fn clean() {}

fn main() {
    let _ = #[finally(clean)] std::convert::identity(1);
}
