//# await_of_value (async): E0277
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> u8 {
    number.await
}

//# await_missing (async): E0308
//~ The type of an async block cannot be written. It is inferred from a generated value, which has the span of the return type.
async fn number() -> u8 {
    1
}

#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    number()
}

//# await_missing_before_question_mark (async): E0277
async fn number() -> Result<u8, String> {
    Ok(1)
}

#[finally]
pub async fn wrong(_kept: u8) -> Result<u8, String> {
    Ok(number()?)
}

//# await_missing_before_method (async): E0599
async fn list() -> Vec<u8> {
    Vec::new()
}

#[finally]
pub async fn wrong(_kept: u8) -> usize {
    list().len()
}

//# future_unused (async): unused_must_use
async fn number() -> u8 {
    1
}

#[finally]
pub async fn wrong(_kept: u8) {
    number();
}

//# function_itself_unused (async): unused_must_use
#[finally]
pub async fn number(_kept: u8) -> u8 {
    1
}

pub async fn wrong() {
    number(1);
}

//# function_itself_not_awaited (async): E0308
//~ The function returns a future, and the compiler does not know that it was async.
#[finally]
pub async fn number(_kept: u8) -> u8 {
    1
}

pub async fn wrong() -> u8 {
    number(1)
}

//# await_in_function (fn): E0728
async fn number() -> u8 {
    1
}

#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    number().await
}

//# await_in_closure (async): E0728
async fn number() -> u8 {
    1
}

#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let call = || number().await;
    call()
}

//# future_not_send (async): error
//~ The function returns a future, and the compiler does not know that it was async.
use std::rc::Rc;

async fn rest() {}

fn spawn<F: Future + Send + 'static>(_: F) {}

#[finally]
pub async fn wrong(_kept: u8) -> u8 {
    let shared = Rc::new(1);
    rest().await;
    *shared
}

pub fn start() {
    spawn(wrong(1));
}

//# argument_not_send (async): error
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
use std::rc::Rc;

async fn rest() {}

fn spawn<F: Future + Send + 'static>(_: F) {}

#[finally]
pub async fn wrong(_kept: u8, shared: Rc<u8>) -> u8 {
    rest().await;
    *shared
}

pub fn start() {
    spawn(wrong(1, Rc::new(1)));
}

//# lock_held_across_await (async): error
//~ The function returns a future, and the compiler does not know that it was async.
use std::sync::Mutex;

async fn rest() {}

fn spawn<F: Future + Send + 'static>(_: F) {}

#[finally]
pub async fn wrong(_kept: u8, number: &'static Mutex<u8>) -> u8 {
    let number = number.lock().unwrap();
    rest().await;
    *number
}

pub fn start(number: &'static Mutex<u8>) {
    spawn(wrong(1, number));
}

//# future_not_static (async): E0597
//~ The opaque type is written, and the compiler suggests another spelling.
async fn rest() {}

fn spawn<F: Future + Send + 'static>(_: F) {}

#[finally]
pub async fn wrong(_kept: u8, name: &str) -> usize {
    rest().await;
    name.len()
}

pub fn start() {
    let name = String::new();
    spawn(wrong(1, &name));
}

//# recursion (async): E0733
//~ The recursive call is in an async block or a closure of the function. The compiler names that, or does not look inside.
#[finally]
pub async fn wrong(_kept: u8, depth: u8) -> u8 {
    if depth == 0 { 0 } else { wrong(_kept, depth - 1).await }
}

//# recursion_without_end (fn): unconditional_recursion
//~ The recursive call is in an async block or a closure of the function. The compiler names that, or does not look inside.
#[finally]
pub fn wrong(_kept: u8) -> u8 {
    wrong(_kept)
}

//# argument_moved_and_awaited (async): E0382
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
async fn send(_: Vec<u8>) {}

#[finally]
pub async fn wrong(_kept: u8, list: Vec<u8>) -> usize {
    send(list).await;
    list.len()
}

//# async_block_borrows (async): E0597
//~ The body has become an async block or a closure, so the compiler reports the arguments as captures.
#[finally]
pub async fn wrong(_kept: u8, number: u8) -> std::pin::Pin<Box<dyn Future<Output = u8>>> {
    Box::pin(async { number })
}

//# return_in_async_block (async): E0308
#[finally]
pub async fn wrong(_kept: u8, early: bool) -> u8 {
    async {
        if early {
            return 1;
        }
        "text"
    }
    .await
}
