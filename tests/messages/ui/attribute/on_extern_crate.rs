use finally::finally;

fn clean() {}

#[finally(clean)]
extern crate std as work;

fn main() {
    work::mem::drop(1);
}
