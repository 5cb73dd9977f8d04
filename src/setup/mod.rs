//! First-run set-up: makes the shop, its market, its counter channel and its owner, once.

pub mod pages;

use chrono_tz::Tz;

use crate::actor::Actor;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldProblem, Refusal, Result};
use crate::ids::StaffId;
use crate::market::{self, ChannelKind, NewMarket};
use crate::money::Currency;
use crate::reach::Reach;
use crate::staff::{self, NewMember, Role};
use crate::web;

/// What set-up asks for.
#[derive(Clone, Debug, Default)]
pub struct NewShop {
    /// Name of the shop.
    pub name: String,
    /// ISO 4217.
    pub currency: String,
    /// IANA name.
    pub time_zone: String,
    /// Postal address as it stands on paper, in lines.
    pub address: String,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
    /// What stands before an order's number.
    pub order_prefix: String,
    /// Where the desk is reached, or empty.
    pub public_address: String,
    /// Name of the owner.
    pub owner_name: String,
    /// E-mail address of the owner.
    pub owner_email: String,
}

/// Whether a shop was made.
pub fn is_done(conn: &mut Conn) -> Result<bool> {
    Ok(web::setting(conn, "shop_name")?.is_some())
}

fn problem(field: &str, message: &str) -> FieldProblem {
    FieldProblem { field: field.to_owned(), message: message.to_owned() }
}

/// Says what is wrong with the shop's own facts, all at once. The owner's are checked by staff.
///
/// # Errors
/// Names every field that needs attention.
pub fn check(new: &NewShop) -> Result<Currency, Refusal> {
    let mut problems = Vec::new();
    let name = new.name.trim();
    if name.is_empty() || name.chars().count() > 80 {
        problems.push(problem("shop", "Enter the shop's name, at most 80 characters."));
    }
    // The list of currencies says `EUR Euro`.
    let currency = new.currency.split_whitespace().next().and_then(|code| Currency::parse(&code.to_uppercase()));
    if currency.is_none() {
        problems.push(problem("currency", "Choose a currency by its three letters, such as EUR."));
    }
    if new.time_zone.parse::<Tz>().is_err() {
        problems.push(problem("time_zone", "Choose a time zone from the list, such as Europe/Amsterdam."));
    }
    if let Err(Error::Refused(refusal)) = market::check_prefix(new.order_prefix.trim()) {
        problems.push(problem("prefix", &refusal.message));
    }
    if !new.public_address.trim().is_empty() && !is_public_address(new.public_address.trim()) {
        problems.push(problem(
            "public_address",
            "Enter an address that begins with https:// or http://, or leave it empty.",
        ));
    }
    if new.address.chars().count() > 500 {
        problems.push(problem("address", "Shorten the address to 500 characters."));
    }
    match currency {
        Some(currency) if problems.is_empty() => Ok(currency),
        _ => Err(Refusal::fields("setup.invalid", problems)),
    }
}

/// Whether a text is where a desk can be reached.
pub fn is_public_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host_str().is_some())
}

/// Makes the shop. Of several attempts at once, one wins.
///
/// # Errors
/// Refuses what [`check`] refuses, and a desk that has a shop already.
pub fn found(tx: &mut Tx<'_>, new: &NewShop, password_hash: String) -> Result<StaffId> {
    let currency = check(new)?;
    // The row decides who is first: a second transaction waits here and then finds it.
    let mine = uuid::Uuid::new_v4().to_string();
    if web::setting_once(tx, "set_up_by", &mine)? != mine || is_done(tx.conn)? {
        return Err(Refusal::state("setup.done", "This desk is set up already. Sign in instead.").into());
    }
    let name = new.name.trim();
    let facts = [
        ("shop_name", name),
        ("shop_address", new.address.trim()),
        ("public_address", new.public_address.trim().trim_end_matches('/')),
    ];
    for (fact, value) in facts {
        web::set_setting(tx, fact, value)?;
    }
    let market = market::create(
        tx,
        &NewMarket {
            slug: "main".to_owned(),
            name: name.to_owned(),
            currency,
            time_zone: new.time_zone.clone(),
            country: new.country.trim().to_uppercase(),
            order_prefix: new.order_prefix.trim().to_uppercase(),
        },
    )?;
    market::find_or_make_channel(tx, market.id, "manual", "Phone and counter", ChannelKind::Manual)?;
    crate::order::views::create_defaults(tx)?;
    let owner = NewMember {
        name: new.owner_name.clone(),
        email: new.owner_email.clone(),
        role: Role::Owner,
        password_hash: Some(password_hash),
        reach: Reach::EVERYWHERE,
    };
    staff::add(tx, &Actor::System { name: "Set-up" }, &owner)
}

/// Names of the codes that open set-up: one for every start, the newest few of which work, so that
/// several instances that start together can each print their own.
const CODES: &str = "setup_codes";
const CODES_KEPT: usize = 8;

/// Makes a code for the console and keeps its hash. None once the shop is made.
pub fn issue_code(tx: &mut Tx<'_>) -> Result<Option<String>> {
    if is_done(tx.conn)? {
        return Ok(None);
    }
    let code = new_code()?;
    let kept = web::setting(tx.conn, CODES)?.unwrap_or_default();
    let mut hashes = vec![staff::token_hash(&code)];
    hashes.extend(kept.lines().take(CODES_KEPT - 1).map(str::to_owned));
    web::set_setting(tx, CODES, &hashes.join("\n"))?;
    Ok(Some(code))
}

/// Twelve characters without those that look alike, in groups of four: 59 bits.
fn new_code() -> Result<String> {
    const LETTERS: &[u8; 30] = b"23456789abcdefghjkmnpqrstvwxyz";
    let mut code = String::new();
    while code.len() < 14 {
        let mut byte = [0u8; 1];
        getrandom::fill(&mut byte).map_err(|error| Error::broken(format!("no random bytes: {error}")))?;
        // Above the last whole multiple the letters would not be equally likely.
        if let Some(letter) = (byte[0] < 240).then(|| LETTERS[usize::from(byte[0]) % LETTERS.len()]) {
            if matches!(code.len(), 4 | 9) {
                code.push('-');
            }
            code.push(char::from(letter));
        }
    }
    Ok(code)
}

/// Refuses a code that was not printed by a recent start of this desk.
///
/// # Errors
/// Names the field `code`; after too many wrong codes it says how long to wait.
pub fn check_code(tx: &mut Tx<'_>, code: &str) -> Result<()> {
    let typed: String = code.trim().to_lowercase().chars().filter(|c| !c.is_whitespace()).collect();
    staff::slow_down(tx, "setup:code")?;
    let kept = web::setting(tx.conn, CODES)?.unwrap_or_default();
    let hash = staff::token_hash(&typed);
    if kept.lines().any(|line| line == hash) {
        return staff::forgive(tx, "setup:code");
    }
    Err(Refusal::field(
        "setup.code",
        "code",
        "This is not the code on the console. Copy it from where Slipway was started, or start it again for a new one.",
    )
    .into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_three_groups_of_four() {
        let code = new_code().expect("a code");
        assert_eq!(code.len(), 14);
        assert!(code.split('-').all(|group| group.len() == 4), "{code}");
    }

    #[test]
    fn everything_wrong_with_a_shop_is_said_at_once() {
        let refusal = check(&NewShop { order_prefix: "X1".to_owned(), ..NewShop::default() }).expect_err("refused");
        let fields: Vec<_> = refusal.fields.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(fields, ["shop", "currency", "time_zone", "prefix"]);
    }
}
