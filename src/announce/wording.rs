//! The words that customers are told of a stage, with variables in them. Pure.

use crate::workflow::Base;

/// What can stand in the words, in braces, and what it is.
pub const VARIABLES: [(&str, &str); 6] = [
    ("order", "the order’s number"),
    ("first_name", "the customer’s first name"),
    ("shop", "the shop’s name"),
    ("stage", "the stage’s word for customers"),
    ("tracking", "carriers, numbers and links of the parcels that have left"),
    ("page", "the link to the customer’s page"),
];

/// What stands for the variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Values {
    /// The order's number, as it stands on paper.
    pub order: String,
    /// What the customer is called.
    pub first_name: String,
    /// What the shop is called.
    pub shop: String,
    /// The stage's word for customers.
    pub stage: String,
    /// A line for each parcel that has left.
    pub tracking: String,
    /// The link to the customer's page.
    pub page: String,
}

impl Values {
    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "order" => Some(&self.order),
            "first_name" => Some(&self.first_name),
            "shop" => Some(&self.shop),
            "stage" => Some(&self.stage),
            "tracking" => Some(&self.tracking),
            "page" => Some(&self.page),
            _ => None,
        }
    }
}

/// A piece of a line.
enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Braces around anything but a name are text.
fn pieces(line: &str) -> Vec<Piece<'_>> {
    let (mut pieces, mut rest) = (Vec::new(), line);
    while let Some(open) = rest.find('{') {
        let after = &rest[open + 1..];
        let name = after.find('}').map(|end| &after[..end]);
        let Some(name) = name.filter(|name| is_name(name)) else {
            pieces.push(Piece::Text(&rest[..open + 1]));
            rest = after;
            continue;
        };
        pieces.push(Piece::Text(&rest[..open]));
        pieces.push(Piece::Variable(name));
        rest = &after[name.len() + 1..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// The first variable that there is not.
pub fn unknown(body: &str) -> Option<&str> {
    body.lines().flat_map(pieces).find_map(|piece| match piece {
        Piece::Variable(name) if !VARIABLES.iter().any(|(known, _)| *known == name) => Some(name),
        Piece::Variable(_) | Piece::Text(_) => None,
    })
}

/// The words with everything put in. A line of nothing but variables that are empty is left out, and what is put
/// in is never read for variables again.
pub fn filled(body: &str, values: &Values) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in body.lines() {
        let (mut out, mut named, mut said) = (String::new(), false, false);
        for piece in pieces(line) {
            match piece {
                Piece::Text(text) => {
                    said |= !text.trim().is_empty();
                    out.push_str(text);
                }
                Piece::Variable(name) => {
                    let value = values.get(name).unwrap_or_default();
                    (named, said) = (true, said || !value.trim().is_empty());
                    out.push_str(value);
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

/// What is said where the shop has written nothing.
pub fn usual(base: Base) -> &'static str {
    match base {
        Base::Placed => {
            "Hello {first_name},\n\nthank you for your order {order}. We have received it.\n\n{page}\n\n{shop}"
        }
        Base::Confirmed => {
            "Hello {first_name},\n\nthank you for your order {order}. We have everything we need and begin soon.\n\n{page}\n\n{shop}"
        }
        Base::Approved => "Hello {first_name},\n\nwe are getting your order {order} ready.\n\n{page}\n\n{shop}",
        Base::Processed => "Hello {first_name},\n\nyour order {order} is packed and leaves soon.\n\n{page}\n\n{shop}",
        Base::Shipped => "Hello {first_name},\n\nyour order {order} is on its way.\n\n{tracking}\n\n{page}\n\n{shop}",
        Base::Delivered => {
            "Hello {first_name},\n\nyour order {order} was delivered. We hope all is well with it; write to us if not.\n\n{page}\n\n{shop}"
        }
        Base::OnHold => {
            "Hello {first_name},\n\nyour order {order} has to wait for a moment. We will write again.\n\n{page}\n\n{shop}"
        }
        Base::Rejected => {
            "Hello {first_name},\n\nwe are sorry: we could not take your order {order}.\n\n{page}\n\n{shop}"
        }
        Base::Cancelled => "Hello {first_name},\n\nyour order {order} is cancelled.\n\n{page}\n\n{shop}",
        Base::Abandoned => {
            "Hello {first_name},\n\nyour order {order} was not completed in time. Write to us if you still want it.\n\n{page}\n\n{shop}"
        }
        Base::Returned => {
            "Hello {first_name},\n\neverything of your order {order} has come back to us.\n\n{page}\n\n{shop}"
        }
        Base::Archived => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values {
            order: "ORD10468".into(),
            first_name: "{shop}".into(),
            shop: "Fern & Kiln".into(),
            page: "https://shop.example/t/x".into(),
            ..Values::default()
        }
    }

    #[test]
    fn variables_are_filled_once_and_braces_are_braces() {
        let text = filled("Dear {first_name}, {order} {} { shop } {nothing} {Shop} {page", &values());
        assert_eq!(text, "Dear {shop}, ORD10468 {} { shop }  {Shop} {page");
        assert_eq!(unknown("{order} {nothing} {other}"), Some("nothing"));
        assert_eq!(unknown("{order} { nothing } {} {é} {{page}}"), None);
        assert_eq!(filled("{{shop}}", &values()), "{Fern & Kiln}");
    }

    #[test]
    fn a_line_of_empty_variables_is_left_out() {
        assert_eq!(filled("One\n\n{tracking}\n\n{tracking} {stage}\nTwo {tracking}\n", &values()), "One\n\nTwo");
        let sent = Values { tracking: "DHL 1\nDHL 2".into(), ..values() };
        assert_eq!(filled("One\n{tracking}\nTwo", &sent), "One\nDHL 1\nDHL 2\nTwo");
    }

    #[test]
    fn what_is_usually_said_names_nothing_that_there_is_not() {
        for base in Base::ALL {
            assert_eq!(unknown(usual(*base)), None);
            assert!(!filled(usual(*base), &values()).contains("\n\n\n"));
        }
    }
}
