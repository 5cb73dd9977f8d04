//! The tables of staff, their links and their failed sign-ins.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};

use super::throttle::{FORGET_SECONDS, Failures};
use super::{Member, NewMember, Role};
use crate::db::schema::{sign_in_failures, staff, staff_links};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::ids::{StaffId, new_uid};
use crate::on_each_database;
use crate::reach::Reach;
use crate::time::UtcTime;

type MemberRow = (StaffId, String, String, String, Role, Option<String>, Option<UtcTime>, Option<UtcTime>, String);

/// What somebody of this role knows of. An owner is kept to nothing, whatever they were before.
pub fn reach_of(role: Role, markets: &str) -> Reach {
    if role == Role::Owner { Reach::EVERYWHERE } else { Reach::read(markets) }
}

pub(super) fn members(conn: &mut Conn) -> Result<Vec<Member>> {
    let rows = staff::table
        .select((
            staff::id,
            staff::uid,
            staff::email,
            staff::name,
            staff::role,
            staff::password_hash,
            staff::disabled_at,
            staff::last_seen_at,
            staff::markets,
        ))
        .order(staff::id)
        .load::<MemberRow>(conn)?;
    let member = |(id, uid, email, name, role, hash, disabled_at, last_seen_at, markets): MemberRow| Member {
        id,
        uid,
        email,
        name,
        role,
        reach: reach_of(role, &markets),
        has_password: hash.is_some(),
        disabled_at,
        last_seen_at,
    };
    Ok(rows.into_iter().map(member).collect())
}

pub(super) fn id_of_email(conn: &mut Conn, email: &str) -> Result<Option<StaffId>> {
    Ok(staff::table.filter(staff::email.eq(email)).select(staff::id).first(conn).optional()?)
}

/// Key, name and password hash of an account that may sign in.
pub(super) fn account(conn: &mut Conn, email: &str) -> Result<Option<(StaffId, String, Option<String>)>> {
    Ok(staff::table
        .filter(staff::email.eq(email))
        .filter(staff::disabled_at.is_null())
        .select((staff::id, staff::name, staff::password_hash))
        .first(conn)
        .optional()?)
}

pub(super) fn uid_and_name(conn: &mut Conn, id: StaffId) -> Result<(String, String)> {
    Ok(staff::table.find(id.0).select((staff::uid, staff::name)).first(conn)?)
}

pub(super) fn password_hash(conn: &mut Conn, id: StaffId) -> Result<Option<String>> {
    Ok(staff::table.find(id.0).select(staff::password_hash).first(conn)?)
}

pub(super) fn insert(tx: &mut Tx<'_>, name: &str, email: &str, new: &NewMember) -> Result<StaffId> {
    Ok(diesel::insert_into(staff::table)
        .values((
            staff::uid.eq(new_uid()),
            staff::email.eq(email),
            staff::name.eq(name),
            staff::role.eq(new.role),
            staff::password_hash.eq(new.password_hash.as_deref()),
            staff::markets.eq(new.reach.write()),
            staff::created_at.eq(tx.now),
        ))
        .returning(staff::id)
        .get_result(tx.conn)?)
}

