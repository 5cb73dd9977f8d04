//! From bytes to text, a piece at a time: finds out how a file is written and hands it on as UTF-8.
//! The whole file is never in memory. Pure: it reads from any source and knows no file format.

use std::io::{Cursor, Read};

use encoding_rs::{Decoder, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::error::{Error, Refusal, RefusalKind, Result};

/// Bytes read at a time.
const PIECE: usize = 64 * 1024;
/// Bytes looked at before deciding what a file is.
const HEAD: usize = 8 * 1024;

/// A source of bytes.
pub type Source = Box<dyn Read + Send>;

/// A text file being read.
pub struct Text {
    source: Source,
    coding: Coding,
    /// Bytes of a letter whose rest has not been read yet.
    carry: Vec<u8>,
    over: bool,
}

enum Coding {
    /// Also ASCII; `proved` once a letter outside ASCII was well formed.
    Utf8 {
        proved: bool,
    },
    Windows1252,
    Utf16 {
        decoder: Box<Decoder>,
    },
}

impl Text {
    /// Looks at the beginning of a source and gets ready to read it. Unpacks gzip.
    ///
    /// # Errors
    /// Refuses an empty file, a workbook and anything else that is not text, each with what to do.
    pub fn open(source: Source) -> Result<Self> {
        let (head, source) = look(source)?;
        if head.starts_with(&[0x1f, 0x8b]) {
            let unpacked: Source = Box::new(flate2::read::MultiGzDecoder::new(source));
            let (head, source) = look(unpacked)?;
            return Self::start(&head, source);
        }
        Self::start(&head, source)
    }

    fn start(head: &[u8], mut source: Source) -> Result<Self> {
        refuse_other_kinds(head)?;
        let (mark, coding) = coding_of(head)?;
        let mut skipped = vec![0; mark];
        source.read_exact(&mut skipped).map_err(unreadable)?;
        Ok(Text { source, coding, carry: Vec::new(), over: false })
    }

    /// How the file is written, for telling people.
    pub fn coding(&self) -> &'static str {
        match self.coding {
            Coding::Utf8 { .. } => "UTF-8",
            Coding::Windows1252 => "Windows-1252 (Latin-1)",
            Coding::Utf16 { .. } => "UTF-16",
        }
    }

    /// Appends the next piece to `out` as UTF-8; `false` once there is no more.
    ///
    /// # Errors
    /// Refuses a source that cannot be read on, such as a compressed file that was cut off.
    pub fn read(&mut self, out: &mut Vec<u8>) -> Result<bool> {
        if self.over {
            return Ok(false);
        }
        let mut piece = std::mem::take(&mut self.carry);
        let before = piece.len();
        piece.resize(before + PIECE, 0);
        let read = loop {
            match self.source.read(&mut piece[before..]) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
                Ok(read) => break read,
            }
        };
        piece.truncate(before + read);
        self.over = read == 0;
        match &mut self.coding {
            Coding::Utf8 { proved } => {
                let proved = *proved;
                self.read_utf8(&piece, proved, out);
            }
            Coding::Windows1252 => out.extend_from_slice(WINDOWS_1252.decode_without_bom_handling(&piece).0.as_bytes()),
            Coding::Utf16 { decoder } => {
                let room = decoder.max_utf8_buffer_length(piece.len()).unwrap_or(piece.len() * 3 + 16);
                let mut text = String::with_capacity(room);
                let _ = decoder.decode_to_string(&piece, &mut text, self.over);
                out.extend_from_slice(text.as_bytes());
            }
        }
        Ok(true)
    }

    /// A byte that is not UTF-8 settles that the file is Windows-1252, as long as nothing before it
    /// was more than ASCII. In a file that mixes both, such bytes alone are read as Windows-1252.
    fn read_utf8(&mut self, mut piece: &[u8], mut proved: bool, out: &mut Vec<u8>) {
        loop {
            let error = match std::str::from_utf8(piece) {
                Ok(text) => {
                    proved |= !text.is_ascii();
                    out.extend_from_slice(piece);
                    break;
                }
                Err(error) => error,
            };
            let (good, rest) = piece.split_at(error.valid_up_to());
            proved |= !good.is_ascii();
            out.extend_from_slice(good);
            let bad = match error.error_len() {
                None if !self.over => {
                    self.carry = rest.to_vec();
                    break;
                }
                None => rest.len(),
                Some(length) => length,
            };
            if !proved {
                self.coding = Coding::Windows1252;
                out.extend_from_slice(WINDOWS_1252.decode_without_bom_handling(rest).0.as_bytes());
                return;
            }
            let (bad, after) = rest.split_at(bad);
            out.extend_from_slice(WINDOWS_1252.decode_without_bom_handling(bad).0.as_bytes());
            piece = after;
        }
        self.coding = Coding::Utf8 { proved };
    }
}

