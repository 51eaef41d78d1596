use finally::block::finally;

fn clean() {}

unsafe fn danger() {}

fn main() {
    finally! {
        try { danger() }
        finally { clean() }
    }
}
