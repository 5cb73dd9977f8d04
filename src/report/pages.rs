//! The page of the day: what first.

use actix_web::web::Data;
use askama::Template;

use super::today::{self, DAYS, Figures, Taken, of_base};
use crate::db::Conn;
use crate::error::Result;
use crate::money::{Money, how_many};
use crate::order::list::filter::AGES;
use crate::order::list::{self, Count, Filter, Known, StageTotals, Wanted};
use crate::order::pages_list;
use crate::payment::{GOODWILL_REASONS, WRITE_OFF_REASONS};
use crate::staff::permission::ViewOrders;
use crate::staff::{Permission, Person, Staff};
use crate::web::{self, Answer, Desk, Section, Shell};
use crate::workflow::Base;

struct Kpi {
    label: &'static str,
    value: String,
    /// `up`, `dn` or nothing.
    tone: &'static str,
    change: String,
    hint: String,
}

/// A line of work.
struct Work {
    count: String,
    tone: &'static str,
    title: String,
    hint: String,
    verb: &'static str,
    href: String,
}

struct Cell {
    text: String,
    class: &'static str,
    href: String,
}

struct Line {
    glyph: String,
    label: String,
    href: String,
    count: String,
    width: String,
    warns: bool,
    cells: Vec<Cell>,
}

struct Chart {
    line: String,
    area: String,
    before: String,
    end: (String, String),
    grid: Vec<(String, String, String)>,
    days: Vec<(String, String)>,
    title: String,
    summary: String,
    rows: Vec<(String, String)>,
}

struct Dispatch {
    packed: i64,
    all: i64,
    width: String,
    to_pack: i64,
    href: String,
    list: String,
}

