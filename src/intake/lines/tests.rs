#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Cursor;

use super::{Choice, Wishes};
use crate::error::Error;
use crate::ids::{ChannelId, MarketId};
use crate::intake::reading::{Kind, Reading};
use crate::intake::{Mapped, Reason, Setting};
use crate::money::Currency;
use crate::order::totals::add_up;
use crate::time::UtcTime;
use crate::workflow::Base;

const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

fn read_as(text: &str, wishes: Wishes) -> Result<Vec<Mapped>, Error> {
    let setting = Setting {
        market: MarketId(1),
        channel: ChannelId(1),
        currency: Currency::parse("GBP").unwrap(),
        zone: chrono_tz::Europe::London,
        now: UtcTime(1_800_000_000_000_000),
    };
    let mut reading = Reading::open(Box::new(Cursor::new(text.as_bytes().to_vec())), &Kind::Lines(wishes), setting)?;
    let mut all = Vec::new();
    while let Some(mapped) = reading.next_order()? {
        all.push(mapped);
    }
    Ok(all)
}

fn read(rows: &[&str]) -> Vec<Mapped> {
    read_as(&format!("{HEADER}\n{}\n", rows.join("\n")), Wishes::default()).unwrap()
}

fn reasons(mapped: &Mapped) -> Vec<(Reason, u64)> {
    mapped.problems.iter().map(|problem| (problem.reason, problem.rows)).collect()
}

#[test]
fn rows_of_one_number_are_one_order() {
    let all = read(&[
        "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850,United Kingdom",
        "536366,22633,UNION JACK,6,2010-12-01 08:28:00,1.85,17850,EIRE",
        "536365,71053,LANTERN,6,2010-12-01 08:26:00,3.39,17850,United Kingdom",
    ]);
    assert_eq!(all.len(), 2);
    let draft = &all[0].arrived.as_ref().unwrap().draft;
    assert_eq!(draft.lines.len(), 2);
    assert_eq!(add_up(draft).total_minor, 6 * 255 + 6 * 339);
    assert_eq!(draft.placed_at.unwrap().rfc3339(), "2010-12-01T08:26:00Z");
    assert_eq!(draft.ship_to.as_ref().unwrap().country, "GB");
    assert_eq!(all[1].arrived.as_ref().unwrap().draft.ship_to.as_ref().unwrap().country, "IE");
}

#[test]
fn what_is_no_order_is_left_out_with_the_reason() {
    let all = read(&[
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527,United Kingdom",
        "536400,A,Free sample,1,2010-12-01 09:41:00,0,14527,United Kingdom",
        "536400,B,Bowl,1,2010-12-01 09:41:00,1.00,14527,United Kingdom",
        "536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom",
        "536500,B,Bowl,-3,2010-12-01 09:41:00,1.00,,France",
        "536500,C,Jug,3,2010-12-01 09:41:00,1.00,,France",
        "A563185,B,Adjust bad debt,1,2011-08-12 14:50:00,-11062.06,,United Kingdom",
        "536600,B,Bowl,x,2010-12-01 09:41:00,0.001,,France",
        ",B,Bowl,1,2010-12-01 09:41:00,1.00,,France",
    ]);
    let by_name = |name: &str| all.iter().find(|mapped| mapped.name == name).unwrap();
    assert_eq!(reasons(by_name("C536379")), [(Reason::Cancellation, 1)]);
    assert!(by_name("536400").arrived.is_some());
    assert_eq!(reasons(by_name("536414")), [(Reason::Free, 1)]);
    assert_eq!(reasons(by_name("536500")), [(Reason::NegativeQuantity, 1), (Reason::Spoiled, 1)]);
    assert_eq!(reasons(by_name("A563185")), [(Reason::NegativePrice, 1)]);
    assert_eq!(reasons(by_name("536600")), [(Reason::Quantity, 1)]);
    assert_eq!(reasons(by_name("")), [(Reason::NoOrder, 1)]);
    for mapped in &all {
        let refused: u64 = mapped.problems.iter().map(|problem| problem.rows).sum();
        assert_eq!(refused, if mapped.arrived.is_some() { 0 } else { mapped.rows }, "{}", mapped.name);
    }
}

