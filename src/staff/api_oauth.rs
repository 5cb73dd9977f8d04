//! OAuth 2.0 for programs: a key is exchanged for a short-lived token (client credentials, RFC 6749 4.4),
//! and the desk tells how (RFC 8414) and with which keys such tokens are checked (RFC 7517). Errors have
//! the form of RFC 6749 5.2, which is not that of the rest of the API.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::api_guard::{rate_of, touch};
use super::keys::{self, Working};
use super::permission::Permission;
use super::signing;
use super::tokens::{Claims, LIFETIME_SECONDS, PublicKey};
use crate::error::{Refusal, RefusalKind};
use crate::time::UtcTime;
use crate::web::{self, Answer, Desk, peer_address, read_payload};

/// How long others may keep what is published here.
const PUBLISHED: &str = "public, max-age=300";

/// What is sent to get a token, as a form.
#[derive(Default, Deserialize, utoipa::ToSchema)]
#[serde(default)]
pub struct TokenRequest {
    /// Must be `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// What the token may do, a scope each between spaces, if less than the key may.
    #[schema(example = "orders:read money:read")]
    scope: String,
    /// The key's client id, unless it is sent by HTTP Basic.
    client_id: String,
    /// The key, unless it is sent by HTTP Basic.
    client_secret: String,
}

/// A short-lived token.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenAnswer {
    /// The token, for the header `Authorization: Bearer`.
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it expires.
    #[schema(example = 900)]
    expires_in: i64,
    /// What it may do, a scope each between spaces.
    #[schema(example = "orders:read money:read")]
    scope: String,
}

/// Why there is no token.
#[derive(Serialize, utoipa::ToSchema)]
pub struct TokenError {
    /// `invalid_request`, `invalid_client`, `invalid_scope`, `unsupported_grant_type` or
    /// `temporarily_unavailable`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// What happened and what to do.
    error_description: String,
}

/// A refusal on its way to becoming a [`TokenError`].
struct NoToken {
    status: StatusCode,
    error: &'static str,
    description: String,
    retry_after: Option<i64>,
}

impl NoToken {
    fn invalid(error: &'static str, description: impl Into<String>) -> Self {
        NoToken { status: StatusCode::BAD_REQUEST, error, description: description.into(), retry_after: None }
    }
    fn client(description: &str) -> Self {
        NoToken { status: StatusCode::UNAUTHORIZED, ..Self::invalid("invalid_client", description) }
    }
    /// A refusal of the house.
    fn of(refusal: &Refusal) -> Self {
        let status = match refusal.kind {
            RefusalKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
            RefusalKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        let waits = status == StatusCode::TOO_MANY_REQUESTS;
        let error = if waits { "temporarily_unavailable" } else { "invalid_request" };
        NoToken { status, error, description: refusal.message.clone(), retry_after: refusal.retry_after }
    }
    fn answer(self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"slipway\", charset=\"UTF-8\""));
        }
        if let Some(seconds) = self.retry_after {
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        // RFC 6749 allows neither quotes nor letters beyond ASCII in a description.
        let plain = |c: char| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' };
        let error_description = self.description.chars().map(plain).collect();
        unkept(&mut answer).json(TokenError { error: self.error, error_description })
    }
}

fn unkept(answer: &mut actix_web::HttpResponseBuilder) -> &mut actix_web::HttpResponseBuilder {
    answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"))
}

