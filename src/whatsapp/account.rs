//! How the shop's number at WhatsApp is reached, as kept and as typed. Pure.

use serde::{Deserialize, Serialize};

use crate::error::{FieldProblem, Refusal, Result};

/// Name of the fact that holds it.
pub const NAME: &str = "whatsapp";
/// Where the Graph API is unless told otherwise.
const GRAPH: &str = "https://graph.facebook.com";
/// The version of the Graph API this was built for.
const VERSION: &str = "v23.0";
/// What can fill the parts of a template: the customer's name, the number of the order, the name of the shop, and
/// what was written.
pub const PARTS: [&str; 4] = ["name", "order", "shop", "message"];
/// Characters that a secret takes at the most.
const LONGEST: usize = 1_000;

/// The account. Holds secrets, so it is never written to a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Whether what WhatsApp posts is taken.
    pub is_on: bool,
    /// The key of the shop's number.
    pub number: String,
    /// Lets the shop send.
    pub token: String,
    /// Signs what WhatsApp posts.
    pub app_secret: String,
    /// What WhatsApp shows once to prove that the address was entered by the shop.
    pub verify_token: String,
    /// Where the Graph API is.
    pub graph: String,
    /// Its version.
    pub version: String,
    /// Slug of the channel that its orders come through; empty for one to be made.
    pub channel: String,
    /// Name of the template for those who have not written lately; empty for none.
    pub template: String,
    /// The template's language, as in `en_US`.
    pub template_language: String,
    /// What fills its parts, in their order, with a space between: see [`PARTS`].
    pub parts: String,
}

impl Default for Account {
    fn default() -> Self {
        Account {
            is_on: false,
            number: String::new(),
            token: String::new(),
            app_secret: String::new(),
            verify_token: String::new(),
            graph: GRAPH.to_owned(),
            version: VERSION.to_owned(),
            channel: String::new(),
            template: String::new(),
            template_language: "en".to_owned(),
            parts: "message".to_owned(),
        }
    }
}

/// An account as typed. An empty secret keeps the one there is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Typed {
    /// Ticked to take what WhatsApp posts.
    pub is_on: Option<String>,
    /// The key of the number.
    pub number: String,
    /// Access token.
    pub token: String,
    /// App secret.
    pub app_secret: String,
    /// Where the Graph API is; empty for the usual place.
    pub graph: String,
    /// Its version; empty for the usual one.
    pub version: String,
    /// Slug of a channel; empty for one to be made.
    pub channel: String,
    /// Name of the template; empty for none.
    pub template: String,
    /// Its language; empty for `en`.
    pub template_language: String,
    /// What fills its parts; empty for the message alone.
    pub parts: String,
}

