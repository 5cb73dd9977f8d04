//! Pictures and documents that go with messages: what is taken, what is not, and who gets to see it.

use slipway::conversation::attachments::{self, MOST_BYTES};
use slipway::conversation::{self, Direction};

use crate::support::app::TestDesk;
use crate::support::person::Person;

/// A picture of one dot.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n";

/// The path of the customer's page.
fn link(desk: &TestDesk, number: i64) -> String {
    desk.owner().post(&format!("/orders/{number}/customer-page"), &[("do", "make")]);
    let shown = desk.owner().see(&format!("/orders/{number}")).text();
    let at = shown.find("value=\"/t/").expect("the link") + 7;
    shown[at..].split('"').next().unwrap().to_owned()
}

/// Sends files from the customer's page.
fn send(customer: &Person, page: &str, body: &str, files: &[(&str, &[u8])]) -> crate::support::person::Reply {
    let shown = customer.see(page);
    let (token, version) = (shown.field("form_token"), shown.field("version"));
    let mut parts: Vec<(&str, &str, &[u8])> =
        vec![("form_token", "", token.as_bytes()), ("version", "", version.as_bytes()), ("body", "", body.as_bytes())];
    parts.extend(files.iter().map(|(name, bytes)| ("files", *name, *bytes)));
    customer.upload(&format!("{page}/messages"), &parts)
}

