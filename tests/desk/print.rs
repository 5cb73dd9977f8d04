//! Slips and order details come out as asked, say only what they may, and are recorded.

use slipway::actor::Actor;
use slipway::conversation::{self, Audience};
use slipway::event;
use slipway::moves::{self, MoveRequest};
use slipway::order::DraftLine;

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

fn line(sku: &str, title: &str, bin: &str, quantity: i64) -> DraftLine {
    let (sku, title, bin) = (sku.into(), title.into(), bin.into());
    DraftLine { sku, title, bin, quantity, unit_minor: 1620, ..DraftLine::default() }
}

/// What the Print button of a preview sends.
fn print_form(preview: &Reply) -> Vec<(&'static str, String)> {
    let html = preview.text();
    let (_, form) = html.split_once("action=\"/print/records\"").unwrap();
    let value = |name: &str| {
        let (_, rest) = form.split_once(&format!("name=\"{name}\" value=\"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    ["form_token", "o", "template", "paper"].map(|name| (name, value(name))).to_vec()
}

/// Presses Print on a preview.
fn press_print(person: &Person, preview: &Reply) -> Reply {
    let form = print_form(preview);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    person.submit("/print/records", &form)
}

fn kinds(desk: &TestDesk, number: i64) -> Vec<String> {
    let id = desk.look(number).id;
    desk.read(|conn| event::timeline(conn, id)).iter().map(|entry| entry.event.kind()).collect()
}

#[test]
fn a_slip_names_the_order_and_lists_what_to_pack_by_bin() {
    let desk = TestDesk::open();
    let lines = vec![line("B", "Bowl", "A-10-1", 1), line("P", "Plate", "A-2-1", 3), line("N", "No place", "", 1)];
    let number = desk.order().with(|draft| draft.lines = lines).at("approved").place();
    let slip = desk.packer().see(&format!("/orders/{number}/slip"));
    assert!(slip.text().contains(&format!("<title>Packing slip ORD{number}</title>")), "{}", slip.text());
    slip.must_say("Eszter Kovács 1092 Budapest Ráday utca 14 Hungary");
    let words = slip.words();
    let places = ["Plate", "Bowl", "No place"].map(|title| words.find(title).unwrap());
    assert!(places.is_sorted(), "{words}");
    assert!(slip.text().contains("aria-label=\"Barcode"));
    assert!(!slip.text().contains(" style="));
}

#[test]
fn a_slip_has_no_prices_unless_they_are_asked_for_and_a_packer_never_sees_them() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let slip = format!("/orders/{number}/slip");
    assert!(!desk.owner().see(&slip).says("€"));
    desk.owner().see(&format!("{slip}?prices=1")).must_say("Total €63.95");
    assert!(!desk.packer().see(&format!("{slip}?prices=1")).says("€"));
    let sheet = desk.packer().see(&format!("/orders/{number}/sheet"));
    assert!(!sheet.says("€") && !sheet.says("eszter@example.com"));
    let sheet = desk.owner().see(&format!("/orders/{number}/sheet"));
    sheet.must_say("Total €63.95");
    sheet.must_say("eszter@example.com");
    sheet.must_say("Paid, Card");
}

#[test]
fn a_gift_tells_neither_prices_nor_what_the_giver_wrote_to_the_shop() {
    let desk = TestDesk::open();
    let number = desk
        .order()
        .with(|draft| {
            draft.gift = true;
            draft.gift_message = "Grattis, Hanna".into();
            draft.customer_note = "It cost 50 euros, hide the bill".into();
        })
        .at("approved")
        .place();
    let slip = desk.owner().see(&format!("/orders/{number}/slip?prices=1&gift=0"));
    slip.must_say("Gift slip");
    slip.must_say("A message for you Grattis, Hanna");
    slip.must_say("NOTE ON ORDER");
    assert!(!slip.says("€") && !slip.says("50 euros"), "{}", slip.words());
}

#[test]
fn only_notes_for_the_customer_are_printed() {
    let desk = TestDesk::open();
    let number = desk.order().with(|draft| draft.customer_note = "Ring <b>twice</b>".into()).at("approved").place();
    desk.write(move |tx| {
        let actor = Actor::System { name: "Test" };
        conversation::write_note(tx, &actor, number, Audience::Internal, "Looks like fraud")?;
        conversation::write_note(tx, &actor, number, Audience::Customer, "The glaze runs a little")
    });
    for paper in ["slip", "sheet", "slip?paper=label", "slip?paper=a5"] {
        let page = desk.owner().see(&format!("/orders/{number}/{paper}"));
        page.must_say("Note from us The glaze runs a little");
        page.must_say("Note from the customer Ring <b>twice</b>");
        assert!(!page.says("Looks like fraud"));
    }
}

#[test]
fn pressing_print_is_recorded_once_and_the_next_one_is_a_reprint() {
    let desk = TestDesk::open();
    let jon = desk.packer();
    let number = desk.order().at("approved").place();
    let before = desk.look(number);
    let preview = jon.see(&format!("/orders/{number}/slip?paper=label"));
    assert!(!preview.says("REPRINT"));
    assert_eq!(desk.look(number).print_count, 0, "looking is not printing");

    let printed = press_print(&jon, &preview);
    assert!(printed.text().contains("data-print") && !printed.says("REPRINT"));
    press_print(&jon, &preview);
    let after = desk.look(number);
    assert_eq!(after.print_count, 1, "a double click prints once");
    assert!(after.printed_at.is_some());
    assert_eq!((&after.stage, after.version), (&before.stage, before.version));
    assert_eq!(kinds(&desk, number).iter().filter(|kind| *kind == "slip.printed").count(), 1);

    let again = jon.see(&format!("/orders/{number}/slip"));
    again.must_say("REPRINT 2");
    assert!(again.text().contains("<body class=\"label\""), "the paper last used is offered first");
}

#[test]
fn order_details_are_recorded_without_counting_as_a_slip() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let owner = desk.owner();
    press_print(&owner, &owner.see(&format!("/orders/{number}/sheet")));
    assert_eq!(desk.look(number).print_count, 0);
    assert!(kinds(&desk, number).contains(&"slip.printed".to_owned()));
}

#[test]
fn an_order_on_hold_gets_no_slip_and_the_hold_is_named() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let held = desk.order().at("on_hold").place();
    let free = desk.order().at("approved").place();
    let refused = owner.get(&format!("/orders/{held}/slip"));
    assert_eq!(refused.status, 409);
    refused.must_say(&format!("Order {held} is on hold (Address to be checked)."));
    assert_eq!(owner.get(&format!("/orders/{held}/sheet")).status, 200);

    let batch = owner.see(&format!("/print/slips?o={held}&o={free}"));
    batch.must_say(&format!("Left out: Order {held} is on hold"));
    assert_eq!(batch.field("o"), format!("{held},{free}"));
    press_print(&owner, &owner.see(&format!("/orders/{free}/slip")));
    assert_eq!((desk.look(held).print_count, desk.look(free).print_count), (0, 1));
}

