#![allow(clippy::unwrap_used)]

use std::io::Cursor;

use crate::error::Error;
use crate::ids::{ChannelId, MarketId};
use crate::intake::reading::{Kind, Reading};
use crate::intake::{Arrived, Mapped, Reason, Setting};
use crate::money::Currency;
use crate::order::totals::add_up;
use crate::order::{ChargeKind, PaymentKind};
use crate::time::UtcTime;
use crate::workflow::Base;

/// Column names in an order and case that Shopify does not use, since only the names count.
const HEADER: &str = "Id,name,EMAIL,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Currency,Subtotal,\
Shipping,Taxes,Total,Discount Code,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,\
Lineitem sku,Lineitem requires shipping,Lineitem fulfillment status,Lineitem discount,Shipping Name,\
Shipping Address1,Shipping City,Shipping Zip,Shipping Country,Notes,Note Attributes,Cancelled at,Payment Method,\
Refunded Amount,Outstanding Balance,Tags,Source,Tax 1 Name,Tax 1 Value";

/// A row from the cells that matter, by name; the rest is blank.
fn row(cells: &[(&str, &str)]) -> String {
    let names: Vec<&str> = HEADER.split(',').collect();
    for (name, _) in cells {
        assert!(names.iter().any(|known| known.eq_ignore_ascii_case(name)), "no column {name}");
    }
    let cell = |name: &&str| {
        let found = cells.iter().find(|(wanted, _)| wanted.eq_ignore_ascii_case(name));
        format!("\"{}\"", found.map_or("", |(_, value)| value).replace('"', "\"\""))
    };
    names.iter().map(cell).collect::<Vec<_>>().join(",")
}

fn head(name: &str, more: &[(&str, &str)]) -> String {
    let mut cells = vec![
        ("Name", name),
        ("Email", "zoe@example.com"),
        ("Financial Status", "paid"),
        ("Paid at", "2026-10-02 09:00:00 +0200"),
        ("Fulfillment Status", "unfulfilled"),
        ("Currency", "EUR"),
        ("Subtotal", "20.00"),
        ("Shipping", "5.00"),
        ("Taxes", "3.47"),
        ("Total", "25.00"),
        ("Created at", "2026-10-02 08:00:00 +0200"),
        ("Lineitem quantity", "2"),
        ("Lineitem name", "Mug"),
        ("Lineitem price", "10.00"),
        ("Lineitem sku", "MUG"),
    ];
    for (name, value) in more {
        match cells.iter_mut().find(|(known, _)| known == name) {
            Some(cell) => cell.1 = value,
            None => cells.push((name, value)),
        }
    }
    row(&cells)
}

fn setting() -> Setting {
    Setting {
        market: MarketId(1),
        channel: ChannelId(1),
        currency: Currency::EUR,
        zone: chrono_tz::Europe::Amsterdam,
        now: UtcTime(1_800_000_000_000_000),
    }
}

fn read_bytes(bytes: &[u8]) -> Result<Vec<Mapped>, Error> {
    let mut reading = Reading::open(Box::new(Cursor::new(bytes.to_vec())), &Kind::Shopify, setting())?;
    let mut all = Vec::new();
    while let Some(mapped) = reading.next_order()? {
        all.push(mapped);
    }
    Ok(all)
}

fn read(rows: &[String]) -> Vec<Mapped> {
    let text = format!("{HEADER}\n{}\n", rows.join("\n"));
    read_bytes(text.as_bytes()).unwrap()
}

fn only(rows: &[String]) -> Arrived {
    let mut all = read(rows);
    assert_eq!(all.len(), 1);
    let mapped = all.remove(0);
    *mapped.arrived.unwrap_or_else(|| panic!("{:?}", mapped.problems))
}

#[test]
fn an_order_is_read_by_the_names_of_its_columns() {
    let arrived =
        only(&[head("#1001", &[("Shipping Zip", "'02928"), ("Shipping Country", "NL"), ("Shipping Name", "Zoë")])]);
    let draft = &arrived.draft;
    assert_eq!(draft.source_ref.as_deref(), Some("#1001"));
    assert_eq!(draft.placed_at.unwrap().rfc3339(), "2026-10-02T06:00:00Z");
    assert_eq!(draft.ship_to.as_ref().unwrap().postcode, "02928");
    assert!(draft.tax_included);
    assert_eq!(add_up(draft).total_minor, 2_500);
    assert_eq!(arrived.past.base, Base::Confirmed);
    assert_eq!(arrived.past.payments[0].amount_minor, 2_500);
}

