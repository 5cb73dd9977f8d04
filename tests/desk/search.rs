//! Search knows what is written, at once and only that.

use slipway::actor::Actor;
use slipway::db::search::Search;
use slipway::error::Error;
use slipway::moves;
use slipway::reach::Reach;

use crate::support::app::TestDesk;

const ANA: Actor = Actor::System { name: "Ana" };

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

#[test]
fn a_write_finds_what_it_has_just_told_search() {
    let desk = TestDesk::open();
    let draft =
        desk.order().customer("Quirina Xanthopoulos", "quirina@example.com").line("BOWL", "Bowl", 1, 3_000).draft();
    let (order, before, found, by_two, other, customers) = desk.write(move |tx| {
        let before = Search::Orders.find(tx.conn, &Reach::EVERYWHERE, &words("xantho"), 10)?;
        let order = moves::place(tx, &ANA, &draft)?.order;
        let found = Search::Orders.find(tx.conn, &Reach::EVERYWHERE, &words("xantho"), 10)?;
        let by_two = Search::Orders.find(tx.conn, &Reach::EVERYWHERE, &words("quir xanthop"), 10)?;
        let other = Search::Orders.find(tx.conn, &Reach::EVERYWHERE, &words("xantho yvonne"), 10)?;
        Ok((
            order,
            before,
            found,
            by_two,
            other,
            Search::Customers.find(tx.conn, &Reach::EVERYWHERE, &words("quirina"), 10)?,
        ))
    });
    assert_eq!((before, &found, by_two, other), (vec![], &vec![order.id.0], vec![order.id.0], vec![]));
    assert_eq!(customers, [order.customer_id.unwrap().0]);
    assert_eq!(desk.read(|conn| Search::Orders.find(conn, &Reach::EVERYWHERE, &words("xantho"), 10)), found);
    let id = order.id.0;
    let gone = desk.write(move |tx| {
        Search::Orders.forget(tx.conn, id)?;
        Search::Orders.find(tx.conn, &Reach::EVERYWHERE, &words("xantho"), 10)
    });
    assert!(gone.is_empty());
    assert!(desk.read(|conn| Search::Orders.find(conn, &Reach::EVERYWHERE, &words("xantho"), 10)).is_empty());
}

#[test]
fn search_is_told_nothing_by_what_was_taken_back() {
    let desk = TestDesk::open();
    let draft =
        desk.order().customer("Quirina Xanthopoulos", "quirina@example.com").line("BOWL", "Bowl", 1, 3_000).draft();
    let (whole, part) = (draft.clone(), draft);
    let failed = desk.db.write_blocking(move |tx| {
        moves::place(tx, &ANA, &whole)?;
        Err::<(), _>(Error::broken("on purpose"))
    });
    assert!(failed.unwrap_err().to_string().contains("on purpose"));
    assert!(desk.read(|conn| Search::Orders.find(conn, &Reach::EVERYWHERE, &words("xantho"), 10)).is_empty());
    desk.write(move |tx| {
        let tried = tx.attempt(|tx| {
            moves::place(tx, &ANA, &part)?;
            Err::<(), _>(Error::broken("on purpose"))
        });
        assert!(tried.unwrap_err().to_string().contains("on purpose"));
        assert!(Search::Orders.find(tx.conn, &Reach::EVERYWHERE, &words("xantho"), 10)?.is_empty());
        Ok(())
    });
    assert!(desk.read(|conn| Search::Orders.find(conn, &Reach::EVERYWHERE, &words("xantho"), 10)).is_empty());
    assert!(desk.read(|conn| Search::Customers.find(conn, &Reach::EVERYWHERE, &words("quirina"), 10)).is_empty());
}