#[test]
fn a_hold_placed_after_the_preview_still_stops_the_print() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("approved").place();
    let preview = owner.see(&format!("/orders/{number}/slip"));
    desk.write(move |tx| {
        let request = MoveRequest { reason: "stock".into(), ..MoveRequest::to("on_hold") };
        moves::move_to_stage(tx, &Actor::System { name: "Test" }, number, &request).map(|_| ())
    });
    let form = print_form(&preview);
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let refused = owner.post("/print/records", &form);
    assert_eq!(refused.status, 409);
    assert_eq!(desk.look(number).print_count, 0);
}

#[test]
fn a_batch_keeps_the_order_asked_for_and_prints_each_once() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let [a, b, c] = [(); 3].map(|()| desk.order().at("approved").place());
    let batch = owner.see(&format!("/print/slips?o={c}&o={a}&o={b},{c}&cover=1"));
    batch.must_say("3 packing slips");
    let headings = [c, a, b].map(|number| batch.text().find(&format!("Barcode {number}\"")).unwrap());
    assert!(headings.is_sorted());
    let printed = owner.submit(
        "/print/records",
        &[
            ("form_token", &batch.field("form_token")),
            ("o", &format!("{c},{a},{b}")),
            ("template", "slip"),
            ("paper", "letter"),
            ("cover", "1"),
        ],
    );
    printed.must_say("Batch 3 packing slips");
    assert!(printed.text().contains("<body class=\"letter\" data-print"));
    for number in [a, b, c] {
        assert_eq!(desk.look(number).print_count, 1);
    }
}

