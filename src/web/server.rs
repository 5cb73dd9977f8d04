//! Puts the server together and runs it: limits, headers, references, sessions, the pages.

use std::net::TcpListener;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Compress, Next, from_fn};
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{App, FromRequest, HttpMessage, HttpRequest, HttpResponse, HttpServer};
use futures_util::FutureExt;
use tracing::Instrument;

use super::problem::{Problem, View, Wanted, draw};
use super::shell::Shop;
use super::{assets, csrf, extract, respond, store};
use crate::api::Limits;
use crate::config::Config;
use crate::db::Db;
use crate::error::{Error, Refusal, RefusalKind, Result};
use crate::outside::{self, Allowed, Outside};

/// What handlers share: taken as `Data<Desk>`.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub db: Db,
    /// How the process was started.
    pub config: Config,
    /// How often each key of a program may ask.
    pub limits: Limits,
    /// How often each customer's page may send a form.
    pub posts: Limits,
    state: Arc<State>,
}

struct State {
    set_up: AtomicBool,
    secure: AtomicBool,
    outside: OnceLock<Outside>,
}

impl Desk {
    /// A desk on an open database.
    pub fn new(db: Db, config: Config) -> Self {
        let state = State { set_up: AtomicBool::new(false), secure: AtomicBool::new(false), outside: OnceLock::new() };
        Desk { db, config, limits: Limits::default(), posts: Limits::default(), state: Arc::new(state) }
    }

    /// What asks others over HTTP, and goes only where whoever runs the desk allows it.
    pub fn outside(&self) -> &Outside {
        // What is no host and no network was refused at the start.
        self.state.outside.get_or_init(|| {
            Outside::new(Allowed::parse(&self.config.webhook_allow).unwrap_or_default(), outside::PATIENCE)
        })
    }

    /// Whether first-run set-up is done. Once it is, this no longer asks the database.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn is_set_up(&self) -> Result<bool> {
        if self.state.set_up.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let (name, address) = self
            .db
            .read(|conn| Ok((store::setting(conn, "shop_name")?, store::setting(conn, "public_address")?)))
            .await?;
        if name.is_some() {
            self.public_address_is(address.as_deref().unwrap_or_default());
            self.state.set_up.store(true, Ordering::Relaxed);
        }
        Ok(name.is_some())
    }

    /// Tells the desk its public address, which decides whether cookies are for https only.
    pub fn public_address_is(&self, address: &str) {
        self.state.secure.store(address.starts_with("https://"), Ordering::Relaxed);
    }
}

/// The reference of a request, in its answer's `X-Request-Id` and in every line logged for it.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

impl FromRequest for RequestId {
    type Error = Problem;
    type Future = std::future::Ready<std::result::Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Ok(request.extensions().get::<RequestId>().cloned().unwrap_or(RequestId(String::new()))))
    }
}

/// Starts serving on a bound socket. `routes` adds every address of the product.
///
/// # Errors
/// When the socket cannot be used.
pub fn serve(
    desk: Desk,
    listener: TcpListener,
    routes: impl Fn(&mut ServiceConfig, &Desk) + Clone + Send + 'static,
) -> std::io::Result<Server> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let data = Data::new(desk);
    let server = HttpServer::new(move || {
        let desk = data.clone();
        let routes = routes.clone();
        App::new()
            .app_data(data.clone())
            .app_data(web::PayloadConfig::new(1024 * 1024))
            .service(web::resource("/assets/{file:.*}").route(web::get().to(assets::serve_asset)))
            .service(web::resource("/healthz").route(web::get().to(healthz)))
            .configure(|config| routes(config, &desk))
            .default_service(web::to(|| async { respond::no_such_page() }))
            .wrap(from_fn(attend))
            .wrap(Compress::default())
    })
    .workers(cores.max(2))
    .worker_max_blocking_threads(16)
    .shutdown_timeout(10)
    .client_request_timeout(Duration::from_secs(20))
    .listen(listener)?
    .run();
    Ok(server)
}

/// 200 once the database answers.
async fn healthz(desk: Data<Desk>) -> HttpResponse {
    match desk.db.read(|conn| store::setting(conn, "shop_name")).await {
        Ok(_) => HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body("no database\n")
        }
    }
}

/// What is kept of a request for its answer, taken before the handlers own it.
struct Asked {
    id: String,
    method: Method,
    path: String,
    wanted: Wanted,
    /// Where to come back to after signing in.
    back: String,
    /// Whether the browser takes Brotli.
    brotli: bool,
    desk: Option<Data<Desk>>,
}

