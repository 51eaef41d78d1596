//! Functions whose parts come through `macro_rules!`.

use finally::finally;

fn clean() {}

fn clean_with(_: &u8) {}

async fn clean_later(_: u8) {}

macro_rules! block {
    ($name:ident $body:block) => {
        #[finally(clean)]
        async fn $name() -> u8 $body
    };
}
block!(with_block {
    1
});

macro_rules! item {
    ($item:item) => {
        #[finally(clean)]
        $item
    };
}
item! {
    /// Documented.
    pub async fn with_item() -> u8 {
        1
    }
}

macro_rules! visibility {
    ($visibility:vis $name:ident) => {
        #[finally(clean)]
        $visibility async fn $name() {}
    };
}
visibility!(pub(crate) with_visibility);
visibility!(without_visibility);

macro_rules! ty {
    ($name:ident $argument:ty => $output:ty) => {
        #[finally(clean_with(&argument))]
        async fn $name(argument: $argument) -> $output {
            argument.into()
        }
    };
}
ty!(with_type u8 => u16);

macro_rules! reference {
    ($name:ident $argument:ty) => {
        #[finally(clean_with(argument))]
        async fn $name(argument: $argument) {
            *argument += 1;
        }
    };
}
reference!(with_reference &mut u8);

macro_rules! never {
    ($output:ty) => {
        #[finally(clean)]
        async fn never() -> $output {
            panic!("out")
        }
    };
}
never!(!);

macro_rules! future {
    ($name:ident $output:ty) => {
        #[finally(clean)]
        fn $name() -> $output {
            async { 1 }
        }
    };
}
future!(with_future impl Future<Output = u8>);

macro_rules! expression {
    ($name:ident $cleanup:expr) => {
        #[finally($cleanup)]
        async fn $name() {}
    };
}
expression!(with_path clean);
expression!(with_call clean());
expression!(with_closure || clean());
expression!(with_fate |fate| if fate.is_cancelled() { clean() });
expression!(with_async_closure async || clean_later(1).await);
expression!(with_await clean_later(1).await);
expression!(with_block_cleanup { clean(); });

macro_rules! argument {
    ($name:ident $argument:ident: $cleanup:expr) => {
        #[finally($cleanup)]
        async fn $name($argument: u8) -> u8 {
            $argument
        }
    };
}
argument!(with_argument code: clean_with(&code));
argument!(with_awaited_argument code: clean_later(code).await);

macro_rules! whole {
    ($($tokens:tt)*) => {
        #[finally(clean, crate = $crate::vendor)]
        $($tokens)*
    };
}
whole! {
    async fn with_tokens(code: u8) -> u8 {
        code
    }
}

use ::finally as vendor;

fn main() {
    let mut one = 1;
    drop((with_block(), with_item(), with_visibility(), without_visibility(), with_type(1)));
    drop((with_reference(&mut one), never(), with_future(), with_path(), with_call(), with_closure()));
    drop((with_fate(), with_async_closure(), with_await(), with_block_cleanup(), with_argument(1)));
    drop((with_awaited_argument(1), with_tokens(1)));
}