#[test]
fn rows_of_an_order_may_leave_its_name_out_or_stand_apart() {
    let blank = row(&[("Lineitem quantity", "1"), ("Lineitem name", "Bowl"), ("Lineitem price", "5.00")]);
    let named = row(&[
        ("Name", "#1"),
        ("Email", "zoe@example.com"),
        ("Lineitem quantity", "1"),
        ("Lineitem name", "Jug"),
        ("Lineitem price", "5.00"),
    ]);
    let sums = [("Subtotal", "30.00"), ("Total", "35.00")];
    let all = read(&[head("#1", &sums), blank, head("#2", &[]), named]);
    assert_eq!(all.len(), 2);
    let titles: Vec<&str> =
        all[0].arrived.as_ref().unwrap().draft.lines.iter().map(|line| line.title.as_str()).collect();
    assert_eq!(titles, ["Mug", "Bowl", "Jug"]);
    assert_eq!(all[0].rows, 3);
    assert!(all[1].arrived.is_some());
}

#[test]
fn an_order_that_does_not_add_up_is_refused_with_both_sums_and_the_others_stay() {
    let all = read(&[head("#1", &[("Total", "99.00")]), head("#2", &[])]);
    let problem = &all[0].problems[0];
    assert!(all[0].arrived.is_none());
    assert_eq!((problem.reason, problem.row, problem.rows), (Reason::Sums, 2, 1));
    assert!(problem.message.contains("€28.47") || problem.message.contains("€25.00"), "{}", problem.message);
    assert!(problem.message.contains("€99.00"), "{}", problem.message);
    assert!(all[1].arrived.is_some());
}

#[test]
fn tax_on_top_shows_in_the_sum_only() {
    let arrived = only(&[head("#1", &[("Total", "28.47"), ("Tax 1 Name", "VAT 21%"), ("Tax 1 Value", "3.47")])]);
    assert!(!arrived.draft.tax_included);
    let tax = arrived.draft.charges.iter().find(|charge| charge.kind == ChargeKind::Tax).unwrap();
    assert_eq!((tax.label.as_str(), tax.amount_minor, tax.rate_ppm), ("VAT 21%", 347, Some(210_000)));
    assert_eq!(add_up(&arrived.draft).total_minor, 2_847);
}

#[test]
fn a_discount_on_lines_and_in_the_order_is_taken_once() {
    let cells = [
        ("Lineitem discount", "20.00"),
        ("Discount Amount", "20.00"),
        ("Discount Code", "FREE100"),
        ("Subtotal", "0.00"),
        ("Shipping", "0.00"),
        ("Taxes", "0.00"),
        ("Total", "0.00"),
    ];
    let arrived = only(&[head("#1", &cells)]);
    assert_eq!(add_up(&arrived.draft).total_minor, 0);
    assert_eq!(arrived.draft.charges[0].code, "FREE100");
    assert!(arrived.past.payments.is_empty());
}

#[test]
fn a_tip_is_a_fee_and_goods_taken_back_are_taken_off() {
    let tip = row(&[("Lineitem quantity", "1"), ("Lineitem name", "Tip"), ("Lineitem price", "2.00")]);
    let back = row(&[
        ("Lineitem quantity", "-1"),
        ("Lineitem name", "Mug"),
        ("Lineitem price", "10.00"),
        ("Lineitem sku", "MUG"),
    ]);
    let removed = row(&[("Lineitem quantity", "0"), ("Lineitem name", "Lamp"), ("Lineitem price", "90.00")]);
    let sums = [("Subtotal", "10.00"), ("Total", "17.00"), ("Taxes", "0.00")];
    let arrived = only(&[head("#1", &sums), tip, back, removed]);
    assert_eq!(add_up(&arrived.draft).total_minor, 1_700);
    assert!(arrived.draft.charges.iter().any(|charge| charge.kind == ChargeKind::Fee && charge.amount_minor == 200));
    assert!(arrived.draft.lines.iter().all(|line| line.quantity >= 0));
    assert_eq!(arrived.draft.lines.len(), 4);
}