impl Asked {
    fn of(request: &ServiceRequest) -> Self {
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("");
        let accept = header("accept");
        let json = csrf::is_for_programs(request.path())
            || (accept.contains("application/json") && !accept.contains("text/html"))
            || accept.contains("application/problem+json")
            // Whoever listens for events must not be led to a page to sign in on.
            || accept.contains("text/event-stream");
        let wanted = match (json, header("hx-request") == "true" && header("hx-boosted") != "true") {
            (true, _) => Wanted::Json,
            (_, true) => Wanted::Fragment,
            _ => Wanted::Page,
        };
        let back = match (request.method(), wanted) {
            (&Method::GET, Wanted::Page) => {
                request.uri().path_and_query().map(|p| p.as_str().to_owned()).unwrap_or_default()
            }
            // For a change or a part, the page it was asked from.
            _ => path_of(if wanted == Wanted::Fragment { header("hx-current-url") } else { header("referer") }),
        };
        let brotli = header("accept-encoding").split(',').any(|part| part.trim() == "br");
        Asked {
            brotli,
            id: uuid::Uuid::now_v7().to_string(),
            method: request.method().clone(),
            path: request.path().to_owned(),
            wanted,
            back,
            desk: request.app_data::<Data<Desk>>().cloned(),
        }
    }
}

impl Asked {
    /// The path for the log, which no secret goes into.
    fn told(&self) -> &str {
        if csrf::is_secret(&self.path) { csrf::SECRET } else { &self.path }
    }
}

fn path_of(address: &str) -> String {
    url::Url::parse(address)
        .map(|url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        })
        .unwrap_or_default()
}

/// Attends every request from its arrival to its answer.
async fn attend(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let began = Instant::now();
    // What answers GET answers HEAD; the connection leaves the body out.
    if request.method() == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let asked = Asked::of(&request);
    request.extensions_mut().insert(RequestId(asked.id.clone()));
    let span = tracing::info_span!("request", id = %asked.id);
    async move {
        let outcome = AssertUnwindSafe(pass(request, next, &asked)).catch_unwind().await;
        let answer = match outcome {
            Ok(Ok(answer)) => finish(answer, &asked).await,
            Ok(Err(error)) => Err(escaped(error, &asked).await),
            Err(panic) => {
                let text = panic.downcast_ref::<&str>().map(|s| (*s).to_owned());
                let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
                Err(escaped(Problem(Error::broken(format!("a handler panicked: {text}"))).into(), &asked).await)
            }
        };
        let status = match &answer {
            Ok(answer) => answer.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        tracing::info!(method = %asked.method, path = %asked.told(), status = status.as_u16(), ms = began.elapsed().as_millis() as u64);
        answer
    }
    .instrument(span)
    .await
}

/// Checks that come before any handler.
async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    asked: &Asked,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Err(refusal) = extract::check_bytes(asked.path.as_bytes(), "address") {
        return Ok(request.error_response(Problem::from(refusal)));
    }
    if let Err(refusal) = csrf::check(request.request()) {
        return Ok(request.error_response(Problem::from(refusal)));
    }
    let public = asked.path.starts_with("/assets/") || asked.path == "/healthz" || asked.path.starts_with("/setup");
    if !public
        && let Some(desk) = &asked.desk
        && !desk.is_set_up().await.map_err(Problem::from)?
    {
        if csrf::is_for_programs(&asked.path) {
            let refusal = Refusal::new(
                RefusalKind::Busy,
                "desk.not_set_up",
                "The shop is not set up yet. Open the desk in a browser first.",
            );
            return Ok(request.error_response(Problem::from(refusal.after(60))));
        }
        return Ok(request.into_response(respond::see_other("/setup")));
    }
    next.call(request).await.map(ServiceResponse::map_into_boxed_body)
}

/// Gives an answer its headers, and a failed one its body.
async fn finish(
    answer: ServiceResponse<BoxBody>,
    asked: &Asked,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let problem = answer.response().error().map(|error| error.as_error::<Problem>().map(|problem| &problem.0));
    let status = answer.status();
    let bare =
        (status.is_client_error() || status.is_server_error()) && !answer.headers().contains_key(header::CONTENT_TYPE);
    let drawn = match problem {
        Some(Some(error)) => Some(report(error, asked).await),
        _ if bare => Some(draw(&View::plain(status, &asked.id, &asked.path), asked.wanted, &shop_of(asked).await)),
        Some(None) if bare => None,
        _ => None,
    };
    let answer = match drawn {
        // The cookies of the failed answer stay: signing out may be among them. So do the methods that are taken.
        Some(mut drawn) => {
            if let Some(methods) = answer.headers().get(header::ALLOW) {
                drawn.headers_mut().insert(header::ALLOW, methods.clone());
            }
            for cookie in answer.headers().get_all(header::SET_COOKIE) {
                drawn.headers_mut().append(header::SET_COOKIE, cookie.clone());
            }
            answer.into_response(drawn)
        }
        None => answer,
    };
    let answer = if asked.brotli { pack(answer) } else { answer };
    let mut answer = answer;
    let secure = asked.desk.as_ref().is_some_and(|desk| desk.state.secure.load(Ordering::Relaxed));
    protect(answer.headers_mut(), &asked.id, secure);
    if csrf::is_secret(&asked.path) {
        keep_secret(answer.headers_mut());
    }
    Ok(answer)
}

