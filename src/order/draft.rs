//! An order as it arrives, before the desk has given it a number: typed, imported, posted. Pure.

use crate::address::Address;
use crate::error::{FieldProblem, Refusal, Result};
use crate::ids::{ChannelId, MarketId, ProductId};
use crate::language;
use crate::money::{Currency, LARGEST_MINOR};
use crate::time::UtcTime;
use crate::workflow::Base;

/// Lines of one order that are taken at the most.
pub const MOST_LINES: usize = 5_000;
/// Units in one line that are taken at the most.
pub const MOST_UNITS: i64 = 1_000_000;

/// That a language is none.
pub const NO_TAG: &str = "Give the tag of a language, such as de or nl-NL.";
/// Characters that the custom values of an order take at the most.
pub const LONGEST_CUSTOM: usize = 20_000;

/// An order to be placed.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Market it belongs to.
    pub market: MarketId,
    /// Channel it came through.
    pub channel: ChannelId,
    /// Name of the cart it was made from; a cart makes one live order.
    pub cart_id: Option<String>,
    /// Its name where it came from; a source makes one order, ever.
    pub source_ref: Option<String>,
    /// Currency of every amount in it.
    pub currency: Currency,
    /// Whether the prices of lines and shipping include the tax.
    pub tax_included: bool,
    /// When the customer ordered; now, if not given.
    pub placed_at: Option<UtcTime>,
    /// When it should leave the shop.
    pub due_at: Option<UtcTime>,
    /// Customer's name.
    pub customer_name: String,
    /// Customer's e-mail.
    pub email: String,
    /// Customer's telephone, as written.
    pub phone: String,
    /// Where it goes.
    pub ship_to: Option<Address>,
    /// Whom it is billed to, if not the same.
    pub bill_to: Option<Address>,
    /// What was bought.
    pub lines: Vec<DraftLine>,
    /// What is added to or taken off the sum of the lines.
    pub charges: Vec<DraftCharge>,
    /// Name of the way it is sent.
    pub shipping_method: String,
    /// Key of the way it is paid, such as `card` or `bank_transfer`; empty while unknown.
    pub payment_method: String,
    /// What the customer wrote with the order.
    pub customer_note: String,
    /// Whether it is a gift: no prices on paper.
    pub gift: bool,
    /// What to print for the person who gets it.
    pub gift_message: String,
    /// Tags.
    pub tags: Vec<String>,
    /// Who ordered, by the name that the shop's own system gives them; empty for a guest.
    pub user_ref: String,
    /// What that system wants kept with it: a JSON object, or empty.
    pub custom: String,
    /// Tag of the language its customer asked for; empty for the usual one of the market.
    pub language: String,
}

impl Draft {
    /// An empty draft in a market and channel.
    pub fn new(market: MarketId, channel: ChannelId, currency: Currency) -> Self {
        Draft {
            market,
            channel,
            cart_id: None,
            source_ref: None,
            currency,
            tax_included: true,
            placed_at: None,
            due_at: None,
            customer_name: String::new(),
            email: String::new(),
            phone: String::new(),
            ship_to: None,
            bill_to: None,
            lines: Vec::new(),
            charges: Vec::new(),
            shipping_method: String::new(),
            payment_method: String::new(),
            customer_note: String::new(),
            gift: false,
            gift_message: String::new(),
            tags: Vec::new(),
            user_ref: String::new(),
            custom: String::new(),
            language: String::new(),
        }
    }
}

/// One line of a draft. Amounts are minor units of the draft's currency.
#[derive(Clone, Debug, Default)]
pub struct DraftLine {
    /// Product of the shop, if it is known.
    pub product: Option<ProductId>,
    /// Stock-keeping unit; may be empty.
    pub sku: String,
    /// What it is called.
    pub title: String,
    /// Which kind: colour, size.
    pub variant: String,
    /// Picture by its asset name.
    pub picture: String,
    /// Where it lies.
    pub bin: String,
    /// Wishes for this line: engraving, wrapping. One `name: value` a line.
    pub properties: String,
    /// Units; 0 where the source lists a line that was taken out.
    pub quantity: i64,
    /// Price of a unit.
    pub unit_minor: i64,
    /// Taken off the whole line.
    pub discount_minor: i64,
    /// Tax of the whole line, included in it or on top as the draft says.
    pub tax_minor: i64,
    /// Weight of a unit in grams.
    pub grams: i64,
    /// Nothing to ship: a download, a voucher.
    pub digital: bool,
}

crate::text_enum! {
    /// What a charge is.
    pub enum ChargeKind {
        /// Taken off, with the code that did it. Amount is negative.
        Discount = "discount",
        /// Carriage.
        Shipping = "shipping",
        /// Tax; counted into the total only where prices do not include it.
        Tax = "tax",
        /// A tip, a fee, a duty.
        Fee = "fee",
        /// Difference between the parts and the total that the source states.
        Rounding = "rounding",
    }
}

/// Charges of an order at the most.
pub const MOST_CHARGES: usize = 50;

impl ChargeKind {
    /// Whether people decide on it; taxes and rounding follow from the rest.
    pub fn is_wished(self) -> bool {
        match self {
            ChargeKind::Discount | ChargeKind::Shipping | ChargeKind::Fee => true,
            ChargeKind::Tax | ChargeKind::Rounding => false,
        }
    }
    /// Its word.
    pub fn label(self) -> &'static str {
        match self {
            ChargeKind::Discount => "Discount on the order",
            ChargeKind::Shipping => "Shipping",
            ChargeKind::Tax => "Tax",
            ChargeKind::Fee => "Fee",
            ChargeKind::Rounding => "Rounding",
        }
    }
    /// An amount that was typed without a sign, as it counts into the total.
    pub fn signed(self, minor: i64) -> i64 {
        if self == ChargeKind::Discount { -minor } else { minor }
    }
    /// Whether an amount counts in the direction of its kind and can be counted.
    pub fn fits(self, minor: i64) -> bool {
        (0..=LARGEST_MINOR).contains(&self.signed(minor))
    }
}