#[test]
fn amounts_have_the_places_of_their_currency() {
    let yen = [
        ("Currency", "JPY"),
        ("Lineitem price", "4800"),
        ("Subtotal", "9600"),
        ("Shipping", "800"),
        ("Taxes", "0"),
        ("Total", "10400"),
    ];
    assert_eq!(add_up(&only(&[head("#1", &yen)]).draft).total_minor, 10_400);
    let dinar = [
        ("Currency", "KWD"),
        ("Lineitem price", "12.345"),
        ("Subtotal", "24.690"),
        ("Shipping", "0"),
        ("Taxes", "0"),
        ("Total", "24.690"),
    ];
    assert_eq!(add_up(&only(&[head("#1", &dinar)]).draft).total_minor, 24_690);
    let wrong = read(&[head("#1", &[("Lineitem price", "12.345")])]);
    assert_eq!(wrong[0].problems[0].reason, Reason::Amount);
}

#[test]
fn each_financial_status_becomes_rows_of_the_ledger() {
    use PaymentKind::{Authorization, Capture, Refund, Void};
    type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [(PaymentKind, i64)], Base);
    let cases: [Case; 9] = [
        ("paid", &[], &[(Capture, 2_500)], Base::Confirmed),
        ("pending", &[], &[], Base::Placed),
        ("pending", &[("Payment Method", "Cash on Delivery (COD)")], &[], Base::Confirmed),
        ("authorized", &[], &[(Authorization, 2_500)], Base::Confirmed),
        ("partially_paid", &[("Outstanding Balance", "15.00")], &[(Capture, 1_000)], Base::Placed),
        (
            "partially_refunded",
            &[("Refunded Amount", "5.00"), ("Paid at", "")],
            &[(Capture, 2_500), (Refund, 500)],
            Base::Confirmed,
        ),
        ("refunded", &[("Refunded Amount", "35.00")], &[(Capture, 2_500), (Refund, 2_500)], Base::Confirmed),
        (
            "voided",
            &[("Cancelled at", "2026-10-03 08:00:00 +0200")],
            &[(Authorization, 2_500), (Void, 2_500)],
            Base::Cancelled,
        ),
        ("expired", &[], &[(Authorization, 2_500)], Base::Placed),
    ];
    for (status, more, ledger, base) in cases {
        let mut cells = vec![("Financial Status", status)];
        cells.extend_from_slice(more);
        let past = only(&[head("#1", &cells)]).past;
        let found: Vec<(PaymentKind, i64)> =
            past.payments.iter().map(|entry| (entry.kind, entry.amount_minor)).collect();
        assert_eq!(found, ledger, "{status}");
        assert_eq!(past.base, base, "{status}");
        let ends = past.payments.iter().filter_map(|entry| entry.expires_at);
        assert_eq!(ends.count(), usize::from(status == "expired"), "{status}");
        assert!(past.steps.is_sorted_by_key(|(_, at)| *at), "{status}");
    }
}

#[test]
fn what_was_fulfilled_is_shipped() {
    let second = row(&[
        ("Lineitem quantity", "1"),
        ("Lineitem name", "Bowl"),
        ("Lineitem price", "5.00"),
        ("Lineitem fulfillment status", "pending"),
    ]);
    let sums = [("Subtotal", "25.00"), ("Total", "30.00"), ("Lineitem fulfillment status", "fulfilled")];
    let mut whole = sums.to_vec();
    whole.extend([("Fulfillment Status", "fulfilled"), ("Fulfilled at", "2026-10-04 10:00:00 +0200")]);
    let past = only(&[head("#1", &whole), second.clone()]).past;
    assert_eq!((past.base, past.shipped), (Base::Shipped, vec![2, 1]));
    let mut part = sums.to_vec();
    part.push(("Fulfillment Status", "partial"));
    let past = only(&[head("#1", &part), second]).past;
    assert_eq!((past.base, past.shipped), (Base::Processed, vec![2, 0]));
}

