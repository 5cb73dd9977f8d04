//! Markets and the channels orders come through. A market gives an order its currency, time zone and
//! number prefix; a channel belongs to one market.

pub mod api;
mod edit;
mod hours;
mod store;

use chrono_tz::Tz;

use crate::db::{self, Conn, Tx, dialect};
use crate::error::{Error, Refusal, Result};
use crate::ids::{ChannelId, MarketId};
use crate::language::{self, Language};
use crate::money::{Currency, Money};
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::words;

pub use edit::{ChannelFacts, MarketFacts, add_channel, change, change_channel, hours, open};
pub use hours::{Hours, Span};

crate::text_enum! {
    /// What kind of place a channel is.
    pub enum ChannelKind {
        /// Typed in by staff: telephone, counter.
        Manual = "manual",
        /// A web shop.
        Web = "web",
        /// WhatsApp.
        Whatsapp = "whatsapp",
        /// Instagram.
        Instagram = "instagram",
        /// Trade customers.
        Wholesale = "wholesale",
        /// A stall or shop floor.
        Stall = "stall",
        /// A file.
        Import = "import",
        /// Programs through the API.
        Api = "api",
    }
}

impl ChannelKind {
    /// Its word.
    pub fn label(self) -> &'static str {
        match self {
            ChannelKind::Manual => "Telephone and counter",
            ChannelKind::Web => "Web shop",
            ChannelKind::Whatsapp => "WhatsApp",
            ChannelKind::Instagram => "Instagram",
            ChannelKind::Wholesale => "Wholesale",
            ChannelKind::Stall => "Stall or shop floor",
            ChannelKind::Import => "File",
            ChannelKind::Api => "API",
        }
    }
    /// Its icon in the sheet.
    pub fn icon(self) -> &'static str {
        match self {
            ChannelKind::Manual => "phone",
            ChannelKind::Web => "world",
            ChannelKind::Whatsapp => "brand-whatsapp",
            ChannelKind::Instagram => "brand-instagram",
            ChannelKind::Wholesale => "building-store",
            ChannelKind::Stall => "building-store",
            ChannelKind::Import => "download",
            ChannelKind::Api => "bolt",
        }
    }
}

/// A market.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Market {
    /// Key.
    pub id: MarketId,
    /// Stable key in URLs and the API.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Currency of its orders unless they say otherwise.
    pub currency: Currency,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Language tag of its customers.
    pub locale: String,
    /// ISO 3166-1 alpha-2 of the shop's own address there.
    pub country: String,
    /// Put before the number in the API and on paper: `ORD` makes `ORD10468`.
    pub order_prefix: String,
    /// Whether its prices include tax.
    pub tax_included: bool,
    /// Minutes until an incomplete order counts as abandoned.
    pub abandon_after_minutes: i64,
    /// When it was made.
    pub created_at: UtcTime,
    /// Language tags besides `locale`, between single spaces.
    pub languages: String,
    /// Tax on new orders in millionths: 210,000 is 21 %.
    pub tax_rate_ppm: i64,
    /// Whether incomplete orders are abandoned by the clock.
    pub abandons: bool,
    /// Minutes for which an incomplete order keeps its stock.
    pub stock_hold_minutes: i64,
    /// Days after which a shipped order counts as delivered; none for never.
    pub deliver_after_days: Option<i64>,
    /// Days after which a finished order is put away; none for never.
    pub archive_after_days: Option<i64>,
    /// Whether orders confirmed outside opening hours wait for the next opening.
    pub holds_after_hours: bool,
    /// Keys of the ways of paying it takes, between single spaces; empty for all of them.
    pub payment_methods: String,
    /// What stands before the numbers of its invoices, `{year}` being the year; empty for the shop's series.
    pub invoice_series: String,
    /// The same for its credit notes.
    pub credit_series: String,
    /// Ways of sending whose parcels leave with a tracking number, one a line; `*` is every way.
    pub tracked_ways: String,
    /// Whether its confirmed orders approve themselves as soon as nothing is missing.
    pub approves_itself: bool,
    /// Up to which total in its currency they do; none for any.
    pub approve_up_to_minor: Option<i64>,
}