/// A part of the total besides the lines.
#[derive(Clone, Debug)]
pub struct DraftCharge {
    /// What it is.
    pub kind: ChargeKind,
    /// Words for it: `DHL Paket`, `VAT 21 %`.
    pub label: String,
    /// Discount code.
    pub code: String,
    /// Minor units, negative where it is taken off.
    pub amount_minor: i64,
    /// Tax rate in parts per million, for tax.
    pub rate_ppm: Option<i64>,
}

/// What already happened to an order elsewhere, for imports and demonstrations.
#[derive(Clone, Debug)]
pub struct Past {
    /// Where it stands.
    pub base: Base,
    /// Instants at which stages were entered, oldest first; the last one is `base`.
    pub steps: Vec<(Base, UtcTime)>,
    /// Money that moved.
    pub payments: Vec<PastPayment>,
    /// Units shipped of each line, in the order of the draft's lines; empty for none.
    pub shipped: Vec<i64>,
    /// Carrier and tracking number of what was shipped.
    pub tracking: Option<(String, String)>,
    /// Why it was cancelled or rejected, as a reason key.
    pub reason: String,
}

/// Money that moved before the desk knew the order.
#[derive(Clone, Debug)]
pub struct PastPayment {
    /// What happened.
    pub kind: crate::order::PaymentKind,
    /// Minor units, never negative.
    pub amount_minor: i64,
    /// When.
    pub at: UtcTime,
    /// How: `card`, `bank_transfer`.
    pub method: String,
    /// The provider's or bank's reference.
    pub reference: String,
    /// Until when an authorisation held, if it had an end.
    pub expires_at: Option<UtcTime>,
}

/// Refuses a draft that could not be an order. Field names are those of the form and the API:
/// `lines.0.quantity`.
pub fn check(draft: &Draft) -> Result<()> {
    let mut problems = Vec::new();
    if draft.lines.is_empty() {
        problems.push(problem("lines", "An order needs at least one line. Add what was bought."));
    }
    if draft.lines.len() > MOST_LINES {
        problems
            .push(problem("lines", format!("An order takes {MOST_LINES} lines at the most. Split it into several.")));
    }
    for (index, line) in draft.lines.iter().enumerate() {
        check_line(index, line, &mut problems);
    }
    for charge in &draft.charges {
        if charge.amount_minor.abs() > LARGEST_MINOR {
            problems.push(problem("charges", format!("The amount of {} is too large.", charge.label)));
        }
    }
    let texts = [
        ("customer_name", &draft.customer_name, 300),
        ("email", &draft.email, 320),
        ("phone", &draft.phone, 60),
        ("customer_note", &draft.customer_note, 10_000),
        ("gift_message", &draft.gift_message, 2_000),
        ("shipping_method", &draft.shipping_method, 200),
        ("payment_method", &draft.payment_method, 100),
        ("user_id", &draft.user_ref, 200),
        ("custom", &draft.custom, LONGEST_CUSTOM),
    ];
    for (field, text, most) in texts {
        if text.chars().count() > most {
            problems.push(problem(field, format!("This takes {most} characters at the most.")));
        }
    }
    if !draft.language.is_empty() && !language::is_tag(&draft.language) {
        problems.push(problem("language", NO_TAG));
    }
    if !draft.email.is_empty() && !looks_like_email(&draft.email) {
        problems.push(problem("email", "This is not an e-mail address. Correct it or leave it empty."));
    }
    if draft.tags.len() > 50 || draft.tags.iter().any(|tag| tag.chars().count() > 50) {
        problems.push(problem("tags", "An order takes 50 tags of 50 characters at the most."));
    }
    if problems.is_empty() { Ok(()) } else { Err(Refusal::fields("order.invalid", problems).into()) }
}

/// Adds what is wrong with one line.
pub(super) fn check_line(index: usize, line: &DraftLine, problems: &mut Vec<FieldProblem>) {
    let at = |name: &str| format!("lines.{index}.{name}");
    if line.title.trim().is_empty() {
        problems.push(problem(at("title"), "Every line needs a title."));
    }
    if line.title.chars().count() > 1_000 || line.sku.chars().count() > 200 || line.variant.chars().count() > 500 {
        problems.push(problem(
            at("title"),
            "The title takes 1,000 characters, the SKU 200 and the variant 500 at the most.",
        ));
    }
    if !(0..=MOST_UNITS).contains(&line.quantity) {
        problems.push(problem(at("quantity"), "The quantity is a whole number from 0 to 1,000,000."));
    }
    let amounts = [line.unit_minor, line.discount_minor, line.tax_minor];
    if amounts.iter().any(|minor| minor.abs() > LARGEST_MINOR)
        || line.unit_minor.saturating_mul(line.quantity).abs() > LARGEST_MINOR
    {
        problems.push(problem(at("price"), "The price of this line is too large."));
    }
    if line.unit_minor < 0 {
        problems.push(problem(at("price"), "A price cannot be negative. Enter a discount instead."));
    }
}

fn problem(field: impl Into<String>, message: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.into(), message: message.into() }
}

/// Whether a text has the shape of an e-mail address: something, an @, a host. Whether it exists only
/// its owner knows.
pub fn looks_like_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    !local.is_empty()
        && !host.is_empty()
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';'))
}
