use finally::block::finally;

fn main() {
    'outer: loop {
        if std::env::args().count() > 5 {
            break 'outer;
        }
        finally! { try {} finally { loop { break 'outer; } } }
    }
}
