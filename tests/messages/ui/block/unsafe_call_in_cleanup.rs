use finally::block::finally;

unsafe fn danger() {}

fn main() {
    finally! {
        try {}
        finally { danger() }
    }
}
