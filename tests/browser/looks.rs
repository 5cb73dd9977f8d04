//! Every page of the demonstration shop, on a desk and a phone, in light and dark.

use crate::checks::{faults_everywhere, too_heavy};
use crate::driver::{Browser, Scripting};
use crate::first_run::sign_in;
use crate::support::database::Database;
use crate::support::process::Process;

#[test]
fn every_page_of_the_demonstration_shop_is_sound() {
    let database = Database::unmigrated();
    let desk = Process::start(&["demo", "--database", &database.url(), "--listen", "127.0.0.1:0"]);
    let account = desk.said.iter().find(|line| line.contains('@')).expect("how to sign in");
    let (email, rest) = account.trim().split_once(' ').unwrap();
    // A password may hold single spaces; the role stands after several.
    let password = rest.trim_start().split("  ").next().unwrap();
    let home = format!("http://{}", desk.address);
    let browser = Browser::open(Scripting::On);
    browser.goto(&format!("{home}/login"));
    sign_in(&browser, email, password);

    let mut pages: Vec<(String, &str)> = [
        ("/", "today"),
        ("/attention", "attention"),
        ("/orders", "orders"),
        ("/orders?stage=approved&pay=paid", "orders-filtered"),
        ("/orders?q=nobody+at+all", "orders-none"),
        ("/orders/new", "order-new"),
        ("/board", "board"),
        ("/views", "views"),
        ("/imports", "imports"),
        ("/products", "products"),
        ("/products/new", "product-new"),
        ("/customers", "customers"),
        ("/returns", "returns"),
        ("/inbox", "inbox"),
        ("/inbox/mentions", "mentions"),
        ("/shipments/tracking", "tracking"),
        ("/imports/new", "import-new"),
        ("/settings/shop", "settings-shop"),
        ("/settings/staff", "settings-staff"),
        ("/settings/markets", "settings-markets"),
        ("/settings/markets/new", "settings-market-new"),
        ("/settings/stages", "settings-stages"),
        ("/settings/stages/approved", "settings-stage"),
        ("/settings/print", "settings-print"),
        ("/settings/replies", "settings-replies"),
        ("/settings/invoices", "settings-invoices"),
        ("/settings/payments", "settings-payments"),
        ("/settings/payments/card", "settings-payment"),
        ("/account", "account"),
        ("/api/docs", "docs"),
        ("/api/docs/orders", "docs-orders"),
        ("/api/docs/changing-orders", "docs-changing-orders"),
        ("/api/docs/carts", "docs-carts"),
        ("/api/docs/many-orders", "docs-many-orders"),
        ("/api/docs/shipments", "docs-shipments"),
        ("/api/docs/returns", "docs-returns"),
        ("/api/docs/moves", "docs-moves"),
        ("/api/docs/objects", "docs-objects"),
        ("/api/docs/objects/Order", "docs-object"),
        ("/api/docs/recipes", "docs-recipes"),
        ("/api/problems", "docs-problems"),
    ]
    .map(|(place, name)| (place.to_owned(), name))
    .into();
    for (stage, name, then) in [
        ("on_hold", "order-held", ""),
        ("approved", "order-approved", ""),
        ("approved", "order-edit", "/edit"),
        ("approved", "order-ask", "/moves/new?to=on_hold"),
        ("delivered", "order-history", "/history"),
        ("delivered", "order-notes", "/notes"),
        ("placed", "order-payment", "/payments/new"),
        ("delivered", "order-refund", "/refunds/new"),
        ("delivered", "order-goodwill", "/goodwill/new"),
        ("approved", "parcel-new", "/parcels/new"),
        ("approved", "units-cancel", "/remaining"),
        ("delivered", "return-new", "/returns/new"),
        ("approved", "slip", "/slip"),
        ("approved", "sheet", "/sheet"),
    ] {
        browser.goto(&format!("{home}/orders?stage={stage}"));
        let order = browser.find("#orders a.o").property("href").as_str().unwrap().to_owned();
        let path = url::Url::parse(&order).unwrap().path().to_owned();
        if name == "slip" {
            let number = path.rsplit('/').next().unwrap();
            pages.push((format!("/print/picks?o={number}"), "picks"));
        }
        pages.push((format!("{path}{then}"), name));
    }
    // What has an address of its own is found the way people find it.
    for (list, link, then, name) in [
        ("/products", "main tbody a", "", "product"),
        ("/orders?stage=processed", "#orders a.o", "#parcels .do > a", "parcel-ship"),
        ("/orders?stage=returned", "#orders a.o", "#returns a.link", "return"),
    ] {
        browser.goto(&format!("{home}{list}"));
        let mut place = browser.find(link).property("href");
        if !then.is_empty() {
            browser.goto(place.as_str().unwrap());
            place = browser.find(then).property("href");
        }
        pages.push((local(place.as_str().unwrap()), name));
    }
    browser.goto(&format!("{home}/orders?stage=delivered"));
    browser.goto(browser.find("#orders a.o").property("href").as_str().unwrap());
    browser.find("form[action$='/invoices'] button").click();
    let invoice = browser.wait("the invoice", |browser| {
        let place = browser.place();
        place.starts_with("/invoices/").then_some(place)
    });
    pages.push((invoice.clone(), "invoice"));
    pages.push((format!("{invoice}/credit"), "invoice-credit"));
    browser.complaints();
    let mut faults = Vec::new();
    for (place, name) in pages {
        browser.goto(&format!("{home}{place}"));
        faults.extend(too_heavy(&browser, name));
        faults.extend(faults_everywhere(&browser, name));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The path and the query of an address.
fn local(address: &str) -> String {
    let address = url::Url::parse(address).unwrap();
    let query = address.query().map_or(String::new(), |query| format!("?{query}"));
    format!("{}{query}", address.path())
}
