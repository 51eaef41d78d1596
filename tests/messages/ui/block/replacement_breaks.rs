use finally::block::finally;

async fn f() {
    loop {
        finally! {
            try { async {}.await }
            finally(on_cancel = ({ break })) { async {}.await }
        }
    }
}

fn main() {}
