use finally::finally;

#[finally(async {}.await, on_cancel = (drop(connection)))]
async fn execute(connection: String) {
    drop(connection);
}

fn main() {}
