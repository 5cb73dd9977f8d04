//! Files come in through the browser: looked at first, then made into orders, each whole or not at
//! all, and never twice.

use slipway::intake::uploads;
use slipway::job;
use slipway::order::{self, PaymentStatus};
use slipway::reach::Reach;
use slipway::worker;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

const HEADER: &str = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,\
Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Name,Shipping Address1,\
Shipping City,Shipping Zip,Shipping Country,Notes";

/// Two orders that are sound, #1001 of two lines, and one that does not add up.
fn export() -> String {
    let order = |name: &str, total: &str, note: &str| {
        format!(
            "{name},zoe@example.com,paid,2026-10-02 09:00:00 +0200,unfulfilled,EUR,20.00,5.00,0.00,{total},\
             2026-10-02 08:00:00 +0200,2,Mug,10.00,MUG,Zoë Ørsted,Keizersgracht 1,Amsterdam,'1015,NL,\"{note}\"\n"
        )
    };
    let more = "#1001,zoe@example.com,,,,,,,,,2026-10-02 08:00:00 +0200,1,Bowl,7.00,BOWL,,,,,,\n";
    let first = order("#1001", "32.00", "=1+1 <b>\n🎁").replace(",20.00,", ",27.00,");
    format!("{HEADER}\n{first}{more}{}{}", order("#1002", "25.00", ""), order("#1003", "99.00", ""))
}

fn send(person: &Person, kind: &str, file: &str, content: &[u8]) -> Reply {
    let token = person.see("/imports/new").field("form_token");
    let parts = [("form_token", "", token.as_bytes()), ("kind", "", kind.as_bytes()), ("file", file, content)];
    person.upload("/imports", &parts)
}

/// Sends a file that is taken and opens what the desk says of it.
fn offer(person: &Person, kind: &str, file: &str, content: &[u8]) -> (String, Reply) {
    let reply = send(person, kind, file, content);
    assert_eq!(reply.status, 303, "{}", reply.text());
    let place = reply.location().to_owned();
    let page = person.see(&place);
    (place, page)
}

/// Imports an export whole and opens what the desk says of it.
fn import(desk: &TestDesk, owner: &Person, content: &str) -> Reply {
    let (place, _) = offer(owner, "shopify", "orders.csv", content.as_bytes());
    let _ = owner.post(&format!("{place}/start"), &[]);
    work(desk);
    owner.see(&place)
}

fn work(desk: &TestDesk) {
    let db = desk.db.clone();
    tokio::runtime::Runtime::new().unwrap().block_on(async move { worker::drain(&db).await }).unwrap();
}

fn orders(desk: &TestDesk) -> Vec<order::Order> {
    let newest = 10_000 + 2_000;
    desk.read(|conn| order::find_many(conn, &Reach::EVERYWHERE, &(1..newest).collect::<Vec<i64>>()))
}

#[test]
fn a_file_is_shown_before_it_is_imported_and_then_makes_its_orders() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    owner.see("/imports").must_say("No imports yet");
    let (place, page) = offer(&owner, "shopify", "orders.csv", export().as_bytes());
    page.must_say("Orders to make 2");
    page.must_say("Orders refused 1");
    page.must_say("add up to €25.00, but the Total says €99.00");
    page.must_say("5 (line 6)");
    assert_eq!(orders(&desk).len(), 0);

    let page = owner.submit(&format!("{place}/start"), &[]);
    page.must_say("0 of 4 rows");
    assert!(page.text().contains("hx-trigger=\"every 1s\""));
    work(&desk);
    let page = owner.see(&place);
    page.must_say("The import is done");
    page.must_say("Orders made 2");
    let made = orders(&desk);
    assert_eq!(made.len(), 2);
    let first = made.iter().find(|order| order.source_ref.as_deref() == Some("#1001")).unwrap();
    assert_eq!((first.total_minor, first.captured_minor), (3_200, 3_200));
    assert_eq!(first.customer_note, "=1+1 <b>\n🎁");
    assert_eq!(first.ship_to().unwrap().postcode, "1015");
    owner.see("/imports").must_say("orders.csv");
}

#[test]
fn a_file_imported_twice_makes_nothing_the_second_time_and_never_overwrites() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let import = |content: &str| import(&desk, &owner, content);
    import(&export());
    let before = orders(&desk).into_iter().map(|order| (order.number, order.version)).collect::<Vec<_>>();
    let (_, again) = offer(&owner, "shopify", "orders.csv", export().as_bytes());
    again.must_say("Orders to make 0");
    again.must_say("Already here 2");
    let changed = export().replace("#1002,zoe", "#1004,zoe").replace("1,Bowl,7.00", "1,Jug,7.00");
    let page = import(&changed);
    page.must_say("Orders made 1");
    page.must_say("Here but different 1");
    page.must_say("it was left as it is");
    let after = orders(&desk).into_iter().map(|order| (order.number, order.version)).collect::<Vec<_>>();
    assert_eq!(&after[..before.len()], before);
}

#[test]
fn a_later_export_tells_of_money_that_the_desk_does_not_know_of() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let import = |content: &str| import(&desk, &owner, content);
    let unpaid = export().replace(",paid,", ",pending,");
    assert_ne!(unpaid, export());
    assert!(!import(&unpaid).text().contains("where the desk knows of"));
    let page = import(&export());
    page.must_say("Orders made 0");
    page.must_say("received where the desk knows of €0.00. If so, record it at");
    let first = orders(&desk).into_iter().find(|order| order.source_ref.as_deref() == Some("#1001")).unwrap();
    assert_eq!(first.captured_minor, 0, "it was left as it is");
}

