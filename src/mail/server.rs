//! How the shop's mail server is reached. Pure.

use serde::{Deserialize, Serialize};

use crate::error::{FieldProblem, Refusal, Result};

/// Name of the fact that holds it.
pub const NAME: &str = "mail_server";
/// Most characters of a field.
const LONGEST: usize = 200;

/// How the way to the server is secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Secured {
    /// Not at all.
    Nothing,
    /// It begins in the clear and must be secured before anything is said.
    #[default]
    StartTls,
    /// From the first byte.
    Tls,
}

impl Secured {
    /// All, as they are offered, with their words.
    pub const ALL: [(Secured, &'static str, &'static str); 3] = [
        (Secured::StartTls, "starttls", "STARTTLS, usually port 587"),
        (Secured::Tls, "tls", "TLS from the beginning, usually port 465"),
        (Secured::Nothing, "nothing", "Nothing, for a server on this machine"),
    ];
    /// As forms spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Secured::Nothing => "nothing",
            Secured::StartTls => "starttls",
            Secured::Tls => "tls",
        }
    }
}

/// A mail server that takes mails from us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is secured.
    pub secured: Secured,
    /// By what name we sign in; empty if it asks for none.
    pub user: String,
    /// With what password. Never shown again.
    pub password: String,
    /// Whether a certificate is taken that nobody vouches for.
    pub any_certificate: bool,
    /// Who writes: what the shop is called in mailboxes.
    pub from_name: String,
    /// Who writes: the address that answers go to.
    pub from: String,
}

/// What was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typed<'a> {
    /// See [`Server`].
    pub host: &'a str,
    /// See [`Server`].
    pub port: &'a str,
    /// See [`Server`].
    pub secured: &'a str,
    /// See [`Server`].
    pub user: &'a str,
    /// Empty to keep the one that is known.
    pub password: &'a str,
    /// See [`Server`].
    pub any_certificate: bool,
    /// See [`Server`].
    pub from_name: &'a str,
    /// See [`Server`].
    pub from: &'a str,
}

impl Server {
    /// As stored; what cannot be read counts as not set up.
    pub fn read(stored: Option<&str>) -> Option<Server> {
        let server: Server = serde_json::from_str(stored?).ok()?;
        (!server.host.is_empty()).then_some(server)
    }

    /// The part of its sender's address behind the @.
    pub fn domain(&self) -> &str {
        self.from.rsplit('@').next().unwrap_or_default()
    }

    /// What was typed, as a server. `known` keeps its password where none is typed and user and host stay.
    ///
    /// # Errors
    /// Refuses what cannot be a server, a sender or a safe way to send a password.
    pub fn typed(typed: &Typed<'_>, known: Option<&Server>, is_address: impl Fn(&str) -> bool) -> Result<Server> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: &str| {
            problems.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
        };
        let clean = |text: &str| text.trim().to_owned();
        let (host, user, from) = (clean(typed.host), clean(typed.user), clean(typed.from));
        let from_name = clean(typed.from_name);
        let host_letter = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if host.is_empty() || host.len() > LONGEST || !host.chars().all(host_letter) {
            problem("host", "Enter the name of the mail server, such as smtp.example.com.");
        }
        let port = typed.port.trim().parse::<u16>().unwrap_or(0);
        if port == 0 {
            problem("port", "Enter a port from 1 to 65535; 587 is usual.");
        }
        let secured = Secured::ALL.into_iter().find(|(_, word, _)| *word == typed.secured).map(|(secured, ..)| secured);
        if secured.is_none() {
            problem("secured", "Choose how the way to the server is secured.");
        }
        let kept = known.filter(|known| known.user == user && known.host == host);
        let password = match typed.password {
            "" => kept.map(|known| known.password.clone()).unwrap_or_default(),
            typed => typed.to_owned(),
        };
        if user.chars().any(char::is_control) || user.len() > LONGEST {
            problem("user", "This takes 200 characters at the most, on one line.");
        }
        if password.len() > 1_000 || password.chars().any(char::is_control) {
            problem("password", "This takes 1,000 characters at the most, on one line.");
        }
        if !user.is_empty() && password.is_empty() {
            problem("password", "Enter the password that goes with the user name.");
        }
        if !user.is_empty() && secured == Some(Secured::Nothing) && !is_this_machine(&host) {
            problem("secured", "A password must not travel in the clear. Choose STARTTLS or TLS.");
        }
        if !is_address(&from) || !from.is_ascii() {
            problem("from", "Enter the e-mail address that mails come from.");
        }
        if from_name.chars().any(char::is_control) || from_name.chars().count() > LONGEST {
            problem("from_name", "This takes 200 characters at the most, on one line.");
        }
        match secured {
            Some(secured) if problems.is_empty() => {
                let any_certificate = typed.any_certificate && secured != Secured::Nothing;
                Ok(Server { host, port, secured, user, password, any_certificate, from_name, from })
            }
            _ => Err(Refusal::fields("mail.invalid", problems).into()),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let address: std::result::Result<std::net::IpAddr, _> = host.trim_matches(['[', ']']).parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPED: Typed<'_> = Typed {
        host: " smtp.example.com ",
        port: "587",
        secured: "starttls",
        user: "shop",
        password: "secret",
        any_certificate: false,
        from_name: "Fern & Kiln",
        from: "hello@fernandkiln.example",
    };

    fn problem(typed: &Typed<'_>) -> String {
        let refused = Server::typed(typed, None, |text| text.contains('@')).expect_err("it is refused");
        refused.refusal().map(|refusal| refusal.fields[0].field.clone()).unwrap_or_default()
    }

    #[test]
    fn a_password_stays_when_none_is_typed_but_never_goes_to_another_server() {
        let known = Server::typed(&TYPED, None, |_| true).expect("fine");
        assert_eq!((known.host.as_str(), known.port, known.domain()), ("smtp.example.com", 587, "fernandkiln.example"));
        let again = Server::typed(&Typed { password: "", port: "25", ..TYPED }, Some(&known), |_| true);
        assert_eq!(again.expect("fine").password, "secret");
        let moved = Typed { password: "", host: "evil.example.com", ..TYPED };
        assert!(Server::typed(&moved, Some(&known), |_| true).is_err());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert_eq!(problem(&Typed { host: "", ..TYPED }), "host");
        assert_eq!(problem(&Typed { host: "smtp example", ..TYPED }), "host");
        for port in ["0", "x", "65536", ""] {
            assert_eq!(problem(&Typed { port, ..TYPED }), "port");
        }
        assert_eq!(problem(&Typed { secured: "ssl3", ..TYPED }), "secured");
        assert_eq!(problem(&Typed { secured: "nothing", ..TYPED }), "secured");
        assert_eq!(problem(&Typed { password: "", ..TYPED }), "password");
        assert_eq!(problem(&Typed { from: "nobody", ..TYPED }), "from");
        assert_eq!(problem(&Typed { from_name: "Fern\r\nBcc: all@example.com", ..TYPED }), "from_name");
        let local = Typed { host: "127.0.0.1", secured: "nothing", ..TYPED };
        assert!(Server::typed(&local, None, |_| true).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_not_set_up() {
        for stored in [None, Some(""), Some("{}"), Some("[]"), Some("{\"host\":\"\"}")] {
            assert_eq!(Server::read(stored), None);
        }
        let server = Server::typed(&TYPED, None, |_| true).expect("fine");
        let stored = serde_json::to_string(&server).expect("text");
        assert_eq!(Server::read(Some(&stored)), Some(server));
    }
}
