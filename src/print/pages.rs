//! Previewing, recording and printing: one document for one order or many.

use std::fmt::Write;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, http::header};
use askama::Template;
use serde::Deserialize;

use super::document::{Bar, Brand, Document, Papers};
use super::picks::picks;
use super::settings::{self, PrintSettings};
use super::sheet::{Sight, sheet};
use super::slip::{self, Options, Source, slips};
use super::{LeftOut, Paper, read, read_for_slips};
use crate::db::{Conn, Tx};
use crate::error::{Error, Refusal, Result};
use crate::event::{self, Event};
use crate::ids::OrderId;
use crate::market::Markets;
use crate::order;
use crate::staff::permission::Print;
use crate::staff::{self, Permission, Person, Staff};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Query, see_other};
use crate::workflow::Stages;

/// What is printed of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Slip,
    Sheet,
    Pick,
}

impl Kind {
    fn parse(word: &str) -> Result<Self> {
        match word {
            "slip" => Ok(Kind::Slip),
            "sheet" => Ok(Kind::Sheet),
            "pick" => Ok(Kind::Pick),
            other => Err(Refusal::field(
                "print.template_unknown",
                "template",
                format!("There is nothing called {other} to print. Choose slip, sheet or pick."),
            )
            .into()),
        }
    }
    fn word(self) -> &'static str {
        match self {
            Kind::Slip => "slip",
            Kind::Sheet => "sheet",
            Kind::Pick => "pick",
        }
    }
    /// As the diary calls it.
    fn template(self) -> &'static str {
        match self {
            Kind::Slip => "packing_slip",
            Kind::Sheet => "order_details",
            Kind::Pick => "pick_list",
        }
    }
    /// The papers it comes on.
    fn papers(self) -> &'static [Paper] {
        match self {
            Kind::Slip => Paper::ALL,
            Kind::Sheet | Kind::Pick => Paper::SHEETS,
        }
    }
    fn heading(self, count: usize) -> String {
        match (self, count) {
            (Kind::Slip, 1) => "Packing slip".to_owned(),
            (Kind::Slip, _) => format!("{count} packing slips"),
            (Kind::Sheet, 1) => "Order details".to_owned(),
            (Kind::Sheet, _) => format!("Details of {count} orders"),
            (Kind::Pick, 1) => "Pick list".to_owned(),
            (Kind::Pick, _) => format!("Pick list for {count} orders"),
        }
    }
}

/// What the address of a preview may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintQuery {
    /// Order numbers, repeated or with commas; only where the path names no order.
    #[serde(default)]
    o: Vec<String>,
    #[serde(default)]
    paper: Option<String>,
    #[serde(default)]
    gift: Option<String>,
    #[serde(default)]
    prices: Option<String>,
    #[serde(default)]
    cover: Option<String>,
    /// Public identifier of one parcel of the order.
    #[serde(default)]
    parcel: String,
    /// Set by the desk after recording.
    #[serde(default)]
    recorded: Option<String>,
}

/// The posted form that records a printing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordForm {
    form_token: String,
    #[serde(default)]
    o: Vec<String>,
    template: String,
    paper: String,
    #[serde(default)]
    gift: Option<String>,
    #[serde(default)]
    prices: Option<String>,
    #[serde(default)]
    cover: Option<String>,
    #[serde(default)]
    parcel: String,
}

/// A document somebody asks for.
#[derive(Clone, Debug)]
struct Wish {
    kind: Kind,
    numbers: Vec<i64>,
    /// Whether the address names the one order.
    single: bool,
    paper: Option<Paper>,
    gift: bool,
    prices: bool,
    cover: bool,
    /// Public identifier of the only parcel wanted, or nothing.
    parcel: String,
    recorded: bool,
    desk: String,
}