#[test]
fn an_authorisation_that_expired_comes_in_as_expired_and_not_as_let_go() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    import(&desk, &owner, &export().replace(",paid,2026-10-02 09:00:00 +0200,", ",expired,,"));
    let order = orders(&desk).into_iter().find(|order| order.source_ref.as_deref() == Some("#1002")).unwrap();
    assert_eq!((order.payment_status, order.authorized_minor), (PaymentStatus::Expired, 0));
    owner.see(&format!("/orders/{}", order.number)).must_say("Expired");
}

#[test]
fn a_file_that_is_no_export_is_refused_with_a_sentence_and_leaves_nothing() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let utf16: Vec<u8> = "Handle,Title,Variant SKU\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (content, status, words) in [
        ("Handle,Title,Variant SKU\nmug,Mug,M\n".as_bytes(), 422, "It looks like a products export"),
        (b"".as_slice(), 422, "The file is empty"),
        (b"PK\x03\x04........xl/workbook.xml", 422, "This is an Excel workbook"),
        (HEADER.as_bytes(), 422, "no rows below them"),
        (utf16.as_slice(), 422, "This is not an orders export"),
        (b"\x00\x01\x02\x03\x04\x05", 422, "This is not a text file"),
    ] {
        let reply = send(&owner, "shopify", "file.csv", content);
        assert_eq!(reply.status, status, "{words}");
        reply.must_say(words);
    }
    owner.see("/imports").must_say("No imports yet");
}

#[test]
fn columns_of_a_plain_list_are_said_in_the_browser() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let text = "Bon;Wat;Hoeveel;Prijs;Datum\n7;Tasse;2;1.234,50;31.10.2026\n7;Schaal;-1;1,00;31.10.2026\n8;Kan;1;0,50;31.10.2026\n";
    let (place, page) = offer(&owner, "lines", "list.csv", text.as_bytes());
    page.must_say("Say which column is the order number");
    assert_eq!(owner.post(&format!("{place}/start"), &[]).status, 409);
    let columns = [
        ("column.order", "Bon"),
        ("column.title", "Wat"),
        ("column.quantity", "Hoeveel"),
        ("column.price", "Prijs"),
        ("column.date", "Datum"),
        ("currency", "EUR"),
    ];
    let page = owner.submit(&format!("{place}/columns"), &columns);
    page.must_say("Orders to make 1");
    page.must_say("Dates are read as day, month, year");
    page.must_say("The quantity is −1");
    page.must_say("€0.50");
    assert_eq!(owner.post(&format!("{place}/columns"), &[("column.nonsense", "Bon")]).status, 400);
    let page = owner.submit(&format!("{place}/columns"), &[("column.order", "No such")]);
    page.must_say("The file has no column No such");
}

#[test]
fn a_job_that_runs_again_makes_nothing_more() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let mut text = "order,title,quantity,price,date\n".to_owned();
    for number in 0..600 {
        text.push_str(&format!("{number},Mug,1,2.50,2026-10-01\n{number},Bowl,2,3.00,2026-10-01\n"));
    }
    let (place, page) = offer(&owner, "lines", "many.csv", text.as_bytes());
    page.must_say("Orders to make 600");
    owner.submit(&format!("{place}/start"), &[]);
    // A second click, and the job once more as after a crash.
    assert_eq!(owner.post(&format!("{place}/start"), &[]).status, 303);
    work(&desk);
    let uid = place.rsplit('/').next().unwrap().to_owned();
    let id = desk.read(|conn| uploads::find(conn, &uid)).id;
    let payload = serde_json::json!({ "import": id.0 });
    desk.write(move |tx| job::enqueue(tx, uploads::RUN_JOB, &payload, tx.now, None));
    work(&desk);
    owner.see(&place).must_say("Orders made 600");
    assert_eq!(orders(&desk).len(), 600);
}

#[test]
fn only_those_who_may_import_see_it() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let (place, _) = offer(&owner, "shopify", "orders.csv", export().as_bytes());
    for person in [desk.packer(), desk.support(), desk.viewer()] {
        for path in ["/imports", "/imports/new", place.as_str(), &format!("{place}/problems.csv")] {
            assert_eq!(person.get(path).status, 403, "{path}");
        }
        assert_eq!(person.post(&format!("{place}/start"), &[]).status, 403);
    }
    assert_eq!(desk.visitor().get("/imports").status, 303);
    assert_eq!(owner.get("/imports/no-such").status, 404);
    let page = owner.submit(&format!("{place}/discard"), &[]);
    page.must_say("was thrown away");
    assert_eq!(owner.get(&place).status, 404);
}

#[test]
fn a_double_click_sends_one_file() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let token = owner.see("/imports/new").field("form_token");
    let text = export();
    let parts =
        [("form_token", "", token.as_bytes()), ("kind", "", "shopify".as_bytes()), ("file", "a.csv", text.as_bytes())];
    let first = owner.upload("/imports", &parts);
    let second = owner.upload("/imports", &parts);
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.location(), second.location());
}
