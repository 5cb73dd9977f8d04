//! What surrounds every page: the shop, the person, the way around, a message of the last change.

use chrono_tz::Tz;

use super::flash::Toast;
use super::store;
use crate::db::Conn;
use crate::error::Result;
use crate::ids::StaffId;
use crate::reach::Reach;
use crate::time::{UtcTime, long_when, short_when};

/// The shop as pages show it.
#[derive(Clone, Debug)]
pub struct Shop {
    /// Its name.
    pub name: String,
    /// Its time zone; every time on a page is read in it.
    pub zone: Tz,
    /// Its currency.
    pub currency: String,
    /// Its language, as in `en` or `nl-NL`.
    pub locale: String,
    /// What stands before an order's number on paper and in the API.
    pub order_prefix: String,
}

impl Default for Shop {
    fn default() -> Self {
        Shop {
            name: "Slipway".to_owned(),
            zone: chrono_tz::UTC,
            currency: "EUR".to_owned(),
            locale: "en".to_owned(),
            order_prefix: "ORD".to_owned(),
        }
    }
}

impl Shop {
    /// The letter on its mark.
    pub fn initial(&self) -> String {
        self.name.chars().find(|c| c.is_alphanumeric()).map_or_else(|| "S".to_owned(), |c| c.to_uppercase().collect())
    }
}

/// Which part of the desk a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// What is to be done now.
    Today,
    /// The list as columns.
    Board,
    /// Everything that waits for a decision.
    Attention,
    /// The list and single orders.
    Orders,
    /// What customers and colleagues say.
    Inbox,
    /// Goods coming back.
    Returns,
    /// The list of customers and single ones.
    Customers,
    /// Typing in an order.
    NewOrder,
    /// What the shop sells and what there is of it.
    Products,
    /// Bringing orders in from files.
    Import,
    /// Settings of the shop.
    Settings,
    /// The person's own account.
    Account,
}

/// Who looks at a page. Implemented by the feature that knows people.
pub trait Viewer {
    /// Their key.
    fn staff_id(&self) -> StaffId;
    /// Their name.
    fn name(&self) -> &str;
    /// The markets they know of.
    fn reach(&self) -> &Reach;
    /// Their role, as shown.
    fn role_label(&self) -> &str;
    /// `light`, `dark` or nothing to follow the device.
    fn theme(&self) -> &str;
    /// `compact` or nothing.
    fn density(&self) -> &str;
    /// Whether single-key shortcuts are on.
    fn keys(&self) -> bool;
    /// How they are told of news besides the page: `chime`, `badge`, `desktop`.
    fn told_by(&self) -> String;
    /// Whether their role opens this part.
    fn may_open(&self, section: Section) -> bool;
    /// The message of their last change, if it waits for this page.
    fn toast(&self) -> Option<Toast>;
}

/// A saved view in the sidebar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavView {
    /// Its name in addresses: `/orders?view=late`.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Its icon.
    pub icon: String,
    /// The filter it stands for.
    pub query: String,
}

/// A line of the main navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavItem {
    pub href: &'static str,
    pub label: &'static str,
    pub icon: &'static str,
    pub current: bool,
    pub count: Option<i64>,
    /// What nobody has read yet: `3`, `99+`, or empty.
    pub unread: String,
    /// Whether it stands among the few on a phone.
    pub first: bool,
}

/// What `layout.html` reads; the field `shell` of every page.
#[derive(Clone, Debug)]
pub struct Shell {
    /// The shop.
    pub shop: Shop,
    /// Name of the person signed in.
    pub name: String,
    /// Their role, as shown.
    pub role: String,
    /// `light`, `dark` or empty.
    pub theme: String,
    /// `compact` or empty.
    pub density: String,
    /// Whether single-key shortcuts are on.
    pub keys: bool,
    /// How they are told of news besides the page.
    pub told_by: String,
    /// Where this page belongs.
    pub section: Section,
    /// The lines of the main navigation.
    pub nav: Vec<NavItem>,
    /// The saved views.
    pub views: Vec<NavView>,
    /// The slug of the view being looked at; a page of the list sets it.
    pub view: String,
    /// Whether settings are shown in the menu.
    pub settings: bool,
    /// Webhooks that the desk gave up, for those who can do something about it: identifier and URL.
    pub given_up: Vec<(String, String)>,
    /// The message of the last change.
    pub toast: Option<Toast>,
    /// A fresh one-time token for a form that creates something.
    pub form_token: String,
    /// The instant of this page; every distance on it is measured from here.
    pub now: UtcTime,
}

