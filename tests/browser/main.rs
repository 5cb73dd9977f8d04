//! The story of a shop's morning in a real Chromium, with and without scripting.
//!
//! Needs `chromium` and `chromedriver`. Runs on SQLite, or on the server of `SLIPWAY_TEST_POSTGRES`.
//! What was seen is kept as pictures below `target/pictures`.
#![allow(clippy::unwrap_used)]

mod checks;
mod driver;
#[test]
fn smoke() {
    let b = driver::Browser::open(driver::Scripting::On);
    for page in ["orders", "order", "login", "board"] {
        for (w, s) in [(1440, "light"), (1440, "dark"), (390, "light")] {
            b.viewport(w, 900);
            b.prefer(s);
            b.goto(&format!("http://127.0.0.1:4251/{page}.html"));
            let t = std::time::Instant::now();
            println!("{page} {w} {s}: {:?} {:?}", checks::faults(&b), t.elapsed());
        }
    }
    b.picture(std::path::Path::new("/tmp/shot.png"));
    println!("{}", b.print().len());
    let o = driver::Browser::open(driver::Scripting::Off);
    o.goto("http://127.0.0.1:4251/orders.html");
    println!("{:?} {}", o.run("return document.title", serde_json::json!([])), o.all("script").len());
    println!("{:?}", o.find("h1").text());
}
