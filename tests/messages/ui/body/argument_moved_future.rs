use finally::finally;

fn clean(_: &str) {}

#[finally(clean(&name))]
fn work(name: String) -> impl Future<Output = ()> {
    async move { drop(name) }
}

fn main() {
    drop(work(String::new()));
}
