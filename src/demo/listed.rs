//! The thirty newest orders of the demonstration shop, each one told as it is.

use super::cast::Row;
use crate::workflow::Base;

/// How the payment of an order went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Money {
    /// Nothing came.
    Nothing,
    /// Promised by the bank.
    Authorised,
    /// Promised, and the promise lapsed.
    Lapsed,
    /// Received.
    Paid,
    /// So many cents were received.
    Part(i64),
    /// Received, and so many cents given back.
    Returned(i64),
    /// Received and all given back.
    Refunded,
}

/// One of the newest orders.
#[derive(Debug)]
pub(super) struct Listed {
    /// Minutes since it was placed.
    pub(super) ago: i64,
    /// Who ordered.
    pub(super) who: Row,
    /// Slug of the channel.
    pub(super) channel: &'static str,
    /// What it comes to, in cents.
    pub(super) total: i64,
    /// How it was paid.
    pub(super) money: Money,
    /// Where it stands.
    pub(super) base: Base,
    /// Units in it.
    pub(super) units: i64,
    /// Tags.
    pub(super) tags: &'static [&'static str],
    /// Messages of the customer that nobody read.
    pub(super) unread: i64,
    /// A note of staff.
    pub(super) note: &'static str,
}

#[allow(clippy::too_many_arguments)]
const fn row(
    ago: i64,
    who: Row,
    channel: &'static str,
    total: i64,
    money: Money,
    base: Base,
    units: i64,
    tags: &'static [&'static str],
) -> Listed {
    Listed { ago, who, channel, total, money, base, units, tags, unread: 0, note: "" }
}

const fn unread(listed: Listed, unread: i64) -> Listed {
    Listed { unread, ..listed }
}

const fn note(listed: Listed, note: &'static str) -> Listed {
    Listed { note, ..listed }
}

/// Eszter Kovács, whose order shows everything.
pub(super) const ESZTER: Row = ("Eszter Kovács", "Ráday utca 18, 2/5", "Budapest", "", "1092", "HU", "+36 30 555 0142");

