//! The whole application on a fresh database, listening on a port of its own.

use std::net::{SocketAddr, TcpListener};
use std::sync::OnceLock;
use std::thread::JoinHandle;

use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use diesel::{Connection, PgConnection, SqliteConnection};
use slipway::actor::Actor;
use slipway::config::Config;
use slipway::db::{Conn, Db, Location, Tx};
use slipway::error::Result;
use slipway::notify::Hub;
use slipway::reach::Reach;
use slipway::setup::NewShop;
use slipway::staff::{NewMember, Role};
use slipway::web::Desk;
use slipway::{routes, setup, staff, web};

use super::database::Database;
use super::person::Person;

/// The password of everybody in the tests.
pub const PASSWORD: &str = "kiln at dawn, twelve mugs";
/// The owner of the shop.
pub const OWNER: &str = "marta@fernandkiln.example";

/// Fern & Kiln, a pottery shop in Amsterdam, ready for business.
pub struct TestDesk {
    /// The open database, for arranging and for looking behind the page.
    pub db: Db,
    address: SocketAddr,
    server: Option<(actix_web::dev::ServerHandle, JoinHandle<()>)>,
    // Dropped last: it takes the database away. There until the desk is closed.
    database: Option<Database>,
}

impl TestDesk {
    /// With the shop set up and Marta as its owner.
    pub fn open() -> Self {
        let desk = Self::empty();
        let shop = NewShop {
            name: "Fern & Kiln".into(),
            currency: "EUR".into(),
            time_zone: "Europe/Amsterdam".into(),
            address: "Fern & Kiln\nKeizersgracht 112\n1015 CW Amsterdam".into(),
            country: "NL".into(),
            order_prefix: "ORD".into(),
            owner_name: "Marta Kuipers".into(),
            owner_email: OWNER.into(),
            ..NewShop::default()
        };
        desk.write(move |tx| setup::found(tx, &shop, quick_hash().to_owned()));
        desk
    }

    /// Before anything is set up.
    pub fn empty() -> Self {
        let database = Database::fresh();
        let db = Db::open(&database.location).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let config = Config {
            listen: address,
            database: database.location.clone(),
            webhook_allow: vec!["127.0.0.0/8".to_owned()],
        };
        let desk = Desk::new(db.clone(), config);
        let key = staff::cookie_key(&db).unwrap();
        let (sender, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let hub = Hub::new(desk.db.clone());
                actix_web::rt::spawn(hub.clone().run());
                let table = move |service: &mut actix_web::web::ServiceConfig, desk: &Desk| {
                    routes::pages(service, desk, &key, &hub)
                };
                let server = web::serve(desk, listener, table).unwrap();
                sender.send(server.handle()).unwrap();
                server.await.unwrap();
            });
        });
        let handle = started.recv().unwrap();
        TestDesk { db, address, server: Some((handle, thread)), database: Some(database) }
    }

    /// Where a browser finds it.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }
    /// The database as `--database` takes it.
    pub fn database_url(&self) -> String {
        self.database.as_ref().unwrap().url()
    }
    /// A folder for files of this test.
    pub fn folder(&self) -> &std::path::Path {
        self.database.as_ref().unwrap().folder()
    }

    /// Ends the application and hands its database over.
    pub fn close(mut self) -> Database {
        self.stop();
        self.database.take().unwrap()
    }
    fn stop(&mut self) {
        if let Some((handle, thread)) = self.server.take() {
            // The command is sent at once; the thread's end is the answer.
            drop(handle.stop(false));
            let _ = thread.join();
        }
    }

    /// Somebody who is not signed in.
    pub fn visitor(&self) -> Person {
        Person::new(self.address)
    }
    /// Marta, who owns the shop.
    pub fn owner(&self) -> Person {
        self.sign_in(OWNER)
    }
    /// Ana, who runs the day.
    pub fn manager(&self) -> Person {
        self.somebody("Ana Pires", "ana@fernandkiln.example", Role::Manager)
    }
    /// Jon, who packs.
    pub fn packer(&self) -> Person {
        self.somebody("Jon Bakker", "jon@fernandkiln.example", Role::Packer)
    }
    /// Sade, who answers customers.
    pub fn support(&self) -> Person {
        self.somebody("Sade Okafor", "sade@fernandkiln.example", Role::Support)
    }
    /// Vik, the accountant, who only looks.
    pub fn viewer(&self) -> Person {
        self.somebody("Vik Sharma", "vik@fernandkiln.example", Role::Viewer)
    }

    /// Adds somebody to the staff if need be and signs them in.
    pub fn somebody(&self, name: &str, email: &str, role: Role) -> Person {
        let new = NewMember {
            name: name.into(),
            email: email.into(),
            role,
            password_hash: Some(quick_hash().to_owned()),
            reach: Reach::EVERYWHERE,
        };
        self.write(move |tx| match staff::member_by_email(tx.conn, &new.email) {
            Ok(member) => Ok(member.id),
            Err(_) => staff::add(tx, &Actor::System { name: "Test" }, &new),
        });
        self.sign_in(email)
    }

    fn sign_in(&self, email: &str) -> Person {
        let person = self.visitor();
        let reply = person.post("/login", &[("email", email), ("password", PASSWORD)]);
        assert_eq!(reply.status, 303, "signing in as {email}: {}", reply.text());
        person
    }

    /// Changes the database behind the application's back.
    pub fn write<T: Send + 'static>(&self, work: impl FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static) -> T {
        self.db.write_blocking(work).unwrap()
    }
    /// A connection of its own, for what no front door shows.
    pub fn look_behind(&self) -> Conn {
        match &self.database.as_ref().unwrap().location {
            Location::Sqlite(path) => Conn::Sqlite(SqliteConnection::establish(&path.to_string_lossy()).unwrap()),
            Location::Postgres(url) => Conn::Pg(PgConnection::establish(url).unwrap()),
        }
    }
    /// Makes every job that waits for another try due now.
    pub fn hurry_jobs(&self) {
        use diesel::RunQueryDsl;
        diesel::sql_query("UPDATE jobs SET run_at = 0").execute(&mut self.look_behind()).unwrap();
    }
    /// Looks into the database.
    pub fn read<T>(&self, work: impl FnOnce(&mut Conn) -> Result<T>) -> T {
        self.db.read_blocking(work).unwrap()
    }
}

impl Drop for TestDesk {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A hash of [`PASSWORD`] that costs next to nothing to check.
fn quick_hash() -> &'static str {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| {
        let cheap = Params::new(8, 1, 1, None).unwrap();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, cheap).hash_password(PASSWORD.as_bytes()).unwrap().to_string()
    })
}
