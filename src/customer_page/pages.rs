//! The addresses under `/t/`: the customer's page and its forms. Who holds the secret may open them; there
//! is no session, no cookie and no scripting.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::asks::{self, Done};
use super::pages_view::{CustomerPage, GonePage, Refused, Said, Sheet, ShopCard};
use super::{Link, Opened, Policy};
use crate::conversation::pages_files::{self, LIMITS, files_of};
use crate::conversation::{self, attachments};
use crate::db::Tx;
use crate::error::{Error, FieldProblem, Refusal, RefusalKind, Result};
use crate::language::Language;
use crate::market::Markets;
use crate::moves::pages::version_of;
use crate::order::Order;
use crate::order::pages_form::{ADDRESS, Typed, problem};
use crate::shipment::Units;
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, Form, Sent, see_other};

/// Forms that one page may send in a minute.
const POSTS_A_MINUTE: u32 = 10;

/// What the address of the page may say.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PageQuery {
    /// What was just done.
    #[serde(default)]
    done: String,
    /// Tag of the language that was chosen on the page.
    #[serde(default)]
    lang: String,
}

fn query_of(request: &HttpRequest) -> PageQuery {
    serde_html_form::from_str(request.query_string()).unwrap_or_default()
}

/// The language that was chosen on the page, if one was.
fn chosen(request: &HttpRequest) -> Option<Language> {
    Language::find(&query_of(request).lang)
}

/// The fields of a form.
type Pairs = Form<Vec<(String, String)>>;

fn token_of(request: &HttpRequest) -> String {
    request.match_info().query("token").chars().take(100).collect()
}

/// `GET /t/{token}`
pub async fn show(desk: Data<Desk>, request: HttpRequest) -> Answer {
    let (done, chosen, token) = (Done::parse(&query_of(&request).done), chosen(&request), token_of(&request));
    let read = desk.db.read(move |conn| match super::open(conn, &token, UtcTime::now())? {
        Opened::Page(link, order) => CustomerPage::load(conn, &link, &order, chosen, Said { done, refused: None })
            .map(|page| Ok((page, order.id))),
        shut @ (Opened::Over(_) | Opened::Unknown) => Ok(Err(shut)),
    });
    let (page, order) = match read.await? {
        Ok(found) => found,
        Err(shut) => return gone(&desk, &request, shut).await,
    };
    if page.unseen {
        desk.db.write(move |tx| conversation::seen_by_customer(tx, order)).await?;
    }
    web::page(&page)
}

/// `GET` of the addresses that forms are sent to: a reload after a refused form.
pub async fn back(request: HttpRequest) -> HttpResponse {
    let tail = chosen(&request).map(|language| format!("?lang={}", language.tag())).unwrap_or_default();
    see_other(&format!("/t/{}{tail}", token_of(&request)))
}

/// Everything else under `/t/`.
pub async fn unknown(desk: Data<Desk>, request: HttpRequest) -> Answer {
    gone(&desk, &request, Opened::Unknown).await
}

/// The page for an address that opens nothing: 404, or 410 if it did once.
async fn gone(desk: &Desk, request: &HttpRequest, shut: Opened) -> Answer {
    let was_there = matches!(shut, Opened::Over(_));
    let chosen = chosen(request);
    let (shop, language) = desk
        .db
        .read(move |conn| {
            let policy = super::policy(conn)?;
            let markets = Markets::load(conn)?;
            let language = match shut {
                Opened::Over(order) | Opened::Page(_, order) => markets.language(order.market_id, &order.language),
                Opened::Unknown => markets.home()?.language(""),
            };
            Ok((ShopCard::load(conn, &policy)?, chosen.unwrap_or(language)))
        })
        .await?;
    let status = if was_there { StatusCode::GONE } else { StatusCode::NOT_FOUND };
    web::page_as(status, &GonePage { shop, was_there, language })
}