impl Shell {
    /// Loads what surrounds a page: seven queries at the most, whatever the shop's size.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn load(conn: &mut Conn, viewer: &impl Viewer, section: Section) -> Result<Self> {
        let shop = store::shop(conn)?;
        let open = store::open_orders(conn, viewer.reach())?;
        let back = store::open_returns(conn, viewer.reach())?;
        let unread = store::unread(conn, viewer.staff_id(), viewer.reach())?;
        let views = store::views(conn, viewer.staff_id())?;
        let settings = viewer.may_open(Section::Settings);
        let given_up = if settings { store::given_up_webhooks(conn)? } else { Vec::new() };
        Ok(Shell {
            shop,
            name: viewer.name().to_owned(),
            role: viewer.role_label().to_owned(),
            theme: viewer.theme().to_owned(),
            density: viewer.density().to_owned(),
            keys: viewer.keys(),
            told_by: viewer.told_by(),
            section,
            nav: navigation(viewer, section, open, back, unread),
            views,
            view: String::new(),
            settings,
            given_up,
            toast: viewer.toast(),
            form_token: uuid::Uuid::new_v4().to_string(),
            now: UtcTime::now(),
        })
    }

    /// The letters on the person's mark: `MK`.
    pub fn initials(&self) -> String {
        let mut letters = self.name.split_whitespace().filter_map(|word| word.chars().next());
        let first = letters.next();
        let last = letters.next_back();
        first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
    }
    /// A time as this page shows it: `14:41`, `Fri 21:17`, `19 Nov`.
    pub fn when(&self, at: &UtcTime) -> String {
        short_when(*at, self.now, self.shop.zone)
    }
    /// The same in full, for a title.
    pub fn when_long(&self, at: &UtcTime) -> String {
        long_when(*at, self.shop.zone)
    }
    /// Whether this page belongs to the settings.
    pub fn in_settings(&self) -> bool {
        self.section == Section::Settings
    }
    /// Whether this page is about the person's own account.
    pub fn in_account(&self) -> bool {
        self.section == Section::Account
    }
}

/// Unread conversations that are counted; beyond them it is `99+`.
pub(super) const MOST_UNREAD: i64 = 100;

fn navigation(viewer: &impl Viewer, section: Section, open: i64, back: i64, unread: i64) -> Vec<NavItem> {
    let lines = [
        ("/", "Today", "home", Section::Today, None),
        ("/attention", "Needs attention", "alert-triangle", Section::Attention, None),
        ("/orders", "Orders", "inbox", Section::Orders, Some(open)),
        ("/board", "Board", "layout-kanban", Section::Board, None),
        ("/inbox", "Messages", "message-circle", Section::Inbox, None),
        ("/returns", "Returns", "arrow-back-up", Section::Returns, Some(back)),
        ("/products", "Products", "building-warehouse", Section::Products, None),
        ("/customers", "Customers", "users", Section::Customers, None),
        ("/imports", "Import", "package", Section::Import, None),
    ];
    let unread = match unread {
        0 => String::new(),
        MOST_UNREAD.. => format!("{}+", MOST_UNREAD - 1),
        some => some.to_string(),
    };
    lines
        .into_iter()
        .filter(|(_, _, _, part, _)| viewer.may_open(*part))
        .map(|(href, label, icon, part, count)| NavItem {
            href,
            label,
            icon,
            current: part == section || (part == Section::Orders && section == Section::NewOrder),
            count: count.filter(|n| *n > 0),
            unread: if part == Section::Inbox { unread.clone() } else { String::new() },
            first: matches!(part, Section::Today | Section::Orders | Section::Board | Section::Inbox),
        })
        .collect()
}
