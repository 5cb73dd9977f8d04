//! What a piece of work reads again and again, such as the stages of the shop or the lines of the order that it
//! moves, is read once. Each read and write begins with nothing remembered; whoever writes what is remembered
//! says so; and what is remembered of an order is forgotten when it is locked, for until then others may change it.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::HashMap;

use super::Conn;
use crate::error::Result;
use crate::ids::OrderId;

/// By type, and by the order that it belongs to if it belongs to one.
type Memo = HashMap<(TypeId, Option<i64>), Box<dyn Any>>;

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
    known_as(None, conn, load)
}

/// The same for what belongs to an order: one value of a type each.
///
/// # Errors
/// What `load` says.
pub fn remembered_of<T: Clone + 'static>(
    order: OrderId,
    conn: &mut Conn,
    load: impl FnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    known_as(Some(order.0), conn, load)
}

fn known_as<T: Clone + 'static>(
    of: Option<i64>,
    conn: &mut Conn,
    load: impl FnOnce(&mut Conn) -> Result<T>,
) -> Result<T> {
    let at = (TypeId::of::<T>(), of);
    let known = MEMO.with_borrow(|memo| memo.as_ref()?.get(&at)?.downcast_ref::<T>().cloned());
    if let Some(known) = known {
        return Ok(known);
    }
    let value = load(conn)?;
    MEMO.with_borrow_mut(|memo| {
        if let Some(memo) = memo {
            memo.insert(at, Box::new(value.clone()));
        }
    });
    Ok(value)
}

/// Whoever writes or locks what is remembered as `T` says so.
pub fn forget<T: 'static>() {
    keep(|(type_id, _)| *type_id != TypeId::of::<T>());
}

/// Whoever writes what is remembered of an order as `T` tells what it is now.
pub fn amend_of<T: 'static>(order: OrderId, change: impl FnOnce(&mut T)) {
    MEMO.with_borrow_mut(|memo| {
        let value = memo.as_mut().and_then(|memo| memo.get_mut(&(TypeId::of::<T>(), Some(order.0))));
        if let Some(value) = value.and_then(|value| value.downcast_mut::<T>()) {
            change(value);
        }
    });
}

/// Whoever locks orders may find them changed.
pub(super) fn forget_orders() {
    keep(|(_, of)| of.is_none());
}

fn keep(still: impl Fn(&(TypeId, Option<i64>)) -> bool) {
    MEMO.with_borrow_mut(|memo| {
        if let Some(memo) = memo {
            memo.retain(|at, _| still(at));
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
