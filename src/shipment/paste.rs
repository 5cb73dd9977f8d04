//! Tracking numbers pasted in bulk: `order, number, carrier` a line, or a table with a header. Pure.

use super::tracking;

/// Rows taken from one paste at the most.
pub const MOST_ROWS: usize = 2_000;

/// A line that was pasted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pasted {
    /// Its place in the text, from 1.
    pub line: usize,
    /// Number of the order, if one can be read.
    pub order: Option<i64>,
    /// What stood in its place.
    pub named: String,
    /// Tracking number.
    pub tracking: String,
    /// Carrier, if one was given.
    pub carrier: String,
}

/// Reads a pasted text. Fields are parted by tabs, semicolons or commas, or by spaces if there is none
/// of these. A first line without an order number names the columns.
pub fn read(text: &str) -> Vec<Pasted> {
    let mut columns = [Some(0), Some(1), Some(2)];
    let mut rows = Vec::new();
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())).filter(|(_, line)| !line.is_empty());
    for (place, (line, text)) in lines.enumerate() {
        let fields = fields(text);
        if place == 0
            && let Some(named) = header(&fields)
        {
            columns = named;
            continue;
        }
        let at = |column: Option<usize>| column.and_then(|at| fields.get(at)).cloned().unwrap_or_default();
        let named = at(columns[0]);
        rows.push(Pasted {
            line,
            order: order_number(&named),
            named,
            tracking: at(columns[1]),
            carrier: at(columns[2]),
        });
    }
    rows
}

fn fields(text: &str) -> Vec<String> {
    let clean = |field: &str| field.trim().trim_matches('"').trim().to_owned();
    if let Some(mark) = ['\t', ';', ','].into_iter().find(|mark| text.contains(*mark)) {
        return text.split(mark).map(clean).collect();
    }
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let order = if words.is_empty() { "" } else { words.remove(0) };
    // A tracking number may be written in groups; a carrier's name has no digits.
    let tail = words.iter().rev().take_while(|word| !word.contains(|c: char| c.is_ascii_digit())).count();
    let carrier = words.split_off(words.len() - tail).join(" ");
    let is_carrier = tracking::known(&carrier).is_some();
    let number = if is_carrier { words.join(" ") } else { [words.join(" "), carrier.clone()].join(" ") };
    vec![order.to_owned(), number.trim().to_owned(), if is_carrier { carrier } else { String::new() }]
}

/// Where the columns are, if these fields are names of columns.
fn header(fields: &[String]) -> Option<[Option<usize>; 3]> {
    let find =
        |words: &[&str]| fields.iter().position(|field| words.iter().any(|word| field.to_lowercase().contains(word)));
    let order = find(&["order", "name"])?;
    let tracking = find(&["track"])?;
    let no_number = fields.iter().all(|field| !field.contains(|c: char| c.is_ascii_digit()));
    no_number.then(|| [Some(order), Some(tracking), find(&["carrier", "courier", "company"])])
}

/// `10468`, `#10468`, `ORD10468`.
fn order_number(text: &str) -> Option<i64> {
    let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    (!digits.is_empty() && digits.len() <= 18 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(line: usize, order: i64, named: &str, tracking: &str, carrier: &str) -> Pasted {
        Pasted { line, order: Some(order), named: named.into(), tracking: tracking.into(), carrier: carrier.into() }
    }

    #[test]
    fn lines_are_read_however_their_fields_are_parted() {
        let wanted = [row(1, 10468, "#10468", "1Z5R89390357567127", "UPS")];
        for text in
            ["#10468\t1Z5R89390357567127\tUPS", "#10468, 1Z5R89390357567127, UPS", "#10468 1Z5R89390357567127 UPS"]
        {
            assert_eq!(read(text), wanted, "{text}");
        }
        assert_eq!(
            read("\n10468 0034 0434 1610 9404 2557 DHL Paket\n")[0],
            row(2, 10468, "10468", "0034 0434 1610 9404 2557", "DHL Paket")
        );
    }

    #[test]
    fn a_header_names_the_columns_in_any_order() {
        let read = read("Tracking number,Order\n\"RB123456785GB\",ORD10468");
        assert_eq!(read, [row(2, 10468, "ORD10468", "RB123456785GB", "")]);
    }

    #[test]
    fn what_is_no_order_is_kept_to_be_told() {
        assert_eq!(read("hello, 123")[0].order, None);
        assert_eq!(read("  \n\n"), []);
    }
}