impl Wish {
    /// The address of this document.
    fn location(&self, paper: Paper, recorded: bool) -> String {
        let mut location = match (self.kind, self.single, self.numbers.first()) {
            (kind, true, Some(number)) => format!("/orders/{number}/{}?paper={paper}", kind.word()),
            (kind, _, _) => format!("/print/{}s?o={}&paper={paper}", kind.word(), listed(&self.numbers)),
        };
        for (name, wanted) in
            [("gift", self.gift), ("prices", self.prices), ("cover", self.cover), ("recorded", recorded)]
        {
            if wanted {
                let _ = write!(location, "&{name}=1");
            }
        }
        if !self.parcel.is_empty() {
            let _ = write!(
                location,
                "&parcel={}",
                url::form_urlencoded::byte_serialize(self.parcel.as_bytes()).collect::<String>()
            );
        }
        location
    }
}

/// `GET /orders/{number}/slip`
pub async fn one_slip(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<Print>,
    number: Path<String>,
    query: Query<PrintQuery>,
) -> Answer {
    show(&desk, &request, &staff, Kind::Slip, Some(&number), &query).await
}

/// `GET /orders/{number}/sheet`
pub async fn one_sheet(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<Print>,
    number: Path<String>,
    query: Query<PrintQuery>,
) -> Answer {
    show(&desk, &request, &staff, Kind::Sheet, Some(&number), &query).await
}

/// `GET /print/slips`
pub async fn many_slips(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<Print>,
    query: Query<PrintQuery>,
) -> Answer {
    show(&desk, &request, &staff, Kind::Slip, None, &query).await
}

/// `GET /print/sheets`
pub async fn many_sheets(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<Print>,
    query: Query<PrintQuery>,
) -> Answer {
    show(&desk, &request, &staff, Kind::Sheet, None, &query).await
}

/// `GET /print/picks`
pub async fn pick_list(
    desk: Data<Desk>,
    request: HttpRequest,
    staff: Staff<Print>,
    query: Query<PrintQuery>,
) -> Answer {
    show(&desk, &request, &staff, Kind::Pick, None, &query).await
}

async fn show(
    desk: &Desk,
    request: &HttpRequest,
    person: &Person,
    kind: Kind,
    number: Option<&str>,
    query: &PrintQuery,
) -> Answer {
    let numbers = match number {
        Some(number) => numbers_of(&[number.to_owned()])?,
        None => numbers_of(&query.o)?,
    };
    let wish = Wish {
        kind,
        numbers,
        single: number.is_some(),
        paper: query.paper.as_deref().map(|word| paper_of(kind, word)).transpose()?,
        gift: is_on(&query.gift),
        prices: is_on(&query.prices),
        cover: is_on(&query.cover),
        parcel: query.parcel.clone(),
        recorded: is_on(&query.recorded),
        desk: address_of(request),
    };
    let person = person.clone();
    // Rendering a large batch takes a while, so it happens off the event loop with the reading.
    let html = desk.db.read(move |conn| document(conn, &person, wish)?.render().map_err(Error::broken)).await?;
    Ok(on_paper(html))
}

/// A document to look at. It is kept nowhere on its way.
pub(super) fn on_paper(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(html)
}

/// What the address of a document on a sheet may say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SheetQuery {
    paper: Option<String>,
    /// Whether the browser prints at once.
    pub(super) print: Option<String>,
}

impl SheetQuery {
    /// The paper asked for, else the one that this person used last, else the usual one of a country.
    ///
    /// # Errors
    /// Refuses a label and what is no paper.
    pub(super) fn paper(&self, person: &Person, country: &str) -> Result<Paper> {
        let sheet = |word: &str| Paper::parse(word).filter(|paper| Paper::SHEETS.contains(paper));
        let Some(word) = self.paper.as_deref() else {
            return Ok(sheet(&person.preferences.paper).unwrap_or_else(|| Paper::usual_in(country)));
        };
        sheet(word).ok_or_else(|| {
            let words: Vec<&str> = Paper::SHEETS.iter().map(|paper| paper.as_str()).collect();
            let told = format!("Choose one of these papers: {}.", words.join(", "));
            Refusal::field("print.paper_unknown", "paper", told).into()
        })
    }
}

