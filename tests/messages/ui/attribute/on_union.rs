use finally::finally;

fn clean() {}

#[finally(clean)]
union Work {
    _bits: u8,
}

fn main() {
    let _ = Work { _bits: 1 };
}
