//! Functions over any input, in one table.
//!
//! JUSTIFICATION: the table is made by `const` functions, where neither a box nor a trait object of a
//! function pointer can be made; so the pointer's type is set aside and put back. Each constructor
//! stores the pointer beside the one thunk that knows its type.
#![allow(
    unsafe_code,
    reason = "a function pointer's type is set aside and put back"
)]

use crate::field::Input;
use crate::{Ctx, Fields, Login, Reply, Result};
use core::mem::transmute;

/// A function pointer of a type that only its thunk knows. Never called as it stands.
type Opaque = fn();

/// `fn(&mut Ctx, F) -> Result<R>` for some `F`.
pub(crate) struct Handler<R> {
    thunk: fn(Opaque, &mut Ctx, &Input<'_>) -> Result<R>,
    function: Opaque,
}

/// `fn(&Ctx, F) -> Result<R>` for some `F`.
pub(crate) struct Reading<R> {
    thunk: fn(Opaque, &Ctx, &Input<'_>) -> Result<R>,
    function: Opaque,
}

impl<R> Clone for Handler<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Handler<R> {}
impl<R> Clone for Reading<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for Reading<R> {}

impl<R> Handler<R> {
    const fn new<F: Fields>(function: fn(&mut Ctx, F) -> Result<R>) -> Self {
        Self {
            thunk: |function, ctx, input| {
                // SAFETY: `function` is what `new` set aside two lines below, of this very type.
                let function: fn(&mut Ctx, F) -> Result<R> = unsafe { transmute(function) };
                function(ctx, F::take(input)?)
            },
            // SAFETY: function pointers have one size; nobody calls this one before its thunk has given
            // it its type back.
            function: unsafe { transmute::<fn(&mut Ctx, F) -> Result<R>, Opaque>(function) },
        }
    }

    pub(crate) fn call(&self, ctx: &mut Ctx, input: &Input<'_>) -> Result<R> {
        (self.thunk)(self.function, ctx, input)
    }
}

impl<R> Reading<R> {
    const fn new<F: Fields>(function: fn(&Ctx, F) -> Result<R>) -> Self {
        Self {
            thunk: |function, ctx, input| {
                // SAFETY: `function` is what `new` set aside two lines below, of this very type.
                let function: fn(&Ctx, F) -> Result<R> = unsafe { transmute(function) };
                function(ctx, F::take(input)?)
            },
            // SAFETY: function pointers have one size; nobody calls this one before its thunk has given
            // it its type back.
            function: unsafe { transmute::<fn(&Ctx, F) -> Result<R>, Opaque>(function) },
        }
    }

    pub(crate) fn call(&self, ctx: &Ctx, input: &Input<'_>) -> Result<R> {
        (self.thunk)(self.function, ctx, input)
    }
}

impl Handler<Reply> {
    pub(crate) const fn replying<F: Fields>(function: fn(&mut Ctx, F) -> Result<Reply>) -> Self {
        Self::new(function)
    }
}

impl Handler<Login> {
    pub(crate) const fn granting<F: Fields>(function: fn(&mut Ctx, F) -> Result<Login>) -> Self {
        Self::new(function)
    }
}

impl Reading<Reply> {
    pub(crate) const fn replying<F: Fields>(function: fn(&Ctx, F) -> Result<Reply>) -> Self {
        Self::new(function)
    }
}

impl Reading<bool> {
    pub(crate) const fn existing<F: Fields>(function: fn(&Ctx, F) -> Result<bool>) -> Self {
        Self::new(function)
    }
}

impl Reading<Option<String>> {
    pub(crate) const fn identifying<F: Fields>(
        function: fn(&Ctx, F) -> Result<Option<String>>,
    ) -> Self {
        Self::new(function)
    }
}
