//! One order as a row of the list or a card of the board: what it shows, and to whom.

use super::Order;
use super::list::{Known, Sort};
use crate::staff::{Member, Permission, Person};
use crate::time::{UtcTime, short_span};
use crate::web::Shell;
use crate::workflow::Base;

/// What a person may see of orders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    /// Prices and payments.
    pub money: bool,
}

impl Sight {
    /// Of this person.
    pub fn of(person: &Person) -> Self {
        Sight { money: person.may(Permission::ViewMoney) }
    }
}

/// A column of the list besides the number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    Date,
    Customer,
    Channel,
    Total,
    Payment,
    Stage,
    Items,
    Fulfilment,
    Tags,
    Age,
    Assignee,
    Slip,
    Reference,
}

impl Column {
    /// All of them, in their order.
    pub const ALL: &'static [Column] = &[
        Column::Date,
        Column::Customer,
        Column::Channel,
        Column::Total,
        Column::Payment,
        Column::Stage,
        Column::Items,
        Column::Fulfilment,
        Column::Tags,
        Column::Age,
        Column::Assignee,
        Column::Slip,
        Column::Reference,
    ];
    /// Those shown to whoever has not chosen.
    const USUAL: usize = 10;

    fn words(self) -> (&'static str, &'static str, &'static str, Option<Sort>) {
        match self {
            Column::Date => ("date", "Date", "c-dt", Some(Sort::Date)),
            Column::Customer => ("customer", "Customer", "c-cu", Some(Sort::Customer)),
            Column::Channel => ("channel", "Channel", "c-ch", None),
            Column::Total => ("total", "Total", "c-to r", Some(Sort::Total)),
            Column::Payment => ("payment", "Payment", "c-pa", Some(Sort::Paid)),
            Column::Stage => ("stage", "Stage", "c-st", Some(Sort::Stage)),
            Column::Items => ("items", "Items", "c-it r", None),
            Column::Fulfilment => ("fulfilment", "Fulfilment", "c-fu", None),
            Column::Tags => ("tags", "Tags", "c-ta", None),
            Column::Age => ("age", "Age / due", "c-sl", Some(Sort::Due)),
            Column::Assignee => ("assignee", "Assigned to", "c-as", None),
            Column::Slip => ("slip", "Slip", "c-pr", None),
            Column::Reference => ("reference", "Reference", "c-re", None),
        }
    }
    /// Its key in preferences and forms.
    pub fn key(&self) -> &'static str {
        self.words().0
    }
    /// Its header.
    pub fn label(&self) -> &'static str {
        self.words().1
    }
    /// Its classes.
    pub fn class(&self) -> &'static str {
        self.words().2
    }
    /// What its header sorts by.
    pub fn sort(self) -> Option<Sort> {
        self.words().3
    }
    /// The column with that key.
    pub fn parse(word: &str) -> Option<Self> {
        Column::ALL.iter().copied().find(|column| column.key() == word)
    }
    /// Whether this person may see it.
    pub fn fits(self, sight: Sight) -> bool {
        sight.money || !matches!(self, Column::Total | Column::Payment)
    }
    /// The columns a person chose, or the usual ones.
    pub fn chosen(words: &[String], sight: Sight) -> Vec<Column> {
        let chosen = |column: &Column| words.iter().any(|word| word == column.key());
        let all = Column::ALL.iter().enumerate();
        all.filter(|(index, column)| if words.is_empty() { *index < Column::USUAL } else { chosen(column) })
            .map(|(_, column)| *column)
            .filter(|column| column.fits(sight))
            .collect()
    }
}

/// How an order stands to its time.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    /// Empty, `warn` or `bad`.
    pub tone: &'static str,
    /// Icon, or empty.
    pub icon: &'static str,
    /// Words; empty for an order that is over.
    pub text: String,
}

/// Hours before a promised time from which it is worth a colour.
const SOON: i64 = 4;

/// How an order stands to its time at `now`.
pub(crate) fn clock(order: &Order, known: &Known, now: UtcTime) -> Clock {
    let plain = |text: String| Clock { tone: "", icon: "", text };
    match order.base {
        Base::Shipped => return plain("in transit".to_owned()),
        base if !base.is_open() => return plain(String::new()),
        _ => {}
    }
    let waited = now.seconds_since(order.stage_entered_at);
    match order.due_at.map(|due| due.seconds_since(now)) {
        Some(left) if left < 0 => {
            return Clock { tone: "bad", icon: "alert-triangle", text: format!("late {}", short_span(left)) };
        }
        Some(left) if matches!(order.base, Base::Approved | Base::Processed) => {
            let tone = if left <= SOON * 3_600 { "warn" } else { "" };
            return Clock { tone, icon: "clock", text: format!("due {}", short_span(left)) };
        }
        _ => {}
    }
    let sla = known.stages.find(&order.stage).and_then(|stage| stage.sla_minutes);
    let over = sla.is_some_and(|minutes| waited > minutes * 60);
    let tone = if over || order.base == Base::OnHold { "warn" } else { "" };
    Clock { tone, ..plain(short_span(waited)) }
}

/// An order as shown. Fields that its reader may not see are empty.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub number: i64,
    pub order: Order,
    pub customer: String,
    pub channel: String,
    pub channel_icon: &'static str,
    pub total: String,
    pub stage: String,
    pub glyph: String,
    pub colour: String,
    pub clock: Clock,
    pub tags: Vec<String>,
    pub more_tags: usize,
    pub assignee: String,
}

impl Row {
    /// An order for this reader.
    pub fn of(order: &Order, shell: &Shell, known: &Known, sight: Sight, members: &[Member]) -> Self {
        let channel = known.markets.channel(order.channel_id);
        let tags = order.tag_list();
        let assignee = order.assignee_id.and_then(|id| members.iter().find(|member| member.id == id));
        Row {
            number: order.number,
            customer: if order.customer_name.is_empty() { "No name".to_owned() } else { order.customer_name.clone() },
            channel: channel.map_or(String::new(), |channel| channel.name.clone()),
            channel_icon: channel.map_or("world", |channel| channel.kind.icon()),
            total: if sight.money { order.money(order.total_minor).to_string() } else { String::new() },
            stage: known.stages.label(&order.stage),
            glyph: order.base.glyph().to_owned(),
            colour: known.stages.find(&order.stage).map_or(String::new(), |stage| stage.colour.clone()),
            clock: clock(order, known, shell.now),
            more_tags: tags.len().saturating_sub(1),
            tags: tags.into_iter().take(1).collect(),
            assignee: assignee.map_or(String::new(), |member| member.name.clone()),
            order: order.clone(),
        }
    }
}

/// What moving to the next stage is called, from each base; empty where there is none.
pub(crate) fn next_verb(from: Base) -> &'static str {
    match crate::moves::lifecycle::next(from) {
        Some(Base::Confirmed) => "Confirm",
        Some(Base::Approved) => "Approve",
        Some(Base::Processed) => "Mark as processed",
        Some(Base::Shipped) => "Mark as shipped",
        Some(Base::Delivered) => "Mark as delivered",
        Some(Base::Archived) => "Archive",
        _ => "",
    }
}