impl Market {
    /// Whether an order of this total approves itself once nothing is missing.
    pub fn approves(&self, total: Money) -> bool {
        let fits = |most: i64| total.currency == self.currency && total.minor <= most;
        self.approves_itself && self.approve_up_to_minor.is_none_or(fits)
    }
    /// Its time zone; UTC should the stored name be unknown.
    pub fn zone(&self) -> Tz {
        self.time_zone.parse().unwrap_or(Tz::UTC)
    }
    /// Tags of the languages of its customers, the usual one first.
    pub fn tongues(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.locale.as_str()).chain(self.languages.split_whitespace())
    }
    /// The language that a customer who asked for `wanted` is written to in: that, if it is one of the market's,
    /// else the usual one. Without its country: `de`.
    pub fn tongue(&self, wanted: &str) -> String {
        let wanted = language::primary(wanted);
        let known = self.tongues().map(language::primary).find(|known| !wanted.is_empty() && *known == wanted);
        known.unwrap_or_else(|| language::primary(&self.locale))
    }
    /// The same of those that the house itself speaks.
    pub fn language(&self, wanted: &str) -> Language {
        let spoken = Language::find(&self.tongue(wanted));
        spoken.or_else(|| self.tongues().find_map(Language::find)).unwrap_or_default()
    }
    /// The languages of its customers that the house speaks.
    pub fn spoken(&self) -> Vec<Language> {
        let mut spoken: Vec<Language> = Vec::new();
        for language in self.tongues().filter_map(Language::find) {
            if !spoken.contains(&language) {
                spoken.push(language);
            }
        }
        spoken
    }
}

/// A sales channel.
#[derive(Clone, Debug, diesel::Queryable)]
pub struct Channel {
    /// Key.
    pub id: ChannelId,
    /// Its market.
    pub market_id: MarketId,
    /// Stable key in URLs and the API.
    pub slug: String,
    /// Name.
    pub name: String,
    /// What kind of place it is.
    pub kind: ChannelKind,
    /// When it was made.
    pub created_at: UtcTime,
    /// Key of the way of paying that its new orders start with; empty for none.
    pub payment_method: String,
}

/// A market to be made.
#[derive(Clone, Debug)]
pub struct NewMarket {
    /// Stable key.
    pub slug: String,
    /// Name.
    pub name: String,
    /// Currency.
    pub currency: Currency,
    /// IANA name of a time zone.
    pub time_zone: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// One to eight letters or digits.
    pub order_prefix: String,
}

/// Makes a market.
///
/// # Errors
/// Refuses an unknown time zone and a prefix that is not one to eight letters or digits.
pub fn create(tx: &mut Tx<'_>, new: &NewMarket) -> Result<Market> {
    if new.time_zone.parse::<Tz>().is_err() {
        return Err(Refusal::field(
            "market.time_zone",
            "time_zone",
            "This is not a known time zone. Choose one from the list, such as Europe/Amsterdam.",
        )
        .into());
    }
    check_prefix(&new.order_prefix)?;
    store::insert_market(tx, new)
}

/// Refuses a prefix that could not stand before a number.
pub fn check_prefix(prefix: &str) -> Result<()> {
    let fits = (1..=8).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_alphanumeric());
    let ends_in_digit = prefix.bytes().last().is_some_and(|b| b.is_ascii_digit());
    if fits && !ends_in_digit {
        return Ok(());
    }
    Err(Refusal::field(
        "market.order_prefix",
        "order_prefix",
        "The order prefix takes one to eight letters or digits and ends in a letter, such as ORD.",
    )
    .into())
}

/// Whether parcels that a market sends this way leave with a tracking number only.
pub fn tracks(conn: &mut Conn, market: MarketId, way: &str) -> Result<bool> {
    let (ways, way) = (store::tracked_ways(conn, market)?, words::fold(way.trim()));
    Ok(ways.lines().any(|named| named == "*" || words::fold(named) == way))
}