/// Exchange a key for a short-lived token.
///
/// The key's client id and the key itself are sent by HTTP Basic or in the form. The token is a JWT that is good
/// for fifteen minutes; what the key may no longer do, the token may not either.
#[utoipa::path(
    post, path = "/oauth/token", operation_id = "create_token", tag = "Tokens",
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token", body = TokenAnswer),
        (status = 400, description = "The form is wrong, or asks for more than the key may do", body = TokenError),
        (status = 401, description = "The key is missing, unknown or revoked", body = TokenError),
        (status = 413, description = "The form is larger than 1 MB", body = TokenError),
        (status = 429, description = "Too often", body = TokenError),
    ),
    security(("client" = [])),
)]
pub async fn create(desk: Data<Desk>, request: HttpRequest, payload: Payload) -> Answer {
    let form = match read_form(request.headers(), payload).await {
        Ok(form) => form,
        Err(refused) => return Ok(refused.answer()),
    };
    let (id, secret) = match client(request.headers(), &form) {
        Ok(client) => client,
        Err(refused) => return Ok(refused.answer()),
    };
    let here = web::here(&request);
    let found = desk
        .db
        .read(move |conn| {
            let working = keys::by_token(conn, &secret)?.filter(|working| working.key.uid == id);
            let Some(working) = working else { return Ok(None) };
            let rate = rate_of(conn, &working.key)?;
            let signer = signing::present(conn, UtcTime::now())?;
            Ok(Some((working, rate, signer, web::address(conn, &here)?)))
        })
        .await?;
    let Some((working, rate, signer, issuer)) = found else {
        return Ok(match desk.limits.wrong_token(&peer_address(&request)) {
            Ok(()) => NoToken::client("The client id and the key do not match, or the key was revoked."),
            Err(refusal) => NoToken::of(&refusal),
        }
        .answer());
    };
    if let Err(refusal) = desk.limits.take(working.key.id.0, rate) {
        return Ok(NoToken::of(&refusal).answer());
    }
    let scope = match granted(&form, &working) {
        Ok(scope) => scope,
        Err(refused) => return Ok(refused.answer()),
    };
    let signer = match signer {
        Some(signer) => signer,
        None => desk.db.write(signing::appoint).await?,
    };
    touch(&desk, &working.key).await?;
    let access_token = signer.sign(&Claims::new(&issuer, &working.key.uid, scope.clone(), UtcTime::now()))?;
    let answer = TokenAnswer { access_token, token_type: "Bearer", expires_in: LIFETIME_SECONDS, scope };
    Ok(unkept(&mut HttpResponse::Ok()).json(answer))
}

/// The form. Fields that are not known are passed over, as RFC 6749 3.2 says; those that are come once.
async fn read_form(headers: &HeaderMap, payload: Payload) -> Result<TokenRequest, NoToken> {
    let body = read_payload(&mut payload.into_inner(), "A form").await.map_err(|problem| match problem.refusal() {
        Some(refusal) => NoToken::of(refusal),
        None => NoToken::invalid("invalid_request", "The form could not be read."),
    })?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    if !body.is_empty() && !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        let message = "Send a form: Content-Type: application/x-www-form-urlencoded.";
        return Err(NoToken::invalid("invalid_request", message));
    }
    serde_html_form::from_bytes(&body)
        .map_err(|_| NoToken::invalid("invalid_request", "The form cannot be read, or has a field more than once."))
}

/// Client id and secret, from one place.
fn client(headers: &HeaderMap, form: &TokenRequest) -> Result<(String, String), NoToken> {
    let missing = "Send the key's client id and the key by HTTP Basic, or in the form as client_id and client_secret.";
    let sent = headers.get(header::AUTHORIZATION);
    let Some(sent) = sent else {
        if form.client_id.is_empty() || form.client_secret.is_empty() {
            return Err(NoToken::client(missing));
        }
        return Ok((form.client_id.clone(), form.client_secret.clone()));
    };
    if !form.client_secret.is_empty() {
        let message = "Send the key by HTTP Basic or in the form, not both.";
        return Err(NoToken::invalid("invalid_request", message));
    }
    let pair = sent.to_str().ok().and_then(basic).ok_or_else(|| NoToken::client(missing))?;
    if !form.client_id.is_empty() && form.client_id != pair.0 {
        let message = "The form names another client than the header Authorization.";
        return Err(NoToken::invalid("invalid_request", message));
    }
    Ok(pair)
}