/// Compresses a page. The middleware that comes later does it for other kinds and codings, at a
/// quality that leaves a page of orders a sixth heavier in the same time.
fn pack(answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let html = answer.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !html || answer.headers().contains_key(header::CONTENT_ENCODING) {
        return answer;
    }
    let (request, response) = answer.into_parts();
    let (mut head, body) = response.into_parts();
    let body = match body.try_into_bytes() {
        Ok(plain) if plain.len() > 400 => match assets::brotli_of(&plain, 7) {
            packed if packed.is_empty() => BoxBody::new(plain),
            packed => {
                head.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
                head.headers_mut().append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
                BoxBody::new(packed)
            }
        },
        Ok(plain) => BoxBody::new(plain),
        Err(stream) => stream,
    };
    ServiceResponse::new(request, head.set_body(body))
}

/// The answer to an error that no handler turned into a response.
async fn escaped(error: actix_web::Error, asked: &Asked) -> actix_web::Error {
    let mut drawn = match error.as_error::<Problem>() {
        Some(problem) => report(&problem.0, asked).await,
        None => {
            let status = error.as_response_error().status_code();
            if status.is_server_error() {
                tracing::error!(%error, "a request failed");
            }
            draw(&View::plain(status, &asked.id, &asked.path), asked.wanted, &shop_of(asked).await)
        }
    };
    protect(drawn.headers_mut(), &asked.id, false);
    if csrf::is_secret(&asked.path) {
        keep_secret(drawn.headers_mut());
    }
    actix_web::error::InternalError::from_response(error, drawn).into()
}

/// Logs an error of ours once and draws it.
async fn report(error: &Error, asked: &Asked) -> HttpResponse {
    if let Error::Broken(cause) = error {
        tracing::error!(%cause, method = %asked.method, path = %asked.told(), "a request failed");
    }
    let view = View::of(error, &asked.id, &asked.path);
    if view.status == StatusCode::UNAUTHORIZED && asked.wanted != Wanted::Json && view.code == "sign_in.needed" {
        let back: String = url::form_urlencoded::byte_serialize(asked.back.as_bytes()).collect();
        let login = if asked.back.len() > 1 { format!("/login?next={back}") } else { "/login".to_owned() };
        return match asked.wanted {
            Wanted::Fragment => HttpResponse::Ok().insert_header(("HX-Redirect", login)).finish(),
            _ => respond::see_other(&login),
        };
    }
    draw(&view, asked.wanted, &shop_of(asked).await)
}

/// The shop's name for an error page, which must appear even when the database does not answer.
async fn shop_of(asked: &Asked) -> Shop {
    let (Wanted::Page, Some(desk)) = (asked.wanted, &asked.desk) else { return Shop::default() };
    desk.db.read(store::shop).await.unwrap_or_default()
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// The headers that every answer has.
fn protect(headers: &mut HeaderMap, id: &str, secure: bool) {
    // A file that somebody sent has a stricter one.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY) {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    let fixed = [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if secure {
        let cookies: Vec<HeaderValue> = headers.remove(header::SET_COOKIE).collect();
        for cookie in cookies {
            let marked = cookie.to_str().ok().and_then(|text| HeaderValue::from_str(&format!("{text}; Secure")).ok());
            headers.append(header::SET_COOKIE, marked.unwrap_or(cookie));
        }
    }
}

/// Where whoever asks found this desk: `https://desk.example`.
pub fn here(request: &HttpRequest) -> String {
    let connection = request.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}

/// The headers of a page whose address is a secret: other sites and search engines never learn it.
fn keep_secret(headers: &mut HeaderMap) {
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex, nofollow"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

/// The address a request comes from. A proxy in front is believed only if it is on this machine.
pub fn peer_address(request: &HttpRequest) -> String {
    let Some(peer) = request.peer_addr() else { return String::new() };
    if peer.ip().is_loopback()
        && let Some(forwarded) = request.headers().get("x-forwarded-for").and_then(|value| value.to_str().ok())
        && let Some(last) = forwarded.rsplit(',').next().map(str::trim)
        && let Ok(address) = last.parse::<std::net::IpAddr>()
    {
        return address.to_string();
    }
    peer.ip().to_string()
}
