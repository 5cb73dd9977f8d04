//! The Graph API: sending one message, and what each of its answers means.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::multipart::{Form, Part};
use ureq::{Agent, AsSendBody};

use super::Account;
use super::body::{list, text};
use super::line;
use crate::conversation::transport::Outcome;
use crate::outside::{self, Allowed, Outside};

/// How long a call may take in all: less than the outbox waits for it.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(10);
/// What a problem begins with that somebody has to set right before anything is sent again.
pub const TROUBLE: &str = "Account at WhatsApp: ";
/// How much of an answer is read, in bytes.
const KEPT: u64 = 65_536;

/// What makes the calls, the same for the whole process. Trusts the authorities of this machine, and those of
/// Mozilla if the machine has none.
fn agent() -> &'static Agent {
    static AGENT: OnceLock<Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let own = rustls_native_certs::load_native_certs().certs;
        let own: Vec<Certificate<'static>> = own.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let roots = if own.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&own) };
        Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("Slipway/", env!("CARGO_PKG_VERSION")))
            .tls_config(TlsConfig::builder().root_certs(roots).build())
            .build()
            .into()
    })
}

/// Sends a message and waits so long for the answer. Blocks.
pub fn send(account: &Account, message: &Value, patience: Duration) -> Outcome {
    match post(account, "messages", Some("application/json"), message.to_string(), patience) {
        Ok((status, after, body)) => read(status, after, &body),
        Err(error) => broke_off(&error, patience),
    }
}

/// A file that goes with a message.
pub struct Upload {
    /// Its name.
    pub name: String,
    /// As browsers call its kind.
    pub mime: &'static str,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Hands a file over that is sent with a message afterwards, and returns the name it has there. Whatever comes of it,
/// the customer sees nothing of it yet, so it may be done again. Blocks.
///
/// # Errors
/// What becomes of the message that it was to go with.
pub fn upload(account: &Account, file: &Upload, patience: Duration) -> Result<String, Outcome> {
    // Its name holds no quotes and no ends of lines since it was kept.
    let part = Part::bytes(&file.bytes).file_name(&file.name).mime_str(file.mime);
    let posted = part.and_then(|part| {
        let form = Form::new().text("messaging_product", "whatsapp").text("type", file.mime).part("file", part);
        post(account, "media", None, form, patience)
    });
    let outcome = match posted {
        Ok((status, after, body)) => {
            let answer: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
            match text(&answer, "id") {
                id if (200..300).contains(&status) && !id.is_empty() => return Ok(id),
                _ => read(status, after, &body),
            }
        }
        Err(error) => broke_off(&error, patience),
    };
    Err(match outcome {
        Outcome::Sent(_) | Outcome::Unsure(_) => {
            let problem = "The file could not be handed to WhatsApp, so nothing was sent yet.".to_owned();
            Outcome::Later { problem, after: None }
        }
        known => known,
    })
}

/// Posts something to the shop's number; a form says itself of what kind it is. Returns the status, when to come again
/// if that is said, and what was answered.
fn post(
    account: &Account,
    what: &str,
    kind: Option<&str>,
    body: impl AsSendBody,
    patience: Duration,
) -> Result<(u16, Option<i64>, String), ureq::Error> {
    let url = format!("{}/{}/{}/{what}", account.graph, account.version, account.number);
    let call = agent().post(&url).config().timeout_global(Some(patience));
    let call = call.timeout_resolve(Some(CONNECT.min(patience))).timeout_connect(Some(CONNECT.min(patience))).build();
    let token = format!("Bearer {}", account.token);
    let call = kind.into_iter().fold(call, |call, kind| call.header("content-type", kind));
    let mut answer = call.header("authorization", token).send(body)?;
    let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let after = after.and_then(|value| value.trim().parse::<i64>().ok());
    Ok((answer.status().as_u16(), after, beginning(answer.body_mut().as_reader())))
}

/// Why a file could not be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lack {
    /// It never will be; why, in a sentence for staff.
    Forever(String),
    /// It may be later; why not now, in words for the log.
    Now(String),
}

