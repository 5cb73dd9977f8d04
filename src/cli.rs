//! The command line. Each arm calls one verb; errors are one sentence on standard error.

use std::io::{BufRead, Write};
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::actor::Actor;
use crate::config::{Config, DEFAULT_DATABASE, DEFAULT_LISTEN, DEMO_DATABASE};
use crate::db::{Db, Location};
use crate::demo::{self, Made};
use crate::error::{Error, Refusal, Result};
use crate::notify::{self, Hub};
use crate::outside::Allowed;
use crate::reach::Reach;
use crate::setup::{self, NewShop};
use crate::staff::keys::NewKey;
use crate::web::Desk;
use crate::{intake, routes, settings, staff, web, worker};

/// A merchant's order desk in one binary.
#[derive(Debug, Parser)]
#[command(name = "slipway", version, about, disable_help_subcommand = true)]
struct Cli {
    /// The database: a file, sqlite://PATH or postgres://USER:PASSWORD@HOST/NAME
    /// [default: ./slipway-data/slipway.db; for demo ./slipway-data/demo.db]
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true)]
    database: Option<String>,
    /// Where to listen: ADDRESS:PORT
    #[arg(long, global = true, env = "SLIPWAY_LISTEN", default_value = DEFAULT_LISTEN)]
    listen: String,
    /// A host or network that webhooks may go to, and carts come from, though it is private, such as erp.shop.lan or 10.0.0.0/8; give
    /// several with commas between
    #[arg(long, global = true, env = "SLIPWAY_WEBHOOK_ALLOW", value_name = "HOST_OR_NETWORK", value_delimiter = ',')]
    webhook_allow: Vec<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the desk; on an empty database, open first-run set-up in the browser
    Serve,
    /// Make a demonstration shop, if there is none yet, and start the desk on it
    Demo {
        /// So many orders instead of some 270
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=10_000_000))]
        orders: Option<i64>,
    },
    /// Set the shop up without a browser
    Setup(SetupArgs),
    /// Bring orders in from a file
    Import {
        #[command(subcommand)]
        what: intake::command::Command,
    },
    /// Make, list and revoke keys for programs, and change the key that signs their tokens
    #[command(subcommand)]
    Key(KeyCommand),
    /// Invite, list, reset and disable staff
    #[command(subcommand)]
    User(UserCommand),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key and print its token, which is shown once
    Create {
        /// What the key is for
        name: String,
        #[arg(long, default_value = "all", value_delimiter = ',', help = scopes())]
        scopes: Vec<String>,
        /// Keep it to this market; give several times or with commas between [default: all markets]
        #[arg(long = "market", value_name = "SLUG", value_delimiter = ',')]
        markets: Vec<String>,
        /// Requests it may make in a minute [default: the shop's limit]
        #[arg(long, value_name = "REQUESTS")]
        rate: Option<i64>,
        /// Refuse a change that does not say which version it changes
        #[arg(long)]
        requires_match: bool,
    },
    /// List the keys, a line each: name, client id, scopes, markets, requests a minute, made, last used, state
    List,
    /// End a key by its name or client id
    Revoke {
        /// Name or client id of the key
        name: String,
    },
    /// Let a new key sign the tokens of /oauth/token; those signed before stay good until they expire
    RotateSigning,
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// List the staff
    List,
    /// Add somebody and print the link with which they set a password
    Invite {
        /// Their e-mail address
        email: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// owner, manager, packer, support or viewer
        #[arg(long, default_value = "packer")]
        role: String,
    },
    /// Print a link with which somebody sets a new password
    Reset {
        /// Their e-mail address
        email: String,
    },
    /// Stop somebody from signing in and end their sessions
    Disable {
        /// Their e-mail address
        email: String,
    },
}

#[derive(Debug, clap::Args)]
struct SetupArgs {
    /// Name of the shop
    #[arg(long)]
    shop: String,
    /// Currency by its three letters, such as EUR
    #[arg(long)]
    currency: String,
    /// E-mail address of the owner
    #[arg(long)]
    owner: String,
    /// Name of the owner
    #[arg(long)]
    owner_name: Option<String>,
    /// Read the owner's password from the first line of standard input
    #[arg(long, required = true)]
    password_stdin: bool,
    /// Time zone, such as Europe/Amsterdam
    #[arg(long, default_value = "UTC")]
    time_zone: String,
    /// What stands before an order's number: ORD makes ORD10468
    #[arg(long, default_value = "ORD")]
    prefix: String,
    /// Where the desk is reached, such as https://orders.shop.example
    #[arg(long, default_value = "")]
    public_address: String,
}

