//! Pictures and documents that go with a message. They lie in the database, are what they are by what is in
//! them, and go with the person when that person is erased.

use super::file_kind::{FileKind, is_markup, look};
use super::store_attachments as store;
use crate::db::{Conn, Tx};
use crate::error::{Refusal, RefusalKind, Result};
use crate::ids::OrderId;
use crate::time::UtcTime;
use crate::words::harmless;

/// Files that go with one message at the most.
pub const MOST: usize = 5;
/// What one of them may weigh.
pub const MOST_BYTES: usize = 10 * 1024 * 1024;
/// What a customer may send about one order in a day.
const MOST_BYTES_A_DAY: i64 = 100 * 1024 * 1024;
/// Dots of a picture that browsers are made to unpack; a larger one is offered as a file.
const MOST_DOTS: i64 = 40_000_000;
/// Characters of a name.
const LONGEST_NAME: usize = 100;

/// A file that somebody sends along.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewFile {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A file that goes with a message, without what is in it.
#[derive(Clone, Debug, PartialEq, Eq, diesel::Queryable)]
pub struct Attachment {
    /// Public identifier.
    pub uid: String,
    /// Its message.
    pub message_id: i64,
    /// Its name, with the ending of its kind.
    pub name: String,
    /// What it is.
    pub kind: FileKind,
    /// What it weighs, in bytes.
    pub size: i64,
    /// Width of a picture.
    pub width: Option<i64>,
    /// Height of a picture.
    pub height: Option<i64>,
}

impl Attachment {
    /// Whether it is a picture that may be shown among the messages.
    pub fn is_shown(&self) -> bool {
        matches!((self.width, self.height), (Some(width), Some(height)) if width.saturating_mul(height) <= MOST_DOTS)
    }
    /// Its weight in words.
    pub fn weight(&self) -> String {
        match self.size {
            ..1_024 => format!("{} bytes", self.size),
            1_024..1_048_576 => format!("{} KB", self.size / 1_024),
            size => format!("{}.{} MB", size / 1_048_576, size % 1_048_576 * 10 / 1_048_576),
        }
    }
}

/// Attaches a file to the message with this key.
///
/// # Errors
/// Refuses what is empty, too large or none of the kinds, and more than [`MOST`] on one message.
pub fn attach(tx: &mut Tx<'_>, message: i64, name: &str, bytes: &[u8]) -> Result<Attachment> {
    let (kind, size) = checked(name, bytes)?;
    if store::count(tx.conn, message)? >= MOST as i64 {
        return Err(too_many().into());
    }
    let kept = Attachment {
        uid: uuid::Uuid::new_v4().to_string(),
        message_id: message,
        name: file_name(name, kind),
        kind,
        size: bytes.len() as i64,
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
    };
    store::insert(tx, &kept, bytes)?;
    Ok(kept)
}

fn refusal(code: &'static str, told: String) -> Refusal {
    Refusal::field(code, "files", told)
}

/// That there are too many files.
pub fn too_many() -> Refusal {
    refusal(
        "talk.files_too_many",
        format!("A message takes {MOST} files at the most. Send the others with another one."),
    )
}

/// That a file is too large.
pub fn too_large(name: &str) -> Refusal {
    refusal(
        "talk.file_too_large",
        format!("“{}” is larger than 10 MB. Make it smaller and choose it again.", shown(name)),
    )
}

/// The name as it can be said in a sentence.
fn shown(name: &str) -> String {
    let name = harmless(name);
    let name = name.trim();
    if name.is_empty() { "The file".to_owned() } else { name.chars().take(LONGEST_NAME).collect() }
}

/// What a file is.
///
/// # Errors
/// As [`attach`].
pub fn checked(name: &str, bytes: &[u8]) -> Result<(FileKind, Option<(i64, i64)>), Refusal> {
    if bytes.is_empty() {
        return Err(refusal("talk.file_empty", format!("“{}” is empty. Choose it again.", shown(name))));
    }
    if bytes.len() > MOST_BYTES {
        return Err(too_large(name));
    }
    look(bytes).ok_or_else(|| {
        let what = if is_markup(bytes) {
            "is a page or a drawing made of text (HTML, SVG), whatever its name says"
        } else {
            "is no JPEG, PNG, GIF, WebP or PDF that can be read, whatever its name says"
        };
        let told = format!("“{}” {what}. Save it as a picture or a PDF and choose it again.", shown(name));
        refusal("talk.file_kind", told)
    })
}

/// A name without folders, invisible letters and the wrong ending.
fn file_name(name: &str, kind: FileKind) -> String {
    let name = harmless(name.rsplit(['/', '\\']).next().unwrap_or_default());
    let unsafe_in_names = |c: char| c.is_control() || "\"*:<>?|".contains(c);
    let name: String = name.chars().map(|c| if unsafe_in_names(c) { '_' } else { c }).collect();
    let name = name.trim().trim_matches('.').to_owned();
    let endings = kind.endings();
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if endings.contains(&ending.to_lowercase().as_str()) => (stem, ending.to_lowercase()),
        _ => (name.as_str(), endings[0].to_owned()),
    };
    let stem: String = stem.chars().take(LONGEST_NAME).collect();
    let stem = if stem.trim().is_empty() { "file" } else { stem.trim() };
    format!("{stem}.{ending}")
}

/// Refuses what is more than a customer may send in a day.
pub(super) fn check_day(conn: &mut Conn, order: OrderId, files: &[NewFile], since: UtcTime) -> Result<()> {
    let new: usize = files.iter().map(|file| file.bytes.len()).sum();
    if files.is_empty() || store::received_since(conn, order, since)? + new as i64 <= MOST_BYTES_A_DAY {
        return Ok(());
    }
    let told = "You have sent very large files today. Send the others tomorrow, or contact us.";
    Err(Refusal::new(RefusalKind::TooMany, "talk.files_too_much", told).after(3_600).into())
}

/// The files that go with the messages of an order, in their order.
pub fn of_order(conn: &mut Conn, order: OrderId) -> Result<Vec<Attachment>> {
    store::of_order(conn, order)
}

/// One file of an order with what is in it, if it is there; and the transport of its message.
pub fn open(conn: &mut Conn, order: OrderId, uid: &str) -> Result<Option<(Attachment, String, Vec<u8>)>> {
    store::open(conn, order, uid)
}

/// The files of a message with what is in them: for whatever carries it on.
pub fn of_message(conn: &mut Conn, message: i64) -> Result<Vec<(Attachment, Vec<u8>)>> {
    store::of_message(conn, message)
}

/// Takes every file of an order away.
pub(super) fn erase(tx: &mut Tx<'_>, order: OrderId) -> Result<()> {
    store::erase(tx, order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_harmless_and_end_as_their_kind_does() {
        for (given, kept) in [
            ("photo.PNG", "photo.png"),
            ("../../etc/passwd", "passwd.png"),
            ("C:\\fake\\mug.jpg", "mug.jpg.png"),
            ("\u{202e}gnp.exe", "gnp.exe.png"),
            ("a\"b\r\n.png", "a_b_.png"),
            ("", "file.png"),
            (".png", "png.png"),
            ("  ", "file.png"),
            ("Ráday 14.png", "Ráday 14.png"),
        ] {
            assert_eq!(file_name(given, FileKind::Png), kept, "{given}");
        }
        assert_eq!(file_name("x.JPEG", FileKind::Jpeg), "x.jpeg");
        assert!(file_name(&"é".repeat(500), FileKind::Pdf).chars().count() <= LONGEST_NAME + 4);
    }
}
