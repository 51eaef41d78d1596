use finally::block::finally;

fn work() {}

fn clean() {}

fn main() {
    finally!(work(), { clean() });
}