#[test]
fn columns_are_taken_as_said_and_the_rest_is_guessed() {
    let text = "Bestellung;Was;Anzahl;Preis;Datum\n1;Tasse;2;1.234,50;31.10.2026\n";
    let columns: Choice = BTreeMap::from([("title".into(), "Was".into())]);
    let all = read_as(text, Wishes { columns, currency: "EUR".into(), ..Wishes::default() }).unwrap();
    let draft = &all[0].arrived.as_ref().unwrap().draft;
    assert_eq!(draft.lines[0].title, "Tasse");
    assert_eq!(draft.lines[0].unit_minor, 123_450);
    assert_eq!(draft.placed_at.unwrap().rfc3339(), "2026-10-31T00:00:00Z");
    let text = "ORDER ID,ITEM NAME,ITEM PRICE,QTY,BUYER EMAIL,BUYER NAME\n1,Cup,2.50,1,jo@example.com,Jo Bloggs\n";
    let all = read_as(text, Wishes { currency: "EUR".into(), ..Wishes::default() }).unwrap();
    let draft = &all[0].arrived.as_ref().unwrap().draft;
    assert_eq!((draft.email.as_str(), draft.customer_name.as_str()), ("jo@example.com", "Jo Bloggs"));
}

#[test]
fn a_file_whose_columns_are_not_found_says_which_are_missing() {
    let refused = read_as("a,b,c\n1,2,3\n", Wishes::default()).unwrap_err();
    let refusal = refused.refusal().unwrap();
    assert_eq!(refusal.code, "import.columns");
    assert!(refusal.problem("order").is_some() && refusal.problem("price").is_some());
    assert!(refusal.message.contains("The file has: a, b, c."), "{}", refusal.message);
    let columns: Choice = BTreeMap::from([("order".into(), "nope".into())]);
    let refused =
        read_as(&format!("{HEADER}\n1,2,3,4,5,6,7,8\n"), Wishes { columns, ..Wishes::default() }).unwrap_err();
    assert!(refused.to_string().contains("no column nope"));
    assert_eq!(read_as("1,2\n3,4\n", Wishes::default()).unwrap_err().refusal().unwrap().code, "import.no_header");
}

#[test]
fn orders_stand_where_the_file_says_they_do() {
    let text = format!("{HEADER}\n1,A,Mug,2,2010-12-01 08:26:00,2.50,,France\n");
    let wishes = Wishes { stage: "delivered".into(), paid: true, ..Wishes::default() };
    let past = &read_as(&text, wishes).unwrap()[0].arrived.as_ref().unwrap().past.clone();
    assert_eq!(past.base, Base::Delivered);
    assert_eq!((past.shipped.as_slice(), past.payments[0].amount_minor), ([2].as_slice(), 500));
    assert!(read_as(&text, Wishes { stage: "archived".into(), ..Wishes::default() }).is_err());
}

#[test]
fn an_order_of_too_many_lines_is_refused_whole() {
    let rows = vec!["1,A,Mug,2,2010-12-01 08:26:00,2.50,,France"; 6_000];
    let all = read(&rows);
    assert_eq!(reasons(&all[0]), [(Reason::TooLong, 6_000)]);
}

#[test]
fn a_file_that_ends_in_a_row_spoils_the_order_of_that_row() {
    let text =
        format!("{HEADER}\n1,A,Mug,2,2010-12-01 08:26:00,2.50,,France\n2,A,Mug,2,2010-12-01 08:26:00,2.50,,France\n");
    for (cut, wanted) in [(8, [true, false]), (text.len() - text.rfind("\n2").unwrap() - 2, [false, true])] {
        let all = read_as(&text[..text.len() - cut], Wishes::default()).unwrap();
        let sound: Vec<bool> = all.iter().map(|mapped| mapped.arrived.is_some()).collect();
        assert_eq!(sound, &wanted[..all.len()], "{cut}");
    }
}

#[test]
fn damaged_bytes_never_break_it() {
    let text =
        format!("{HEADER}\n1,A,Mug,2,2010-12-01 08:26:00,2.50,,France\n1,A,Mug,2,2010-12-01 08:26:00,2.50,,France\n");
    let mut seed = 3u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for _ in 0..3_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + random() % 5 {
            let at = random() % bytes.len();
            bytes[at] = b"\"\n,;-09.'aZ%\r=/"[random() % 15];
        }
        let Ok(text) = String::from_utf8(bytes) else { continue };
        for mapped in read_as(&text, Wishes::default()).unwrap_or_default() {
            let refused: u64 = mapped.problems.iter().map(|problem| problem.rows).sum();
            assert_eq!(refused, if mapped.arrived.is_some() { 0 } else { mapped.rows });
        }
    }
}