/// Runs the command line and says how it ended: 0 done, 1 refused or failed, 2 not understood.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error}");
            ExitCode::from(1)
        }
    }
}

fn dispatch(cli: Cli) -> Result<()> {
    let usual = if matches!(cli.command, Command::Demo { .. }) { DEMO_DATABASE } else { DEFAULT_DATABASE };
    let database = cli.database.as_deref().unwrap_or(usual);
    let config = Config {
        database: Location::parse(database)?,
        listen: address(&cli.listen)?,
        webhook_allow: cli.webhook_allow,
    };
    match cli.command {
        Command::Serve => serve(config),
        Command::Demo { orders } => show(config, orders),
        Command::Setup(args) => set_up(&config, args),
        Command::Key(command) => keys(&config, command),
        Command::User(command) => users(&config, command),
        Command::Import { what } => intake::command::run(&Db::open(&config.database)?, what),
    }
}

fn address(text: &str) -> Result<SocketAddr> {
    text.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(|| {
        Refusal::invalid(
            "listen.malformed",
            format!("{text} is no address to listen on. Give ADDRESS:PORT, such as 127.0.0.1:8080."),
        )
        .into()
    })
}

fn say(text: &str) {
    // A closed pipe is no reason to stop.
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn logging() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("SLIPWAY_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,slipway=info"));
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let _ =
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(colours).with_writer(std::io::stderr).try_init();
}

fn serve(config: Config) -> Result<()> {
    logging();
    Allowed::parse(&config.webhook_allow)?;
    let db = Db::open(&config.database)?;
    serve_open(db, config)
}

/// Makes the demonstration shop, tells how to sign in and serves it.
fn show(config: Config, orders: Option<i64>) -> Result<()> {
    logging();
    let db = Db::open(&config.database)?;
    match demo::prepare(&db, orders)? {
        Made::New(orders) => say(&format!("The demonstration shop Fern & Kiln is ready with {orders} orders.")),
        Made::Known => say("The demonstration shop Fern & Kiln is as you left it."),
    }
    say("Sign in with an e-mail address and its password:\n");
    for account in demo::ACCOUNTS {
        say(&format!("    {:<28}{:<24}{}", account.email, account.password, account.role.label()));
    }
    say("");
    serve_open(db, config)
}

/// Serves an open database until the process is told to stop.
fn serve_open(db: Db, config: Config) -> Result<()> {
    let listener = TcpListener::bind(config.listen).map_err(|error| {
        Refusal::invalid(
            "listen.taken",
            format!("Slipway cannot listen on {}: {error}. Choose another with --listen.", config.listen),
        )
    })?;
    let key = staff::cookie_key(&db)?;
    let here = listener.local_addr()?;
    if let Some(code) = db.write_blocking(setup::issue_code)? {
        say("This desk is new. Open the address below and set it up with this code, which works until then:");
        say(&format!("\n    {code}\n"));
    }
    say(&format!("Slipway listens on http://{here}"));
    let desk = Desk::new(db, config);
    let runner = actix_web::rt::System::new();
    runner.block_on(async move {
        let hub = Hub::new(desk.db.clone());
        actix_web::rt::spawn(hub.clone().run());
        actix_web::rt::spawn(notify::stream::end_with_process(hub.clone()));
        let table =
            move |service: &mut actix_web::web::ServiceConfig, desk: &Desk| routes::pages(service, desk, &key, &hub);
        actix_web::rt::spawn(worker::run(desk.db.clone(), desk.outside().clone()));
        web::serve(desk, listener, table)?.await
    })?;
    Ok(())
}

fn first_line() -> Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn set_up(config: &Config, args: SetupArgs) -> Result<()> {
    let password = first_line()?;
    staff::check_password(&password)?;
    let owner_name = args.owner_name.unwrap_or_else(|| args.owner.split('@').next().unwrap_or_default().to_owned());
    let new = NewShop {
        name: args.shop,
        currency: args.currency,
        time_zone: args.time_zone,
        order_prefix: args.prefix,
        public_address: args.public_address,
        owner_name,
        owner_email: args.owner,
        ..NewShop::default()
    };
    setup::check(&new)?;
    let hash = staff::hash_password(&password)?;
    let db = Db::open(&config.database)?;
    let name = new.name.clone();
    db.write_blocking(move |tx| setup::found(tx, &new, hash))?;
    say(&format!("{name} is set up. Start the desk with: slipway serve"));
    Ok(())
}

const HERE: Actor = Actor::System { name: "Command line" };

