//! The table of who gets mails about what nobody has looked at.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

use super::mails::{Call, Reader, Unread, When};
use crate::db::schema::{mentions, messages, notes, orders, staff, staff_mails as mails};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::StaffId;
use crate::reach::Reach;

/// News that one mail is made of at the most.
const MOST: i64 = 500;

pub(super) fn readers(conn: &mut Conn) -> Result<Vec<Reader>> {
    Ok(mails::table
        .inner_join(staff::table)
        .filter(staff::disabled_at.is_null())
        .order(mails::staff_id)
        .select((
            mails::staff_id,
            staff::name,
            staff::email,
            staff::role,
            mails::after_minutes,
            mails::daily_hour,
            mails::messages_to,
            mails::mentions_to,
            mails::digest_on,
            staff::markets,
        ))
        .load(conn)?)
}

pub(super) fn when(conn: &mut Conn, person: StaffId) -> Result<Option<(Option<i64>, Option<i64>)>> {
    let chosen = mails::table.find(person.0).select((mails::after_minutes, mails::daily_hour));
    Ok(chosen.first(conn).optional()?)
}

/// What came before is not told.
pub(super) fn choose(tx: &mut Tx<'_>, person: StaffId, when: When, digest_on: &str) -> Result<()> {
    diesel::delete(mails::table.find(person.0)).execute(tx.conn)?;
    let (after, hour) = match when {
        When::Never => return Ok(()),
        When::After(minutes) => (Some(minutes), None),
        When::Daily(hour) => (None, Some(hour)),
    };
    let newest_message: Option<i64> = messages::table.select(diesel::dsl::max(messages::id)).first(tx.conn)?;
    let newest_mention: Option<i64> = mentions::table.select(diesel::dsl::max(mentions::id)).first(tx.conn)?;
    diesel::insert_into(mails::table)
        .values((
            mails::staff_id.eq(person.0),
            mails::after_minutes.eq(after),
            mails::daily_hour.eq(hour),
            mails::messages_to.eq(newest_message.unwrap_or(0)),
            mails::mentions_to.eq(newest_mention.unwrap_or(0)),
            mails::digest_on.eq(digest_on),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Messages of customers that nobody has read, as they came.
pub(super) fn unread(conn: &mut Conn, reach: &Reach, after: i64) -> Result<Vec<Unread>> {
    Ok(messages::table
        .inner_join(orders::table)
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .filter(messages::id.gt(after).and(messages::direction.eq("in")).and(messages::read_at.is_null()))
        .order(messages::id)
        .limit(MOST)
        .select((messages::id, messages::created_at, orders::number, orders::customer_name))
        .load(conn)?)
}

/// Notes that call somebody who has not seen them, as they came.
pub(super) fn calls(conn: &mut Conn, reach: &Reach, person: StaffId, after: i64) -> Result<Vec<Call>> {
    let own = mentions::staff_id.eq(person.0).and(mentions::seen_at.is_null());
    Ok(mentions::table
        .inner_join(notes::table)
        .inner_join(orders::table)
        .filter(own.and(mentions::id.gt(after)).and(notes::deleted_at.is_null()))
        .filter(sql::<Bool>(&reach.holds("orders.market_id")))
        .order(mentions::id)
        .limit(MOST)
        .select((mentions::id, mentions::created_at, orders::number, notes::author_name))
        .load(conn)?)
}

/// Moves on how far somebody was told, unless somebody else did so at this moment.
pub(super) fn told(tx: &mut Tx<'_>, reader: &Reader, messages_to: i64, mentions_to: i64) -> Result<bool> {
    let as_it_was = mails::messages_to.eq(reader.messages_to).and(mails::mentions_to.eq(reader.mentions_to));
    let changed = diesel::update(mails::table.filter(mails::staff_id.eq(reader.id.0).and(as_it_was)))
        .set((mails::messages_to.eq(messages_to), mails::mentions_to.eq(mentions_to)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// The same of the day of the last digest.
pub(super) fn told_on(tx: &mut Tx<'_>, reader: &Reader, day: &str) -> Result<bool> {
    let own = mails::staff_id.eq(reader.id.0).and(mails::digest_on.ne(day)).and(mails::daily_hour.is_not_null());
    Ok(diesel::update(mails::table.filter(own)).set(mails::digest_on.eq(day)).execute(tx.conn)? == 1)
}
