//! One order on screen: what it is, where it stands, what may come next, and what was said about it.
//! Everything is read in one go, a constant number of queries whatever the order's size.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::list::{self, StageTotals};
use super::pages_list::{knowing, may_ask, read_wanted};
use super::pages_parts::{self as parts, Badge, Buyer, LineRow, Sight, SumRow, when_due};
use super::pages_story::{self as story, Step};
use super::pages_way::{Tab, address, encoded, from_of, number_of, tab_of, with_from};
use super::{Neighbours, Order};
use crate::catalog::stock;
use crate::conversation;
use crate::conversation::calling::Callable;
use crate::conversation::mentions;
use crate::conversation::pages::{NoteRow, Writing};
use crate::conversation::pages_replies;
use crate::conversation::pages_thread::{self, MessageRow};
use crate::conversation::pages_ways::{Way, ways};
use crate::customer_page::pages_link::LinkCard;
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::language::Language;
use crate::market::Markets;
use crate::moves::pages::{authority_of, telling_of};
use crate::moves::pages_ask::Ask;
use crate::moves::pages_options::{MoveOption, Options};
use crate::moves::{self, Hold};
use crate::payment::pages::PayForm;
use crate::payment::pages_panel::Panel;
use crate::payment::pages_take::Asked;
use crate::returns::pages::ReturnsPanel;
use crate::shipment::pages_panel::ParcelsPanel;
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Person, Staff};
use crate::time::{UtcTime, short_span};
use crate::web::{self, Answer, Desk, Query, Section, Shell};
use crate::workflow::Stages;
use crate::{announce, customer, event, payment, shipment, staff};

/// What the address of an order's page may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowQuery {
    /// The query of the list one came from.
    #[serde(default)]
    pub from: String,
    /// `oldest` shows the history from its beginning.
    #[serde(default)]
    pub sort: String,
}

/// Something to be said above the order.
#[derive(Debug)]
pub struct Alert {
    /// Colour: bad, info or nothing for a warning.
    pub tone: &'static str,
    /// Whole sentences.
    pub words: String,
}

/// What a page of an order is asked for besides the order.
#[derive(Debug, Default)]
pub struct Wish {
    /// Told above everything.
    pub alert: Option<Alert>,
    /// A move that is being asked about.
    pub ask: Option<Ask>,
    /// A payment that is being recorded.
    pub pay: Option<PayForm>,
    /// A capture, release, refund or goodwill that is being decided.
    pub money: Option<Asked>,
    /// A note that is being written or changed.
    pub writing: Option<Writing>,
    /// What is wrong with a tag.
    pub tag: Option<Refusal>,
}

/// An open hold.
#[derive(Debug)]
pub struct HoldRow {
    pub uid: String,
    pub reason: String,
    pub note: String,
    pub about: String,
}

/// Somebody who can be made responsible.
#[derive(Debug)]
pub struct Colleague {
    pub uid: String,
    pub name: String,
    pub chosen: bool,
}

