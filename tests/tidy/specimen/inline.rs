//! Names in paths, without `use`; a module between braces reaches out.

pub struct Inline(crate::facade::Leaf);

mod within {
    fn out() -> super::super::elsewhere::Elsewhere {
        super::super::elsewhere::elsewhere()
    }
}
