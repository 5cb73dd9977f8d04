//! Sending a message once. The address that a host leads to is looked at by the very resolver that the
//! connection is made with, so a name that changes its mind in between leads nowhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::guard::{self, Allowed};
use super::schedule::Answer;

/// How long a receiver may take in all.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How much of an answer is read and kept, in bytes.
const KEPT: usize = 4_096;

/// A message ready to be sent.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where to.
    pub url: String,
    /// `webhook-id`.
    pub message: String,
    /// `webhook-timestamp`.
    pub timestamp: i64,
    /// `webhook-signature`.
    pub signature: String,
    /// What is said.
    pub body: String,
}

/// Sends messages. Cheap to clone.
#[derive(Clone)]
pub struct Post {
    agent: Agent,
    allowed: Arc<Allowed>,
    patience: Duration,
}

impl Post {
    /// One that goes only where it may and waits so long for an answer, [`PATIENCE`] as a rule. Trusts the
    /// authorities of this machine, and those of Mozilla if the machine has none.
    pub fn new(allowed: Allowed, patience: Duration) -> Self {
        let own = rustls_native_certs::load_native_certs().certs;
        let own: Vec<Certificate<'static>> = own.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let roots = if own.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&own) };
        let allowed = Arc::new(allowed);
        let resolver = Watched { inner: DefaultResolver::default(), allowed: allowed.clone() };
        let agent = Agent::with_parts(settings(roots, patience), DefaultConnector::default(), resolver);
        Post { agent, allowed, patience }
    }

    /// Where it may go.
    pub fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// Sends a message and waits for the answer, which is never an error: whatever goes wrong is told in it.
    /// Blocks.
    pub fn send(&self, outgoing: &Outgoing) -> Answer {
        let began = Instant::now();
        let sent = self
            .agent
            .post(&outgoing.url)
            .header("content-type", "application/json")
            .header("webhook-id", &outgoing.message)
            .header("webhook-timestamp", outgoing.timestamp.to_string())
            .header("webhook-signature", &outgoing.signature)
            .send(outgoing.body.as_bytes());
        let mut answer =
            Answer { took_ms: 0, status: None, retry_after: None, body: String::new(), problem: String::new() };
        match sent {
            Ok(mut response) => {
                answer.status = Some(response.status().as_u16());
                let header = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
                answer.retry_after = header("retry-after").map(str::to_owned);
                if response.status().is_redirection() {
                    let to = header("location").map(|to| format!(" to {}", guard::shown(to))).unwrap_or_default();
                    answer.problem = format!("It answered with a redirect{to}, which is not followed.");
                }
                answer.body = beginning(response.body_mut().as_reader());
            }
            Err(error) => answer.problem = self.words(&error),
        }
        answer.took_ms = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
        answer
    }

    fn words(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(ureq::Timeout::Connect | ureq::Timeout::Resolve) => {
                format!("No connection came about within {} seconds.", CONNECT.min(self.patience).as_secs())
            }
            ureq::Error::Timeout(_) => format!("It did not answer within {} seconds.", self.patience.as_secs()),
            ureq::Error::HostNotFound => "Its host is not known.".to_owned(),
            ureq::Error::ConnectionFailed => "No connection could be made.".to_owned(),
            ureq::Error::Io(error) => format!("The connection failed: {error}."),
            ureq::Error::Other(refusal) => refusal.to_string(),
            ureq::Error::Rustls(error) => format!("The secure connection failed: {error}."),
            other => format!("It could not be sent: {other}."),
        }
    }
}

fn settings(roots: RootCerts, patience: Duration) -> Config {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        // A proxy would resolve the host itself, out of sight.
        .proxy(None)
        .user_agent(concat!("Slipway/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(patience))
        .timeout_resolve(Some(CONNECT.min(patience)))
        .timeout_connect(Some(CONNECT.min(patience)))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
}

/// The beginning of a body as text; the rest is never read.
fn beginning(reader: impl std::io::Read) -> String {
    use std::io::Read;
    let mut bytes = Vec::with_capacity(512);
    // What came until it broke off is worth keeping.
    let _ = reader.take(KEPT as u64).read_to_end(&mut bytes);
    // Postgres takes no text with a zero in it.
    String::from_utf8_lossy(&bytes).replace('\0', "")
}

/// Resolves a host and keeps only addresses that messages may go to.
struct Watched {
    inner: DefaultResolver,
    allowed: Arc<Allowed>,
}

impl std::fmt::Debug for Watched {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Watched")
    }
}

impl Resolver for Watched {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let host = uri.host().unwrap_or_default();
        let mut taken = self.empty();
        for address in found.iter().filter(|address| self.allowed.takes(host, address.ip())) {
            taken.push(*address);
        }
        if let (true, Some(first)) = (taken.is_empty(), found.iter().next()) {
            return Err(ureq::Error::Other(guard::explain(host, first.ip()).into()));
        }
        Ok(taken)
    }
}