/// The page of one order.
#[derive(Template)]
#[template(path = "orders/show.html")]
pub struct ShowPage {
    pub shell: Shell,
    pub tab: Tab,
    pub order: Order,
    pub number: i64,
    pub from: String,
    pub back: String,
    /// The number of the last event shown.
    pub seq: i64,
    pub stage_label: String,
    stage_colour: String,
    pub payment: Option<Badge>,
    pub fulfilment: Badge,
    pub late: Option<(&'static str, String)>,
    pub meta: Vec<String>,
    pub neighbours: Neighbours,
    pub steps: Vec<Step>,
    pub primary: Option<MoveOption>,
    pub hold: Option<MoveOption>,
    pub others: Vec<MoveOption>,
    pub closed: Vec<MoveOption>,
    pub holds: Vec<HoldRow>,
    pub lines: Vec<LineRow>,
    pub sums: Option<(Vec<SumRow>, String)>,
    pub panel: ParcelsPanel,
    pub returns: ReturnsPanel,
    pub ledger: Option<Panel>,
    pub buyer: Buyer,
    pub tags: Vec<String>,
    pub colleagues: Vec<Colleague>,
    pub assignee: String,
    /// The link to the customer's page.
    pub customer_page: Option<LinkCard>,
    pub messages: Vec<MessageRow>,
    /// By what a message can be sent.
    pub ways: Vec<Way>,
    /// Identifier and name of each saved reply.
    pub replies: Vec<(String, String)>,
    pub notes: Vec<NoteRow>,
    pub history: Vec<story::Line>,
    /// Invoices and credit notes.
    pub invoices: Option<crate::invoice::pages::Card>,
    pub history_count: usize,
    pub oldest_first: bool,
    pub may: May,
    pub wish: Wish,
}

/// What this person may do here.
#[derive(Clone, Copy, Debug)]
pub struct May {
    pub act: bool,
    pub edit: bool,
    pub lines: bool,
    pub note: bool,
    pub pay: bool,
    pub print: bool,
}

impl ShowPage {
    /// Reads everything the page shows.
    ///
    /// # Errors
    /// Missing if there is no such order.
    pub fn load(
        conn: &mut Conn,
        person: &Person,
        number: i64,
        tab: Tab,
        query: &ShowQuery,
        wish: Wish,
    ) -> Result<ShowPage> {
        let order = super::find(conn, number)?;
        let shell = Shell::load(conn, person, Section::Orders)?;
        let sight = Sight::of(person);
        let (stages, markets) = (Stages::load(conn)?, Markets::load(conn)?);
        let lines = super::lines(conn, order.id)?;
        let entries = payment::ledger(conn, order.id)?;
        let open = moves::open_holds(conn, order.id)?;
        let parcels = shipment::of_order(conn, order.id)?;
        let inside = shipment::contents(conn, &parcels.iter().map(|parcel| parcel.id).collect::<Vec<_>>())?;
        let diary = event::timeline(conn, order.id)?;
        let members = staff::members(conn)?;
        let (customer, past) = match order.customer_id {
            Some(id) => (customer::find(conn, id)?, super::history_of_customer(conn, &person.reach, id)?),
            None => (None, (0, None)),
        };
        let sums = match sight.money {
            true => Some((
                parts::sums(&order, &super::charges(conn, order.id)?, Language::English),
                order.money(order.total_minor).to_string(),
            )),
            false => None,
        };
        let returns = ReturnsPanel::load(conn, &shell, &order, &lines, person)?;
        let policy = payment::methods(conn)?.of(&order.payment_method);
        let mut facts = moves::facts_of(&order, &lines, &entries, open.len(), policy);
        facts.short = moves::shortages(conn, &order, &lines)?;
        facts.open_returns = returns.open;
        let choices = moves::choices_of(&order, &stages, &facts, authority_of(person), telling_of(person))?;
        let telling = announce::telling(conn, &order, &stages)?;
        let options = Options::of(&order, person, choices, &parcels, &telling);
        let home = markets.market(order.market_id).map_or("", |market| market.country.as_str());
        let messages = conversation::messages(conn, order.id)?;
        let notes = conversation::notes(conn, order.id)?;
        let people: Vec<Callable> = members.iter().map(|m| Callable::new(m.id, &m.name, &m.email)).collect();
        let mut history = story::history(&shell, &diary, &stages, sight);
        let oldest_first = query.sort == "oldest";
        if !oldest_first {
            history.reverse();
        }
        let assignee = order.assignee_id;
        let back = address(number, tab, &query.from);
        let writing = wish.writing.as_ref();
        let customer_page = LinkCard::load(conn, person, &shell, &order)?;
        let page_is_open = customer_page.as_ref().is_none_or(|card| card.path.is_some() && !card.is_over);
        let by = writing.map_or("", |writing| writing.by.as_str());
        let lacks = order.base.is_open() && lines.iter().any(|line| line.product_id.is_some());
        let backordered = if lacks { stock::backordered(conn, &[order.id])? } else { Vec::new() };
        let panel = ParcelsPanel::of(&shell, &order, person, &parcels, &inside, &lines, &back);
        Ok(ShowPage {
            tab,
            number,
            from: query.from.clone(),
            back,
            seq: diary.last().map_or(0, |entry| entry.seq),
            stage_label: stages.label(&order.stage),
            stage_colour: stages.find(&order.stage).map_or(String::new(), |stage| stage.colour.clone()),
            payment: sight.money.then(|| parts::payment_badge(&order)),
            fulfilment: parts::fulfilment_badge(&order, &parcels),
            late: lateness(&order, &stages, shell.now),
            meta: meta(&shell, &order, &markets, &parcels),
            neighbours: beside(conn, person, &shell, &stages, &markets, &query.from, &order)?,
            steps: story::steps(&shell, &order, &diary, &stages),
            primary: options.primary,
            hold: options.hold,
            others: options.others,
            closed: options.closed,
            holds: open.iter().map(|hold| hold_row(&shell, hold)).collect(),
            lines: parts::lines(&order, &lines, &parcels, &inside, &backordered, sight),
            sums,
            panel,
            returns,
            ledger: if sight.money {
                Some(Panel::load(conn, person, &shell, &order, &lines, &entries, &query.from)?)
            } else {
                None
            },
            buyer: parts::buyer(&order, customer.as_ref(), past, home, shell.shop.zone, sight),
            tags: order.tag_list(),
            assignee: members.iter().find(|m| Some(m.id) == assignee).map(|m| m.name.clone()).unwrap_or_default(),
            colleagues: members
                .iter()
                .filter(|member| member.can_take(order.market_id) || Some(member.id) == assignee)
                .map(|m| Colleague { uid: m.uid.clone(), name: m.name.clone(), chosen: Some(m.id) == assignee })
                .collect(),
            ways: ways(conn, &order, &messages, page_is_open, sight.contact, by)?,
            customer_page,
            messages: pages_thread::load(conn, &shell, &order, &messages, sight.contact)?,
            replies: pages_replies::choices(conn)?,
            notes: notes.iter().map(|note| NoteRow::of(note, person, &people, shell.now, writing)).collect(),
            invoices: crate::invoice::pages::Card::of(conn, person, &order)?,
            history_count: history.len(),
            history: if tab == Tab::History { history } else { Vec::new() },
            oldest_first,
            may: May {
                act: person.may(Permission::MoveOrders),
                edit: person.may(Permission::EditOrders),
                lines: person.may(Permission::EditOrders) && super::changes::may_change(&order).is_ok(),
                note: person.may(Permission::WriteNotes),
                pay: person.may(Permission::RecordPayments),
                print: person.may(Permission::Print),
            },
            wish,
            shell,
            order,
        })
    }