/// Changes the words and zone of a market: name, currency of new orders, time zone, country, prefix.
///
/// # Errors
/// As [`create`]; missing if there is no such market.
pub fn update(tx: &mut Tx<'_>, id: MarketId, new: &NewMarket) -> Result<()> {
    if new.time_zone.parse::<Tz>().is_err() {
        return Err(Refusal::field("market.time_zone", "time_zone", "This is not a known time zone.").into());
    }
    check_prefix(&new.order_prefix)?;
    store::update_market(tx, id, new)
}

/// The markets and channels as they are while nobody else adds one.
fn locked(tx: &mut Tx<'_>) -> Result<Markets> {
    dialect::lock_words(tx.conn, "markets and channels")?;
    db::forget::<Markets>();
    Markets::load(tx.conn)
}

/// The channel with that slug, made if it is not there. Of several who miss it at once, one makes it and the
/// others wait and find it.
pub fn find_or_make_channel(
    tx: &mut Tx<'_>,
    market: MarketId,
    slug: &str,
    name: &str,
    kind: ChannelKind,
) -> Result<Channel> {
    let look = |markets: Markets| markets.channels.into_iter().find(|channel| channel.slug == slug);
    if let Some(found) = look(Markets::load(tx.conn)?) {
        return Ok(found);
    }
    if let Some(found) = look(locked(tx)?) {
        return Ok(found);
    }
    store::insert_channel(tx, market, slug, name, kind)
}

/// All markets and channels of the shop: few, and needed on most pages.
#[derive(Clone, Debug)]
pub struct Markets {
    /// Markets, the first one being the shop's own.
    pub markets: Vec<Market>,
    /// Channels by name.
    pub channels: Vec<Channel>,
}

impl Markets {
    /// Reads them.
    pub fn load(conn: &mut Conn) -> Result<Self> {
        let load = |conn: &mut Conn| Ok(Markets { markets: store::markets(conn)?, channels: store::channels(conn)? });
        db::remembered(conn, load)
    }
    /// Those within a reach, with their channels.
    pub fn within(&self, reach: &Reach) -> Markets {
        let markets = self.markets.iter().filter(|market| reach.sees(market.id)).cloned();
        let channels = self.channels.iter().filter(|channel| reach.sees(channel.market_id)).cloned();
        Markets { markets: markets.collect(), channels: channels.collect() }
    }
    /// The shop's first market.
    ///
    /// # Errors
    /// Broken if the shop is not set up.
    pub fn home(&self) -> Result<&Market> {
        self.markets.first().ok_or_else(|| Error::broken("the shop has no market"))
    }
    /// The market with this key, or the shop's first.
    pub fn market(&self, id: MarketId) -> Option<&Market> {
        self.markets.iter().find(|market| market.id == id)
    }
    /// The number of an order as people write it: `10468`, `#10468`, or with the prefix of a market. Nothing for
    /// what is no order's number.
    pub fn number_of(&self, text: &str) -> Option<i64> {
        let text = text.trim().trim_start_matches('#');
        let bare = self.markets.iter().find_map(|market| {
            let (head, rest) = text.split_at_checked(market.order_prefix.len())?;
            (!head.is_empty() && head.eq_ignore_ascii_case(&market.order_prefix)).then_some(rest)
        });
        let digits = bare.unwrap_or(text);
        let fits = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| fits)
    }
    /// The channel with this key.
    pub fn channel(&self, id: ChannelId) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }
    /// The language that customers of a market are spoken to in who asked for `wanted`.
    pub fn language(&self, market: MarketId, wanted: &str) -> Language {
        self.market(market).map(|market| market.language(wanted)).unwrap_or_default()
    }
    /// Every language of the shop's customers without its country, that of its first market first.
    pub fn tongues(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for tag in self.markets.iter().flat_map(Market::tongues).map(language::primary) {
            if !all.contains(&tag) {
                all.push(tag);
            }
        }
        all
    }
    /// The shop's time zone: that of its first market.
    pub fn zone(&self) -> Tz {
        self.markets.first().map_or(Tz::UTC, Market::zone)
    }
}
