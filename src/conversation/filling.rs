//! Words in double braces that stand for something of an order: `{{first name}}`. Pure.

/// What may stand in double braces, and what it becomes.
pub const KNOWN: [(&str, &str); 8] = [
    ("first name", "the customer’s first name"),
    ("name", "the customer’s name"),
    ("order number", "the number of the order, with its #"),
    ("tracking number", "the number of the newest parcel"),
    ("tracking link", "where the carrier shows that parcel"),
    ("customer page", "the link to the customer’s page of this order"),
    ("my name", "the first name of whoever writes"),
    ("shop", "the name of the shop"),
];
/// Letters between the braces at the most.
const LONGEST: usize = 40;

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
    let braced: Vec<String> = names.iter().map(|name| format!("{{{{{name}}}}}")).collect();
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
    fn braces_that_are_none_stay_as_they_are() {
        for text in ["{{", "}}", "{{}}", "{{ }}", "a {{b", "{ {shop} }", "{{a\nb}}", "{{<b>}}", "{{é{{", ""] {
            let filled = fill(text, |_| Some("X".into()));
            assert_eq!((filled.text.as_str(), filled.left.len()), (text, 0), "{text:?}");
        }
        assert_eq!(fill("{{{{shop}}}}", |_| Some("X".into())).text, "{{X}}");
        assert_eq!(fill("{{{shop}}}", |_| Some("X".into())).text, "{X}");
    }
}
