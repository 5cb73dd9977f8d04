//! The list goes out as a file that a spreadsheet may open without harm, to those who may have it.

use crate::support::app::TestDesk;

#[test]
fn the_list_goes_out_as_it_is_filtered_one_row_a_line() {
    let desk = TestDesk::open();
    let first = desk.order().line("MUG", "Mug", 2, 1_000).line("BOWL", "Bowl", 1, 500).paid().place();
    let second = desk
        .order()
        .with(|draft| {
            draft.customer_name = "=HYPERLINK(\"http://evil.example\")".into();
            draft.customer_note = "-12 Minus Lane".into();
        })
        .place();
    let owner = desk.owner();
    let reply = owner.get("/orders/export.csv");
    assert_eq!(reply.status, 200);
    assert!(reply.header("content-type").starts_with("text/csv"));
    let text = reply.text();
    assert!(text.lines().next().unwrap().contains("Placed at (Europe/Amsterdam)"), "{text}");
    assert!(text.contains("\"'=HYPERLINK(\"\"http://evil.example\"\")\""), "{text}");
    assert!(text.contains("'-12 Minus Lane"));
    let rows = |text: &str, number: i64| text.lines().filter(|line| line.starts_with(&format!("#{number},"))).count();
    assert!(rows(&text, first) >= 2 && rows(&text, second) >= 1);

    let one = owner.get(&format!("/orders/export.csv?q={first}")).text();
    assert!(rows(&one, first) >= 2, "{one}");
    assert_eq!(rows(&one, second), 0);
    assert_eq!(owner.get("/orders/export.csv?colour=red").status, 400);
}

#[test]
fn a_long_list_goes_out_whole_and_each_order_once() {
    let desk = TestDesk::open();
    let mut numbers: Vec<i64> = (0..260).map(|_| desk.order().place()).collect();
    let text = desk.owner().get("/orders/export.csv").text();
    let mut found: Vec<i64> =
        text.lines().filter_map(|line| line.strip_prefix('#')?.split_once(',')?.0.parse().ok()).collect();
    found.sort_unstable();
    found.dedup();
    numbers.sort_unstable();
    assert_eq!(found, numbers);
}

#[test]
fn only_those_who_may_export_get_it() {
    let desk = TestDesk::open();
    desk.order().place();
    for person in [desk.packer(), desk.support(), desk.viewer()] {
        assert_eq!(person.get("/orders/export.csv").status, 403);
    }
    assert_eq!(desk.manager().get("/orders/export.csv").status, 200);
}