/// Reads the head of a source and puts it back in front.
fn look(mut source: Source) -> Result<(Vec<u8>, Source)> {
    let mut head = Vec::with_capacity(HEAD);
    source.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(unreadable)?;
    let whole: Source = Box::new(Cursor::new(head.clone()).chain(source));
    Ok((head, whole))
}

fn unreadable(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData => {
            Refusal::invalid(
                "import.cut_off",
                "The compressed file is cut off or damaged. Fetch or compress it again and try once more.",
            )
            .into()
        }
        _ => Error::Broken(Box::new(error)),
    }
}

fn unsupported(code: &'static str, message: &str) -> Error {
    Refusal::new(RefusalKind::Unsupported, code, message).into()
}

fn refuse_other_kinds(head: &[u8]) -> Result<()> {
    if head.is_empty() {
        return Err(Refusal::invalid("import.empty", "The file is empty. Export the orders again.").into());
    }
    let begins = |magic: &[u8]| head.starts_with(magic);
    if begins(b"PK\x03\x04") || begins(b"PK\x05\x06") {
        let sheet = [b"xl/".as_slice(), b"[Content_Types].xml", b"opendocument"];
        let is_sheet = sheet.iter().any(|mark| head.windows(mark.len()).any(|part| part == *mark));
        return Err(if is_sheet {
            unsupported("import.workbook", "This is an Excel workbook; save it as CSV and choose that file.")
        } else {
            unsupported("import.archive", "This is a zip archive; unpack it and choose the CSV file inside.")
        });
    }
    if begins(&[0xd0, 0xcf, 0x11, 0xe0]) {
        return Err(unsupported("import.workbook", "This is an Excel workbook; save it as CSV and choose that file."));
    }
    if begins(b"%PDF") {
        return Err(unsupported("import.pdf", "This is a PDF; export the orders as CSV instead."));
    }
    let text = head.trim_ascii_start();
    let lower = text[..text.len().min(15)].to_ascii_lowercase();
    if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") {
        return Err(unsupported(
            "import.web_page",
            "This is a web page, not a CSV file. Sign in to your shop, export the orders and choose the file it gives.",
        ));
    }
    if lower.starts_with(b"{") || lower.starts_with(b"[{") || lower.starts_with(b"<?xml") {
        return Err(unsupported("import.not_csv", "This is JSON or XML, not a CSV file. Export the orders as CSV."));
    }
    Ok(())
}

/// How a file is written and how many bytes of mark it begins with.
fn coding_of(head: &[u8]) -> Result<(usize, Coding)> {
    let utf16 = |encoding: &'static encoding_rs::Encoding| Coding::Utf16 {
        decoder: Box::new(encoding.new_decoder_without_bom_handling()),
    };
    let empty = || Refusal::invalid("import.empty", "The file is empty. Export the orders again.");
    match head {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => {
            Err(unsupported("import.utf32", "This file is written in UTF-32; save it as UTF-8 and choose that file."))
        }
        [0xef, 0xbb, 0xbf] | [0xff, 0xfe] | [0xfe, 0xff] => Err(empty().into()),
        [0xef, 0xbb, 0xbf, ..] => Ok((3, Coding::Utf8 { proved: true })),
        [0xff, 0xfe, ..] => Ok((2, utf16(UTF_16LE))),
        [0xfe, 0xff, ..] => Ok((2, utf16(UTF_16BE))),
        _ => without_mark(head).map(|coding| (0, coding)),
    }
}

