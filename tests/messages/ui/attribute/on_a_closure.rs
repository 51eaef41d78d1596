use finally::finally;

fn clean() {}

fn main() {
    let _ = #[finally(clean)] || 1;
}
