use finally::finally;

struct Conn;

#[finally(Conn)]
async fn work() {}

fn main() {
    let _ = Conn;
    drop(work());
}