/// Fetches a file of the shop's by its name there, so many bytes at the most. The token goes to the Graph API, which
/// names the place, and to that place, which is of the same origin or any public one over TLS. Blocks.
///
/// # Errors
/// Why it could not be had.
pub fn fetch(account: &Account, media: &str, most: u64) -> Result<Vec<u8>, Lack> {
    let gone = || Lack::Forever("WhatsApp does not have it any more.".to_owned());
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if media.is_empty() || !media.bytes().all(is_name) {
        return Err(gone());
    }
    let asked = format!("{}/{}/{media}", account.graph, account.version);
    let (status, about) = get(agent(), &asked, account, KEPT)?;
    let about: Value = serde_json::from_slice(&about).unwrap_or(Value::Null);
    match status {
        200 => {}
        // What there is not, and what was never ours, are told alike.
        404 | 410 => return Err(gone()),
        400 if text(&about["error"], "code") == "100" => return Err(gone()),
        _ => return Err(Lack::Now(format!("the answer was {status} {}", words(&about["error"])))),
    }
    if text(&about, "file_size").parse::<u64>().is_ok_and(|size| size > most) {
        return Err(Lack::Forever("It is larger than 10 MB.".to_owned()));
    }
    let place = text(&about, "url");
    let origin = |address: &str| url::Url::parse(address).map(|url| url.origin()).ok();
    let (status, bytes) = if origin(&place).is_some() && origin(&place) == origin(&account.graph) {
        get(agent(), &place, account, most)?
    } else if place.starts_with("https://") {
        get(Outside::new(Allowed::default(), PATIENCE).agent(), &place, account, most)?
    } else {
        return Err(Lack::Now("the place of the file is not secured".to_owned()));
    };
    // A place is good for minutes only: the next try asks for another one.
    if status == 200 { Ok(bytes) } else { Err(Lack::Now(format!("its place answered {status}"))) }
}

fn get(agent: &Agent, address: &str, account: &Account, most: u64) -> Result<(u16, Vec<u8>), Lack> {
    let call = agent.get(address).config().timeout_global(Some(PATIENCE)).timeout_connect(Some(CONNECT)).build();
    let answer = call.header("authorization", format!("Bearer {}", account.token)).call();
    let mut answer = answer.map_err(|error| Lack::Now(error.to_string()))?;
    let status = answer.status().as_u16();
    Ok((status, outside::beginning(answer.body_mut().as_reader(), most)))
}

/// What a call means that got no answer: if no connection came about nothing was sent, otherwise nobody knows.
fn broke_off(error: &ureq::Error, patience: Duration) -> Outcome {
    use std::io::ErrorKind as Kind;
    let later = |problem: &str| Outcome::Later { problem: problem.to_owned(), after: None };
    let never_began = [
        Kind::ConnectionRefused,
        Kind::HostUnreachable,
        Kind::NetworkUnreachable,
        Kind::AddrNotAvailable,
        Kind::NetworkDown,
    ];
    match error {
        ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
            later("No connection to WhatsApp came about in time.")
        }
        ureq::Error::HostNotFound => later("The address of the Graph API is not known to the network."),
        ureq::Error::ConnectionFailed | ureq::Error::Rustls(_) | ureq::Error::Tls(_) => {
            later("No connection to WhatsApp could be made.")
        }
        ureq::Error::Io(error) if never_began.contains(&error.kind()) => {
            later("No connection to WhatsApp could be made.")
        }
        ureq::Error::Timeout(_) => Outcome::Unsure(format!(
            "WhatsApp did not answer within {} seconds. The customer may or may not have it.",
            patience.as_secs()
        )),
        _ => {
            Outcome::Unsure("The line broke before WhatsApp answered. The customer may or may not have it.".to_owned())
        }
    }
}

/// The beginning of a body as text; the rest is never read.
fn beginning(reader: impl std::io::Read) -> String {
    use std::io::Read;
    let mut bytes = Vec::with_capacity(1_024);
    // What came until it broke off is worth reading.
    let _ = reader.take(KEPT).read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).replace('\0', "")
}

/// What an answer means.
fn read(status: u16, after: Option<i64>, body: &str) -> Outcome {
    let answer: Value = serde_json::from_str(body).unwrap_or(Value::Null);
    if (200..300).contains(&status) {
        let id = list(&answer, "messages").first().map(|message| text(message, "id")).filter(|id| !id.is_empty());
        return Outcome::Sent(id);
    }
    let error = &answer["error"];
    let code = text(error, "code").parse::<i64>().ok();
    let said = words(error);
    if status == 401 || matches!(code, Some(0 | 190)) {
        let told = "the access token has expired or was withdrawn. Make a new one at Meta and enter it in the settings; \
                    what waits is sent then.";
        return Outcome::Later { problem: format!("{TROUBLE}{told} {said}"), after: None };
    }
    let trouble = match code {
        Some(10 | 200..=299) => "the access token lacks a permission.",
        Some(131_031 | 368) => "it is locked or restricted.",
        Some(131_042) => "WhatsApp waits for a way to be paid.",
        Some(133_010) => "the number is not registered with the Cloud API.",
        Some(132_001 | 132_015 | 132_016) => "the template cannot be used.",
        _ => return outcome(status, after, code, said),
    };
    Outcome::Failed(format!("{TROUBLE}{trouble} {said}"))
}

