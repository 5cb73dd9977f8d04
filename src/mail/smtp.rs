//! Handing a mail to the shop's mail server, and what its answers mean: 4xx is later, 5xx is never, and a line
//! that breaks after the mail was handed over is neither.

use std::io::ErrorKind;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};

use super::{Letter, Secured, Server};
use crate::conversation::transport::Outcome;

/// Hands a mail to the server, which may take so long for each answer. Blocks.
pub fn deliver(server: &Server, letter: &Letter, patience: Duration) -> Outcome {
    let (envelope, mail) = match letter.written(server) {
        Ok(written) => written,
        Err(error) => return Outcome::Failed(format!("The mail could not be written: {error}")),
    };
    let mut line = match connect(server, patience) {
        Ok(line) => line,
        // Whatever it is, it is not about this mail: the server may be back, or set up differently.
        Err(error) => return Outcome::Later { problem: words(&error), after: None },
    };
    let outcome = match offer(&mut line, &envelope) {
        Ok(()) => hand_over(&mut line, &mail, &letter.id),
        Err(outcome) => outcome,
    };
    // The mail is where it is whatever is said for good-bye.
    if matches!(outcome, Outcome::Unsure(_)) {
        line.abort()
    } else {
        drop(line.quit())
    }
    outcome
}

fn connect(server: &Server, patience: Duration) -> Result<SmtpConnection, Error> {
    let hello = ClientId::Domain(server.domain().to_owned());
    let host = server.host.trim_matches(['[', ']']);
    let at = (host, server.port);
    let mut line = match server.secured {
        Secured::Nothing => SmtpConnection::connect(at, Some(patience), &hello, None, None)?,
        Secured::Tls => {
            let tls = secured(server, host)?;
            SmtpConnection::connect(at, Some(patience), &hello, Some(&tls), None)?
        }
        Secured::StartTls => {
            let tls = secured(server, host)?;
            let mut line = SmtpConnection::connect(at, Some(patience), &hello, None, None)?;
            // A server that does not offer it is refused: nothing is said in the clear.
            line.starttls(&tls, &hello)?;
            line
        }
    };
    if !server.user.is_empty() {
        let credentials = Credentials::new(server.user.clone(), server.password.clone());
        line.auth(DEFAULT_MECHANISMS, &credentials)?;
    }
    Ok(line)
}

/// A certificate that does not hold is refused unless the shop said that it is to be taken.
fn secured(server: &Server, host: &str) -> Result<TlsParameters, Error> {
    TlsParameters::builder(host.to_owned()).dangerous_accept_invalid_certs(server.any_certificate).build_rustls()
}

/// Tells the server who writes to whom. Nothing of the mail is there yet, so every answer is certain.
fn offer(line: &mut SmtpConnection, envelope: &Envelope) -> Result<(), Outcome> {
    let mut parameters = Vec::new();
    if envelope.to().iter().any(|to| !AsRef::<str>::as_ref(to).is_ascii()) {
        if !line.server_info().supports_feature(Extension::SmtpUtfEight) {
            let told = "The mail server takes no addresses with letters other than a to z.";
            return Err(Outcome::Failed(told.to_owned()));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    line.command(Mail::new(envelope.from().cloned(), parameters)).map_err(|error| certain(&error))?;
    for to in envelope.to() {
        line.command(Rcpt::new(to.clone(), Vec::new())).map_err(|error| certain(&error))?;
    }
    line.command(Data).map_err(|error| certain(&error))?;
    Ok(())
}

/// Hands the mail itself over. Only an answer of the server tells what became of it.
fn hand_over(line: &mut SmtpConnection, mail: &[u8], id: &str) -> Outcome {
    match line.message(mail) {
        Ok(_) => Outcome::Sent(Some(id.to_owned())),
        Err(error) if error.is_transient() || error.is_permanent() => certain(&error),
        Err(error) => {
            let words = words(&error);
            Outcome::Unsure(format!(
                "{words} The mail was handed over before that. The customer may or may not have it."
            ))
        }
    }
}

/// What an error means of a mail that the server certainly does not have.
fn certain(error: &Error) -> Outcome {
    if error.is_permanent() {
        Outcome::Failed(words(error))
    } else {
        Outcome::Later { problem: words(error), after: None }
    }
}

fn words(error: &Error) -> String {
    use std::error::Error as _;
    let cause = error.source().and_then(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    if error.is_timeout() || matches!(cause, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut)) {
        return "The mail server did not answer in time.".to_owned();
    }
    let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
    if cause.contains("certificate") {
        return format!(
            "The mail server’s certificate does not hold, so nothing was said to it{cause}. Have it mended, or say in the settings that it is to be taken."
        );
    }
    match error.status() {
        Some(code) => format!("The mail server answered {code}{cause}"),
        None => format!("The mail server could not be used: {error}."),
    }
}
