//! `/inbox`: every conversation with customers, newest first, and beside the list the one that is open. On a
//! phone the list and the conversation are two pages.

use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use super::inbox::{self, COUNTED, Conversation, Cursor, Show};
use super::mentions;
use super::pages::{BackForm, Writing};
use super::pages_replies;
use super::pages_thread::{self, MessageRow, transport_words};
use super::pages_ways::{Way, ways};
use super::{Direction, Message};
use crate::customer_page::pages_link::LinkCard;
use crate::db::Conn;
use crate::error::{Refusal, Result};
use crate::order;
use crate::order::pages_parts::initials;
use crate::order::pages_show::Colleague;
use crate::order::pages_way::{number_of, way_back, went};
use crate::staff::permission::{ViewOrders, WriteNotes};
use crate::staff::{self, Member, Permission, Person, Staff};
use crate::time::{UtcTime, short_span};
use crate::web::{self, Answer, Desk, Form, Query, Section, Shell};
use crate::words::harmless;
use crate::workflow::Stages;

/// Characters of the last words that a line of the list has room for.
const SHOWN: usize = 140;

/// What the address of the inbox may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboxQuery {
    /// Which conversations are listed.
    #[serde(default)]
    show: String,
    /// Where the list begins.
    #[serde(default)]
    after: String,
}

/// What the list shows, read from its address.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    show: Show,
    after: Option<Cursor>,
}

impl Wanted {
    fn read(query: &InboxQuery) -> Result<Self> {
        let show = match query.show.as_str() {
            "" => Show::Awaiting,
            word => Show::parse(word).ok_or_else(|| {
                let known: Vec<&str> = Show::ALL.iter().map(|show| show.as_str()).collect();
                let told = format!("The inbox cannot show “{word}”. It shows {}.", known.join(", "));
                Refusal::field("talk.show", "show", told)
            })?,
        };
        let after = if query.after.is_empty() { None } else { Some(Cursor::read(&query.after)?) };
        Ok(Wanted { show, after })
    }
    /// From a way back; whatever cannot be read is left out.
    fn of(back: &str) -> Self {
        let query = back.split_once('?').map_or("", |(_, query)| query);
        let query: InboxQuery = serde_html_form::from_str(query).unwrap_or_default();
        Wanted::read(&query).unwrap_or(Wanted { show: Show::Awaiting, after: None })
    }
    /// The address of a page with this list.
    fn address(self, path: &str) -> String {
        let mut address = format!("{path}?show={}", self.show.as_str());
        if let Some(after) = self.after {
            address.push_str(&format!("&after={}", after.write()));
        }
        address
    }
}

/// A tab above the list.
pub(super) struct TabRow {
    pub href: String,
    pub label: &'static str,
    pub count: String,
    pub current: bool,
}

/// A conversation in the list.
struct ConversationRow {
    number: i64,
    href: String,
    name: String,
    /// Who said the last words: nothing if it was the customer.
    by: String,
    words: String,
    transport: String,
    icon: &'static str,
    at: Option<UtcTime>,
    waits: String,
    unread: i64,
    assignee: String,
    assignee_initials: String,
    current: bool,
}

/// What stands above the conversation that is open.
struct Open {
    name: String,
    stage: String,
    stage_colour: String,
    glyph: String,
    assignee: String,
    colleagues: Vec<Colleague>,
    /// Whether there is anything that could be marked as unread.
    was_written_to: bool,
}

#[derive(Template)]
#[template(path = "inbox/index.html")]
struct InboxPage {
    shell: Shell,
    tabs: Vec<TabRow>,
    rows: Vec<ConversationRow>,
    show: Show,
    list: String,
    newest: String,
    next: String,
    open: Option<Open>,
    /// Of the conversation that is open.
    number: i64,
    back: String,
    messages: Vec<MessageRow>,
    writing: Option<Writing>,
    /// Identifier and name of each saved reply.
    replies: Vec<(String, String)>,
    customer_page: Option<LinkCard>,
    /// By what the customer can be written to.
    ways: Vec<Way>,
    may_note: bool,
    may_assign: bool,
}

impl InboxPage {
    /// What was typed and could not be sent.
    pub fn draft_note(&self) -> &str {
        self.writing.as_ref().map_or("", |writing| writing.body.as_str())
    }
    /// What is wrong with it.
    pub fn note_problem(&self) -> &str {
        let refusal = self.writing.as_ref().and_then(|writing| writing.refusal.as_ref());
        refusal.map_or("", |refusal| refusal.message.as_str())
    }
    /// Whether it is an internal note.
    pub fn chat_is_internal(&self) -> bool {
        self.writing.as_ref().is_some_and(|writing| writing.audience == "internal")
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
        self.may_note
    }

