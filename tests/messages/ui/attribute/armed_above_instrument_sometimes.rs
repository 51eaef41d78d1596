use finally::finally;

fn clean() {}

#[finally(clean, armed = call)]
#[inline]
#[cfg_attr(all(), allow(unused), tracing::instrument(skip_all))]
async fn work() {}

fn main() {
    drop(work());
}
