//! `/orders/export.csv`: the list as it is filtered, as a file that is written while it is read.

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures_util::stream;

use super::sheet::{self, Shop};
use crate::db::{Conn, Db};
use crate::error::{Error, Result};
use crate::ids::OrderId;
use crate::order;
use crate::order::list::{self, StageTotals, Wanted, address};
use crate::order::pages_list::{known, may_ask, read_wanted};
use crate::staff::{Permission, Person, Staff, permission::Export};
use crate::time::UtcTime;
use crate::web::{Answer, Desk, Section, Shell};

/// Orders read at a time.
const CHUNK: usize = 250;

/// `GET /orders/export.csv`, with the parameters of the list.
pub async fn export(desk: Data<Desk>, request: HttpRequest, staff: Staff<Export>) -> Answer {
    let person = staff.person();
    person.must(Permission::ViewContact)?;
    person.must(Permission::ViewMoney)?;
    let pairs = address::split(request.query_string());
    let now = UtcTime::now();
    let (wanted, first) = {
        let person = person.clone();
        desk.db
            .read(move |conn| {
                let shell = Shell::load(conn, &person, Section::Orders)?;
                let known = known(conn, &person, now)?;
                let wanted = read_wanted(&pairs, &shell, &known)?.at(None);
                may_ask(&person, &wanted)?;
                let first = chunk(conn, &person, now, &wanted, true)?;
                Ok((wanted, first))
            })
            .await?
    };
    let state = Writing { db: desk.db.clone(), person, now, wanted, ready: Some(first), over: false };
    let body = stream::try_unfold(state, Writing::next);
    let name = format!("attachment; filename=\"orders-{}.csv\"", now.datetime().format("%Y-%m-%d"));
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"))
        .insert_header((header::CONTENT_DISPOSITION, name))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(body))
}

/// A piece of the file and where the next one begins.
type Chunk = (Vec<u8>, Option<Wanted>);

fn chunk(conn: &mut Conn, person: &Person, now: UtcTime, wanted: &Wanted, is_first: bool) -> Result<Chunk> {
    let known = known(conn, person, now)?;
    let totals = StageTotals::load(conn, &person.reach)?;
    let (page, _) = list::page_of(conn, wanted, &known, &totals, &[], CHUNK)?;
    let ids: Vec<OrderId> = page.orders.iter().map(|order| order.id).collect();
    let lines = order::lines_of_many(conn, &ids)?;
    let shop = Shop { stages: known.stages, markets: known.markets };
    let mut writer = csv::Writer::from_writer(Vec::new());
    if is_first {
        writer.write_record(sheet::header(&shop)).map_err(Error::broken)?;
    }
    for order in &page.orders {
        let own: Vec<_> = lines.iter().filter(|line| line.order_id == order.id).cloned().collect();
        for row in sheet::rows(&shop, order, &own) {
            writer.write_record(row).map_err(Error::broken)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| Error::broken(error.to_string()))?;
    Ok((bytes, page.next.map(|cursor| wanted.at(Some(cursor)))))
}

/// The file being written: never more of it than one piece is in memory.
struct Writing {
    db: Db,
    person: Person,
    now: UtcTime,
    wanted: Wanted,
    ready: Option<Chunk>,
    over: bool,
}

impl Writing {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>> {
        if self.over {
            return Ok(None);
        }
        let (bytes, next) = match self.ready.take() {
            Some(first) => first,
            None => {
                let (person, now, wanted) = (self.person.clone(), self.now, self.wanted.clone());
                self.db.read(move |conn| chunk(conn, &person, now, &wanted, false)).await?
            }
        };
        match next {
            Some(wanted) => self.wanted = wanted,
            None => self.over = true,
        }
        Ok(Some((Bytes::from(bytes), self)))
    }
}