#[test]
fn the_gift_and_the_words_of_the_customer_are_kept() {
    let cells = [
        ("Note Attributes", "gift: yes\nmessage: Happy 🎂, Zoë\nfrom: \nengraving: Z."),
        ("Notes", "=1+1"),
        ("Tags", "vip, gift,  vip, "),
    ];
    let draft = only(&[head("#1", &cells)]).draft;
    assert!(draft.gift);
    assert_eq!(draft.gift_message, "Happy 🎂, Zoë");
    assert_eq!(draft.customer_note, "=1+1\nengraving: Z.");
    assert_eq!(draft.tags, ["vip", "gift"]);
}

#[test]
fn an_order_given_twice_is_taken_once_and_two_of_one_name_are_told() {
    let all = read(&[head("#1", &[]), head("#2", &[]), head("#1", &[])]);
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].problems[0].reason, all[0].problems[0].rows), (Reason::Noted, 0));
    let all = read(&[head("#1", &[]), head("#1", &[("Email", "other@example.com")])]);
    assert_eq!((all[0].problems[0].reason, all[0].problems[0].rows), (Reason::Differs, 1));
    assert!(all[0].arrived.is_some());
}

#[test]
fn a_file_that_is_no_orders_export_is_refused_with_what_it_is() {
    let refusal = |text: &str| read_bytes(text.as_bytes()).unwrap_err().refusal().unwrap().clone();
    let products = refusal("Handle,Title,Body (HTML),Vendor,Variant SKU,Variant Price\nmug,Mug,,,MUG,10\n");
    assert_eq!(products.code, "import.not_orders");
    assert!(
        products.message.contains("products export") && products.message.contains("Lineitem name"),
        "{}",
        products.message
    );
    assert_eq!(refusal("#1001,zoe@example.com,paid,2026-10-02\n#1002,a,b,c\n").code, "import.no_header");
    assert_eq!(refusal(HEADER).code, "import.no_rows");
    assert_eq!(refusal("   \n\n").code, "import.empty");
    assert!(refusal("InvoiceNo,StockCode,Quantity\n1,2,3\n").message.contains("import it as lines"));
}

#[test]
fn a_row_that_is_cut_off_spoils_its_own_order_only() {
    let text = format!("{HEADER}\n{}\n{}", head("#1", &[]), head("#2", &[("Notes", "a note\nof lines")]));
    let cut = &text[..text.len() - 40];
    let all = read_bytes(cut.as_bytes()).unwrap();
    assert!(all[0].arrived.is_some());
    let problem = &all[1].problems[0];
    assert!(all[1].arrived.is_none());
    assert_eq!((problem.reason, problem.row), (Reason::Damaged, 3));
    assert!(problem.message.contains("The file ends in the middle of row 3"), "{}", problem.message);
}

#[test]
fn a_file_cut_anywhere_makes_only_orders_that_add_up() {
    let second = row(&[("Lineitem quantity", "1"), ("Lineitem name", "Bowl"), ("Lineitem price", "5.00")]);
    let sums = [("Subtotal", "25.00"), ("Total", "30.00")];
    let text = format!("{HEADER}\n{}\n{second}\n", head("#1", &sums));
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        for mapped in read_bytes(&text.as_bytes()[..end]).unwrap_or_default() {
            if let Some(arrived) = mapped.arrived {
                assert_eq!(add_up(&arrived.draft).total_minor, 3_000, "cut at {end}");
                assert_eq!(arrived.draft.lines.len(), 2, "cut at {end}");
            }
        }
    }
}

#[test]
fn damaged_bytes_never_break_it() {
    let text = format!("{HEADER}\n{}\n{}\n", head("#1", &[]), head("#2", &[("Note Attributes", "gift: yes")]));
    let mut seed = 5u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for _ in 0..3_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..1 + random() % 4 {
            let at = HEADER.len() + random() % (bytes.len() - HEADER.len());
            bytes[at] = b"\"\n,;-09.'\xff\x00aZ%\r="[random() % 16];
        }
        let Ok(all) = read_bytes(&bytes) else { continue };
        for mapped in all {
            let refused: u64 = mapped.problems.iter().map(|problem| problem.rows).sum();
            assert!(refused <= mapped.rows);
            assert!(mapped.arrived.is_some() || refused > 0);
        }
    }
}
