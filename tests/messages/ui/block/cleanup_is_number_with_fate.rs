use finally::block::finally;

fn main() {
    finally! {
        try {}
        finally |fate| { u8::from(fate.is_returned()) }
    }
}