/// The addresses of files on a page.
fn files(html: &str) -> Vec<String> {
    html.split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|href| href.contains("/files/"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn programs_keep_files_with_messages_and_fetch_them() {
    use base64::Engine;
    let encoded = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let desk = TestDesk::open();
    let (number, other) = (desk.order().place(), desk.order().place());
    let program = desk.program();
    let path = format!("/api/orders/ORD{number}/messages");
    let wanted = serde_json::json!({
        "body": "", "direction": "in", "transport": "chat",
        "files": [{ "name": "crack.jpg", "content": encoded(PNG) }, { "name": "b.pdf", "content": encoded(PDF) }],
    });
    let made = program.must_post(&path, &wanted);
    assert_eq!(made["files"][0]["name"], "crack.jpg.png", "it is what is in it");
    let listed = program.see(&path);
    assert_eq!(listed["messages"][0]["files"], made["files"]);
    assert_eq!((&made["files"][1]["media_type"], &made["files"][1]["size"]), (&"application/pdf".into(), &45.into()));
    let id = made["files"][0]["id"].as_str().unwrap();
    let file = program.see(&format!("/api/orders/ORD{number}/files/{id}"));
    assert_eq!(file["content"], encoded(PNG));
    assert_eq!(program.get(&format!("/api/orders/ORD{other}/files/{id}")).problem().0, 404);
    desk.owner().see(&format!("/orders/{number}")).must_say("b.pdf");
}

#[test]
fn pictures_and_documents_go_both_ways() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let page = link(&desk, number);
    let (owner, customer) = (desk.owner(), desk.visitor());
    let sent = send(&customer, &page, "It came like this.", &[("Ráday <mug>.PNG", PNG), ("invoice.pdf", PDF)]);
    assert_eq!(sent.status, 303, "{}", sent.text());
    let order = owner.see(&format!("/orders/{number}"));
    order.must_say("It came like this.");
    order.must_say("invoice.pdf 45 bytes");
    let found = files(&order.text());
    assert_eq!(found.len(), 2);
    assert!(order.text().contains("alt=\"Ráday _mug_.png\" width=\"1\" height=\"1\""), "{}", order.text());
    let picture = owner.see(&found[0]);
    assert_eq!(picture.body, PNG);
    assert_eq!(picture.header("content-type"), "image/png");
    assert_eq!(picture.header("x-content-type-options"), "nosniff");
    assert!(picture.header("content-security-policy").contains("sandbox"));
    assert_eq!(picture.header("cache-control"), "private, no-cache");
    let disposition = picture.header("content-disposition");
    assert!(disposition.starts_with("inline; filename=\"R_day _mug_.png\""), "{disposition}");
    assert!(disposition.contains("filename*=UTF-8''R%C3%A1day"), "{disposition}");
    let again = owner.send("GET", &found[0], &[("If-None-Match", picture.header("etag"))], None);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let document = owner.see(&found[1]);
    assert_eq!((document.header("content-type"), document.body.as_slice()), ("application/pdf", PDF));
    assert!(document.header("content-disposition").starts_with("attachment;"));

    let form = owner.see(&format!("/inbox/{number}"));
    assert_eq!(files(&form.text()).len(), 2);
    let token = form.field("form_token");
    let parts = [
        ("audience", "", &b"message"[..]),
        ("body", "", &b""[..]),
        ("form_token", "", token.as_bytes()),
        ("files", "new.pdf", PDF),
    ];
    let answer = owner.upload(&format!("/orders/{number}/messages"), &parts);
    assert_eq!(answer.status, 303, "files need no words: {}", answer.text());
    let shown = customer.see(&page);
    let theirs = files(&shown.text());
    assert_eq!(theirs.len(), 3);
    let got = customer.see(&theirs[2]);
    assert_eq!(got.body, PDF);
    assert_eq!(got.header("cache-control"), "no-store", "nothing below a secret address is kept");
    assert!(got.header("content-security-policy").contains("sandbox"));
    owner.see("/inbox?show=all").must_say("You: Sent a file");
}

#[test]
fn whoever_may_not_see_a_file_does_not_get_it() {
    let desk = TestDesk::open();
    let (mine, other) = (desk.order().place(), desk.order().place());
    let (page, elsewhere) = (link(&desk, mine), link(&desk, other));
    let customer = desk.visitor();
    assert_eq!(send(&customer, &page, "Look", &[("a.png", PNG)]).status, 303);
    let file = files(&customer.see(&page).text()).remove(0);
    let uid = file.rsplit('/').next().unwrap();
    assert_eq!(customer.get(&format!("{elsewhere}/files/{uid}")).status, 404);
    assert_eq!(customer.get(&format!("/orders/{mine}/files/{uid}")).status, 303, "sign in first");
    assert_eq!(desk.owner().get(&format!("/orders/{other}/files/{uid}")).status, 404);
    assert_eq!(desk.owner().see(&format!("/orders/{mine}/files/{uid}")).body, PNG);
    // What came another way does not stand on the page, nor do its files.
    let uid = desk.write(move |tx| {
        let (actor, at) = (slipway::actor::Actor::Customer { name: "Eszter".into() }, tx.now);
        let message = conversation::keep_message(tx, &actor, mine, Direction::In, "whatsapp", "", at)?;
        Ok(attachments::attach(tx, message.id, "chat.png", PNG)?.uid)
    });
    assert_eq!(customer.get(&format!("{page}/files/{uid}")).status, 404);
    assert_eq!(desk.owner().see(&format!("/orders/{mine}/files/{uid}")).status, 200);
    desk.owner().post(&format!("/orders/{mine}/customer-page"), &[("do", "revoke")]);
    assert_eq!(customer.get(&file).status, 410);
    assert_eq!(send_blind(&customer, &page, &[("b.png", PNG)]), 410);
}

fn send_blind(customer: &Person, page: &str, files: &[(&str, &[u8])]) -> u16 {
    let parts: Vec<_> = files.iter().map(|(name, bytes)| ("files", *name, *bytes)).collect();
    customer.upload(&format!("{page}/messages"), &parts).status
}

#[test]
fn what_is_no_picture_is_refused_with_a_sentence_and_the_words_stay() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let page = link(&desk, number);
    let customer = desk.visitor();
    let large = [PNG, &vec![0; MOST_BYTES]].concat();
    let six: Vec<(&str, &[u8])> = vec![("a.png", PNG); 6];
    let cases: [(&[(&str, &[u8])], &str); 6] = [
        (&[("photo.png", b"<svg onload=\"alert(1)\"/>")], "“photo.png” is a page or a drawing made of text"),
        (
            &[("photo.png", b"<!doctype html><script>alert(1)</script>")],
            "“photo.png” is a page or a drawing made of text",
        ),
        (&[("photo.png", b"MZ\x90\0")], "“photo.png” is no JPEG, PNG, GIF, WebP or PDF"),
        (&[("a.png", PNG), ("b.png", b"")], "“b.png” is empty."),
        (&[("huge.png", &large)], "“huge.png” is larger than 10 MB."),
        (&six, "A message takes 5 files at the most."),
    ];
    for (files, told) in cases {
        let refused = send(&customer, &page, "Kept as typed", files);
        assert_eq!(refused.status, 400, "{told}: {}", refused.words());
        refused.must_say(told);
        refused.must_say("Kept as typed");
    }
    assert_eq!(desk.look(number).message_count, 0);
    let owner = desk.owner();
    let post = |audience: &str, name: &str, bytes: &[u8], token: &str| {
        let parts = [
            ("audience", "", audience.as_bytes()),
            ("body", "", &b"Kept, too"[..]),
            ("form_token", "", token.as_bytes()),
            ("files", name, bytes),
        ];
        owner.upload(&format!("/orders/{number}/messages"), &parts)
    };
    for (audience, name, bytes, told) in [
        ("message", "x.gif", &b"<html>"[..], "is a page or a drawing"),
        ("internal", "x.png", PNG, "Files go to the customer with a message"),
    ] {
        let refused = post(audience, name, bytes, "a");
        assert_eq!(refused.status, 400, "{}", refused.words());
        refused.must_say(told);
        refused.must_say("Kept, too");
    }
    assert_eq!(desk.look(number).note_count, 0);
    let huge = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\xff\xff\0\0\xff\xff\x08\x06\0\0\0";
    assert_eq!(post("message", "bomb.png", huge, "b").status, 303);
    let shown = owner.see(&format!("/orders/{number}")).text();
    assert!(!shown.contains("<img src=\"/orders/"), "no browser is made to unpack four thousand million dots");
    let file = files(&shown).remove(0);
    assert!(owner.see(&file).header("content-disposition").starts_with("attachment;"));
}