/// Newest first.
#[rustfmt::skip]
pub(super) const LISTED: &[Listed] = &[
    row(7, ("Amélie Laurent", "41 rue de la République", "Lyon", "", "69002", "FR", "+33 4 55 50 01 82"), "web", 12_840, Money::Paid, Base::Confirmed, 3, &["Gift"]),
    unread(row(16, ("Jonas Weber", "Torstraße 140", "Berlin", "", "10119", "DE", "+49 30 555 0181"), "whatsapp", 6_400, Money::Nothing, Base::Placed, 1, &[]), 2),
    note(row(29, ("Priya Nair", "Nieuwe Binnenweg 188", "Rotterdam", "", "3021 GK", "NL", "+31 10 555 0180"), "web", 21_275, Money::Paid, Base::Confirmed, 5, &["VIP"]), "Third order this month. Add a card from Marta."),
    row(50, ("Oliver Grant", "17 Gloucester Road", "Bristol", "", "BS7 8AA", "GB", "+44 117 555 0179"), "instagram", 3_990, Money::Nothing, Base::Placed, 1, &[]),
    unread(row(78, ("Sofia Rossi", "Via Po 14", "Torino", "TO", "10123", "IT", "+39 011 555 0178"), "web", 8_810, Money::Lapsed, Base::OnHold, 2, &["Payment"]), 1),
    note(row(116, ("Studio Nordlys ApS", "Mejlgade 28", "Aarhus", "", "8000", "DK", "+45 86 55 01 77"), "wholesale", 148_600, Money::Part(74_300), Base::Confirmed, 64, &["Wholesale", "Half paid"]), "Second half comes by bank transfer on delivery of the pro forma."),
    row(161, ("Liam O’Brien", "3 Grand Parade", "Cork", "County Cork", "T12 X6YF", "IE", "+353 21 555 0176"), "web", 4_500, Money::Paid, Base::Approved, 1, &[]),
    row(184, ("Hanna Lindqvist", "Linnégatan 42, lgh 1203", "Göteborg", "", "413 04", "SE", "+46 31 555 01 75"), "web", 9_760, Money::Paid, Base::Approved, 2, &["Gift"]),
    row(226, ("Tomasz Wójcik", "ul. Józefa 12", "Kraków", "", "31-056", "PL", "+48 12 555 01 74"), "whatsapp", 5_280, Money::Paid, Base::Processed, 2, &[]),
    row(252, ("Chloé Fontaine", "14 rue Crébillon, 3e étage", "Nantes", "", "44000", "FR", "+33 2 55 50 01 73"), "web", 7_340, Money::Paid, Base::Processed, 3, &["Fragile"]),
    note(row(297, ("Marek Dvořák", "Masarykova 9", "Brno", "", "602 00", "CZ", "+420 542 555 172"), "web", 18_990, Money::Authorised, Base::Confirmed, 4, &["Review"]), "Billing and delivery country differ. Look before approving."),
    row(333, ("Isabel Navarro", "Calle de la Paz 6", "Valencia", "Valencia", "46003", "ES", "+34 963 550 171"), "instagram", 3_150, Money::Paid, Base::Shipped, 1, &[]),
    row(368, ("Café Morgenrot GmbH", "Karl-Heine-Straße 61", "Leipzig", "", "04229", "DE", "+49 341 555 0170"), "wholesale", 93_420, Money::Paid, Base::Approved, 48, &["Wholesale"]),
    unread(row(1_051, ("Daniel Okafor", "88 Brixton Hill", "London", "", "SW2 1QN", "GB", "+44 20 5550 0169"), "web", 6_695, Money::Paid, Base::Approved, 2, &[]), 3),
    unread(row(1_140, ESZTER, "web", 11_200, Money::Returned(1_800), Base::Processed, 4, &["Fragile", "Repeat"]), 1),
    row(1_226, ("Noah Peeters", "Veldstraat 50", "Gent", "", "9000", "BE", "+32 9 555 01 67"), "whatsapp", 2_490, Money::Paid, Base::Shipped, 1, &[]),
    row(1_303, ("Aïcha Benali", "26 cours Julien", "Marseille", "", "13006", "FR", "+33 4 55 50 01 66"), "web", 14_320, Money::Paid, Base::Shipped, 4, &["Gift"]),
    row(1_397, ("Lukas Brunner", "Neubaugasse 25", "Wien", "", "1070", "AT", "+43 1 5550165"), "web", 7_880, Money::Paid, Base::Shipped, 2, &[]),
    note(row(1_476, ("Maria Papadaki", "Ermou 71", "Athina", "", "105 63", "GR", "+30 21 0555 0164"), "manual", 5_600, Money::Nothing, Base::OnHold, 2, &["Bank transfer"]), "Transfers on Monday, when her bank opens."),
    note(row(1_559, ("Emma Visser", "Twijnstraat 8", "Utrecht", "", "3511 ZK", "NL", "+31 30 555 0163"), "web", 3_990, Money::Refunded, Base::Returned, 1, &["Damaged"]), "Handle broken off in the box. Photo in the mailbox."),
    row(1_642, ("Juhani Salo", "Hämeenkatu 19", "Tampere", "", "33200", "FI", "+358 3 5550 162"), "web", 8_450, Money::Paid, Base::Delivered, 2, &[]),
    row(1_725, ("Beatriz Almeida", "Rua de Cedofeita 77", "Porto", "", "4050-180", "PT", "+351 22 555 0161"), "instagram", 4_725, Money::Paid, Base::Shipped, 1, &[]),
    row(1_751, ("Anders Holm", "Skostredet 3", "Bergen", "", "5017", "NO", "+47 55 55 01 60"), "web", 12_990, Money::Paid, Base::Shipped, 3, &["Customs"]),
    row(1_833, ("Galerie Pommerat", "10 rue Notre-Dame", "Bordeaux", "", "33000", "FR", "+33 5 55 50 01 59"), "wholesale", 64_000, Money::Paid, Base::Delivered, 32, &["Wholesale"]),
    row(2_524, ("Ruth Ferguson", "210 Byres Road", "Glasgow", "", "G12 8SH", "GB", "+44 141 555 0158"), "web", 2_850, Money::Authorised, Base::Cancelled, 1, &[]),
    row(2_629, ("Pietro Galli", "Via Zamboni 5", "Bologna", "BO", "40126", "IT", "+39 051 555 0157"), "whatsapp", 6_320, Money::Nothing, Base::Abandoned, 2, &[]),
    row(2_728, ("Katrin Tamm", "Telliskivi 60a", "Tallinn", "", "10412", "EE", "+372 6 555 156"), "web", 9_900, Money::Paid, Base::Delivered, 2, &["VIP"]),
    row(2_860, ("Yusuf Demir", "Venloer Straße 310", "Köln", "", "50823", "DE", "+49 221 555 0155"), "web", 5_475, Money::Paid, Base::Delivered, 1, &[]),
    row(2_947, ("Claire Dubois", "15 rue de Carouge", "Genève", "", "1205", "CH", "+41 22 555 01 54"), "web", 17_350, Money::Paid, Base::Delivered, 4, &["Gift"]),
    note(row(3_053, ("Sven Eriksson", "Möllevångsgatan 14", "Malmö", "", "214 20", "SE", "+46 40 555 01 53"), "whatsapp", 6_230, Money::Lapsed, Base::Rejected, 1, &["Fraud check"]), "Three cards in ten minutes, none of them his."),
];