/// The column names of an export are ASCII, so UTF-16 without a mark shows as every other byte being
/// zero. Zeros otherwise are no text.
fn without_mark(head: &[u8]) -> Result<Coding> {
    let start = &head[..head.len().min(512) & !1];
    let zeros = |offset: usize| start.iter().skip(offset).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), start.len() / 2);
    let utf16 = |encoding: &'static encoding_rs::Encoding| Coding::Utf16 {
        decoder: Box::new(encoding.new_decoder_without_bom_handling()),
    };
    if pairs >= 4 && odd * 10 >= pairs * 8 && even * 10 <= pairs {
        return Ok(utf16(UTF_16LE));
    }
    if pairs >= 4 && even * 10 >= pairs * 8 && odd * 10 <= pairs {
        return Ok(utf16(UTF_16BE));
    }
    if head.contains(&0) {
        return Err(unsupported(
            "import.binary",
            "This is not a text file. Export the orders as CSV and choose that file.",
        ));
    }
    Ok(Coding::Utf8 { proved: false })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Gives one byte at a time, so that every letter is cut somewhere.
    struct Drip(Cursor<Vec<u8>>);
    impl Read for Drip {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let length = out.len().min(1);
            self.0.read(&mut out[..length])
        }
    }

    fn whole(bytes: &[u8]) -> Result<(String, &'static str)> {
        let mut text = Text::open(Box::new(Drip(Cursor::new(bytes.to_vec()))))?;
        let mut out = Vec::new();
        while text.read(&mut out)? {}
        Ok((String::from_utf8(out).unwrap(), text.coding()))
    }

    fn utf16(text: &str, little: bool) -> Vec<u8> {
        text.encode_utf16().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn every_way_of_writing_reads_the_same() {
        let text = "Name,Note of the order\nZoë,Grüße 🎂 急須\n";
        let mut marked = vec![0xef, 0xbb, 0xbf];
        marked.extend_from_slice(text.as_bytes());
        let mut little = vec![0xff, 0xfe];
        little.extend(utf16(text, true));
        let mut big = vec![0xfe, 0xff];
        big.extend(utf16(text, false));
        for bytes in [text.as_bytes().to_vec(), marked, little, big, utf16(text, true), utf16(text, false)] {
            assert_eq!(whole(&bytes).unwrap().0, text);
        }
    }

    #[test]
    fn latin_letters_are_read_wherever_the_first_one_stands() {
        let mut bytes = "Name,Note\n".repeat(900).into_bytes();
        bytes.extend_from_slice(b"Zo\xeb,\x80 5\n");
        let (text, coding) = whole(&bytes).unwrap();
        assert!(text.ends_with("Zoë,€ 5\n"));
        assert_eq!(coding, "Windows-1252 (Latin-1)");
    }

    #[test]
    fn a_stray_byte_in_utf8_stays_alone() {
        let (text, coding) = whole(b"Zo\xc3\xab \xe9t\xe9 \xc3\xab\xc3").unwrap();
        assert_eq!(text, "Zoë été ëÃ");
        assert_eq!(coding, "UTF-8");
    }

    #[test]
    fn what_is_no_text_is_refused_with_what_to_do() {
        let code = |bytes: &[u8]| whole(bytes).unwrap_err().refusal().map(|refusal| refusal.code);
        assert_eq!(code(b""), Some("import.empty"));
        assert_eq!(code(&[0xef, 0xbb, 0xbf]), Some("import.empty"));
        assert_eq!(code(b"PK\x03\x04....[Content_Types].xml"), Some("import.workbook"));
        assert_eq!(code(b"PK\x03\x04....orders.csv"), Some("import.archive"));
        assert_eq!(code(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1]), Some("import.workbook"));
        assert_eq!(code(b"%PDF-1.7"), Some("import.pdf"));
        assert_eq!(code(b"  <!DOCTYPE html><html>"), Some("import.web_page"));
        assert_eq!(code(b"{\"orders\": []}"), Some("import.not_csv"));
        assert_eq!(code(b"\x00\x01\x02\x03binary\x00"), Some("import.binary"));
    }

    #[test]
    fn gzip_is_unpacked_and_a_cut_one_refused() {
        use std::io::Write;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let text = (0..9_000).map(|number| format!("row {number}\n")).collect::<String>();
        packer.write_all(text.as_bytes()).unwrap();
        let packed = packer.finish().unwrap();
        assert_eq!(whole(&packed).unwrap().0, text);
        let cut = whole(&packed[..packed.len() / 2]).unwrap_err();
        assert_eq!(cut.refusal().map(|refusal| refusal.code), Some("import.cut_off"));
    }
}