#[test]
fn a_packed_order_is_printed_by_parcel() {
    let desk = TestDesk::open();
    let number = desk.order().at("shipped").place();
    let slip = desk.owner().see(&format!("/orders/{number}/slip"));
    slip.must_say("Parcel 1 of 1");
    slip.must_say("JVGL0612");
}

#[test]
fn what_cannot_be_printed_is_answered_in_words() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("cancelled").place();
    for (path, status) in [
        (format!("/orders/{number}/slip"), 409),
        ("/orders/99999/slip".to_owned(), 404),
        ("/orders/mug/slip".to_owned(), 404),
        (format!("/orders/{number}/sheet?paper=a3"), 400),
        (format!("/orders/{number}/sheet?paper=label"), 400),
        (format!("/orders/{number}/sheet?colour=red"), 400),
        ("/print/slips".to_owned(), 400),
        (format!("/print/slips?o={number},99999"), 404),
    ] {
        let reply = owner.get(&path);
        assert_eq!(reply.status, status, "{path}: {}", reply.words());
    }
    let many: Vec<String> = (1..=1001).map(|number| number.to_string()).collect();
    assert_eq!(owner.get(&format!("/print/slips?o={}", many.join(","))).status, 400);
    assert_eq!(desk.viewer().get(&format!("/orders/{number}/sheet")).status, 403);
    assert_eq!(
        desk.visitor().get(&format!("/orders/{number}/slip")).location(),
        format!("/login?next=%2Forders%2F{number}%2Fslip")
    );
    assert_eq!(owner.post_from("https://evil.example", "/print/records", &[("o", "1")]).status, 403);
}

#[test]
fn the_shops_texts_stand_on_its_slips() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().at("approved").place();
    let form = [
        ("contact", "hello@fernandkiln.example"),
        ("thanks", "Thank you"),
        ("returns", "Return within 30 days <unused>"),
        ("exchange", "Exchange within 60 days"),
        ("footer", "See you"),
        ("offset_x", "1.5"),
        ("offset_y", "-0.5"),
    ];
    owner.submit("/settings/print", &form).must_say("Print settings saved.");
    let slip = owner.see(&format!("/orders/{number}/slip?paper=label"));
    slip.must_say("Return within 30 days <unused>");
    assert!(slip.text().contains("<body class=\"label x3 y-1\""));
    let gift = owner.see(&format!("/orders/{number}/slip?gift=1"));
    gift.must_say("Exchange within 60 days");
    assert!(!gift.says("Return within"));

    let refused = owner.post("/settings/print", &[("thanks", "kept"), ("offset_x", "9")]);
    assert_eq!(refused.status, 400);
    refused.must_say("Enter millimetres in steps of a half");
    assert_eq!(refused.field("thanks"), "kept");
    assert_eq!(desk.packer().get("/settings/print").status, 403);
}

