use finally::finally;

fn clean() {}

#[finally(clean, armed = call)]
fn work() -> impl Future<Output = u8> {
    async { 1 }
}

fn main() {
    drop(work());
}
