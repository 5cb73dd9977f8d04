//! Files of the browser, embedded in the binary and served under a name that holds their hash, so
//! that a browser may keep them for ever.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::Write;
use std::sync::{LazyLock, OnceLock};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest, Sha256};

use super::respond::no_such_page;

#[derive(rust_embed::Embed)]
#[folder = "static/"]
#[exclude = "*.md"]
#[exclude = "*.txt"]
struct Files;

struct Asset {
    url: String,
    mime: String,
    plain: Cow<'static, [u8]>,
    brotli: OnceLock<Vec<u8>>,
    gzip: OnceLock<Vec<u8>>,
}

struct Assets {
    by_name: HashMap<String, Asset>,
    names: HashMap<String, String>,
}

static ASSETS: LazyLock<Assets> = LazyLock::new(load);

fn load() -> Assets {
    let mut by_name = HashMap::new();
    // Stylesheets name other files, so those get their hashes first.
    let (styles, others): (Vec<_>, Vec<_>) = Files::iter().partition(|name| name.ends_with(".css"));
    for name in others.into_iter().chain(styles) {
        let Some(file) = Files::get(&name) else { continue };
        let plain = if name.ends_with(".css") { Cow::Owned(link(&file.data, &by_name)) } else { file.data };
        let digest = Sha256::digest(&plain);
        let hash: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let url = match name.rsplit_once('.') {
            Some((stem, extension)) => format!("/assets/{stem}.{hash}.{extension}"),
            None => format!("/assets/{name}.{hash}"),
        };
        let mime = match name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("js") => "text/javascript; charset=utf-8".to_owned(),
            Some("css") => "text/css; charset=utf-8".to_owned(),
            _ => mime_guess::from_path(name.as_ref()).first_or_octet_stream().to_string(),
        };
        let asset = Asset { url, mime, plain, brotli: OnceLock::new(), gzip: OnceLock::new() };
        by_name.insert(name.into_owned(), asset);
    }
    let names = by_name.iter().map(|(name, asset)| (asset.url.clone(), name.clone())).collect();
    Assets { by_name, names }
}

/// A stylesheet as it is served: hashed addresses in its `url(…)`, without comments and indentation.
fn link(css: &[u8], known: &HashMap<String, Asset>) -> Vec<u8> {
    let css = String::from_utf8_lossy(css);
    let mut text = String::with_capacity(css.len());
    for (nth, part) in css.split("/*").enumerate() {
        // Every part but the first begins inside a comment.
        let kept = if nth == 0 { part } else { part.split_once("*/").map_or("", |(_, after)| after) };
        for line in kept.lines().map(str::trim).filter(|line| !line.is_empty()) {
            text.push_str(line);
            text.push('\n');
        }
    }
    for (name, asset) in known {
        text = text.replace(&format!("url({name})"), &format!("url({})", asset.url));
    }
    text.into_bytes()
}

/// The address of an embedded file by its name under `static/`, such as `app.css` or `p/mug.svg`.
pub fn asset(name: &str) -> &'static str {
    match ASSETS.by_name.get(name) {
        Some(asset) => &asset.url,
        None => {
            tracing::error!(name, "a page names a file that does not exist");
            "/assets/missing"
        }
    }
}

/// The address of a product picture by its stored name (`mug` or `mug.svg`), if there is one.
pub fn picture(name: &str) -> Option<&'static str> {
    let stem = name.rsplit('/').next().unwrap_or(name);
    let stem = stem.strip_suffix(".svg").unwrap_or(stem);
    ASSETS.by_name.get(&format!("p/{stem}.svg")).map(|asset| asset.url.as_str())
}

/// Names of the product pictures that come with the desk, sorted.
pub fn pictures() -> Vec<&'static str> {
    let stem = |name: &'static String| name.strip_prefix("p/").and_then(|name| name.strip_suffix(".svg"));
    let mut names: Vec<&str> = ASSETS.by_name.keys().filter_map(stem).collect();
    names.sort_unstable();
    names
}

/// An icon of the sprite. It is decoration: the words beside it say the same.
#[derive(Clone, Copy, Debug)]
pub struct Icon<'a>(&'a str);

/// An icon by its name in `icons.svg`; for `{{ crate::web::icon("printer") }}`.
pub fn icon(name: &str) -> Icon<'_> {
    Icon(name)
}

impl fmt::Display for Icon<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sprite = asset("icons.svg");
        f.write_str(r#"<svg class="i" aria-hidden="true"><use href=""#)?;
        f.write_str(sprite)?;
        f.write_str("#")?;
        // A name may come from a row of the database; only what can be a name passes.
        for c in self.0.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-') {
            write!(f, "{c}")?;
        }
        f.write_str(r#""/></svg>"#)
    }
}

impl askama::filters::HtmlSafe for Icon<'_> {}

/// Answers `/assets/…`.
pub async fn serve_asset(request: HttpRequest) -> HttpResponse {
    let Some(asset) = ASSETS.names.get(request.path()).and_then(|name| ASSETS.by_name.get(name)) else {
        return no_such_page();
    };
    let accepts = request.headers().get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let takes = |coding: &str| accepts.split(',').any(|part| part.trim().split(';').next() == Some(coding));
    let mut answer = HttpResponse::Ok();
    answer
        .insert_header((header::CONTENT_TYPE, asset.mime.as_str()))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::VARY, "Accept-Encoding"));
    // Fonts and pictures of that kind are compressed already.
    if asset.mime.starts_with("font/") {
        return answer.body(web::Bytes::from_static(&asset.plain));
    }
    if takes("br") {
        let body = asset.brotli.get_or_init(|| brotli_of(&asset.plain, 11));
        return answer.insert_header((header::CONTENT_ENCODING, "br")).body(web::Bytes::from_static(body));
    }
    if takes("gzip") {
        let body = asset.gzip.get_or_init(|| gzip_of(&asset.plain));
        return answer.insert_header((header::CONTENT_ENCODING, "gzip")).body(web::Bytes::from_static(body));
    }
    answer.body(web::Bytes::from_static(&asset.plain))
}

/// Brotli at a quality; empty should it fail.
pub(super) fn brotli_of(plain: &[u8], quality: i32) -> Vec<u8> {
    let mut packed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality, lgwin: 20, ..Default::default() };
    let mut from = plain;
    if brotli::BrotliCompress(&mut from, &mut packed, &params).is_err() {
        packed.clear();
    }
    packed
}

fn gzip_of(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(plain).and_then(|()| encoder.finish()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_under_a_name_that_holds_its_hash() {
        let url = asset("app.css");
        assert!(url.starts_with("/assets/app.") && url.ends_with(".css"), "{url}");
        assert_eq!(url.len(), "/assets/app.12345678.css".len());
    }

    #[test]
    fn a_stylesheet_names_the_hashed_font() {
        let css = String::from_utf8_lossy(&ASSETS.by_name["app.css"].plain).into_owned();
        assert!(css.contains(asset("inter.woff2")));
        assert!(!css.contains("url(inter.woff2)"));
    }

    #[test]
    fn own_files_stay_inside_their_weight() {
        let packed = |name: &str| brotli_of(&ASSETS.by_name[name].plain, 11).len();
        assert!(packed("app.css") < 14 * 1024, "app.css {}", packed("app.css"));
        let scripts = packed("app.js") + packed("news.js");
        assert!(scripts < 6 * 1024, "the scripts of every page {scripts}");
    }

    #[test]
    fn an_icon_name_from_a_row_cannot_break_out() {
        assert!(!icon("\"><script>").to_string().contains("<script"));
    }
}