/// Reads `Basic …` as RFC 6749 2.3.1 writes it: both halves are encoded like the fields of a form.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
    let text = String::from_utf8(decoded).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |half: &str| {
        let form = format!("x={half}");
        url::form_urlencoded::parse(form.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    // An ampersand would end the field; no id or key of ours has one.
    (!text.contains('&')).then(|| (plain(id), plain(secret)))
}

/// What the token may do, each scope by its own name.
fn granted(form: &TokenRequest, working: &Working) -> Result<String, NoToken> {
    match form.grant_type.as_str() {
        "client_credentials" => {}
        "" => return Err(NoToken::invalid("invalid_request", "Send grant_type=client_credentials.")),
        _ => return Err(NoToken::invalid("unsupported_grant_type", "Only client_credentials is offered here.")),
    }
    let known = keys::scopes();
    let unknown = form.scope.split_whitespace().find(|scope| !known.iter().any(|(name, _)| name == scope));
    if let Some(unknown) = unknown {
        return Err(NoToken::invalid("invalid_scope", format!("There is no scope called {unknown}.")));
    }
    let wanted = match form.scope.trim() {
        "" => working.permissions.clone(),
        scope => keys::permissions_of(scope),
    };
    if let Some(beyond) = wanted.iter().find(|permission| !working.permissions.contains(permission)) {
        let message =
            format!("This key lacks the scope {}. It may ask for: {}.", beyond.scope(), listed(&working.permissions));
        return Err(NoToken::invalid("invalid_scope", message));
    }
    if wanted.is_empty() {
        return Err(NoToken::invalid("invalid_scope", "This key may do nothing at present."));
    }
    Ok(listed(&wanted))
}

fn listed(permissions: &[Permission]) -> String {
    permissions.iter().map(|permission| permission.scope()).collect::<Vec<_>>().join(" ")
}

/// The public halves of the keys that sign tokens.
#[derive(Serialize, utoipa::ToSchema)]
pub struct PublicKeys {
    /// The one that signs now comes first. None before the first token was made.
    keys: Vec<PublicKey>,
}

/// The keys that tokens of this desk are checked with.
///
/// Only needed by whoever wants to check a token without asking the desk. Look again when a token names a key
/// that is not known; keys change every 90 days.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", operation_id = "list_signing_keys", tag = "Tokens",
    responses((status = 200, description = "JSON Web Key Set (RFC 7517)", body = PublicKeys)),
    security(()),
)]
pub async fn index(desk: Data<Desk>) -> Answer {
    let keys = desk.db.read(|conn| signing::published(conn, UtcTime::now())).await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PUBLISHED)).json(PublicKeys { keys }))
}

/// What OAuth clients need to know of this desk.
#[derive(Serialize, utoipa::ToSchema)]
pub struct Metadata {
    /// The desk's address, as tokens name it.
    #[schema(example = "https://desk.example")]
    issuer: String,
    /// Where tokens are made.
    token_endpoint: String,
    /// Where the keys are that tokens are checked with.
    jwks_uri: String,
    /// Where the API is described.
    service_documentation: String,
    /// Every scope there is.
    scopes_supported: Vec<&'static str>,
    /// None: nobody is sent through a browser.
    response_types_supported: Vec<&'static str>,
    /// Always `client_credentials`.
    grant_types_supported: Vec<&'static str>,
    /// How a client proves that it is one.
    token_endpoint_auth_methods_supported: Vec<&'static str>,
}

/// How to get a token here.
#[utoipa::path(
    get, path = "/.well-known/oauth-authorization-server", operation_id = "show_token_server", tag = "Tokens",
    responses((status = 200, description = "Authorization server metadata (RFC 8414)", body = Metadata)),
    security(()),
)]
pub async fn show(desk: Data<Desk>, request: HttpRequest) -> Answer {
    let here = web::here(&request);
    let issuer = desk.db.read(move |conn| web::address(conn, &here)).await?;
    let metadata = Metadata {
        token_endpoint: format!("{issuer}/oauth/token"),
        jwks_uri: format!("{issuer}/.well-known/jwks.json"),
        service_documentation: format!("{issuer}/api/openapi.json"),
        scopes_supported: keys::scopes().into_iter().map(|(scope, _)| scope).collect(),
        response_types_supported: Vec::new(),
        grant_types_supported: vec!["client_credentials"],
        token_endpoint_auth_methods_supported: vec!["client_secret_basic", "client_secret_post"],
        issuer,
    };
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, PUBLISHED)).json(metadata))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_read_as_forms_write_them() {
        let header = |text: &str| format!("Basic {}", STANDARD.encode(text));
        assert_eq!(basic(&header("a%2Db:c+d")), Some(("a-b".to_owned(), "c d".to_owned())));
        assert_eq!(basic(&header("id:slw_x-y_z")), Some(("id".to_owned(), "slw_x-y_z".to_owned())));
        for wrong in [header("no colon"), header("a&b:c"), "Bearer abc".to_owned(), "Basic !".to_owned()] {
            assert_eq!(basic(&wrong), None, "{wrong}");
        }
    }
}
