//! What the desk asks of others over HTTP. The address that a host leads to is looked at by the very
//! resolver that the connection is made with, so a name that changes its mind in between leads nowhere.

pub mod guard;

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

pub use guard::Allowed;

/// How long whoever is asked may take in all.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);

/// Asks others, and goes only where it may. Cheap to clone. Follows no redirect and uses no proxy, which would
/// resolve the host itself, out of sight.
#[derive(Clone)]
pub struct Outside {
    agent: Agent,
    allowed: Arc<Allowed>,
    patience: Duration,
}

impl Outside {
    /// One that waits so long for an answer. Trusts the authorities of this machine, and those of Mozilla if the
    /// machine has none.
    pub fn new(allowed: Allowed, patience: Duration) -> Self {
        let own = rustls_native_certs::load_native_certs().certs;
        let own: Vec<Certificate<'static>> = own.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
        let roots = if own.is_empty() { RootCerts::WebPki } else { RootCerts::new_with_certs(&own) };
        let allowed = Arc::new(allowed);
        let resolver = Watched { inner: DefaultResolver::default(), allowed: allowed.clone() };
        let agent = Agent::with_parts(settings(roots, patience), DefaultConnector::default(), resolver);
        Outside { agent, allowed, patience }
    }

    /// What makes the requests. A status that tells of an error is an answer like any other. Blocks.
    pub fn agent(&self) -> &Agent {
        &self.agent
    }

    /// Where it may go.
    pub fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// What went wrong, in a sentence.
    pub fn words(&self, error: &ureq::Error) -> String {
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
        .proxy(None)
        .user_agent(concat!("Slipway/", env!("CARGO_PKG_VERSION")))
        .timeout_global(Some(patience))
        .timeout_resolve(Some(CONNECT.min(patience)))
        .timeout_connect(Some(CONNECT.min(patience)))
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .build()
}

/// The beginning of a body, this many bytes at the most; the rest is never read.
pub fn beginning(reader: impl Read, most: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    // What came until it broke off is worth keeping.
    let _ = reader.take(most).read_to_end(&mut bytes);
    bytes
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
