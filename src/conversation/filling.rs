//! Words in double braces that stand for something of an order: `{{first name}}`. Saved replies and the messages
//! of stages share them. Pure.

/// What may stand in double braces, and what it becomes.
pub const KNOWN: [(&str, &str); 12] = [
    ("first name", "the customer’s first name"),
    ("name", "the customer’s name"),
    ("order number", "the number of the order, with its #"),
    ("stage", "where the order is, in the customer’s words"),
    ("parcels", "a line for each parcel that has left: carrier, number, link"),
    ("tracking number", "the number of the newest parcel"),
    ("tracking link", "where the carrier shows that parcel"),
    ("amount due", "what is still to be paid"),
    ("how to pay", "how, as its way of paying says in the settings"),
    ("customer page", "the link to the customer’s page of this order"),
    ("my name", "the first name of whoever writes; the shop’s where nobody does"),
    ("shop", "the name of the shop"),
];
/// Letters between the braces at the most.
const LONGEST: usize = 40;

/// What stands for the words of one order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The customer's name.
    pub name: String,
    /// The order's number as people see it.
    pub order_number: String,
    /// The stage in the customer's words.
    pub stage: String,
    /// A line for each parcel that has left.
    pub parcels: String,
    /// Number of the newest parcel.
    pub tracking_number: String,
    /// Where that parcel is shown.
    pub tracking_link: String,
    /// What is still to be paid.
    pub amount_due: String,
    /// How that is paid.
    pub how_to_pay: String,
    /// The link to the customer's page.
    pub customer_page: String,
    /// Who writes.
    pub writer: String,
    /// What the shop is called.
    pub shop: String,
}

impl Values {
    /// What a name of [`KNOWN`] stands for.
    pub fn of(&self, name: &str) -> Option<String> {
        let value = match name {
            "first name" => self.name.split_whitespace().next().unwrap_or_default(),
            "name" => &self.name,
            "order number" => &self.order_number,
            "stage" => &self.stage,
            "parcels" => &self.parcels,
            "tracking number" => &self.tracking_number,
            "tracking link" => &self.tracking_link,
            "amount due" => &self.amount_due,
            "how to pay" => &self.how_to_pay,
            "customer page" => &self.customer_page,
            "my name" => &self.writer,
            "shop" => &self.shop,
            _ => return None,
        };
        Some(value.to_owned())
    }
}

/// A text in which what could be filled was filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The text.
    pub text: String,
    /// What stands in it unfilled, in braces as before.
    pub left: Vec<String>,
}

/// A piece of a text.
enum Piece<'a> {
    Plain(&'a str),
    /// As it stands, and the name inside.
    Slot(&'a str, String),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some(begin) = rest.find("{{") {
        let Some(end) = rest[begin..].find("}}") else { break };
        let (inside, after) = (&rest[begin + 2..begin + end], begin + end + 2);
        // Of several opening braces the last two count.
        if let Some(inner) = inside.rfind('{') {
            pieces.push(Piece::Plain(&rest[..begin + 1 + inner]));
            rest = &rest[begin + 1 + inner..];
            continue;
        }
        match name_of(inside) {
            Some(name) => {
                pieces.push(Piece::Plain(&rest[..begin]));
                pieces.push(Piece::Slot(&rest[begin..after], name));
            }
            None => pieces.push(Piece::Plain(&rest[..after])),
        }
        rest = &rest[after..];
    }
    pieces.push(Piece::Plain(rest));
    pieces
}

/// `First_Name ` is `first name`; anything else than words is no name.
fn name_of(inside: &str) -> Option<String> {
    let words: Vec<&str> =
        inside.split(|c: char| c.is_whitespace() || c == '_').filter(|word| !word.is_empty()).collect();
    let name = words.join(" ").to_lowercase();
    let is_name = !name.is_empty()
        && name.chars().count() <= LONGEST
        && name.chars().all(|c| c.is_alphanumeric() || c == ' ')
        && !inside.contains('\n');
    is_name.then_some(name)
}