/// `POST /t/{token}/messages`
pub async fn say(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let token = token_of(&request);
    // Files are read from those alone who hold a link.
    match desk.db.read(move |conn| super::open(conn, &token, UtcTime::now())).await? {
        Opened::Page(..) => {}
        shut @ (Opened::Over(_) | Opened::Unknown) => return gone(&desk, &request, shut).await,
    }
    let mut read = Sent::read(&request, payload, LIMITS).await?;
    let files = files_of(&mut read);
    let mut print = Sha256::new();
    for file in files.iter().flatten() {
        print.update(Sha256::digest(&file.bytes));
    }
    let knows = |name: &str| name == "body";
    let typed = Typed::read(read.fields, |name| knows(name) || PROOF.contains(&name))?;
    let text = format!("{}{}", typed.get("body"), URL_SAFE_NO_PAD.encode(print.finalize()));
    take(&desk, &request, Sheet::Message, typed, &text, move |tx, order, _, typed| {
        asks::say(tx, order, typed.get("body"), &files?)
    })
    .await
}

/// `GET /t/{token}/files/{uid}`: a file of a message that stands on the page.
pub async fn file(desk: Data<Desk>, request: HttpRequest) -> Answer {
    let (token, uid) = (token_of(&request), request.match_info().query("uid").to_owned());
    let read = desk.db.read(move |conn| match super::open(conn, &token, UtcTime::now())? {
        Opened::Page(_, order) => Ok(Ok(attachments::open(conn, order.id, &uid)?)),
        shut @ (Opened::Over(_) | Opened::Unknown) => Ok(Err(shut)),
    });
    match read.await? {
        Ok(Some((file, transport, bytes))) if transport == conversation::PAGE => {
            Ok(pages_files::answer(&request, &file, bytes))
        }
        Ok(_) => gone(&desk, &request, Opened::Unknown).await,
        Err(shut) => gone(&desk, &request, shut).await,
    }
}

/// `POST /t/{token}/address`
pub async fn give_address(desk: Data<Desk>, request: HttpRequest, form: Pairs) -> Answer {
    let knows = |name: &str| name.strip_prefix("ship_").is_some_and(|part| ADDRESS.contains(&part));
    sent(&desk, &request, Sheet::Address, form, knows, |tx, order, _, typed| {
        let mut problems: Vec<FieldProblem> = Vec::new();
        let address = typed.address("ship", &mut problems);
        if !problems.is_empty() {
            return Err(Refusal::fields("customer_page.address", problems).into());
        }
        asks::give_address(tx, order, version_of(typed.get("version"))?, address)
    })
    .await
}

/// `POST /t/{token}/cancellation`
pub async fn cancel(desk: Data<Desk>, request: HttpRequest, form: Pairs) -> Answer {
    let knows = |name: &str| name == "note";
    sent(&desk, &request, Sheet::Cancellation, form, knows, |tx, order, policy, typed| {
        asks::cancel(tx, order, version_of(typed.get("version"))?, typed.get("note"), policy)
    })
    .await
}

/// `POST /t/{token}/arrival`
pub async fn arrived(desk: Data<Desk>, request: HttpRequest, form: Pairs) -> Answer {
    sent(
        &desk,
        &request,
        Sheet::Arrival,
        form,
        |_| false,
        |tx, order, _, typed| asks::arrived(tx, order, version_of(typed.get("version"))?),
    )
    .await
}

/// `POST /t/{token}/resumption`
pub async fn resume(desk: Data<Desk>, request: HttpRequest, form: Pairs) -> Answer {
    sent(
        &desk,
        &request,
        Sheet::Resumption,
        form,
        |_| false,
        |tx, order, _, typed| asks::resume(tx, order, version_of(typed.get("version"))?),
    )
    .await
}

/// `POST /t/{token}/returns`
pub async fn ask_return(desk: Data<Desk>, request: HttpRequest, form: Pairs) -> Answer {
    let knows = |name: &str| ["line", "units", "reason", "note"].contains(&name);
    sent(&desk, &request, Sheet::Return, form, knows, |tx, order, _, typed| {
        let version = version_of(typed.get("version"))?;
        asks::ask_return(tx, order, version, &units_of(typed)?, typed.get("reason"), typed.get("note"))
    })
    .await
}

fn units_of(typed: &Typed) -> Result<Vec<Units>> {
    let mut units = Vec::new();
    for (line, count) in typed.list("line").iter().zip(typed.list("units")) {
        let quantity = match count.trim() {
            "" => 0,
            count => count.parse::<u32>().map(i64::from).map_err(|_| {
                let told = "Enter a whole number, or leave it empty.";
                Refusal::fields("customer_page.units", vec![problem(&format!("units-{line}"), told)])
            })?,
        };
        units.push(Units { line: line.clone(), quantity });
    }
    Ok(units)
}

