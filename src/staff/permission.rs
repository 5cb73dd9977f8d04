//! Who may do what: one table, shown in the settings and enforced by the type a handler asks for.

use crate::reach::Reach;

crate::text_enum! {
    /// What a person of the shop is.
    pub enum Role {
        /// Everything, and the only one who makes owners.
        Owner = "owner",
        /// Runs the desk: everything but owners and the shop's own settings.
        Manager = "manager",
        /// Picks, packs and prints; sees no e-mail and no money.
        Packer = "packer",
        /// Answers customers and corrects orders.
        Support = "support",
        /// Looks, and changes nothing.
        Viewer = "viewer",
    }
}

impl Role {
    /// The word on screen.
    pub fn label(self) -> &'static str {
        match self {
            Role::Owner => "Owner",
            Role::Manager => "Manager",
            Role::Packer => "Packer",
            Role::Support => "Support",
            Role::Viewer => "Viewer",
        }
    }
    /// What it is for, in one sentence.
    pub fn summary(self) -> &'static str {
        match self {
            Role::Owner => "Everything, and the only one who makes other owners.",
            Role::Manager => "Runs the desk: orders, money, imports and staff.",
            Role::Packer => "Picks, packs and prints. Sees no e-mail and no money.",
            Role::Support => "Answers customers and corrects orders.",
            Role::Viewer => "Looks at everything and changes nothing.",
        }
    }
    /// Whether this role may do it.
    pub fn may(self, permission: Permission) -> bool {
        permission.roles().contains(&self)
    }
    /// Whether somebody of this role who is kept to this reach may do it. The one place that decides.
    pub fn may_within(self, reach: &Reach, permission: Permission) -> bool {
        self.may(permission) && (reach.is_everywhere() || !permission.is_of_the_whole_shop())
    }
}

macro_rules! permissions {
    ($($(#[$meta:meta])* $name:ident, $scope:literal, $label:literal, [$($role:ident),*];)+) => {
        /// Something that only some may do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $($(#[$meta])* $name),+ }

        impl Permission {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Permission] = &[$(Permission::$name),+];
            /// How the table in the settings calls it.
            pub fn label(self) -> &'static str {
                match self { $(Permission::$name => $label),+ }
            }
            /// The scope that a program needs for it.
            pub fn scope(self) -> &'static str {
                match self { $(Permission::$name => $scope),+ }
            }
            /// Who may.
            pub fn roles(self) -> &'static [Role] {
                match self { $(Permission::$name => &[$(Role::$role),*]),+ }
            }
        }

        $(
            $(#[$meta])*
            /// As a type: a handler that takes `Staff` of it runs only for those who may.
            #[derive(Clone, Copy, Debug)]
            pub struct $name;
            impl Needed for $name {
                const PERMISSION: Option<Permission> = Some(Permission::$name);
            }
        )+
    };
}

impl Permission {
    /// Whether it changes what all markets share, so that nobody has it who is kept to some of them.
    pub fn is_of_the_whole_shop(self) -> bool {
        use Permission::*;
        matches!(self, ManageCustomers | ManageProducts | Import | ManageStaff | ManageWebhooks | ManageSettings)
    }
}

/// A permission as a type.
pub trait Needed: 'static {
    /// The permission; none for anybody who is signed in.
    const PERMISSION: Option<Permission>;
}

/// Anybody who is signed in.
#[derive(Clone, Copy, Debug)]
pub struct Anyone;
impl Needed for Anyone {
    const PERMISSION: Option<Permission> = None;
}

permissions! {
    /// See the list and single orders.
    ViewOrders, "orders:read", "See orders", [Owner, Manager, Packer, Support, Viewer];
    /// See e-mail addresses and telephone numbers.
    ViewContact, "contacts:read", "See e-mail addresses and telephone numbers", [Owner, Manager, Support, Viewer];
    /// See prices, totals and payments.
    ViewMoney, "money:read", "See prices and payments", [Owner, Manager, Support, Viewer];
    /// Move orders to their next stage, hold and release them.
    MoveOrders, "orders:move", "Move orders, hold and release", [Owner, Manager, Packer, Support];
    /// Reject and cancel orders.
    CancelOrders, "orders:cancel", "Reject and cancel orders", [Owner, Manager, Support];
    /// Move orders back against the usual direction, giving a reason.
    CorrectOrders, "orders:correct", "Correct a wrong move", [Owner, Manager];
    /// Make orders by hand, correct addresses, tags and who is responsible.
    EditOrders, "orders:write", "Make and edit orders", [Owner, Manager, Support];
    /// Make two customers one, and erase a person.
    ManageCustomers, "customers:write", "Merge and erase customers", [Owner, Manager];
    /// Record authorisations and payments, capture and release them.
    RecordPayments, "payments:write", "Record payments", [Owner, Manager];
    /// Give money back that was received.
    RefundPayments, "refunds:write", "Refund payments", [Owner, Manager];
    /// Give money beyond what was received.
    GiveGoodwill, "goodwill:write", "Give goodwill", [Owner, Manager];
    /// Issue invoices and credit notes.
    IssueInvoices, "invoices:write", "Issue invoices and credit notes", [Owner, Manager];
    /// Write notes on orders.
    WriteNotes, "notes:write", "Write notes", [Owner, Manager, Packer, Support];
    /// Print packing slips and order details.
    Print, "slips:print", "Print slips", [Owner, Manager, Packer, Support];
    /// Add and change products, their prices and what is counted.
    ManageProducts, "products:write", "Change products and prices", [Owner, Manager];
    /// Correct what lies on the shelf.
    CountStock, "stock:write", "Count stock", [Owner, Manager, Packer];
    /// Bring orders in from files.
    Import, "orders:import", "Import orders", [Owner, Manager];
    /// Take orders out as files.
    Export, "orders:export", "Export orders", [Owner, Manager];
    /// Save views for the whole shop.
    ManageViews, "views:write", "Save views for everyone", [Owner, Manager];
    /// Invite, change and disable people.
    ManageStaff, "staff:write", "Manage staff", [Owner, Manager];
    /// Say which programs are told what happens.
    ManageWebhooks, "webhooks:write", "Set up webhooks", [Owner, Manager];
    /// Change the shop's settings and what is printed.
    ManageSettings, "settings:write", "Change settings", [Owner, Manager];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_may_do_everything() {
        assert!(Permission::ALL.iter().all(|permission| Role::Owner.may(*permission)));
    }

    #[test]
    fn a_packer_sees_no_e_mail_and_no_money() {
        assert!(!Role::Packer.may(Permission::ViewContact));
        assert!(!Role::Packer.may(Permission::ViewMoney));
        assert!(Role::Packer.may(Permission::MoveOrders) && Role::Packer.may(Permission::Print));
    }

    #[test]
    fn a_viewer_changes_nothing() {
        let may: Vec<_> = Permission::ALL.iter().filter(|permission| Role::Viewer.may(**permission)).collect();
        assert_eq!(may, [&Permission::ViewOrders, &Permission::ViewContact, &Permission::ViewMoney]);
    }
}
