//! What the shop chooses for its papers: texts at the foot, pictures, where a label printer begins.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::settings::{FARTHEST, NAME, PrintSettings};
use crate::db::{Conn, Tx};
use crate::error::{FieldProblem, Refusal, Result};
use crate::event::{self, Event};
use crate::staff::permission::ManageSettings;
use crate::staff::{Person, Staff};
use crate::web::{self, Answer, Desk, Form, Section, Shell, see_other};

#[derive(Template)]
#[template(path = "settings/print.html")]
struct PrintPage {
    shell: Shell,
    form: SettingsForm,
    refusal: Option<Refusal>,
}

impl PrintPage {
    fn load(conn: &mut Conn, person: &Person, form: Option<SettingsForm>, refusal: Option<Refusal>) -> Result<Self> {
        let shell = Shell::load(conn, person, Section::Settings)?;
        let form = match form {
            Some(form) => form,
            None => SettingsForm::of(&PrintSettings::read(web::setting(conn, NAME)?.as_deref())),
        };
        Ok(PrintPage { shell, form, refusal })
    }
    /// The longer texts: name, label, value, hint.
    fn texts(&self) -> [(&str, &str, &str, &str); 3] {
        let form = &self.form;
        [
            ("returns", "Return instructions", &form.returns, "How something is sent back."),
            (
                "exchange",
                "Exchange instructions on gifts",
                &form.exchange,
                "Stands on gift slips in place of the return instructions.",
            ),
            ("footer", "Footer", &form.footer, "Last lines of the slip."),
        ]
    }
    /// What is wrong with a field, or nothing.
    fn problem(&self, field: &str) -> &str {
        self.refusal.as_ref().and_then(|refusal| refusal.problem(field)).unwrap_or_default()
    }
}

/// The posted settings.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsForm {
    #[serde(default)]
    contact: String,
    #[serde(default)]
    thanks: String,
    #[serde(default)]
    returns: String,
    #[serde(default)]
    exchange: String,
    #[serde(default)]
    footer: String,
    #[serde(default)]
    return_days: String,
    #[serde(default)]
    pictures: Option<String>,
    /// Millimetres in steps of a half.
    #[serde(default)]
    offset_x: String,
    #[serde(default)]
    offset_y: String,
}

impl SettingsForm {
    fn of(settings: &PrintSettings) -> Self {
        SettingsForm {
            contact: settings.contact.clone(),
            thanks: settings.thanks.clone(),
            returns: settings.returns.clone(),
            exchange: settings.exchange.clone(),
            footer: settings.footer.clone(),
            return_days: settings.return_days.to_string(),
            pictures: settings.pictures.then(|| "1".to_owned()),
            offset_x: millimetres(settings.offset_x),
            offset_y: millimetres(settings.offset_y),
        }
    }
    fn settings(&self) -> Result<PrintSettings> {
        let offset = |field: &str, text: &str| half_millimetres(text).ok_or_else(|| too_far(field));
        let (x, y) = (offset("offset_x", &self.offset_x), offset("offset_y", &self.offset_y));
        if x.is_err() || y.is_err() {
            let problems: Vec<FieldProblem> = [x.err(), y.err()].into_iter().flatten().collect();
            return Err(Refusal::fields("print.settings_invalid", problems).into());
        }
        PrintSettings {
            contact: self.contact.clone(),
            thanks: self.thanks.clone(),
            returns: self.returns.clone(),
            exchange: self.exchange.clone(),
            footer: self.footer.clone(),
            return_days: whole_days(&self.return_days),
            pictures: self.pictures.is_some(),
            offset_x: x.unwrap_or_default(),
            offset_y: y.unwrap_or_default(),
        }
        .checked()
    }
}

/// Days as typed: nothing is none, and what is no number fits no bounds.
fn whole_days(text: &str) -> i64 {
    if text.trim().is_empty() { 0 } else { text.trim().parse().unwrap_or(-1) }
}

fn too_far(field: &str) -> FieldProblem {
    let message = format!("Enter millimetres in steps of a half, from −{0} to {0}, such as 1.5.", FARTHEST / 2);
    FieldProblem { field: field.to_owned(), message }
}

/// `3` half millimetres are `1.5`.
fn millimetres(halves: i64) -> String {
    let sign = if halves < 0 { "-" } else { "" };
    let halves = halves.unsigned_abs();
    format!("{sign}{}{}", halves / 2, if halves % 2 == 1 { ".5" } else { "" })
}

