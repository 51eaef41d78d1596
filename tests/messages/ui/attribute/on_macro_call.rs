use finally::finally;

fn clean() {}

macro_rules! make {
    ($name:ident) => {
        fn $name() {}
    };
}

#[finally(clean)]
make!(work);

fn main() {
    work();
}