/// The names that stand in double braces.
pub fn names(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces(text) {
        if let Piece::Slot(_, name) = piece
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

/// Those of them that stand for nothing.
pub fn unknown(text: &str) -> Vec<String> {
    names(text).into_iter().filter(|name| !KNOWN.iter().any(|(known, _)| known == name)).collect()
}

/// What is wrong with a text that has words in braces which stand for nothing.
pub fn trouble(text: &str) -> Option<String> {
    let unknown = unknown(text);
    let known: Vec<String> = KNOWN.iter().map(|(name, _)| (*name).to_owned()).collect();
    let verb = if unknown.len() == 1 { "stands" } else { "stand" };
    let told = || format!("{} {verb} for nothing. Known are {}.", in_braces(&unknown), in_braces(&known));
    (!unknown.is_empty()).then(told)
}

/// A name of [`KNOWN`] as it stands in a text.
pub fn slot(name: &str) -> String {
    format!("{{{{{name}}}}}")
}

/// Fills a text that nobody will look at again. A line of nothing but words that are empty is left out, and what
/// is put in is never read for words again.
pub fn fill_whole(text: &str, values: &Values) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let (mut out, mut named, mut said) = (String::new(), false, false);
        for piece in pieces(line) {
            match piece {
                Piece::Plain(plain) => {
                    said |= !plain.trim().is_empty();
                    out.push_str(plain);
                }
                Piece::Slot(_, name) => {
                    let value = values.of(&name).unwrap_or_default();
                    (named, said) = (true, said || !value.trim().is_empty());
                    out.push_str(&value);
                }
            }
        }
        if said || !named {
            lines.push(out.trim_end().to_owned());
        }
    }
    let mut text = lines.join("\n");
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_owned()
}

/// Fills a text. What has no value stays as it is.
pub fn fill(text: &str, value: impl Fn(&str) -> Option<String>) -> Filled {
    let mut filled = Filled { text: String::new(), left: Vec::new() };
    for piece in pieces(text) {
        match piece {
            Piece::Plain(plain) => filled.text.push_str(plain),
            Piece::Slot(as_is, name) => match value(&name).filter(|value| !value.trim().is_empty()) {
                Some(value) => filled.text.push_str(&value),
                None => {
                    filled.text.push_str(as_is);
                    if !filled.left.contains(&name) {
                        filled.left.push(name);
                    }
                }
            },
        }
    }
    filled
}

/// Names in braces, for a sentence: `{{first name}} and {{shop}}`.
pub fn in_braces(names: &[String]) -> String {
    let braced: Vec<String> = names.iter().map(|name| slot(name)).collect();
    match braced.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(name: &str) -> Option<String> {
        match name {
            "first name" => Some("Ada {{shop}}".into()),
            "order number" => Some("#10468".into()),
            "tracking link" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn what_has_a_value_is_filled_and_the_rest_is_told() {
        let filled = fill("Hello {{ First_Name }}, {{order   number}} is at {{tracking link}}. {{colour}}!", ada);
        assert_eq!(filled.text, "Hello Ada {{shop}}, #10468 is at {{tracking link}}. {{colour}}!");
        assert_eq!(filled.left, ["tracking link", "colour"]);
        assert_eq!(in_braces(&filled.left), "{{tracking link}} and {{colour}}");
        assert_eq!(unknown("{{colour}} {{shop}} {{colour}}"), ["colour"]);
    }

    #[test]
    fn a_line_of_empty_words_is_left_out_and_values_are_not_read_again() {
        let values = Values { name: "{{shop}}".into(), shop: "Fern & Kiln".into(), ..Values::default() };
        let text = "Dear {{first name}},\n\n{{parcels}}\n\n{{parcels}} {{stage}}\n{{ Shop }} {{parcels}}\n{{colour}}";
        assert_eq!(fill_whole(text, &values), "Dear {{shop}},\n\nFern & Kiln");
        let sent = Values { parcels: "DHL 1\nDHL 2".into(), ..values };
        assert_eq!(fill_whole("One\n{{parcels}}\n{Two}", &sent), "One\nDHL 1\nDHL 2\n{Two}");
        for (name, _) in KNOWN {
            assert!(Values::default().of(name).is_some(), "{name}");
        }
    }

    #[test]
    fn braces_that_are_none_stay_as_they_are() {
        for text in ["{{", "}}", "{{}}", "{{ }}", "a {{b", "{ {shop} }", "{{a\nb}}", "{{<b>}}", "{{é{{", ""] {
            let filled = fill(text, |_| Some("X".into()));
            assert_eq!((filled.text.as_str(), filled.left.len()), (text, 0), "{text:?}");
        }
        assert_eq!(fill("{{{{shop}}}}", |_| Some("X".into())).text, "{{X}}");
        assert_eq!(fill("{{{shop}}}", |_| Some("X".into())).text, "{X}");
    }
}