#[test]
fn a_pick_list_gathers_what_is_open_by_shelf_and_then_the_boxes() {
    let desk = TestDesk::open();
    let first = vec![line("MUG", "Mug", "A-10-1", 2), line("BOWL", "Bowl", "A-2-1", 1)];
    let second = vec![line("MUG", "Mug", "A-10-1", 3), line("", "Loose thing", "", 1)];
    let first = desk.order().with(|draft| draft.lines = first).at("approved").place();
    let second = desk.order().with(|draft| draft.lines = second).at("approved").place();
    let packed = desk.order().with(|draft| draft.lines = vec![line("CUP", "Cup", "A-1-1", 9)]).at("processed").place();
    let held = desk.order().at("on_hold").place();
    let jon = desk.packer();
    let list = jon.see(&format!("/print/picks?o={first},{second},{packed},{held}"));
    let words = list.words();
    list.must_say(&format!("A-10-1 5 × Mug MUG ORD{first} × 2, ORD{second} × 3"));
    assert!(words.contains("7 units") && words.contains("2 orders"), "{words}");
    assert!(words.find("Bowl") < words.find("Mug") && words.find("Mug") < words.find("Loose thing"), "{words}");
    assert!(!words.contains("Cup") && !words.contains('€'), "{words}");
    list.must_say(&format!("Order {held} is on hold"));
    assert_eq!(press_print(&jon, &list).status, 200);
    assert!(kinds(&desk, first).contains(&"slip.printed".to_owned()));
    assert_eq!(desk.look(first).print_count, 0, "a pick list is no slip");
}

#[test]
fn a_bundle_is_packed_and_fetched_by_its_parts() {
    let desk = TestDesk::open();
    desk.write(|tx| {
        let actor = Actor::System { name: "Test" };
        let product = |sku: &str, title: &str, bin: &str| slipway::catalog::NewProduct {
            sku: sku.into(),
            title: title.into(),
            bin: bin.into(),
            ..Default::default()
        };
        let describe = |facts, parts: &[(&str, i64)]| slipway::catalog::Description {
            facts,
            prices: Vec::new(),
            parts: parts.iter().map(|(sku, units)| ((*sku).to_owned(), *units)).collect(),
        };
        slipway::catalog::add(tx, &actor, &describe(product("MUG-1", "Mug, oat", "A-1"), &[]))?;
        slipway::catalog::add(tx, &actor, &describe(product("TEA-1", "Green tea", "C-7"), &[]))?;
        let set = describe(product("SET-1", "Breakfast set", ""), &[("MUG-1", 2), ("TEA-1", 1)]);
        slipway::catalog::add(tx, &actor, &set).map(drop)
    });
    let (set, mug) = (line("SET-1", "Breakfast set", "", 3), line("MUG-1", "Mug, oat", "A-1", 1));
    let number = desk.order().with(|draft| draft.lines = vec![set, mug]).at("confirmed").place();
    let packer = desk.packer();
    for paper in ["a4", "label"] {
        let slip = packer.see(&format!("/orders/{number}/slip?paper={paper}"));
        let words = slip.words();
        let after = words.split("Breakfast set").nth(1).unwrap();
        assert!(after.contains("6 × Mug, oat MUG-1 A-1") || after.contains("6 × Mug, oat MUG-1"), "{paper}: {words}");
        assert!(after.contains("3 × Green tea TEA-1"), "{paper}: {words}");
        assert_eq!(slip.text().matches("class=\"tick\"").count(), 4, "each part has a box to tick");
    }
    let sheet = packer.see(&format!("/orders/{number}/sheet"));
    sheet.must_say("6 × Mug, oat · MUG-1");
    // From the shelves come parts, with those that are ordered by themselves.
    let picks = packer.see(&format!("/print/picks?o={number}"));
    let words = picks.words();
    assert!(words.contains("A-1 7 × Mug, oat MUG-1"), "{words}");
    assert!(words.contains("C-7 3 × Green tea TEA-1"), "{words}");
    assert!(!words.contains("Breakfast set") && words.contains("10 units"), "{words}");
}