pub(super) fn set_role(tx: &mut Tx<'_>, id: StaffId, role: Role) -> Result<()> {
    diesel::update(staff::table.find(id.0)).set(staff::role.eq(role)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn set_reach(tx: &mut Tx<'_>, id: StaffId, reach: &Reach) -> Result<()> {
    diesel::update(staff::table.find(id.0)).set(staff::markets.eq(reach.write())).execute(tx.conn)?;
    Ok(())
}

pub(super) fn set_disabled(tx: &mut Tx<'_>, id: StaffId, at: Option<UtcTime>) -> Result<()> {
    diesel::update(staff::table.find(id.0)).set(staff::disabled_at.eq(at)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn set_password(tx: &mut Tx<'_>, id: StaffId, hash: &str) -> Result<()> {
    diesel::update(staff::table.find(id.0)).set(staff::password_hash.eq(hash)).execute(tx.conn)?;
    Ok(())
}

/// Notes that somebody was here.
pub(super) fn saw(tx: &mut Tx<'_>, id: StaffId) -> Result<()> {
    diesel::update(staff::table.find(id.0)).set(staff::last_seen_at.eq(tx.now)).execute(tx.conn)?;
    Ok(())
}

pub(super) fn set_preferences(tx: &mut Tx<'_>, id: StaffId, json: &str) -> Result<()> {
    diesel::update(staff::table.find(id.0)).set(staff::preferences.eq(json)).execute(tx.conn)?;
    Ok(())
}

/// Makes changes to owners wait for each other, by touching every owner's row.
pub(super) fn lock_owners(tx: &mut Tx<'_>) -> Result<()> {
    diesel::update(staff::table.filter(staff::role.eq(Role::Owner)))
        .set(staff::role.eq(Role::Owner))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn insert_link(
    tx: &mut Tx<'_>,
    token_hash: &str,
    id: StaffId,
    purpose: &str,
    by: Option<StaffId>,
    expires: UtcTime,
) -> Result<()> {
    diesel::insert_into(staff_links::table)
        .values((
            staff_links::token_hash.eq(token_hash),
            staff_links::staff_id.eq(id),
            staff_links::purpose.eq(purpose),
            staff_links::created_by.eq(by),
            staff_links::created_at.eq(tx.now),
            staff_links::expires_at.eq(expires),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub(super) fn drop_links(tx: &mut Tx<'_>, id: StaffId) -> Result<()> {
    diesel::delete(staff_links::table.filter(staff_links::staff_id.eq(id))).execute(tx.conn)?;
    Ok(())
}

/// Whose link this is, if it was not used and has not expired.
pub(super) fn link(conn: &mut Conn, token_hash: &str, now: UtcTime) -> Result<Option<StaffId>> {
    Ok(staff_links::table
        .find(token_hash)
        .filter(staff_links::used_at.is_null())
        .filter(staff_links::expires_at.gt(now))
        .select(staff_links::staff_id)
        .first(conn)
        .optional()?)
}

/// Uses a link up; false if somebody else did at the same moment.
pub(super) fn use_link(tx: &mut Tx<'_>, token_hash: &str) -> Result<bool> {
    let used = diesel::update(staff_links::table.find(token_hash).filter(staff_links::used_at.is_null()))
        .set(staff_links::used_at.eq(tx.now))
        .execute(tx.conn)?;
    Ok(used == 1)
}

pub(super) fn failures(conn: &mut Conn, subject: &str) -> Result<Failures> {
    let row = sign_in_failures::table
        .find(subject)
        .select((sign_in_failures::failures, sign_in_failures::blocked_until, sign_in_failures::last_at))
        .first::<(i64, i64, i64)>(conn)
        .optional()?;
    Ok(row.map(|(count, blocked_until, last_at)| Failures { count, blocked_until, last_at }).unwrap_or_default())
}

pub(super) fn set_failures(tx: &mut Tx<'_>, subject: &str, failures: Failures) -> Result<()> {
    let sql = "INSERT INTO sign_in_failures (subject, failures, blocked_until, last_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, \
               blocked_until = excluded.blocked_until, last_at = excluded.last_at";
    on_each_database!(tx.conn, conn => diesel::sql_query(sql)
        .bind::<Text, _>(subject)
        .bind::<BigInt, _>(failures.count)
        .bind::<BigInt, _>(failures.blocked_until)
        .bind::<BigInt, _>(failures.last_at)
        .execute(conn))?;
    Ok(())
}

/// Forgets an account's failures after it signed in, and everybody's old ones.
pub(super) fn forgive(tx: &mut Tx<'_>, subject: &str) -> Result<()> {
    let old = tx.now.plus_seconds(-FORGET_SECONDS * 24).0;
    diesel::delete(
        sign_in_failures::table.filter(sign_in_failures::subject.eq(subject).or(sign_in_failures::last_at.lt(old))),
    )
    .execute(tx.conn)?;
    Ok(())
}