    fn load(
        conn: &mut Conn,
        person: &Person,
        wanted: Wanted,
        number: Option<i64>,
        writing: Option<Writing>,
    ) -> Result<InboxPage> {
        let shell = Shell::load(conn, person, Section::Inbox)?;
        let members = staff::members(conn)?;
        let page = inbox::page(conn, &person.reach, wanted.show, person.id, wanted.after)?;
        let list = wanted.address("/inbox");
        let row = |conversation: &Conversation| row(&shell, conversation, &members, wanted, number);
        let mut inbox = InboxPage {
            tabs: tabs(conn, person, Some(wanted.show))?,
            rows: page.conversations.iter().map(row).collect(),
            show: wanted.show,
            newest: wanted.after.map(|_| Wanted { after: None, ..wanted }.address("/inbox")).unwrap_or_default(),
            next: page.next.map(|at| Wanted { after: Some(at), ..wanted }.address("/inbox")).unwrap_or_default(),
            open: None,
            number: number.unwrap_or_default(),
            back: number.map_or_else(|| list.clone(), |number| wanted.address(&format!("/inbox/{number}"))),
            messages: Vec::new(),
            writing,
            replies: Vec::new(),
            customer_page: None,
            ways: Vec::new(),
            may_note: person.may(Permission::WriteNotes),
            may_assign: person.may(Permission::EditOrders),
            list,
            shell,
        };
        if let Some(number) = number {
            inbox.open(conn, person, number, &members)?;
        }
        Ok(inbox)
    }

    /// Puts a conversation beside the list.
    fn open(&mut self, conn: &mut Conn, person: &Person, number: i64, members: &[Member]) -> Result<()> {
        let order = order::find(conn, number)?;
        let stages = Stages::load(conn)?;
        let messages = super::messages(conn, order.id)?;
        let contact = person.may(Permission::ViewContact);
        let holder = order.assignee_id;
        self.replies = pages_replies::choices(conn)?;
        self.customer_page = LinkCard::load(conn, person, &self.shell, &order)?;
        let page_is_open = !self.page_is_closed();
        let by = self.writing.as_ref().map_or("", |writing| writing.by.as_str());
        self.ways = ways(conn, &order, &messages, page_is_open, contact, by)?;
        self.open = Some(Open {
            name: customer_name(&order),
            stage: stages.label(&order.stage),
            stage_colour: stages.find(&order.stage).map_or(String::new(), |stage| stage.colour.clone()),
            glyph: order.base.as_str().to_owned(),
            assignee: name_of(members, holder).unwrap_or_default(),
            colleagues: members
                .iter()
                .filter(|member| member.can_take(order.market_id) || Some(member.id) == holder)
                .map(|m| Colleague { uid: m.uid.clone(), name: m.name.clone(), chosen: Some(m.id) == holder })
                .collect(),
            was_written_to: messages.iter().any(|message| message.direction == Direction::In),
        });
        self.messages = pages_thread::load(conn, &self.shell, &order, &messages, contact)?;
        Ok(())
    }
}

fn customer_name(order: &order::Order) -> String {
    match harmless(&order.customer_name) {
        name if name.trim().is_empty() => "No name".to_owned(),
        name => name,
    }
}

fn name_of(members: &[Member], id: Option<crate::ids::StaffId>) -> Option<String> {
    members.iter().find(|member| Some(member.id) == id).map(|member| member.name.clone())
}

/// The tabs above the list; nothing is current where the list is that of the mentions.
pub(super) fn tabs(conn: &mut Conn, person: &Person, current: Option<Show>) -> Result<Vec<TabRow>> {
    let counts = inbox::counts(conn, &person.reach)?;
    let unseen = mentions::unseen(conn, &person.reach, person.id)?;
    let mut tabs: Vec<TabRow> = Show::TABS.iter().map(|show| tab(*show, current, counts)).collect();
    let count = if unseen == 0 { String::new() } else { unseen.to_string() };
    tabs.push(TabRow { href: "/inbox/mentions".to_owned(), label: "Mentions", count, current: current.is_none() });
    Ok(tabs)
}

