//! What comes out of the printer, and files that come in.

use std::process::Command;

use crate::checks::assert_sound;
use crate::driver::{Browser, Scripting};
use crate::first_run::sign_in;
use crate::support::app::{OWNER, PASSWORD, TestDesk};

fn at_the_desk(desk: &TestDesk) -> Browser {
    let browser = Browser::open(Scripting::On);
    browser.goto(&format!("{}/login", desk.address()));
    sign_in(&browser, OWNER, PASSWORD);
    browser
}

/// Pages, their size in points and the words of what this page prints.
fn printed(browser: &Browser, desk: &TestDesk) -> (usize, String, String) {
    let file = desk.folder().join("print.pdf");
    std::fs::write(&file, browser.print()).unwrap();
    let tell = |tool: &str, more: &[&str]| {
        let output = Command::new(tool).arg(&file).args(more).output().expect("poppler-utils are installed");
        String::from_utf8(output.stdout).unwrap()
    };
    let about = tell("pdfinfo", &[]);
    let fact = |name: &str| about.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    (fact("Pages:").parse().unwrap(), fact("Page size:"), tell("pdftotext", &["-layout", "-"]))
}

#[test]
fn slips_come_out_one_or_many_on_the_paper_that_was_chosen() {
    let desk = TestDesk::open();
    let (eszter, zoe) = (
        desk.order().at("approved").place(),
        desk.order().customer("Zoë Ångström", "zoe@example.se").at("approved").place(),
    );
    let browser = at_the_desk(&desk);
    for (paper, size) in [("a4", "594"), ("letter", "612 x 792"), ("label", "282")] {
        browser.goto(&format!("{}/orders/{eszter}/slip?paper={paper}", desk.address()));
        let (pages, told, words) = printed(&browser, &desk);
        assert_eq!(pages, 1, "{paper}");
        assert!(told.contains(size), "{paper} is {told}");
        assert!(words.contains("Eszter Kovács") && words.contains(&eszter.to_string()), "{paper}: {words}");
        assert!(!words.contains("63.95"), "no prices on a slip: {words}");
    }
    browser.goto(&format!("{}/print/slips?o={eszter}&o={zoe}&paper=a4", desk.address()));
    let (pages, _, words) = printed(&browser, &desk);
    assert_eq!(pages, 2);
    assert!(words.contains("Eszter Kovács") && words.contains("Zoë Ångström"), "{words}");
    assert_sound(&browser, "two slips");
    assert_eq!(desk.look(zoe).print_count, 0, "looking is not printing");
    browser.find("button.pri").click();
    browser.sees("Recorded in the history");
    assert_eq!((desk.look(eszter).print_count, desk.look(zoe).print_count), (1, 1));
}

#[test]
fn an_export_of_a_shop_becomes_orders() {
    let desk = TestDesk::open();
    let browser = at_the_desk(&desk);
    let header = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,\
                  Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Name,\
                  Shipping Address1,Shipping City,Shipping Zip,Shipping Country,Notes";
    let row = |name: &str, total: &str| {
        format!(
            "{name},zoe@example.com,paid,2026-10-02 09:00:00 +0200,unfulfilled,EUR,20.00,5.00,0.00,{total},\
             2026-10-02 08:00:00 +0200,2,Mug,10.00,MUG,Zoë Ørsted,Keizersgracht 1,Amsterdam,1015,NL,\n"
        )
    };
    let file = desk.folder().join("orders_export.csv");
    std::fs::write(&file, format!("{header}\n{}{}", row("#1001", "25.00"), row("#1002", "99.00"))).unwrap();

    browser.goto(&format!("{}/imports/new", desk.address()));
    browser.find("#f-file").attach(&file);
    browser.find("button.primary").click();
    browser.sees("What will be made");
    browser.find_text("button.primary", "Import 1 order");
    assert_sound(&browser, "what will be made");
    browser.sees("#1002");
    browser.find_text("button.primary", "Import 1 order").click();
    // The queue's work is done here as the worker does it.
    let work = || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(slipway::worker::drain(&desk.db)).unwrap();
    };
    browser.sees("Making orders");
    work();
    browser.sees("The import is done");
    assert_sound(&browser, "an import that is done");
    browser.find_text("a.primary", "See the orders").click();
    browser.sees("Zoë Ørsted");
}