/// `POST /print/records`: records that these papers are printed now, and shows them.
pub async fn record(desk: Data<Desk>, request: HttpRequest, staff: Staff<Print>, form: Form<RecordForm>) -> Answer {
    let kind = Kind::parse(&form.template)?;
    let paper = paper_of(kind, &form.paper)?;
    let numbers = numbers_of(&form.o)?;
    let wish = Wish {
        kind,
        single: numbers.len() == 1 && !is_on(&form.cover),
        numbers,
        paper: Some(paper),
        gift: is_on(&form.gift),
        prices: is_on(&form.prices),
        cover: is_on(&form.cover),
        parcel: form.parcel.clone(),
        recorded: true,
        desk: address_of(&request),
    };
    let person = staff.person();
    let token = form.form_token.clone();
    let outcome = desk
        .db
        .write(move |tx| {
            web::once(tx, &person.credential(), &token, |tx| {
                write_down(tx, &person, &wish, paper)?;
                Ok(wish.location(paper, true))
            })
        })
        .await?;
    Ok(see_other(&outcome.location))
}

fn write_down(tx: &mut Tx<'_>, person: &Person, wish: &Wish, paper: Paper) -> Result<()> {
    let actor = person.actor();
    let sources = match wish.kind {
        Kind::Slip | Kind::Pick => read_for_slips(tx.conn, &person.reach, &wish.numbers)?.sources,
        Kind::Sheet => read(tx.conn, &person.reach, &wish.numbers)?,
    };
    // Always in the same order, so that two batches never wait for each other.
    let mut orders: Vec<(OrderId, bool)> = sources.iter().map(|source| (source.order.id, source.order.gift)).collect();
    orders.sort_unstable();
    match wish.kind {
        Kind::Slip => {
            for gift in [false, true] {
                let keys: Vec<OrderId> =
                    orders.iter().filter(|(_, is)| (*is || wish.gift) == gift).map(|(key, _)| *key).collect();
                order::mark_printed(tx, &actor, &keys, wish.kind.template(), paper.as_str(), gift)?;
            }
        }
        Kind::Sheet | Kind::Pick => {
            let printed = Event::SlipPrinted {
                template: wish.kind.template().to_owned(),
                paper: paper.as_str().to_owned(),
                gift: false,
                print: 1,
            };
            for (key, _) in orders {
                order::lock(tx, key)?;
                event::record(tx, &actor, Some(key), &printed)?;
            }
        }
    }
    if wish.kind == Kind::Slip && person.preferences.paper != paper.as_str() {
        let wanted = staff::Preferences { paper: paper.as_str().to_owned(), ..person.preferences.clone() };
        staff::save_preferences(tx, person.id, &wanted)?;
    }
    Ok(())
}

fn document(conn: &mut Conn, person: &Person, mut wish: Wish) -> Result<Document> {
    let (sources, left_out) = match wish.kind {
        Kind::Slip | Kind::Pick => {
            let batch = read_for_slips(conn, &person.reach, &wish.numbers)?;
            (batch.sources, batch.left_out)
        }
        Kind::Sheet => (read(conn, &person.reach, &wish.numbers)?, Vec::new()),
    };
    if let Some(address) = web::setting(conn, "public_address")?.filter(|address| !address.is_empty()) {
        wish.desk = address;
    }
    let markets = Markets::load(conn)?;
    let home = markets.home()?;
    let last = Paper::parse(&person.preferences.paper).filter(|paper| wish.kind.papers().contains(paper));
    let choice = wish.paper.or(last);
    let paper = choice.unwrap_or_else(|| Paper::usual_in(&home.country));
    let settings = PrintSettings::read(web::setting(conn, settings::NAME)?.as_deref());
    let may_price = person.may(Permission::ViewMoney);
    wish.prices &= may_price;
    let papers = match wish.kind {
        Kind::Slip => {
            let options = Options {
                paper,
                gift: wish.gift,
                prices: wish.prices,
                pictures: settings.pictures,
                next_print: !wish.recorded,
                desk: wish.desk.clone(),
            };
            Papers::Slips(wanted_slips(&wish, &sources, &options)?)
        }
        Kind::Sheet => {
            let stages = Stages::load(conn)?;
            let sight = Sight { money: may_price, contact: person.may(Permission::ViewContact) };
            let channel = |source: &Source| {
                markets.channel(source.order.channel_id).map(|channel| channel.name.clone()).unwrap_or_default()
            };
            let one = |source: &Source| {
                sheet(source, sight, &wish.desk, &stages.label(&source.order.stage), &channel(source))
            };
            Papers::Sheets(sources.iter().map(one).collect())
        }
        Kind::Pick => Papers::Picks(picks(&sources, settings.pictures)),
    };
    let shop = web::shop(conn)?;
    let address = web::setting(conn, "shop_address")?.unwrap_or_default();
    let address = address.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(", ");
    let bar = bar(&wish, &sources, &left_out, may_price);
    let cover = wish.cover && bar.may_cover;
    Ok(Document {
        title: bar.heading.clone(),
        paper,
        brand: Brand { name: shop.name, address, contact: settings.contact.clone() },
        papers,
        printed: slip::printed(UtcTime::now(), markets.zone(), &person.name),
        cover,
        settings,
        bar,
    })
}