#[test]
fn nobody_fills_the_shop_with_files_and_two_clicks_send_them_once() {
    let desk = TestDesk::open();
    let number = desk.order().place();
    let page = link(&desk, number);
    let customer = desk.visitor();
    let token = customer.see(&page).field("form_token");
    for bytes in [PNG, PNG, PDF] {
        let parts = [("form_token", "", token.as_bytes()), ("body", "", &b"Same"[..]), ("files", "a.png", bytes)];
        assert_eq!(customer.upload(&format!("{page}/messages"), &parts).status, 303);
    }
    assert_eq!(desk.look(number).message_count, 2, "another file is another message");
    let filled = [PNG, &vec![0; MOST_BYTES - PNG.len()]].concat();
    desk.write(move |tx| {
        let (actor, at) = (slipway::actor::Actor::Customer { name: "Eszter".into() }, tx.now);
        for _ in 0..2 {
            let message = conversation::keep_message(tx, &actor, number, Direction::In, "page", "More", at)?;
            for _ in 0..5 {
                attachments::attach(tx, message.id, "a.png", &filled)?;
            }
            assert!(attachments::attach(tx, message.id, "a.png", &filled).is_err());
        }
        Ok(())
    });
    let refused = send(&customer, &page, "And this", &[("b.png", PNG)]);
    assert_eq!(refused.status, 429);
    refused.must_say("You have sent very large files today.");
    assert_eq!(send(&customer, &page, "Words still go", &[]).status, 303);
}

#[test]
fn files_go_with_the_person() {
    let desk = TestDesk::open();
    let number = desk.order().at("archived").place();
    let order = desk.look(number);
    let uid = desk.write(move |tx| {
        let (actor, at) = (slipway::actor::Actor::Customer { name: "Eszter".into() }, tx.now);
        let message = conversation::keep_message(tx, &actor, number, Direction::In, "page", "Look", at)?;
        let kept = attachments::attach(tx, message.id, "face.png", PNG)?;
        conversation::mark_read(tx, number)?;
        Ok(kept.uid)
    });
    let owner = desk.owner();
    assert_eq!(owner.get(&format!("/orders/{number}/files/{uid}")).status, 200);
    let customer = desk.read(|conn| slipway::customer::find(conn, order.customer_id.unwrap())).unwrap();
    let path = format!("/customers/{}/erase", customer.uid);
    let version = owner.see(&path).field("version");
    let erased = owner.post(&path, &[("confirm", "Eszter Kovács"), ("version", &version)]);
    assert_eq!(erased.status, 303, "{}", erased.words());
    assert_eq!(owner.get(&format!("/orders/{number}/files/{uid}")).status, 404);
    assert!(desk.read(|conn| attachments::of_order(conn, order.id)).is_empty());
}