/// What every form of the page carries.
const PROOF: [&str; 2] = ["version", "form_token"];

/// Reads and takes a form without files.
async fn sent(
    desk: &Desk,
    request: &HttpRequest,
    sheet: Sheet,
    form: Pairs,
    knows: impl Fn(&str) -> bool,
    work: impl FnOnce(&mut Tx<'_>, &Order, &Policy, &Typed) -> Result<Done> + Send + 'static,
) -> Answer {
    let typed = Typed::read(form.0, |name| knows(name) || PROOF.contains(&name))?;
    take(desk, request, sheet, typed, "", work).await
}

/// Takes a form: once, not too often, and shows it again with what was typed if it cannot be.
/// `text` is what makes one message another than the one before.
async fn take(
    desk: &Desk,
    request: &HttpRequest,
    sheet: Sheet,
    typed: Typed,
    text: &str,
    work: impl FnOnce(&mut Tx<'_>, &Order, &Policy, &Typed) -> Result<Done> + Send + 'static,
) -> Answer {
    let token = token_of(request);
    let asked = token.clone();
    let link = match desk.db.read(move |conn| super::open(conn, &asked, UtcTime::now())).await? {
        Opened::Page(link, _) => link,
        shut @ (Opened::Over(_) | Opened::Unknown) => return gone(desk, request, shut).await,
    };
    if let Err(refusal) = desk.posts.take(link.id, POSTS_A_MINUTE) {
        let told = "You are sending very often. Wait a minute, then send it again.";
        let slower =
            Refusal::new(RefusalKind::TooMany, "customer_page.too_many", told).after(refusal.retry_after.unwrap_or(60));
        return again(desk, request, link, Refused { sheet, typed, refusal: slower }).await;
    }
    let (credential, sent) = (credential(&link, sheet, text), typed.clone());
    let tail = chosen(request).map(|language| format!("&lang={}", language.tag())).unwrap_or_default();
    let outcome = desk
        .db
        .write(move |tx| {
            // Once more, in the transaction: it may have been revoked meanwhile.
            let Opened::Page(link, order) = super::open(tx.conn, &token, tx.now)? else {
                return Err(Error::Missing("page at this address".to_owned()));
            };
            let policy = super::policy(tx.conn)?;
            web::once(tx, &credential, sent.get("form_token"), |tx| {
                let done = work(tx, &order, &policy, &sent)?;
                Ok(format!("{}?done={}{tail}#said", link.path(), done.as_str()))
            })
        })
        .await;
    match outcome {
        Ok(done) => Ok(see_other(&done.location)),
        Err(error) => {
            let refusal = asks::for_customer(error)?;
            again(desk, request, link, Refused { sheet, typed, refusal }).await
        }
    }
}

/// Whose one-time token it is: this page's, for this form; another text is another message, even if it is
/// typed into a page that was gone back to.
fn credential(link: &Link, sheet: Sheet, text: &str) -> String {
    let text = match sheet {
        Sheet::Message => format!(":{}", URL_SAFE_NO_PAD.encode(Sha256::digest(text.as_bytes()))),
        Sheet::Address | Sheet::Cancellation | Sheet::Return | Sheet::Arrival | Sheet::Resumption => String::new(),
    };
    format!("page:{}:{}{text}", link.id, sheet.as_str())
}

async fn again(desk: &Desk, request: &HttpRequest, link: Link, refused: Refused) -> Answer {
    let status = match refused.refusal.kind {
        RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        RefusalKind::State | RefusalKind::Stale => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    let wait = refused.refusal.retry_after;
    let (chosen, said) = (chosen(request), Said { done: None, refused: Some(refused) });
    let page = desk.db.read(move |conn| match super::open(conn, &link.token, UtcTime::now())? {
        Opened::Page(link, order) => CustomerPage::load(conn, &link, &order, chosen, said).map(Ok),
        shut @ (Opened::Over(_) | Opened::Unknown) => Ok(Err(shut)),
    });
    match page.await? {
        Ok(page) => {
            let mut answer = web::page_as(status, &page)?;
            if let Some(wait) = wait {
                answer.headers_mut().insert(actix_web::http::header::RETRY_AFTER, wait.into());
            }
            Ok(answer)
        }
        Err(shut) => gone(desk, request, shut).await,
    }
}