    /// The address of a tab, keeping the list one came from.
    pub fn tab_href(&self, path: &str) -> String {
        with_from(&format!("/orders/{}{path}", self.number), &self.from)
    }
    /// The list one came from.
    pub fn list_href(&self) -> String {
        if self.from.is_empty() { "/orders".to_owned() } else { format!("/orders?{}", self.from) }
    }
    /// The address of another order, keeping the list one came from.
    pub fn beside(&self, number: &i64) -> String {
        with_from(&format!("/orders/{number}"), &self.from)
    }
    /// The address of the form that asks about a move.
    pub fn ask_href(&self, to: &str) -> String {
        with_from(&format!("/orders/{}/moves/new?to={}", self.number, encoded(to)), &self.from)
    }
    /// The address of the form that records a payment.
    pub fn pay_href(&self) -> String {
        with_from(&format!("/orders/{}/payments/new", self.number), &self.from)
    }
    /// The history from its beginning.
    pub fn oldest_href(&self) -> String {
        let href = self.tab_href("/history");
        format!("{href}{}sort=oldest", if href.contains('?') { '&' } else { '?' })
    }
    /// What takes away what the next move lacks: an address and its words.
    pub fn remedy(&self) -> Option<(String, &'static str)> {
        let lacks = &self.primary.as_ref()?.lacks;
        if lacks.contains("address") && self.may.edit {
            Some((format!("/orders/{}/edit", self.number), "Change address"))
        } else if (lacks.contains("paid") || lacks.contains("due")) && self.may.pay {
            Some((self.pay_href(), "Record payment…"))
        } else {
            None
        }
    }
    /// The body of the note being written.
    pub fn draft_note(&self) -> &str {
        self.wish.writing.as_ref().filter(|writing| writing.note.is_empty()).map_or("", |writing| writing.body.as_str())
    }
    /// What is wrong with the note being written.
    pub fn note_problem(&self) -> &str {
        let writing = self.wish.writing.as_ref().filter(|writing| writing.note.is_empty());
        writing.and_then(|writing| writing.refusal.as_ref()).map_or("", |refusal| refusal.message.as_str())
    }
    /// Whether the note being written is for the customer.
    pub fn note_is_for_customer(&self) -> bool {
        self.wish.writing.as_ref().is_some_and(|writing| writing.note.is_empty() && writing.audience == "customer")
    }
    /// Whether an internal note is being written beside the messages.
    pub fn chat_is_internal(&self) -> bool {
        self.wish.writing.as_ref().is_some_and(|writing| writing.in_chat && writing.audience == "internal")
    }
    /// Whether it is known that the customer has no page to read messages on.
    pub fn page_is_closed(&self) -> bool {
        self.customer_page.as_ref().is_some_and(|card| card.path.is_none() || card.is_over)
    }
    /// Whether the customer can be written to by more than their page.
    pub fn has_ways(&self) -> bool {
        self.ways.len() > 1
    }
    /// Whether this person may write.
    pub fn may_note(&self) -> bool {
        self.may.note
    }
    fn is(&self, tab: &str) -> bool {
        self.tab.path() == tab
    }
}

/// Whether an order is late or soon will be: a colour and words.
pub fn lateness(order: &Order, stages: &Stages, now: UtcTime) -> Option<(&'static str, String)> {
    if !order.base.is_open() {
        return None;
    }
    let by_stage = stages
        .find(&order.stage)
        .and_then(|stage| stage.sla_minutes)
        .map(|minutes| order.stage_entered_at.plus_minutes(minutes));
    let due = [order.due_at, by_stage].into_iter().flatten().min()?;
    let left = due.seconds_since(now);
    match left {
        ..0 => Some(("bad", format!("late {}", short_span(left)))),
        0..14_400 => Some(("warn", format!("due in {}", short_span(left)))),
        _ => None,
    }
}

/// The orders beside one in the list one came from; in the plain list if that list can no longer be
/// read.
fn beside(
    conn: &mut Conn,
    person: &Person,
    shell: &Shell,
    stages: &Stages,
    markets: &Markets,
    from: &str,
    order: &Order,
) -> Result<Neighbours> {
    let known = knowing(stages.clone(), markets.clone(), &person.reach, person.id, shell.now);
    let wanted = read_wanted(&list::address::split(from), shell, &known)
        .and_then(|wanted| may_ask(person, &wanted).map(|()| wanted))
        .unwrap_or_default();
    let totals = StageTotals::load(conn, &person.reach)?;
    list::beside(conn, &wanted, &known, &totals, order)
}

fn meta(shell: &Shell, order: &Order, markets: &Markets, parcels: &[shipment::Shipment]) -> Vec<String> {
    let mut words = Vec::new();
    let channel = markets.channel(order.channel_id).map(|channel| channel.name.clone());
    words.extend(match (channel, &order.source_ref) {
        (Some(channel), Some(source)) => Some(format!("{channel} {source}")),
        (channel, _) => channel,
    });
    if let Some(due) = order.due_at {
        let missed = if order.base.is_open() && due < shell.now { ", missed" } else { "" };
        words.push(format!("Ship by {}{missed}", when_due(shell, due)));
    }
    if let Some(packer) = parcels.iter().map(|parcel| parcel.packed_by.as_str()).find(|name| !name.is_empty()) {
        words.push(format!("Packed by {packer}"));
    }
    if order.print_count > 0 {
        words.push(match order.print_count {
            1 => "Slip printed once".to_owned(),
            many => format!("Slip printed {many} times"),
        });
    }
    words
}

fn hold_row(shell: &Shell, hold: &Hold) -> HoldRow {
    let until = hold.until_at.map(|at| format!(", until {}", when_due(shell, at))).unwrap_or_default();
    HoldRow {
        uid: hold.uid.clone(),
        reason: story::hold_reason(&hold.reason),
        note: hold.note.clone(),
        about: format!("by {} since {}{until}", hold.placed_by, shell.when(&hold.placed_at)),
    }
}

async fn shown(desk: &Desk, person: Person, number: &str, tab: Tab, query: ShowQuery) -> Answer {
    let number = number_of(number)?;
    let page = desk.db.read(move |conn| ShowPage::load(conn, &person, number, tab, &query, Wish::default())).await?;
    web::page(&page)
}

/// Shows an order again with something to be said or asked, and the status that belongs to it.
pub async fn again(desk: &Desk, person: Person, number: i64, back: &str, status: StatusCode, wish: Wish) -> Answer {
    let (tab, query) = (tab_of(back), ShowQuery { from: from_of(back), sort: String::new() });
    let page = desk.db.read(move |conn| ShowPage::load(conn, &person, number, tab, &query, wish)).await?;
    web::page_as(status, &page)
}

/// `GET /orders/{number}`
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewOrders>, query: Query<ShowQuery>) -> Answer {
    shown(&desk, staff.person(), &path, Tab::Chat, query.0).await
}

/// `GET /orders/{number}/notes`
pub async fn notes(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewOrders>, query: Query<ShowQuery>) -> Answer {
    let (number, me) = (number_of(&path)?, staff.id);
    let answer = shown(&desk, staff.person(), &path, Tab::Notes, query.0).await?;
    // Whoever is called in a note has seen it now.
    let waits = desk.db.read(move |conn| {
        let order = super::find(conn, number)?;
        Ok(mentions::waits(conn, order.id, me)?.then_some(order.id))
    });
    if let Some(order) = waits.await? {
        desk.db.write(move |tx| mentions::see(tx, order, me)).await?;
    }
    Ok(answer)
}

/// `GET /orders/{number}/history`
pub async fn history(
    desk: Data<Desk>,
    path: Path<String>,
    staff: Staff<ViewOrders>,
    query: Query<ShowQuery>,
) -> Answer {
    shown(&desk, staff.person(), &path, Tab::History, query.0).await
}
