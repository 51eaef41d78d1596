use finally::finally;

fn clean() {}

#[finally(clean)]
struct Work;

fn main() {
    let _ = Work;
}