fn outcome(status: u16, after: Option<i64>, code: Option<i64>, said: String) -> Outcome {
    let failed = |hint: &str| Outcome::Failed(format!("{hint} {said}").trim().to_owned());
    match (code, status) {
        // Too many at once, or WhatsApp is not well.
        (
            Some(1 | 2 | 4 | 80_007 | 130_429 | 131_000 | 131_016 | 131_048 | 131_056 | 131_057 | 133_004 | 133_016),
            _,
        )
        | (_, 429) => {
            Outcome::Later { problem: format!("WhatsApp asks to try again later. {said}").trim().to_owned(), after }
        }
        (Some(131_047), _) => failed(
            "More than 24 hours have passed since the customer wrote, so WhatsApp takes only a template. Choose one in \
             the settings and send this again.",
        ),
        (Some(131_026), _) => failed("WhatsApp cannot deliver to this number: perhaps it is not on WhatsApp."),
        (Some(131_030), _) => failed("The shop’s number is one for tests, and this one is not on its list at Meta."),
        (Some(131_021), _) => failed("This is the shop’s own number."),
        (Some(132_000), _) => failed("The template takes another number of parts than the settings give it."),
        (Some(132_005), _) => failed("With this text the template is too long. Shorten it and send it again."),
        (Some(_), 400..=499) => failed("WhatsApp refused it."),
        // An error in its own words, or one that says that nothing is done at present.
        (Some(_), _) | (None, 503) => {
            Outcome::Later { problem: format!("WhatsApp is not available at present. {said}").trim().to_owned(), after }
        }
        (None, 500..=599) => Outcome::Unsure(format!(
            "Something between the desk and WhatsApp answered with {status}. The customer may or may not have it."
        )),
        (None, _) => {
            failed(&format!("The address of the Graph API answered with {status}, which is no answer of WhatsApp."))
        }
    }
}

/// What went wrong in the words of WhatsApp.
fn words(error: &Value) -> String {
    if !error.is_object() {
        return String::new();
    }
    line::problems(std::slice::from_ref(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, code: i64) -> Outcome {
        let body =
            format!(r#"{{"error":{{"message":"(#{code}) Said","code":{code},"error_data":{{"details":"Why"}}}}}}"#);
        read(status, Some(7), &body)
    }

    #[test]
    fn an_answer_names_the_message() {
        let body = r#"{"messaging_product":"whatsapp","contacts":[{"wa_id":"1"}],"messages":[{"id":"wamid.x"}]}"#;
        assert_eq!(read(200, None, body), Outcome::Sent(Some("wamid.x".into())));
        assert_eq!(read(200, None, ""), Outcome::Sent(None));
    }

    #[test]
    fn what_passes_is_tried_again_and_what_stays_is_not() {
        for (status, code) in [(429, 130_429), (400, 131_056), (400, 80_007), (500, 131_000), (503, 131_016), (500, 2)]
        {
            let outcome = answered(status, code);
            assert!(matches!(outcome, Outcome::Later { after: Some(7), .. }), "{status} {code}: {outcome:?}");
        }
        for (status, code) in
            [(400, 131_047), (400, 131_026), (400, 132_001), (404, 132_001), (400, 100), (400, 131_049)]
        {
            let outcome = answered(status, code);
            assert!(matches!(&outcome, Outcome::Failed(said) if said.contains("Why")), "{status} {code}: {outcome:?}");
        }
        assert!(matches!(read(429, Some(9), ""), Outcome::Later { after: Some(9), .. }));
        assert!(matches!(read(503, None, "<html>"), Outcome::Later { .. }));
        assert!(matches!(read(502, None, "<html>"), Outcome::Unsure(_)));
        assert!(matches!(read(404, None, "<html>"), Outcome::Failed(_)));
        assert!(matches!(read(302, None, ""), Outcome::Failed(_)));
    }

    #[test]
    fn a_token_that_is_over_holds_the_message_and_is_told() {
        for answered in [answered(401, 190), answered(400, 190), read(401, None, "")] {
            assert!(
                matches!(&answered, Outcome::Later { problem, .. } if problem.starts_with(TROUBLE)),
                "{answered:?}"
            );
        }
        assert!(matches!(answered(400, 131_042), Outcome::Failed(problem) if problem.starts_with(TROUBLE)));
        assert!(matches!(answered(400, 131_026), Outcome::Failed(problem) if !problem.starts_with(TROUBLE)));
    }
}
