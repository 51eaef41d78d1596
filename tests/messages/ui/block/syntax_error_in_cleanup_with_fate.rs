use finally::block::finally;

fn clean() {}

fn main() {
    finally! {
        try {}
        finally |fate| { if fate.is_returned() clean() }
    }
}
