//! Invoices and credit notes: numbered without a gap, never changed, adding up.

use slipway::actor::Actor;
use slipway::invoice::{self, DocumentKind};
use slipway::market::{self, MarketFacts, Markets};
use slipway::order::{ChargeKind, DraftCharge, PaymentKind};
use slipway::payment::{self, NewPayment};

use crate::support::app::TestDesk;
use crate::support::person::{Person, Reply};

/// Presses Issue invoice on the order's page.
fn press_issue(person: &Person, number: i64) -> Reply {
    person.post(&format!("/orders/{number}/invoices"), &[("form_token", &slipway::ids::new_uid())])
}

fn press_credit(person: &Person, invoice: &str, amount: &str, reason: &str) -> Reply {
    let form = person.see(&format!("{invoice}/credit"));
    let fields =
        [("form_token", form.field("form_token")), ("amount", amount.to_owned()), ("reason", reason.to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    person.post(&format!("{invoice}/credit"), &fields)
}

fn charge(kind: ChargeKind, label: &str, amount_minor: i64, rate_ppm: Option<i64>) -> DraftCharge {
    DraftCharge { kind, label: label.into(), code: String::new(), amount_minor, rate_ppm }
}

#[test]
fn an_invoice_says_what_the_order_is_and_stays_so() {
    let desk = TestDesk::open();
    let taxed = |draft: &mut slipway::order::Draft| {
        draft.charges = vec![
            charge(ChargeKind::Shipping, "DHL Paket", 695, None),
            charge(ChargeKind::Tax, "VAT 21 %", 1_110, Some(210_000)),
        ];
    };
    let number = desk.order().line("MUG", "Mug", 2, 2_850).with(taxed).at("approved").place();
    let owner = desk.owner();
    let issued = press_issue(&owner, number);
    assert_eq!(issued.status, 303, "{}", issued.words());
    let invoice = issued.location().to_owned();
    let paper = owner.see(&invoice);
    for words in ["Invoice", "Bill to", "€63.95", "VAT 21 % €11.10", "Net €52.85", &format!("ORD{number}")] {
        paper.must_say(words);
    }
    desk.write(move |tx| {
        let change = slipway::order::Correction { customer_name: Some("Somebody else".into()), ..Default::default() };
        slipway::order::correct(tx, &Actor::System { name: "Test" }, number, None, &change)
    });
    assert_eq!(owner.see(&invoice).words(), paper.words());
    owner.see(&format!("/orders/{number}/history")).must_say("issued the invoice INV-");
    let second = press_issue(&owner, number);
    assert_eq!(second.status, 409);
    second.must_say("Credit it first if it is wrong");
}

#[test]
fn an_invoice_says_what_was_paid_and_what_is_still_to_pay() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let number = desk.order().place_unpaid();
    let due = desk.look(number).total_minor;
    let paid = NewPayment {
        kind: PaymentKind::Capture,
        amount_minor: 2_000,
        method: "bank_transfer".into(),
        reference: String::new(),
        note: String::new(),
        expires_at: None,
    };
    desk.write(move |tx| payment::record(tx, &Actor::System { name: "Test" }, number, None, &paid));
    let paper = owner.see(press_issue(&owner, number).location());
    paper.must_say("Paid by then €20.00");
    paper.must_say(&format!("Still to pay €{}.{:02}", (due - 2_000) / 100, (due - 2_000) % 100));
    let open = desk.order().place_unpaid();
    let unpaid = owner.see(press_issue(&owner, open).location());
    assert!(!unpaid.says("Paid by then") && !unpaid.says("Still to pay"), "the total is all there is to say");
}

#[test]
fn the_rows_of_an_invoice_add_up_to_its_total_whatever_the_tax() {
    let desk = TestDesk::open();
    for (included, quantity, unit, discount, tax) in
        [(true, 3, 333, -100, 157), (false, 7, 1_999, -1, 2_937), (true, 1, 1, 0, 0), (false, 2, 5_000, -9_999, 1)]
    {
        let with = move |draft: &mut slipway::order::Draft| {
            draft.tax_included = included;
            draft.charges = vec![
                charge(ChargeKind::Discount, "Spring", discount, None),
                charge(ChargeKind::Shipping, "Post", 495, None),
                charge(ChargeKind::Tax, "VAT 21 %", tax, Some(210_000)),
                charge(ChargeKind::Tax, "VAT 9 %", tax / 3, Some(90_000)),
            ];
        };
        let number =
            desk.order().line("A", "A", quantity, unit).line("B", "B", 1, 250).with(with).at("approved").place();
        let said = desk.write(move |tx| invoice::issue(tx, &Actor::System { name: "Test" }, number)?.content());
        let order = desk.look(number);
        assert_eq!(said.total_minor, order.total_minor);
        assert_eq!(said.rows.iter().map(|row| row.gross_minor).sum::<i64>(), said.total_minor, "{said:?}");
        assert_eq!(said.rows.iter().map(|row| row.net_minor).sum::<i64>(), said.net_minor, "{said:?}");
        assert_eq!(said.rates.iter().map(|rate| rate.tax_minor).sum::<i64>(), said.tax_minor, "{said:?}");
    }
}

#[test]
fn numbers_have_no_gap_when_many_issue_at_once_and_some_fail() {
    let desk = TestDesk::open();
    let numbers: Vec<i64> = (0..12).map(|_| desk.order().at("approved").place()).collect();
    let session = desk.owner().cookie("slipway").unwrap();
    std::thread::scope(|scope| {
        for number in &numbers {
            let (desk, session) = (&desk, &session);
            scope.spawn(move || {
                let owner = desk.visitor();
                owner.set_cookie("slipway", session);
                // The second of the same order is refused after it drew a number.
                press_issue(&owner, *number);
                press_issue(&owner, *number);
            });
        }
    });
    let mut drawn: Vec<i64> = numbers
        .iter()
        .flat_map(|number| {
            let id = desk.look(*number).id;
            desk.read(|conn| invoice::of_order(conn, id))
        })
        .map(|one| one.number)
        .collect();
    drawn.sort_unstable();
    assert_eq!(drawn, (1..=12).collect::<Vec<i64>>());
}

#[test]
fn an_invoice_is_taken_back_in_parts_and_never_by_more_than_stands() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let invoice = press_issue(&owner, number).location().to_owned();
    let part = press_credit(&owner, &invoice, "20", "One mug was chipped");
    assert_eq!(part.status, 303, "{}", part.words());
    let note = owner.see(part.location());
    for words in ["Credit note CN-", "Credits invoice INV-", "€20.00", "One mug was chipped"] {
        note.must_say(words);
    }
    for (amount, reason, told) in [
        ("43.96", "x", "up to €43.95, which still stands"),
        ("0", "x", "Enter an amount above zero"),
        ("-3", "x", "Enter an amount above zero"),
        ("many", "x", "Enter an amount in EUR"),
        ("1", " ", "why the invoice is taken back"),
    ] {
        let refused = press_credit(&owner, &invoice, amount, reason);
        assert_eq!(refused.status, 400, "{amount}");
        refused.must_say(told);
        assert_eq!(refused.field("amount"), amount);
    }
    let rest = press_credit(&owner, &invoice, "43.95", "Wrong address");
    assert_eq!(rest.status, 303);
    assert_eq!(press_credit(&owner, rest.location(), "1", "x").status, 409);
    assert_eq!(press_issue(&owner, number).status, 303, "a new one may be issued now");
    let id = desk.look(number).id;
    let kinds: Vec<DocumentKind> = desk.read(|conn| invoice::of_order(conn, id)).iter().map(|one| one.kind).collect();
    assert_eq!(
        kinds,
        [DocumentKind::Invoice, DocumentKind::CreditNote, DocumentKind::CreditNote, DocumentKind::Invoice]
    );
}