/// A slip for each parcel, or only that of the parcel asked for.
fn wanted_slips(wish: &Wish, sources: &[Source], options: &Options) -> Result<Vec<slip::Slip>> {
    if wish.parcel.is_empty() {
        return Ok(sources.iter().flat_map(|source| slips(source, options)).collect());
    }
    let place = |source: &Source| source.parcels.iter().position(|parcel| parcel.uid == wish.parcel);
    let found = sources.iter().find_map(|source| slips(source, options).into_iter().nth(place(source)?));
    found.map(|slip| vec![slip]).ok_or_else(|| Error::Missing("such parcel of the order".to_owned()))
}

fn bar(wish: &Wish, sources: &[Source], left_out: &[LeftOut], may_price: bool) -> Bar {
    let printed: Vec<i64> = sources.iter().map(|source| source.order.number).collect();
    let mut heading = wish.kind.heading(printed.len());
    if let [only] = sources {
        heading = format!("{heading} {}", slip::name(&only.prefix, only.order.number));
    }
    let (back, back_label, action, orders) = match printed.first() {
        Some(number) if wish.single => {
            let action = format!("/orders/{number}/{}", wish.kind.word());
            (format!("/orders/{number}"), format!("Order {number}"), action, String::new())
        }
        _ => {
            let action = format!("/print/{}s", wish.kind.word());
            ("/orders".to_owned(), "Orders".to_owned(), action, listed(&wish.numbers))
        }
    };
    Bar {
        back,
        back_label,
        heading,
        action,
        orders,
        record: listed(&printed),
        template: wish.kind.word(),
        gift: wish.gift,
        prices: wish.prices,
        may_price,
        may_cover: !wish.single && wish.kind != Kind::Pick,
        left_out: left_out.iter().map(|order| format!("Order {} {}.", order.number, order.why)).collect(),
        form_token: uuid::Uuid::new_v4().to_string(),
        parcel: wish.parcel.clone(),
        recorded: wish.recorded,
    }
}

/// Whether an option is there and not `0`.
fn is_on(option: &Option<String>) -> bool {
    option.as_deref().is_some_and(|value| value != "0")
}

/// The numbers in these texts, each once, in their order.
fn numbers_of(texts: &[String]) -> Result<Vec<i64>> {
    let mut numbers = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for text in texts.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|text| !text.is_empty()) {
        let short: String = text.chars().take(40).collect();
        let number: i64 = text.parse().map_err(|_| Error::Missing(format!("order {short}")))?;
        if seen.insert(number) {
            numbers.push(number);
        }
    }
    Ok(numbers)
}

fn listed(numbers: &[i64]) -> String {
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

fn paper_of(kind: Kind, word: &str) -> Result<Paper> {
    let words: Vec<String> = kind.papers().iter().map(|paper| paper.as_str().to_owned()).collect();
    Paper::parse(word).filter(|paper| kind.papers().contains(paper)).ok_or_else(|| {
        Refusal::field("print.paper_unknown", "paper", format!("Choose one of these papers: {}.", words.join(", ")))
            .allowing(words)
            .into()
    })
}

/// Where the browser reached the desk, for codes while the shop has set no public address.
fn address_of(request: &HttpRequest) -> String {
    let info = request.connection_info();
    format!("{}://{}", info.scheme(), info.host())
}
