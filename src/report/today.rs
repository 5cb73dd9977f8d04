//! The figures of the day: what came in, what is to be done first, how long things wait. Eight
//! queries, each of them bounded, whatever the size of the shop.

use chrono::Days;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use crate::db::Conn;
use crate::db::dialect::{Parameter, load_written};
use crate::error::{Error, Result};
use crate::order::PaymentStatus;
use crate::order::list::filter::{AGES, Due};
use crate::order::list::{self, Count, Filter, Known, StageTotals};
use crate::time::{UtcTime, start_of_day};
use crate::workflow::{Base, Stage};

/// Days of the chart.
pub const DAYS: usize = 14;
/// Days over which what was forgiven is added up.
pub const FORGIVEN_DAYS: i64 = 30;

/// What was ordered in a span of time, in the shop's currency and without what was stopped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Taken {
    /// Orders.
    pub orders: i64,
    /// Their totals, in minor units.
    pub minor: i64,
}

/// How many orders of a stage are how old in it.
#[derive(Clone, Debug)]
pub struct Ages {
    /// The stage.
    pub stage: Stage,
    /// A count for each of [`AGES`].
    pub counts: Vec<Count>,
}

/// Everything the page of the day shows.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Twice [`DAYS`] days, the oldest first; the last one is today.
    pub days: Vec<Taken>,
    /// The same weekday a week ago, until the same hour.
    pub week_ago: Taken,
    /// Seconds from placed to sent: the median of the parcels sent last; nothing if none was.
    pub to_ship: Option<i64>,
    /// Promised and not received.
    pub authorised: Taken,
    /// Whether more than a thousand are promised, so that the sum is of the first thousand.
    pub authorised_cut: bool,
    /// Since when the oldest order of each base has waited.
    pub oldest: Vec<(Base, UtcTime)>,
    /// Open holds by reason.
    pub holds: Vec<(String, i64)>,
    /// Promised time has passed.
    pub late: Count,
    /// Due today or earlier and not packed.
    pub to_pack: Count,
    /// Due today or earlier and packed.
    pub packed: Count,
    /// The customer wrote and nobody has read it.
    pub unread: Count,
    /// Time in stage of what is open.
    pub ages: Vec<Ages>,
    /// Given out of kindness in the last [`FORGIVEN_DAYS`] days, by reason, the largest sum first.
    pub goodwill: Vec<(String, Taken)>,
    /// Written off in those days and not taken back, likewise: what customers need not pay less what they need not
    /// be paid.
    pub written_off: Vec<(String, Taken)>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    minor: i64,
}