#[test]
fn only_those_who_may_issue_and_a_second_click_issues_nothing() {
    let desk = TestDesk::open();
    let number = desk.order().at("approved").place();
    let owner = desk.owner();
    let token = owner.see(&format!("/orders/{number}")).field("form_token");
    let press = || owner.post(&format!("/orders/{number}/invoices"), &[("form_token", &token)]).location().to_owned();
    let (first, second) = (press(), press());
    assert_eq!(first, second);
    for person in [desk.packer(), desk.support(), desk.viewer()] {
        assert_eq!(person.post(&format!("/orders/{number}/invoices"), &[("form_token", "a")]).status, 403);
    }
    assert_eq!(desk.packer().get(&first).status, 403);
    assert_eq!(owner.get("/invoices/none").status, 404);
    assert_eq!(owner.get(&format!("{first}?paper=label")).status, 400);
    let settings = owner.see("/settings/invoices");
    settings.must_say("Series of invoices");
    let same = [("tax_id", ""), ("series", "A-"), ("credit_series", "A-"), ("terms", "")];
    assert_eq!(owner.post("/settings/invoices", &same).status, 400);
    let apart = [("tax_id", "NL1"), ("series", "A-"), ("credit_series", "B-"), ("terms", "14 days")];
    assert_eq!(owner.post("/settings/invoices", &apart).status, 303);
    owner.see(&first).must_say("INV-");
}

