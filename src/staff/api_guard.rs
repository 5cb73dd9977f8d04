//! Proof that a request comes from a program that may do what it asks: a handler that takes
//! [`Program<MoveOrders>`](Program) runs only for those. A program sends its key, or a short-lived token that
//! the key was exchanged for (`api_oauth.rs`). This also keeps the program to its rate, and makes
//! a request with an `Idempotency-Key` do its work once.

use std::marker::PhantomData;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest, HttpResponse};

use super::keys::{self, ApiKey, Working};
use super::permission::{Needed, Permission};
use super::signing;
use super::tokens::{self, Unfit};
use crate::actor::Actor;
use crate::api::{self, Left, Once, Reply};
use crate::db::{Conn, Tx};
use crate::error::{Current, Error, Refusal, RefusalKind, Result};
use crate::ids::MarketId;
use crate::market::Markets;
use crate::reach::Reach;
use crate::time::UtcTime;
use crate::web::{self, Desk, Problem, RequestId, peer_address};

/// How often it is noted that a key is in use.
const TOUCH_SECONDS: i64 = 60;

/// Who asks, to take along into a read or write.
#[derive(Clone, Debug)]
pub struct Caller {
    actor: Actor,
    credential: String,
    permissions: Vec<Permission>,
    reach: Reach,
    requires_match: bool,
    if_match: Option<String>,
    key: Option<String>,
    path: String,
    address: String,
    reference: String,
}