/// Reads `1.5`, `-2` or `0,5`; nothing counts as 0.
fn half_millimetres(text: &str) -> Option<i64> {
    let text = text.trim().replace('−', "-").replace(',', ".");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.as_str()),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let whole: i64 =
        if whole.is_empty() { 0 } else { whole.parse().ok().filter(|whole| (0..=FARTHEST).contains(whole))? };
    let half = match part.trim_end_matches('0') {
        "" => 0,
        "5" => 1,
        _ => return None,
    };
    let halves = sign * (whole * 2 + half);
    (halves.abs() <= FARTHEST).then_some(halves)
}

/// `GET /settings/print`
pub async fn show(desk: Data<Desk>, staff: Staff<ManageSettings>) -> Answer {
    let person = staff.person();
    let page = desk.db.read(move |conn| PrintPage::load(conn, &person, None, None)).await?;
    web::page(&page)
}

/// `POST /settings/print`
pub async fn save(desk: Data<Desk>, staff: Staff<ManageSettings>, form: Form<SettingsForm>) -> Answer {
    let wanted = match form.settings() {
        Ok(wanted) => wanted,
        Err(error) => {
            let Some(refusal) = error.refusal().cloned() else { return Err(error.into()) };
            let (person, form) = (staff.person(), form.0.clone());
            let page = desk.db.read(move |conn| PrintPage::load(conn, &person, Some(form), Some(refusal))).await?;
            return web::page_as(StatusCode::BAD_REQUEST, &page);
        }
    };
    let person = staff.person();
    desk.db.write(move |tx| store(tx, &person, &wanted)).await?;
    staff.toast("Print settings saved.");
    Ok(see_other("/settings/print"))
}

fn store(tx: &mut Tx<'_>, person: &Person, wanted: &PrintSettings) -> Result<()> {
    let before = PrintSettings::read(web::setting(tx.conn, NAME)?.as_deref());
    web::set_setting(tx, NAME, &serde_json::to_string(wanted)?)?;
    for (setting, before, after) in changes(&before, wanted) {
        event::record(tx, &person.actor(), None, &Event::SettingsChanged { setting, before, after })?;
    }
    Ok(())
}

/// What differs, as the diary tells it.
fn changes(before: &PrintSettings, after: &PrintSettings) -> Vec<(String, String, String)> {
    let (old, new) = (SettingsForm::of(before), SettingsForm::of(after));
    let on = |pictures: &Option<String>| if pictures.is_some() { "on" } else { "off" }.to_owned();
    let fields = [
        ("slip contact", old.contact.clone(), new.contact.clone()),
        ("slip thanks", old.thanks.clone(), new.thanks.clone()),
        ("return instructions", old.returns.clone(), new.returns.clone()),
        ("exchange instructions", old.exchange.clone(), new.exchange.clone()),
        ("days to send something back", old.return_days.clone(), new.return_days.clone()),
        ("slip footer", old.footer.clone(), new.footer.clone()),
        ("slip pictures", on(&old.pictures), on(&new.pictures)),
        ("label offset to the right", old.offset_x.clone(), new.offset_x.clone()),
        ("label offset down", old.offset_y.clone(), new.offset_y.clone()),
    ];
    let changed = fields.into_iter().filter(|(_, before, after)| before != after);
    changed.map(|(setting, before, after)| (setting.to_owned(), before, after)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_in_half_millimetres() {
        for (text, halves) in [
            ("", Some(0)),
            ("1.5", Some(3)),
            ("-0,5", Some(-1)),
            ("−2", Some(-4)),
            ("5.0", Some(10)),
            ("5.5", None),
            ("1.2", None),
            ("x", None),
            ("--1", None),
        ] {
            assert_eq!(half_millimetres(text), halves, "{text}");
        }
        assert_eq!(millimetres(-3), "-1.5");
        assert_eq!(millimetres(4), "2");
    }

    #[test]
    fn only_what_differs_is_told() {
        let before = PrintSettings::default();
        let after = PrintSettings { pictures: false, offset_y: 1, ..before.clone() };
        let told: Vec<_> = changes(&before, &after).into_iter().map(|(setting, _, after)| (setting, after)).collect();
        assert_eq!(
            told,
            [("slip pictures".to_owned(), "off".to_owned()), ("label offset down".to_owned(), "0.5".to_owned())]
        );
    }
}
