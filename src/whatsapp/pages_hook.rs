//! `/whatsapp`: where WhatsApp proves the address and posts what happens. Known by its signature alone.

use actix_web::http::header;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::{body, signature, taking};
use crate::error::{Refusal, RefusalKind};
use crate::web::{self, Answer, Desk};

/// Mebibytes of a body. WhatsApp sends three at the most.
const MOST_MEBIBYTES: usize = 4;
/// Messages of a body that are taken before it is answered. The worker takes the rest.
const AT_ONCE: usize = 20;
/// Characters of a challenge that are given back.
const LONGEST_CHALLENGE: usize = 1_000;

/// `GET /whatsapp`: gives the challenge back to whoever knows the word that the shop was shown.
pub async fn verify(desk: Data<Desk>, request: HttpRequest) -> Answer {
    let pairs: Vec<(String, String)> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let given = |name: &str| pairs.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let account = desk.db.read(super::account).await?;
    let challenge = given("hub.challenge");
    let is_ours = !account.verify_token.is_empty()
        && given("hub.mode") == "subscribe"
        && signature::is_same(given("hub.verify_token"), &account.verify_token);
    if !is_ours || challenge.is_empty() || challenge.chars().count() > LONGEST_CHALLENGE {
        let told = "The verify token is not the one of this shop. Copy it from Settings, WhatsApp.";
        return Err(Refusal::new(RefusalKind::Forbidden, "whatsapp.verify", told).into());
    }
    Ok(plain(challenge.to_owned()))
}

/// `POST /whatsapp`: writes down what happened, takes it and answers.
pub async fn receive(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let bytes = web::read_at_most(&mut payload.into_inner(), "A body from WhatsApp", MOST_MEBIBYTES).await?;
    let account = desk.db.read(super::account).await?;
    let mut headers = request.headers().get_all("x-hub-signature-256");
    let given = headers.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.next().is_some() || !signature::is_signed(&account.app_secret, &bytes, given) {
        let told = "This is not signed with the app secret of this shop. Nothing was kept.";
        return Err(Refusal::new(RefusalKind::Unauthenticated, "whatsapp.signature", told).into());
    }
    if !account.is_on {
        let told = "WhatsApp is switched off in this desk. Nothing was kept; send it again later.";
        return Err(Refusal::new(RefusalKind::Busy, "whatsapp.off", told).after(600).into());
    }
    let told = body::read(&bytes)?;
    let receipts = told.receipts.clone();
    let new = desk.db.write(move |tx| super::keep(tx, &told)).await?;
    for id in new.into_iter().take(AT_ONCE) {
        // It is written down: whatever happens now, the worker takes it.
        if let Err(error) = taking::take_one(&desk.db, id).await {
            tracing::error!(%error, "a message from WhatsApp waits");
        }
    }
    // One that cannot be written down is asked for again: all of this can come twice.
    for receipt in receipts {
        desk.db.write(move |tx| super::keep_receipt(tx, &receipt)).await?;
    }
    Ok(plain(String::new()))
}

fn plain(body: String) -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain; charset=utf-8")).body(body)
}