impl Account {
    /// As stored; what cannot be read counts as not set up.
    pub fn read(stored: Option<&str>) -> Self {
        stored.and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default()
    }
    /// Whether messages can be sent with it.
    pub fn may_send(&self) -> bool {
        self.is_on && !self.number.is_empty() && !self.token.is_empty()
    }
    /// As the form shows it: without the secrets.
    pub fn typed(&self) -> Typed {
        Typed {
            is_on: self.is_on.then(|| "1".to_owned()),
            number: self.number.clone(),
            token: String::new(),
            app_secret: String::new(),
            graph: self.graph.clone(),
            version: self.version.clone(),
            channel: self.channel.clone(),
            template: self.template.clone(),
            template_language: self.template_language.clone(),
            parts: self.parts.clone(),
        }
    }
    /// With what was typed.
    ///
    /// # Errors
    /// Names every field that is wrong.
    pub fn with(&self, typed: &Typed) -> Result<Self> {
        let mut problems = Vec::new();
        let mut wrong = |field: &str, message: &str| {
            problems.push(FieldProblem { field: field.to_owned(), message: message.to_owned() });
        };
        let mut account = self.clone();
        account.is_on = typed.is_on.is_some();
        typed.number.trim().clone_into(&mut account.number);
        if account.number.len() > 30 || !account.number.bytes().all(|digit| digit.is_ascii_digit()) {
            wrong("number", "Enter the phone number ID: digits only. It is not the telephone number itself.");
        }
        for (field, typed, kept) in
            [("token", &typed.token, &mut account.token), ("app_secret", &typed.app_secret, &mut account.app_secret)]
        {
            let typed = typed.trim();
            if typed.len() > LONGEST || !typed.bytes().all(|byte| byte.is_ascii_graphic()) {
                wrong(field, "Copy this as it stands at Meta, without spaces.");
            } else if !typed.is_empty() {
                typed.clone_into(kept);
            }
        }
        if account.is_on && account.app_secret.is_empty() {
            wrong(
                "app_secret",
                "Enter the app secret. Without it nobody can tell whether a message comes from WhatsApp.",
            );
        }
        account.graph = or_usual(&typed.graph, GRAPH).trim_end_matches('/').to_owned();
        if !is_address(&account.graph) {
            wrong(
                "graph",
                "Enter an address that begins with https:// or http://, such as https://graph.facebook.com.",
            );
        }
        account.version = or_usual(&typed.version, VERSION).to_owned();
        if !is_version(&account.version) {
            wrong("version", "Enter a version of the Graph API, such as v23.0.");
        }
        typed.channel.trim().clone_into(&mut account.channel);
        account.take_template(typed, &mut wrong);
        if problems.is_empty() { Ok(account) } else { Err(Refusal::fields("whatsapp.invalid", problems).into()) }
    }
    /// Takes the template that was typed.
    fn take_template(&mut self, typed: &Typed, wrong: &mut dyn FnMut(&str, &str)) {
        typed.template.trim().clone_into(&mut self.template);
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.template.len() > 512 || !self.template.chars().all(is_name) {
            wrong("template", "Enter the template’s name as it stands at Meta: small letters, digits and underscores.");
        }
        self.template_language = or_usual(&typed.template_language, "en").to_owned();
        let is_language = |c: char| c.is_ascii_alphabetic() || c == '_';
        if self.template_language.len() > 12 || !self.template_language.chars().all(is_language) {
            wrong("template_language", "Enter the template’s language as it stands at Meta, such as en or pt_BR.");
        }
        let parts: Vec<&str> = or_usual(&typed.parts, "message").split([' ', ',']).filter(|p| !p.is_empty()).collect();
        self.parts = parts.join(" ");
        if parts.len() > 20 || parts.iter().any(|part| !PARTS.contains(part)) {
            wrong("parts", "Fill the parts with name, order, shop and message, with a space between.");
        } else if !parts.contains(&"message") {
            wrong("parts", "One part has to be the message. Without it nobody would read what you write.");
        }
    }
}

fn or_usual<'a>(typed: &'a str, usual: &'a str) -> &'a str {
    match typed.trim() {
        "" => usual,
        typed => typed,
    }
}

fn is_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty()) && bare
    })
}

fn is_version(text: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|digit| digit.is_ascii_digit());
    text.strip_prefix('v').and_then(|rest| rest.split_once('.')).is_some_and(|(one, two)| number(one) && number(two))
}

/// Enough of a secret to tell two apart; nothing of a short one.
pub fn hint(secret: &str) -> String {
    match secret.chars().count() {
        0 => String::new(),
        1..=11 => "…".to_owned(),
        length => format!("…{}", secret.chars().skip(length - 4).collect::<String>()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed() -> Typed {
        Typed { is_on: Some("1".into()), number: "1122".into(), app_secret: "abc".into(), ..Typed::default() }
    }

    #[test]
    fn an_empty_secret_keeps_the_one_there_is() {
        let account = Account::default().with(&typed()).expect("fine");
        let later =
            account.with(&Typed { app_secret: String::new(), token: " EAAG ".into(), ..typed() }).expect("fine");
        assert_eq!((later.app_secret.as_str(), later.token.as_str()), ("abc", "EAAG"));
        assert_eq!((later.graph.as_str(), later.version.as_str()), (GRAPH, VERSION));
        assert!(later.may_send() && !account.may_send());
        assert_eq!(Account::read(serde_json::to_string(&later).ok().as_deref()).token, "EAAG");
    }

    #[test]
    fn what_cannot_work_is_named() {
        let bad = Typed {
            number: "+31 6".into(),
            token: "a b".into(),
            app_secret: String::new(),
            graph: "ftp://x".into(),
            version: "23".into(),
            template: "Order Update".into(),
            template_language: "en-US!".into(),
            parts: "name order".into(),
            ..typed()
        };
        let refused = Account::default().with(&bad).err().expect("refused");
        let fields: Vec<_> = refused.refusal().expect("a refusal").fields.iter().map(|f| f.field.as_str()).collect();
        assert_eq!(
            fields,
            ["number", "token", "app_secret", "graph", "version", "template", "template_language", "parts"]
        );
    }

    #[test]
    fn a_hint_gives_no_secret_away() {
        assert_eq!((hint(""), hint("short"), hint("EAAGm0PX4ZCps")), (String::new(), "…".into(), "…ZCps".into()));
    }
}
