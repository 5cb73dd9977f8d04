//! What a piece of work reads again and again and nothing changes meanwhile, such as the stages of the shop, is
//! read once. Each read and write begins with nothing remembered.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;

use super::Conn;
use crate::error::Result;

type Memo = HashMap<TypeId, Box<dyn Any>>;

thread_local! {
    /// Of the work that this thread is doing, if it is doing any.
    static MEMO: RefCell<Option<Memo>> = const { RefCell::new(None) };
}

/// Does a piece of work that remembers.
pub(super) fn during<T>(work: impl FnOnce() -> T) -> T {
    /// Puts back what was before, however the work ends.
    struct Before(Option<Memo>);
    impl Drop for Before {
        fn drop(&mut self) {
            MEMO.with_borrow_mut(|memo| *memo = self.0.take());
        }
    }
    let _before = Before(MEMO.replace(Some(Memo::new())));
    work()
}

/// What `load` reads, or what it read before in this piece of work. There is one value of a type.
///
/// # Errors
/// What `load` says.
pub fn remembered<T: Clone + 'static>(conn: &mut Conn, load: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
    let known = MEMO.with_borrow(|memo| {
        let value = memo.as_ref()?.get(&TypeId::of::<T>())?;
        value.downcast_ref::<T>().cloned()
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let value = load(conn)?;
    MEMO.with_borrow_mut(|memo| {
        if let Some(memo) = memo {
            memo.insert(TypeId::of::<T>(), Box::new(value.clone()));
        }
    });
    Ok(value)
}

/// Whoever writes or locks what is remembered as `T` says so.
pub fn forget<T: 'static>() {
    MEMO.with_borrow_mut(|memo| {
        if let Some(memo) = memo {
            memo.remove(&TypeId::of::<T>());
        }
    });
}

/// After a step back, nothing that was read is certain.
pub(super) fn forget_all() {
    MEMO.with_borrow_mut(|memo| {
        if let Some(memo) = memo {
            memo.clear();
        }
    });
}
