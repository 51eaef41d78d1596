use finally::finally;

fn clean(_: &str) {}

#[finally(clean(&name))]
fn work(name: String) {
    drop(name);
}

fn main() {
    work(String::new());
}