/// What `--scopes` takes, for its help.
fn scopes() -> String {
    let known: Vec<&str> = staff::keys::scopes().into_iter().map(|(scope, _)| scope).collect();
    format!("What it may do, with commas between: {}", known.join(", "))
}

fn keys(config: &Config, command: KeyCommand) -> Result<()> {
    let db = Db::open(&config.database)?;
    match command {
        KeyCommand::Create { name, scopes, markets, rate, requires_match } => {
            let new = NewKey { name, scopes, markets, rate_per_minute: rate, requires_match, ..NewKey::default() };
            say(&db.write_blocking(move |tx| settings::keys::make(tx, &HERE, &new))?);
        }
        KeyCommand::List => list_keys(&db)?,
        KeyCommand::RotateSigning => {
            db.write_blocking(|tx| staff::signing::rotate(tx, &HERE))?;
            say("A new key signs tokens. Those that the former signed stay good until they expire.");
        }
        KeyCommand::Revoke { name } => {
            let which = name.clone();
            db.write_blocking(move |tx| staff::keys::revoke(tx, &HERE, &which))?;
            say(&format!("The key {name} no longer works."));
        }
    }
    Ok(())
}

fn list_keys(db: &Db) -> Result<()> {
    let (keys, people, usual) = db.read_blocking(|conn| {
        Ok((staff::keys::list(conn)?, staff::members(conn)?, staff::keys::rate_per_minute(conn)?))
    })?;
    for key in keys {
        let person = key.staff.and_then(|id| people.iter().find(|member| member.id == id));
        let state = match (key.revoked_at, person) {
            (Some(at), _) => format!("revoked {}", at.rfc3339()),
            (None, Some(member)) if member.disabled_at.is_some() => format!("asleep with {}", member.email),
            (None, Some(member)) => format!("works for {}", member.email),
            (None, None) => "works".to_owned(),
        };
        let markets = if key.markets.is_empty() { "all markets" } else { &key.markets };
        let rate = key.rate_per_minute.unwrap_or(usual);
        let made = key.created_at.rfc3339();
        let used = key.last_used_at.map_or_else(|| "never used".to_owned(), |at| format!("used {}", at.rfc3339()));
        let (name, uid, scopes) = (&key.name, &key.uid, &key.scopes);
        say(&format!("{name}\t{uid}\t{scopes}\t{markets}\t{rate} a minute\tmade {made}\t{used}\t{state}"));
    }
    Ok(())
}

fn users(config: &Config, command: UserCommand) -> Result<()> {
    let db = Db::open(&config.database)?;
    match command {
        UserCommand::List => {
            for member in db.read_blocking(staff::members)? {
                let state = if member.disabled_at.is_some() { "disabled" } else { member.role.as_str() };
                say(&format!("{}\t{}\t{}", member.email, state, member.name));
            }
        }
        UserCommand::Invite { email, name, role } => {
            let role = staff::Role::parse(&role).ok_or_else(|| {
                Refusal::invalid(
                    "staff.role",
                    format!("There is no role called {role}. Give owner, manager, packer, support or viewer."),
                )
            })?;
            let new = staff::NewMember { name, email, role, password_hash: None, reach: Reach::EVERYWHERE };
            let token = db.write_blocking(move |tx| {
                let id = staff::add(tx, &HERE, &new)?;
                staff::make_link(tx, &HERE, id, staff::Purpose::Invite)
            })?;
            say(&link(&db, config, &token)?);
        }
        UserCommand::Reset { email } => {
            let token = db.write_blocking(move |tx| {
                let member = staff::member_by_email(tx.conn, &email)?;
                staff::make_link(tx, &HERE, member.id, staff::Purpose::Reset)
            })?;
            say(&link(&db, config, &token)?);
        }
        UserCommand::Disable { email } => {
            let name = db.write_blocking(move |tx| {
                let member = staff::member_by_email(tx.conn, &email)?;
                staff::disable_as(tx, &HERE, &member)?;
                Ok(member.name)
            })?;
            say(&format!("{name} is disabled and signed out everywhere."));
        }
    }
    Ok(())
}

fn link(db: &Db, config: &Config, token: &str) -> Result<String> {
    let base = db.read_blocking(|conn| web::setting(conn, "public_address"))?.filter(|base| !base.is_empty());
    Ok(format!("{}/join/{token}", base.unwrap_or_else(|| format!("http://{}", config.listen))))
}

impl From<crate::web::Problem> for Error {
    fn from(problem: crate::web::Problem) -> Self {
        problem.0
    }
}