/// Orders and minor units of one place, with a space between.
#[derive(QueryableByName)]
struct Sums {
    #[diesel(sql_type = BigInt)]
    place: i64,
    #[diesel(sql_type = Text)]
    sums: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Reason {
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
}

#[derive(QueryableByName)]
struct Forgiven {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    place: i32,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    orders: i64,
    #[diesel(sql_type = BigInt)]
    minor: i64,
}

/// Parts of one question with numbered parameters. SQLite numbers them by where they first stand in
/// the text, so they stand there in the order in which they were bound.
#[derive(Default)]
struct Question {
    parts: Vec<String>,
    parameters: Vec<Parameter>,
}

impl Question {
    fn bind(&mut self, parameter: Parameter) -> String {
        self.parameters.push(parameter);
        format!("${}", self.parameters.len())
    }
    fn ask(self, conn: &mut Conn) -> Result<Vec<Row>> {
        if self.parts.is_empty() {
            return Ok(Vec::new());
        }
        let mut rows: Vec<Row> = load_written(conn, self.parts.join(" UNION ALL "), self.parameters)?;
        rows.sort_by_key(|row| row.place);
        Ok(rows)
    }
}

/// Reads the figures of the day at `known.now`.
pub fn figures(conn: &mut Conn, known: &Known, totals: &StageTotals) -> Result<Figures> {
    let mut taken = taken(conn, known)?;
    let week_ago = taken.pop().unwrap_or_default();
    let filters = [
        Filter { due: Some(Due::Late), ..Filter::default() },
        Filter { due: Some(Due::Today), stages: of_base(known, &[Base::Approved]), ..Filter::default() },
        Filter { due: Some(Due::Today), stages: of_base(known, &[Base::Processed]), ..Filter::default() },
        Filter { unread: Some(true), ..Filter::default() },
    ];
    let counts = list::count_all(conn, &filters, known, totals)?;
    let count = |at: usize| counts.get(at).copied().unwrap_or(Count::Unknown);
    let promised = authorised(conn, known)?;
    let (goodwill, written_off) = forgiven(conn, known)?;
    Ok(Figures {
        days: taken,
        week_ago,
        to_ship: to_ship(conn, known)?,
        authorised_cut: promised.orders > list::COUNTED,
        authorised: promised,
        oldest: oldest(conn, known)?,
        holds: holds(conn, known)?,
        late: count(0),
        to_pack: count(1),
        packed: count(2),
        unread: count(3),
        ages: ages(conn, known)?,
        goodwill,
        written_off,
    })
}

/// Slugs of the stages on these bases.
pub fn of_base(known: &Known, bases: &[Base]) -> Vec<String> {
    known.stages.iter().filter(|stage| bases.contains(&stage.base)).map(|stage| stage.slug.clone()).collect()
}

/// What was taken on each day of the chart and of the time before it, and at last a week ago until now.
fn taken(conn: &mut Conn, known: &Known) -> Result<Vec<Taken>> {
    let zone = known.zone();
    let today = known.now.local_day(zone);
    let begin = |back: u64| start_of_day(today.checked_sub_days(Days::new(back)).unwrap_or(today), zone);
    let days = 2 * DAYS as u64;
    let mut spans: Vec<(UtcTime, UtcTime)> = (0..days)
        .rev()
        .map(|back| (begin(back), if back == 0 { known.now.plus_seconds(1) } else { begin(back - 1) }))
        .collect();
    spans.push((begin(7), known.now.plus_minutes(-7 * 1_440)));
    let (within, currency) = (known.reach.and("market_id"), known.currency().code().to_owned());
    let rows: Vec<Sums> = load_written(conn, taken_within(&spans, &within), vec![Parameter::Text(currency)])?;
    let mut taken = vec![Taken::default(); spans.len()];
    for row in rows {
        let odd = || Error::broken(format!("sums that are none: {}", row.sums));
        let (orders, minor) = row.sums.split_once(' ').ok_or_else(odd)?;
        let place = usize::try_from(row.place).ok().and_then(|place| taken.get_mut(place)).ok_or_else(odd)?;
        *place = Taken { orders: orders.parse().map_err(|_| odd())?, minor: minor.parse().map_err(|_| odd())? };
    }
    Ok(taken)
}

/// The question for spans of time, in the words of the index `orders_taken`, with the currency to be bound. It is
/// one question about all of them, which Postgres plans once, and its two sums are one text, so that each span is
/// read once.
fn taken_within(spans: &[(UtcTime, UtcTime)], within: &str) -> String {
    let span = |(place, (from, until)): (usize, &(UtcTime, UtcTime))| {
        format!("SELECT CAST({place} AS BIGINT) AS place, {} AS since, {} AS until", from.0, until.0)
    };
    let spans: Vec<String> = spans.iter().enumerate().map(span).collect();
    format!(
        "SELECT span.place, (SELECT CAST(count(*) AS TEXT) || ' ' || CAST(COALESCE(SUM(total_minor), 0) AS TEXT) \
         FROM orders WHERE currency = $1 AND placed_at >= span.since AND placed_at < span.until{within} \
         AND base_rank NOT IN (9, 10, 11) AND COALESCE(resume_stage, '') NOT IN ('cancelled', 'rejected', 'abandoned')) \
         AS sums FROM ({}) AS span",
        spans.join(" UNION ALL ")
    )
}

fn to_ship(conn: &mut Conn, known: &Known) -> Result<Option<i64>> {
    let within = known.reach.holds("orders.market_id");
    let text = format!(
        "SELECT sent.shipped_at - orders.placed_at AS number FROM (SELECT order_id, shipped_at FROM shipments \
         WHERE shipped_at IS NOT NULL ORDER BY id DESC LIMIT 500) AS sent \
         JOIN orders ON orders.id = sent.order_id WHERE {within}"
    );
    let rows: Vec<Number> = load_written(conn, text, Vec::new())?;
    let mut spans: Vec<i64> = rows.into_iter().map(|row| row.number / 1_000_000).collect();
    spans.sort_unstable();
    Ok(spans.get(spans.len() / 2).copied())
}

fn authorised(conn: &mut Conn, known: &Known) -> Result<Taken> {
    let mut question = Question::default();
    let currency = question.bind(Parameter::Text(known.currency().code().to_owned()));
    let states = [PaymentStatus::Authorized, PaymentStatus::PartiallyAuthorized];
    let states: Vec<String> =
        states.iter().map(|state| question.bind(Parameter::Text(state.as_str().to_owned()))).collect();
    question.parts.push(format!(
        "SELECT CAST(0 AS BIGINT) AS place, count(*) AS orders, CAST(COALESCE(SUM(authorized_minor), 0) AS BIGINT) AS minor \
         FROM (SELECT authorized_minor FROM orders WHERE authorized_minor > 0 AND base_rank < 12 \
         AND currency = {currency} AND payment_status IN ({}){} LIMIT {}) AS promised",
        states.join(", "),
        known.reach.and("market_id"),
        list::COUNTED + 1
    ));
    let row = question.ask(conn)?.pop();
    Ok(row.map_or(Taken::default(), |row| Taken { orders: row.orders, minor: row.minor }))
}

fn oldest(conn: &mut Conn, known: &Known) -> Result<Vec<(Base, UtcTime)>> {
    let bases = [Base::Placed, Base::Confirmed, Base::Approved, Base::Processed, Base::OnHold];
    let within = known.reach.and("market_id");
    let mut question = Question::default();
    for (place, base) in bases.iter().enumerate() {
        for slug in of_base(known, &[*base]) {
            let slug = question.bind(Parameter::Text(slug));
            question.parts.push(format!(
                "SELECT CAST({place} AS BIGINT) AS place, count(*) AS orders, \
                 CAST(COALESCE(MIN(entered), 0) AS BIGINT) AS minor FROM (SELECT stage_entered_at AS entered FROM orders \
                 WHERE stage = {slug}{within} ORDER BY stage_entered_at, id LIMIT 1) AS first"
            ));
        }
    }
    let mut found: Vec<(Base, UtcTime)> = Vec::new();
    for row in question.ask(conn)?.into_iter().filter(|row| row.orders > 0) {
        let Some(base) = usize::try_from(row.place).ok().and_then(|place| bases.get(place)) else { continue };
        match found.iter_mut().find(|(known, _)| known == base) {
            Some((_, at)) => *at = (*at).min(UtcTime(row.minor)),
            None => found.push((*base, UtcTime(row.minor))),
        }
    }
    Ok(found)
}

fn holds(conn: &mut Conn, known: &Known) -> Result<Vec<(String, i64)>> {
    let within = match known.reach.and("orders.market_id") {
        all if all.is_empty() => all,
        some => format!(" AND EXISTS (SELECT 1 FROM orders WHERE orders.id = holds.order_id{some})"),
    };
    let text =
        format!("SELECT reason, count(*) AS orders FROM holds WHERE released_at IS NULL{within} GROUP BY reason");
    let mut rows: Vec<Reason> = load_written(conn, text, Vec::new())?;
    rows.sort_by(|a, b| b.orders.cmp(&a.orders).then_with(|| a.reason.cmp(&b.reason)));
    Ok(rows.into_iter().map(|row| (row.reason, row.orders)).collect())
}

/// Reasons with what was given or written off for each, the largest sum first.
type ByReason = Vec<(String, Taken)>;

/// What was given out of kindness, and what was written off, in the shop's currency as everything here.
fn forgiven(conn: &mut Conn, known: &Known) -> Result<(ByReason, ByReason)> {
    let within = match known.reach.and("orders.market_id") {
        all if all.is_empty() => all,
        some => format!(" AND EXISTS (SELECT 1 FROM orders WHERE orders.id = payments.order_id{some})"),
    };
    let text = format!(
        "SELECT CASE WHEN kind = 'goodwill' THEN 0 ELSE 1 END AS place, reason, count(DISTINCT order_id) AS orders, \
         CAST(SUM(CASE WHEN kind = 'goodwill' THEN amount_minor ELSE adjustment_minor END) AS BIGINT) AS minor \
         FROM payments WHERE kind IN ('goodwill', 'write_off', 'write_back') AND state = 'succeeded' \
         AND created_at >= $1 AND currency = $2{within} GROUP BY 1, reason"
    );
    let since = known.now.plus_minutes(-FORGIVEN_DAYS * 1_440);
    let bounds = vec![Parameter::Int(since.0), Parameter::Text(known.currency().code().to_owned())];
    let mut rows: Vec<Forgiven> = load_written(conn, text, bounds)?;
    // What was taken back adds up to nothing.
    rows.retain(|row| row.minor != 0);
    rows.sort_by(|a, b| b.minor.cmp(&a.minor).then_with(|| a.reason.cmp(&b.reason)));
    let (given, written_off): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.place == 0);
    let by_reason = |rows: Vec<Forgiven>| -> ByReason {
        rows.into_iter().map(|row| (row.reason, Taken { orders: row.orders, minor: row.minor })).collect()
    };
    Ok((by_reason(given), by_reason(written_off)))
}

