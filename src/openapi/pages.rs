//! The documentation that people read: drawn from the document, open to everybody, without anything from
//! elsewhere.

use actix_web::HttpRequest;
use actix_web::web::{Data, Path};
use askama::Template;

use super::prose::{self, Block, Span};
use super::reading::{Entry, Object, Topic, entries, objects, topics};
use super::{GUIDE, RECIPES, document, problems};
use crate::error::Error;
use crate::web::{self, Answer, Desk, Problem, Shop, page};

/// What surrounds every page.
struct Frame {
    shop: Shop,
    /// Where this desk was asked.
    desk: String,
    nav: Vec<Entry>,
}

impl Frame {
    async fn load(desk: &Desk, request: &HttpRequest) -> Result<Self, Problem> {
        let shop = desk.db.read(web::shop).await?;
        Ok(Frame { shop, desk: web::here(request), nav: entries(document()) })
    }
}

#[derive(Template)]
#[template(path = "docs/guide.html")]
struct Guide {
    frame: Frame,
    here: &'static str,
    guide: Vec<Block>,
    topics: Vec<Topic>,
}

#[derive(Template)]
#[template(path = "docs/recipes.html")]
struct Recipes {
    frame: Frame,
    here: &'static str,
    recipes: Vec<Block>,
}

#[derive(Template)]
#[template(path = "docs/topic.html")]
struct OneTopic {
    frame: Frame,
    here: String,
    topic: Topic,
}

#[derive(Template)]
#[template(path = "docs/objects.html")]
struct Objects {
    frame: Frame,
    here: &'static str,
    objects: Vec<Object>,
}

#[derive(Template)]
#[template(path = "docs/object.html")]
struct OneObject {
    frame: Frame,
    here: &'static str,
    object: Object,
}

#[derive(Template)]
#[template(path = "docs/problems.html")]
struct Problems {
    frame: Frame,
    here: &'static str,
    groups: &'static [problems::Group],
}

#[derive(Template)]
#[template(path = "docs/problem.html")]
struct OneProblem {
    frame: Frame,
    here: &'static str,
    problem: problems::Known,
    means: Vec<Span>,
    remedy: Vec<Span>,
}

/// `GET /api/docs`
pub async fn guide(desk: Data<Desk>, request: HttpRequest) -> Answer {
    let frame = Frame::load(&desk, &request).await?;
    let topics = topics(document(), &frame.desk);
    page(&Guide { frame, here: "", guide: prose::read(GUIDE), topics })
}

/// `GET /api/docs/recipes`
pub async fn recipes(desk: Data<Desk>, request: HttpRequest) -> Answer {
    page(&Recipes { frame: Frame::load(&desk, &request).await?, here: "recipes", recipes: prose::read(RECIPES) })
}

/// `GET /api/docs/objects`
pub async fn show_objects(desk: Data<Desk>, request: HttpRequest) -> Answer {
    page(&Objects { frame: Frame::load(&desk, &request).await?, here: "objects", objects: objects(document()) })
}

/// `GET /api/docs/objects/{name}`
pub async fn object(desk: Data<Desk>, request: HttpRequest, name: Path<String>) -> Answer {
    let object = objects(document()).into_iter().find(|object| object.name == *name);
    let object = object.ok_or_else(|| Error::Missing(format!("object {name}")))?;
    page(&OneObject { frame: Frame::load(&desk, &request).await?, here: "objects", object })
}

/// `GET /api/docs/{topic}`
pub async fn topic(desk: Data<Desk>, request: HttpRequest, slug: Path<String>) -> Answer {
    let frame = Frame::load(&desk, &request).await?;
    let topic = topics(document(), &frame.desk).into_iter().find(|topic| topic.slug == *slug);
    let topic = topic.ok_or_else(|| Error::Missing(format!("topic {slug}")))?;
    page(&OneTopic { frame, here: slug.into_inner(), topic })
}

/// `GET /api/problems`
pub async fn index_problems(desk: Data<Desk>, request: HttpRequest) -> Answer {
    page(&Problems { frame: Frame::load(&desk, &request).await?, here: "problems", groups: problems::groups() })
}

/// `GET /api/problems/{code}`
pub async fn problem(desk: Data<Desk>, request: HttpRequest, code: Path<String>) -> Answer {
    let problem = *problems::find(&code).ok_or_else(|| Error::Missing(format!("problem {code}")))?;
    let frame = Frame::load(&desk, &request).await?;
    let (means, remedy) = (prose::spans(problem.means), prose::spans(problem.remedy));
    page(&OneProblem { frame, here: "problems", problem, means, remedy })
}
