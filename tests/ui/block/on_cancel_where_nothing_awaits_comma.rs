use finally::block::finally;

fn clean() {}

fn main() {
    finally!(try {}, (on_cancel = block) { clean() });
}