#[test]
fn nothing_is_invoiced_for_an_order_that_was_stopped() {
    let desk = TestDesk::open();
    let number = desk.order().at("cancelled").place();
    let owner = desk.owner();
    assert!(!owner.see(&format!("/orders/{number}")).says("Issue invoice"));
    let refused = owner.post(&format!("/orders/{number}/invoices"), &[("form_token", "a")]);
    assert_eq!(refused.status, 409);
    refused.must_say("Nothing is owed");
}

#[test]
fn a_market_counts_its_documents_in_series_of_its_own() {
    let desk = TestDesk::open();
    let owner = desk.owner();
    let (home, swiss) = desk.write(|tx| {
        let home = Markets::load(tx.conn)?.home()?.clone();
        let hours = market::hours(tx.conn, home.id)?;
        let facts = MarketFacts {
            name: "Switzerland".into(),
            order_prefix: "CH".into(),
            invoice_series: "CH-{year}-".into(),
            ..MarketFacts::of(&home, hours)
        };
        let swiss = market::open(tx, &Actor::System { name: "Test" }, &facts)?;
        market::find_or_make_channel(tx, swiss.id, "swiss", "Swiss", market::ChannelKind::Web)?;
        Ok((home, swiss))
    });
    let place = |market: &market::Market| {
        let channel = desk.read(Markets::load).channels.iter().find(|c| c.market_id == market.id).unwrap().id;
        let id = market.id;
        desk.order().with(move |draft| (draft.market, draft.channel) = (id, channel)).at("approved").place()
    };
    let year = slipway::time::UtcTime::now().local(home.zone()).format("%Y").to_string();
    let named = |invoice: &str, name: &str| owner.see(invoice).must_say(name);
    let own = press_issue(&owner, place(&swiss)).location().to_owned();
    named(&own, &format!("CH-{year}-0001"));
    named(press_issue(&owner, place(&home)).location(), &format!("INV-{year}-0001"));
    named(press_issue(&owner, place(&swiss)).location(), &format!("CH-{year}-0002"));
    // Without a series of its own it counts in that of the shop.
    named(press_credit(&owner, &own, "10", "Scratched").location(), &format!("CN-{year}-0001"));
    let page = format!("/settings/markets/{}", swiss.slug);
    let shown = owner.see(&page);
    for words in
        [format!("The next is CH-{year}-0003."), format!("The next is CN-{year}-0002."), "The next order is CH".into()]
    {
        shown.must_say(&words);
    }
    // Neither kind ever counts in a series of the other.
    let change = |facts: fn(&mut MarketFacts)| {
        let mut new = desk.read(|conn| {
            let swiss = Markets::load(conn)?.markets[1].clone();
            let hours = market::hours(conn, swiss.id)?;
            Ok(MarketFacts::of(&swiss, hours))
        });
        facts(&mut new);
        let slug = swiss.slug.clone();
        desk.db.write_blocking(move |tx| market::change(tx, &Actor::System { name: "Test" }, &slug, &new))
    };
    assert!(change(|facts| facts.credit_series = "CH-{year}-".into()).is_err());
    assert!(change(|facts| facts.credit_series = "CH-CN-{year}-".into()).is_ok());
    let form = [("tax_id", ""), ("series", "INV-{year}-"), ("credit_series", "CH-{year}-"), ("terms", "")];
    let refused = owner.post("/settings/invoices", &form);
    assert_eq!(refused.status, 400);
    refused.must_say("The invoices of a market count in this series.");
}
