//! The board groups the same orders by stage and offers each card the moves it may make.

use crate::support::app::TestDesk;

#[test]
fn a_card_offers_the_moves_the_graph_allows_and_no_other() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let text = desk.owner().see("/board").text();
    let card = &text[text.find(&format!("id=\"m{number}\"")).unwrap()..];
    let card = &card[..card.find("</form>").unwrap()];
    assert!(card.contains("name=\"to\" value=\"approved\""));
    assert!(card.contains(&format!("/orders/{number}/moves/new?to=on_hold")));
    assert!(!card.contains("shipped"));
    assert!(!desk.viewer().see("/board").text().contains("id=\"m"), "who may not move is offered no move");
}

#[test]
fn a_move_from_the_board_comes_back_to_the_board() {
    let desk = TestDesk::open();
    let number = desk.order().at("confirmed").place();
    let version = desk.look(number).version.to_string();
    let reply = desk
        .owner()
        .post(&format!("/orders/{number}/moves"), &[("to", "approved"), ("version", &version), ("back", "/board")]);
    assert_eq!((reply.status, reply.location()), (303, "/board"));
    assert_eq!(desk.look(number).stage, "approved");
}

#[test]
fn a_column_shows_its_first_cards_and_says_how_many_more_there_are() {
    let desk = TestDesk::open();
    for _ in 0..15 {
        desk.order().place();
    }
    let board = desk.owner().see("/board");
    assert_eq!(board.text().matches("<li class=\"kc\"").count(), 12);
    board.must_say("3 more");
    assert_eq!(desk.owner().get("/board?colour=red").status, 400);
}

#[test]
fn the_day_begins_with_what_waits() {
    let desk = TestDesk::open();
    let marta = desk.owner();
    marta.see("/").must_say("Nothing waits");
    desk.order().at("confirmed").place();
    desk.order().at("on_hold").place();
    let today = marta.see("/");
    today.must_say("Approve confirmed orders");
    today.must_say("1 address to be checked");
    today.must_say("Orders today 2");
}
