//! Names inside macros, and by a name that only a body knows.

macro_rules! made {
    ($name:ident) => {
        use $crate::facade::leaf as backend;
        backend::$name()
    };
}

fn call(value: Value) {
    use crate::inline::Inline as Local;
    made!(leaf);
    println!("{:?} {}", Local::new(), value.deep());
}