fn tab(show: Show, current: Option<Show>, (unread, awaiting): (i64, i64)) -> TabRow {
    let count = match show {
        Show::Unread => Some(unread),
        Show::Awaiting => Some(awaiting),
        Show::Mine | Show::Unassigned | Show::All => None,
    };
    let words = |count: i64| if count >= COUNTED { format!("{}+", COUNTED - 1) } else { count.to_string() };
    TabRow {
        href: Wanted { show, after: None }.address("/inbox"),
        label: show.label(),
        count: count.map(words).unwrap_or_default(),
        current: current == Some(show),
    }
}

fn row(
    shell: &Shell,
    conversation: &Conversation,
    members: &[Member],
    wanted: Wanted,
    open: Option<i64>,
) -> ConversationRow {
    let Conversation { order, last } = conversation;
    let mine = last.as_ref().filter(|message| message.direction == Direction::Out);
    let transport = last.as_ref().map_or("", |message| message.transport.as_str());
    let assignee = name_of(members, order.assignee_id).unwrap_or_default();
    ConversationRow {
        number: order.number,
        href: wanted.address(&format!("/inbox/{}", order.number)),
        name: customer_name(order),
        by: mine.map(|message| first_name(&message.author_name, shell)).unwrap_or_default(),
        words: last.as_ref().map(last_words).unwrap_or_default(),
        transport: transport_words(transport),
        icon: match transport {
            super::PAGE => "world",
            "email" => "mail",
            "whatsapp" => "brand-whatsapp",
            _ => "message-circle",
        },
        at: order.talked_at,
        waits: order.asked_at.map(|since| short_span(shell.now.seconds_since(since))).unwrap_or_default(),
        unread: order.unread_count,
        assignee_initials: initials(&assignee),
        assignee,
        current: open == Some(order.number),
    }
}

/// `You`, or the first name of a colleague.
fn first_name(author: &str, shell: &Shell) -> String {
    if author == shell.name {
        return "You".to_owned();
    }
    author.split_whitespace().next().unwrap_or_default().to_owned()
}

/// The beginning of what was said last; files alone have no words.
fn last_words(message: &Message) -> String {
    match shortened(&message.body) {
        words if words.is_empty() => "Sent a file".to_owned(),
        words => words,
    }
}

/// The beginning of a text in one line.
fn shortened(text: &str) -> String {
    let line = harmless(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    format!("{}…", line.chars().take(SHOWN).collect::<String>().trim_end())
}

/// `GET /inbox`
pub async fn index(desk: Data<Desk>, staff: Staff<ViewOrders>, query: Query<InboxQuery>) -> Answer {
    let (person, wanted) = (staff.person(), Wanted::read(&query)?);
    let page = desk.db.read(move |conn| InboxPage::load(conn, &person, wanted, None, None)).await?;
    web::page(&page)
}

/// `GET /inbox/{number}`: the list with one conversation open. Whoever may answer has read it then.
pub async fn show(desk: Data<Desk>, path: Path<String>, staff: Staff<ViewOrders>, query: Query<InboxQuery>) -> Answer {
    let (number, person, wanted) = (number_of(&path)?, staff.person(), Wanted::read(&query)?);
    let reader = person.clone();
    let mut page = desk.db.read(move |conn| InboxPage::load(conn, &reader, wanted, Some(number), None)).await?;
    if page.may_note && page.messages.iter().any(|message| message.is_unread) {
        desk.db.write(move |tx| super::mark_read(tx, number)).await?;
        // The list stays as it was found; the counts around it are those of now.
        page.shell = desk.db.read(move |conn| Shell::load(conn, &person, Section::Inbox)).await?;
    }
    web::page(&page)
}

/// Shows a conversation again with what was typed and what is wrong with it.
pub(super) async fn again(
    desk: &Desk,
    person: Person,
    number: i64,
    back: &str,
    status: StatusCode,
    writing: Writing,
) -> Answer {
    let wanted = Wanted::of(back);
    let page = desk.db.read(move |conn| InboxPage::load(conn, &person, wanted, Some(number), Some(writing))).await?;
    web::page_as(status, &page)
}

/// `POST /orders/{number}/unread`
pub async fn mark_unread(
    desk: Data<Desk>,
    request: HttpRequest,
    path: Path<String>,
    staff: Staff<WriteNotes>,
    form: Form<BackForm>,
) -> Answer {
    let number = number_of(&path)?;
    desk.db.write(move |tx| inbox::mark_unread(tx, number)).await?;
    staff.toast(format!("#{number} is marked as unread."));
    Ok(went(&request, &way_back(form.0.place(), number)))
}
