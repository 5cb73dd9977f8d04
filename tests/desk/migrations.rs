//! A desk brings its database up to date by itself, also when several start at once.

use slipway::db::{Db, migrate};

use crate::support::database::Database;

#[test]
fn many_that_open_an_empty_database_at_once_all_find_it_migrated_once() {
    let database = Database::unmigrated();
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..4).map(|_| scope.spawn(|| Db::open(&database.location).map(|_| ()))).collect();
        for opener in openers {
            opener.join().unwrap().unwrap();
        }
    });
}

#[test]
fn a_database_that_is_up_to_date_is_left_alone() {
    let database = Database::fresh();
    migrate::run(&database.location).unwrap();
}