impl Caller {
    /// As the author of a change.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }
    /// Whether its scopes allow it.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }
    /// Refuses unless its scopes allow it; for permissions that depend on what is asked.
    ///
    /// # Errors
    /// Forbidden, naming the scope.
    pub fn must(&self, permission: Permission) -> Result<()> {
        if self.may(permission) { Ok(()) } else { Err(lacks(permission).into()) }
    }
    /// Whether it may know of things of this market.
    pub fn sees(&self, market: MarketId) -> bool {
        self.reach.sees(market)
    }
    /// The markets it knows of.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }
    /// Whether the request carries an `Idempotency-Key`.
    ///
    /// # Errors
    /// Refuses a request without one.
    pub fn must_be_repeatable(&self) -> Result<()> {
        if self.key.is_some() {
            return Ok(());
        }
        let message = "Moving money needs the header Idempotency-Key, so that a repeated request does not move it twice. \
                       Send a new UUID for each thing you want done, and the same one when you repeat it.";
        Err(Refusal::invalid("idempotency.missing", message).into())
    }
    /// Compares the version the program saw (`If-Match`) with the present one.
    ///
    /// # Errors
    /// Refuses a stale one with what `current` draws, and a missing one for keys that must give it.
    pub fn matches(&self, version: i64, current: impl FnOnce() -> Result<String>) -> Result<()> {
        let Some(wanted) = &self.if_match else {
            if !self.requires_match {
                return Ok(());
            }
            let message = "This key must say which version it changes: send the ETag you read as If-Match.";
            return Err(Refusal::new(RefusalKind::PreconditionNeeded, "version.missing", message).into());
        };
        let tag = format!("\"{version}\"");
        if wanted.split(',').map(str::trim).any(|one| one == tag || one == "*") {
            return Ok(());
        }
        let message = "It was changed since you read it. Nothing of yours was changed; look at it and try again.";
        let refusal = Refusal::new(RefusalKind::Precondition, "version.stale", message);
        let current = Some(Box::new(Current { version, json: Some(current()?) }));
        Err(Refusal { current, ..refusal }.into())
    }
    /// Where this desk is found, as the program wrote it: `https://desk.example`.
    pub fn base(&self) -> &str {
        &self.address
    }
    /// Path of the request.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Looks whether a request has what its operation takes and no more, once it is known who asks. Whoever knows every
/// operation says how.
#[derive(Clone, Copy)]
pub struct Shape(pub fn(&HttpRequest) -> Result<(), Refusal>);

/// A program that may do `P`.
pub struct Program<P> {
    caller: Caller,
    desk: Data<Desk>,
    request: HttpRequest,
    left: Left,
    proof: PhantomData<P>,
}

impl<P> Program<P> {
    /// Who asks.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    /// Answers from the database.
    ///
    /// # Errors
    /// What `work` says.
    pub async fn read<F>(self, work: F) -> Result<HttpResponse, Problem>
    where
        F: FnOnce(&mut Conn, &Caller) -> Result<Reply> + Send + 'static,
    {
        let caller = self.caller.clone();
        let reply = self.desk.db.read(move |conn| work(conn, &caller)).await?;
        Ok(self.answer(reply))
    }
    /// Changes something, once for each `Idempotency-Key`. `canonical` is the body's
    /// [`canonical`](crate::api::Body) text; empty for none.
    ///
    /// # Errors
    /// What `work` says.
    pub async fn write<F>(self, canonical: &str, work: F) -> Result<HttpResponse, Problem>
    where
        F: FnOnce(&mut Tx<'_>, &Caller) -> Result<Reply> + Send + 'static,
    {
        let caller = self.caller.clone();
        let address = self.request.uri().to_string();
        let fingerprint = api::fingerprint(self.request.method().as_str(), &address, canonical);
        let reply = self
            .desk
            .db
            .write(move |tx| match &caller.key {
                None => work(tx, &caller),
                Some(key) => {
                    let this = Once {
                        credential: caller.credential.clone(),
                        key: key.clone(),
                        fingerprint,
                        reference: caller.reference.clone(),
                        path: caller.path.clone(),
                    };
                    api::once(tx, &this, |tx| work(tx, &caller))
                }
            })
            .await?;
        Ok(self.answer(reply))
    }
    fn answer(&self, reply: Reply) -> HttpResponse {
        let mut answer = reply.answer(&self.request);
        for (name, value) in self.left.headers() {
            answer.headers_mut().insert(name, value);
        }
        answer
    }
}

fn lacks(permission: Permission) -> Refusal {
    let scope = permission.scope();
    let message = format!("This key or token lacks the scope {scope}. Make a key that has it in the desk's settings.");
    Refusal::new(RefusalKind::Forbidden, "token.scope", message).allowing(vec![scope.to_owned()])
}

fn unauthenticated(code: &'static str, message: &str) -> Problem {
    Refusal::new(RefusalKind::Unauthenticated, code, message).into()
}

/// A header. What is no text is kept as what it looks like: to take it for absent would drop a condition.
fn text(headers: &HeaderMap, name: &header::HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// The token of a request.
fn token_of(request: &HttpRequest) -> Result<String, Problem> {
    let missing =
        "Send the header Authorization: Bearer TOKEN. Keys are made in the desk's settings or with slipway key create.";
    let header =
        text(request.headers(), &header::AUTHORIZATION).ok_or_else(|| unauthenticated("token.missing", missing))?;
    let (scheme, token) = header.split_once(' ').unwrap_or((&header, ""));
    if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
        return Err(unauthenticated("token.missing", missing));
    }
    Ok(token.trim().to_owned())
}

/// A working key with what its token allows and reaches, and the requests it may make in a minute.
type Recognised = (Working, u32);

/// What a token turned out to be.
enum Token {
    Good(Box<Recognised>),
    Expired,
    Unknown,
}

/// Requests a minute that a key may make.
pub(super) fn rate_of(conn: &mut Conn, key: &ApiKey) -> Result<u32> {
    let rate = match key.rate_per_minute {
        Some(rate) => rate,
        None => keys::rate_per_minute(conn)?,
    };
    Ok(u32::try_from(rate).unwrap_or(u32::MAX))
}

/// Finds what a token stands for: a key, or a short-lived one that a key was exchanged for.
fn look_up(conn: &mut Conn, token: &str, here: &str) -> Result<Token> {
    let working = match tokens::kid_of(token) {
        None => keys::by_token(conn, token)?,
        Some(kid) => {
            let Some(signer) = signing::find(conn, &kid, UtcTime::now())? else { return Ok(Token::Unknown) };
            let claims = match signer.check(token, &web::address(conn, here)?) {
                Ok(claims) => claims,
                Err(Unfit::Expired) => return Ok(Token::Expired),
                Err(Unfit::Wrong) => return Ok(Token::Unknown),
            };
            let allowed = keys::permissions_of(&claims.scope);
            keys::by_uid(conn, &claims.sub)?.map(|mut working| {
                working.permissions.retain(|permission| allowed.contains(permission));
                working
            })
        }
    };
    let Some(mut working) = working else { return Ok(Token::Unknown) };
    let slugs = working.key.market_slugs();
    if !slugs.is_empty() {
        let all = Markets::load(conn)?;
        let own = all.markets.iter().filter(|market| slugs.contains(&market.slug)).map(|m| m.id).collect();
        working.reach = working.reach.within(&Reach::only(own));
    }
    let rate = rate_of(conn, &working.key)?;
    Ok(Token::Good(Box::new((working, rate))))
}

async fn recognised(desk: &Desk, request: &HttpRequest) -> Result<Recognised, Problem> {
    let (token, here) = (token_of(request)?, web::here(request));
    let refused = match desk.db.read(move |conn| look_up(conn, &token, &here)).await? {
        Token::Good(recognised) => return Ok(*recognised),
        Token::Expired => unauthenticated("token.expired", "This token has expired. Ask for another at /oauth/token."),
        Token::Unknown => unauthenticated("token.invalid", "This token is unknown, expired or revoked."),
    };
    desk.limits.wrong_token(&peer_address(request))?;
    Err(refused)
}

/// Notes that a key is in use, now and then.
pub(super) async fn touch(desk: &Desk, key: &ApiKey) -> Result<()> {
    if key.last_used_at.is_none_or(|at| UtcTime::now().seconds_since(at) > TOUCH_SECONDS) {
        let id = key.id;
        desk.db.write(move |tx| keys::touch(tx, id)).await?;
    }
    Ok(())
}

impl<P: Needed> FromRequest for Program<P> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let reference = RequestId::from_request(&request, payload).into_inner();
        Box::pin(async move {
            let broken = || Problem::from(Error::broken("the server was put together without a desk"));
            let desk = request.app_data::<Data<Desk>>().cloned().ok_or_else(broken)?;
            let (Working { key, permissions, reach }, rate) = recognised(&desk, &request).await?;
            let left = desk.limits.take(key.id.0, rate)?;
            if let Some(permission) = P::PERMISSION
                && !permissions.contains(&permission)
            {
                return Err(Error::from(lacks(permission)).into());
            }
            if let Some(Shape(check)) = request.app_data() {
                check(&request)?;
            }
            touch(&desk, &key).await?;
            let headers = request.headers();
            let caller = Caller {
                actor: Actor::ApiKey { id: key.id, name: key.name.clone() },
                credential: format!("key:{}", key.id.0),
                permissions,
                reach,
                requires_match: key.requires_match,
                if_match: text(headers, &header::IF_MATCH),
                key: text(headers, &header::HeaderName::from_static("idempotency-key")),
                path: request.path().to_owned(),
                address: web::here(&request),
                reference: reference?.0,
            };
            Ok(Program { caller, desk, request, left, proof: PhantomData })
        })
    }
}