fn ages(conn: &mut Conn, known: &Known) -> Result<Vec<Ages>> {
    let within = known.reach.and("market_id");
    let open: Vec<&Stage> = known.stages.iter().filter(|stage| stage.base.is_open()).collect();
    let mut spans = Question::default();
    for (at, stage) in open.iter().enumerate() {
        let slug = spans.bind(Parameter::Text(stage.slug.clone()));
        for (index, (_, _, least, most)) in AGES.iter().enumerate() {
            let place = at * AGES.len() + index;
            let (from, until) = (known.now.plus_minutes(-60 * most).0, known.now.plus_minutes(-60 * least).0);
            spans.parts.push(format!(
                "SELECT CAST({place} AS BIGINT) AS place, CAST({slug} AS TEXT) AS slug, {from} AS since, {until} AS until"
            ));
        }
    }
    // One question about all of them, which Postgres plans once.
    let text = format!(
        "SELECT span.place, (SELECT count(*) FROM (SELECT 1 AS one FROM orders WHERE stage = span.slug \
         AND stage_entered_at > span.since AND stage_entered_at <= span.until{within} LIMIT {}) AS aged) AS orders, \
         CAST(0 AS BIGINT) AS minor FROM ({}) AS span",
        list::COUNTED + 1,
        spans.parts.join(" UNION ALL ")
    );
    let mut rows: Vec<Row> = load_written(conn, text, spans.parameters)?;
    rows.sort_by_key(|row| row.place);
    let counts: Vec<Count> = rows
        .into_iter()
        .map(|row| if row.orders > list::COUNTED { Count::Many } else { Count::Exactly(row.orders) })
        .collect();
    Ok(open
        .into_iter()
        .zip(counts.chunks(AGES.len()))
        .map(|(stage, counts)| Ages { stage: stage.clone(), counts: counts.to_vec() })
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    #[test]
    fn days_are_added_up_from_an_index_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let db = crate::db::Db::open(&crate::db::Location::Sqlite(folder.path().join("desk.db"))).unwrap();
        let spans = [(UtcTime(1), UtcTime(2)), (UtcTime(2), UtcTime(3))];
        let asked = format!("EXPLAIN QUERY PLAN {}", taken_within(&spans, " AND market_id IN (1, 2)"));
        let plan: Vec<Step> = db.read_blocking(move |conn| load_written_on_sqlite(conn, &asked)).unwrap();
        assert!(
            plan.iter().any(|step| step.detail.contains("COVERING INDEX orders_taken")),
            "{:?}",
            plan.iter().map(|step| &step.detail).collect::<Vec<_>>()
        );
    }

    fn load_written_on_sqlite(conn: &mut Conn, asked: &str) -> Result<Vec<Step>> {
        use diesel::RunQueryDsl;
        let Conn::Sqlite(conn) = conn else { unreachable!() };
        Ok(diesel::sql_query(asked).load(conn)?)
    }
}