#[derive(Template)]
#[template(path = "today.html")]
struct Today {
    shell: Shell,
    day: String,
    kpis: Vec<Kpi>,
    work: Vec<Work>,
    ages: Vec<Line>,
    age_names: Vec<&'static str>,
    bars: Vec<Line>,
    charts: Vec<(&'static str, u32, u32, Chart)>,
    dispatch: Option<Dispatch>,
    forgiven: Vec<Forgiven>,
    may_edit: bool,
    may_print: bool,
}

/// `GET /`
pub async fn show(desk: Data<Desk>, staff: Staff<ViewOrders>) -> Answer {
    let person = staff.person();
    let page = desk.db.read(move |conn| load(conn, &person)).await?;
    web::page(&page)
}

fn load(conn: &mut Conn, person: &Person) -> Result<Today> {
    let shell = Shell::load(conn, person, Section::Today)?;
    let known = pages_list::known(conn, person, shell.now)?;
    let totals = StageTotals::load(conn, &person.reach)?;
    let figures = today::figures(conn, &known, &totals)?;
    let money = person.may(Permission::ViewMoney);
    Ok(Today {
        day: shell.now.local(known.zone()).format("%A %-d %B").to_string(),
        kpis: kpis(&figures, &known, money),
        work: work(&figures, &known, &totals),
        ages: ages(&figures, &known),
        age_names: vec!["< 4 h", "4–24 h", "1–3 d", "> 3 d"],
        bars: bars(&known, &totals),
        charts: if money {
            vec![
                ("hide-s", 760, 190, chart(&figures, &known, 760.0, 190.0, 2)),
                ("only-s", 358, 170, chart(&figures, &known, 358.0, 170.0, 4)),
            ]
        } else {
            Vec::new()
        },
        dispatch: dispatch(&figures, &known),
        forgiven: if money { forgiven(&figures, &known) } else { Vec::new() },
        may_edit: person.may(Permission::EditOrders),
        may_print: person.may(Permission::Print),
        shell,
    })
}

fn kpis(figures: &Figures, known: &Known, money: bool) -> Vec<Kpi> {
    let amount = |minor: i64| Money::new(minor, known.currency()).to_string();
    let now = figures.days.last().copied().unwrap_or_default();
    let then = figures.week_ago;
    let weekday = known.now.plus_minutes(-7 * 1_440).local(known.zone()).format("%A").to_string();
    let mut kpis = Vec::new();
    if money {
        let percent = match then.minor {
            0 => None,
            before => Some((now.minor - before) * 100 / before),
        };
        kpis.push(Kpi {
            label: "Ordered today",
            value: amount(now.minor),
            tone: percent.map_or("", |percent| if percent < 0 { "dn" } else { "up" }),
            change: percent.map_or(String::new(), signed_percent),
            hint: match percent {
                Some(_) => format!("on last {weekday}, same hour"),
                None => format!("nothing last {weekday} by this hour"),
            },
        });
    }
    let more = now.orders - then.orders;
    kpis.push(Kpi {
        label: "Orders today",
        value: how_many(now.orders),
        tone: if more < 0 { "dn" } else { "up" },
        change: format!("{}{}", if more < 0 { "−" } else { "+" }, how_many(more.abs())),
        hint: format!("on last {weekday}, same hour"),
    });
    kpis.push(Kpi {
        label: "Placed to sent, median",
        value: figures.to_ship.map_or("—".to_owned(), spelled_span),
        tone: "",
        change: String::new(),
        hint: if figures.to_ship.is_some() { "of the last 500 parcels" } else { "no parcel was sent yet" }.to_owned(),
    });
    if money {
        let Taken { orders, minor } = figures.authorised;
        let count = if figures.authorised_cut { "first 1,000".to_owned() } else { how_many(orders) };
        kpis.push(Kpi {
            label: "Not yet captured",
            value: amount(minor),
            tone: "",
            change: String::new(),
            hint: format!("{count} authorised payments"),
        });
    }
    kpis
}

/// A card of what was forgiven, by reason.
struct Forgiven {
    id: &'static str,
    title: &'static str,
    /// What the table tells, and over its amounts.
    caption: &'static str,
    amounts: &'static str,
    /// Reason, orders, amount; the last is the sum of several.
    rows: Vec<(&'static str, i64, String)>,
}

fn forgiven(figures: &Figures, known: &Known) -> Vec<Forgiven> {
    let amount = |minor: i64| Money::new(minor, known.currency()).to_string();
    let rows = |given: &[(String, Taken)], reasons: &[(&str, &'static str)]| {
        let words =
            |reason: &str| reasons.iter().find(|(key, _)| *key == reason).map_or("Another reason", |(_, words)| *words);
        let row = |(reason, sum): &(String, Taken)| (words(reason), sum.orders, amount(sum.minor));
        let mut rows: Vec<_> = given.iter().map(row).collect();
        if given.len() > 1 {
            let all = given.iter().map(|(_, sum)| (sum.orders, sum.minor));
            let (orders, minor) = all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            rows.push(("Together", orders, amount(minor)));
        }
        rows
    };
    let cards = [
        Forgiven {
            id: "t6",
            title: "Goodwill, 30 days",
            caption: "Given out of kindness by reason",
            amounts: "Given",
            rows: rows(&figures.goodwill, GOODWILL_REASONS),
        },
        Forgiven {
            id: "t7",
            title: "Written off, 30 days",
            caption: "Asked for no more by reason; below zero what the shop keeps",
            amounts: "Written off",
            rows: rows(&figures.written_off, WRITE_OFF_REASONS),
        },
    ];
    cards.into_iter().filter(|card| !card.rows.is_empty()).collect()
}

fn signed_percent(percent: i64) -> String {
    if percent < 0 { format!("−{} %", -percent) } else { format!("+{percent} %") }
}

/// `19 h 40 min`.
fn spelled_span(seconds: i64) -> String {
    let minutes = seconds.max(0) / 60;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

fn address(known: &Known, change: impl FnOnce(&mut Filter)) -> String {
    Wanted::default().narrowed(change).address("/orders", known)
}

fn words(count: Count) -> String {
    match count {
        Count::Unknown => "many".to_owned(),
        known => known.to_string(),
    }
}

fn work(figures: &Figures, known: &Known, totals: &StageTotals) -> Vec<Work> {
    let of = |base: Base| totals.sum(&of_base(known, &[base]));
    let waited = |base: Base| {
        let oldest = figures.oldest.iter().find(|(of, _)| *of == base);
        oldest.map(|(_, at)| format!("Oldest has waited {}", spelled_span(known.now.seconds_since(*at))))
    };
    let stage = |base: Base| address(known, |f| f.stages = of_base(known, &[base]));
    let mut lines = Vec::new();
    let mut put = |count: String, tone, title: &str, hint: String, verb, href: String| {
        if count != "0" {
            lines.push(Work { count, tone, title: title.to_owned(), hint, verb, href });
        }
    };
    let late = address(known, |f| f.due = Some(list::filter::Due::Late));
    put(words(figures.late), "bad", "Late, ship first", "Promised dispatch has passed".into(), "Open", late);
    for (base, title, verb) in [
        (Base::Placed, "Incomplete orders", "Review"),
        (Base::Confirmed, "Approve confirmed orders", "Approve"),
        (Base::Approved, "To pack", "Pack"),
        (Base::Processed, "Packed, to be shipped", "Ship"),
    ] {
        put(how_many(of(base)), "", title, waited(base).unwrap_or_default(), verb, stage(base));
    }
    let reason = |key: &str| {
        known.holds.iter().find(|(known, _)| *known == key).map_or(key.to_owned(), |(_, word)| word.to_lowercase())
    };
    let holds: Vec<String> =
        figures.holds.iter().take(3).map(|(key, orders)| format!("{} {}", how_many(*orders), reason(key))).collect();
    put(how_many(of(Base::OnHold)), "", "On hold", holds.join(", "), "Resolve", stage(Base::OnHold));
    let unread = address(known, |f| f.unread = Some(true));
    put(words(figures.unread), "", "Customers waiting for a reply", "Unread messages".into(), "Reply", unread);
    let returned = how_many(of(Base::Returned));
    put(
        returned,
        "",
        "Returns to look at",
        waited(Base::Returned).unwrap_or("Came back".into()),
        "Inspect",
        stage(Base::Returned),
    );
    lines
}

fn ages(figures: &Figures, known: &Known) -> Vec<Line> {
    figures
        .ages
        .iter()
        .map(|line| {
            let cells = line.counts.iter().zip(AGES.iter()).enumerate().map(|(index, (count, _))| Cell {
                text: words(*count),
                class: match (index, line.stage.base) {
                    (3, Base::Placed) | (2, Base::Approved | Base::OnHold | Base::Processed) => "h2",
                    (3, Base::Confirmed) => "h2",
                    (3, _) => "h3",
                    _ => "h1",
                },
                href: address(known, |f| {
                    f.stages = vec![line.stage.slug.clone()];
                    f.age = Some(index);
                }),
            });
            Line {
                glyph: line.stage.base.glyph().to_owned(),
                label: line.stage.label.clone(),
                href: address(known, |f| f.stages = vec![line.stage.slug.clone()]),
                count: String::new(),
                width: String::new(),
                warns: false,
                cells: cells.collect(),
            }
        })
        .collect()
}

fn bars(known: &Known, totals: &StageTotals) -> Vec<Line> {
    let shown: Vec<_> =
        known.stages.iter().filter(|stage| stage.base.rank() <= Base::Returned.rank()).filter(|s| !s.hidden).collect();
    let most = shown.iter().map(|stage| totals.of(&stage.slug)).max().unwrap_or(0).max(1);
    shown
        .into_iter()
        .map(|stage| Line {
            glyph: stage.base.glyph().to_owned(),
            label: stage.label.clone(),
            href: address(known, |f| f.stages = vec![stage.slug.clone()]),
            count: how_many(totals.of(&stage.slug)),
            width: format!("{:.1}", totals.of(&stage.slug) as f64 * 100.0 / most as f64),
            warns: matches!(stage.base, Base::OnHold | Base::Returned),
            cells: Vec::new(),
        })
        .collect()
}

fn dispatch(figures: &Figures, known: &Known) -> Option<Dispatch> {
    let (Count::Exactly(to_pack), Count::Exactly(packed)) = (figures.to_pack, figures.packed) else { return None };
    let all = to_pack + packed;
    let due = Some(list::filter::Due::Today);
    (all > 0).then(|| Dispatch {
        packed,
        all,
        to_pack,
        width: format!("{:.1}", packed as f64 * 180.0 / all as f64),
        href: address(known, |f| {
            f.due = due;
            f.stages = of_base(known, &[Base::Approved]);
        }),
        list: address(known, |f| {
            f.due = due;
            f.stages = of_base(known, &[Base::Approved, Base::Processed]);
        }),
    })
}

fn chart(figures: &Figures, known: &Known, width: f64, height: f64, every: usize) -> Chart {
    let split = figures.days.len().saturating_sub(DAYS);
    let (before, days) = figures.days.split_at(split);
    let unit = 10f64.powi(known.currency().exponent() as i32);
    let most = figures.days.iter().map(|day| day.minor).max().unwrap_or(0) as f64 / unit;
    let step = round_step(most / 3.0);
    let top = (most / step).ceil().max(1.0) * step;
    let (left, right, up, down) = (40.0, width - 12.0, 10.0, height - 24.0);
    let x = |at: usize| left + (right - left) * at as f64 / (DAYS - 1) as f64;
    let y = |minor: i64| down - (down - up) * (minor as f64 / unit) / top;
    let path = |values: &[Taken]| -> String {
        let points: Vec<String> =
            values.iter().enumerate().map(|(at, day)| format!("{:.1} {:.1}", x(at), y(day.minor))).collect();
        format!("M{}", points.join("L"))
    };
    let zone = known.zone();
    let today = known.now.local_day(zone);
    let day = |at: usize| today.checked_sub_days(chrono::Days::new((DAYS - 1 - at) as u64)).unwrap_or(today);
    let money = |minor: i64| Money::new(minor, known.currency()).to_string();
    let line = path(days);
    let last = days.last().copied().unwrap_or_default();
    let best = days.iter().map(|day| day.minor).max().unwrap_or(0);
    let lines = (top / step).round() as usize;
    Chart {
        area: format!("{line}L{right:.1} {down:.1}L{left:.1} {down:.1}Z"),
        before: path(before),
        end: (format!("{:.1}", x(DAYS - 1)), format!("{:.1}", y(last.minor))),
        grid: (0..=lines)
            .map(|at| {
                let value = at as f64 * step;
                let y = down - (down - up) * value / top;
                (format!("M{left:.0} {y:.1}H{right:.0}"), format!("{:.1}", y + 4.0), short_amount(value))
            })
            .collect(),
        days: (0..DAYS)
            .filter(|at| (DAYS - 1 - at).is_multiple_of(every))
            .map(|at| {
                let word = if at == DAYS - 1 { "Today".to_owned() } else { day(at).format("%-d").to_string() };
                (format!("{:.1}", x(at)), word)
            })
            .collect(),
        title: format!("Ordered per day, {} to {}", day(0).format("%-d %B"), today.format("%-d %B")),
        summary: format!(
            "{} so far today; most on one day {}. The dashed line is the two weeks before.",
            money(last.minor),
            money(best)
        ),
        rows: days
            .iter()
            .enumerate()
            .map(|(at, taken)| (day(at).format("%a %-d %b").to_string(), money(taken.minor)))
            .collect(),
        line,
    }
}

/// The next of 1, 2, 5, 10, 20 … that is not below a value.
fn round_step(value: f64) -> f64 {
    let mut step = 1.0;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if step * factor >= value {
                return step * factor;
            }
        }
        step *= 10.0;
    }
}

/// `2k`, `500`, `1.5M`.
fn short_amount(value: f64) -> String {
    let short = |value: f64, end: &str| {
        if (value - value.round()).abs() < 0.05 { format!("{value:.0}{end}") } else { format!("{value:.1}{end}") }
    };
    match value {
        v if v >= 1_000_000.0 => short(v / 1_000_000.0, "M"),
        v if v >= 1_000.0 => short(v / 1_000.0, "k"),
        v => short(v, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_chart_are_round() {
        assert_eq!([0.3, 1.0, 3.0, 700.0].map(round_step), [1.0, 1.0, 5.0, 1_000.0]);
        assert_eq!([0.0, 500.0, 2_000.0, 1_500_000.0].map(short_amount), ["0", "500", "2k", "1.5M"]);
    }

    #[test]
    fn spans_are_spelled() {
        assert_eq!(spelled_span(19 * 3_600 + 40 * 60), "19 h 40 min");
        assert_eq!(spelled_span(50 * 3_600), "2 d 2 h");
    }
}
