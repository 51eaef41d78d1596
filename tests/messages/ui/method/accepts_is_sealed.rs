use finally::types::Accepts;

struct Output;

impl Accepts<Result<(), String>> for Output {
    fn from_cleanup(_: Result<(), String>) -> Option<Self> {
        None
    }
}

fn main() {}
