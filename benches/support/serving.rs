//! The desk as it serves, on a port of this machine, until the process ends.

use std::net::{SocketAddr, TcpListener};

use slipway::config::Config;
use slipway::db::{Db, Location};
use slipway::notify::Hub;
use slipway::web::{self, Desk};
use slipway::{routes, staff};

/// Serves an open database and says where.
pub fn serve(location: &Location, db: &Db) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let config = Config { listen: address, database: location.clone(), webhook_allow: Vec::new() };
    let desk = Desk::new(db.clone(), config);
    let key = staff::cookie_key(db).unwrap();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let hub = Hub::new(desk.db.clone());
            actix_web::rt::spawn(hub.clone().run());
            let table = move |service: &mut actix_web::web::ServiceConfig, desk: &Desk| {
                routes::pages(service, desk, &key, &hub)
            };
            web::serve(desk, listener, table).unwrap().await.unwrap();
        });
    });
    address
}
