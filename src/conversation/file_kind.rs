//! What a file is, by what is inside it; its name says nothing. Pure. Only its head is read: no picture is
//! ever unpacked here.

crate::text_enum! {
    /// What may be attached to a message.
    pub enum FileKind {
        /// A photograph.
        Jpeg = "jpeg",
        /// A picture.
        Png = "png",
        /// A picture, perhaps moving.
        Gif = "gif",
        /// A picture.
        Webp = "webp",
        /// A document.
        Pdf = "pdf",
    }
}

impl FileKind {
    /// As browsers call it.
    pub fn media_type(self) -> &'static str {
        match self {
            FileKind::Jpeg => "image/jpeg",
            FileKind::Png => "image/png",
            FileKind::Gif => "image/gif",
            FileKind::Webp => "image/webp",
            FileKind::Pdf => "application/pdf",
        }
    }
    /// The endings of its names, the usual one first.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            FileKind::Jpeg => &["jpg", "jpeg"],
            FileKind::Png => &["png"],
            FileKind::Gif => &["gif"],
            FileKind::Webp => &["webp"],
            FileKind::Pdf => &["pdf"],
        }
    }
}

/// What a file is, and for a picture its width and height.
pub fn look(bytes: &[u8]) -> Option<(FileKind, Option<(i64, i64)>)> {
    if bytes.starts_with(b"%PDF-") {
        return Some((FileKind::Pdf, None));
    }
    let (kind, size) = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        (FileKind::Png, png(bytes))
    } else if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        (FileKind::Gif, Some((little(bytes, 6, 2)?, little(bytes, 8, 2)?)))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        (FileKind::Webp, webp(bytes))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        (FileKind::Jpeg, jpeg(bytes))
    } else {
        return None;
    };
    let (width, height) = size?;
    (width > 0 && height > 0).then_some((kind, Some((width, height))))
}

/// Whether it begins as a page or a drawing made of text does: HTML, XML, SVG.
pub fn is_markup(bytes: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(512)]).trim_start_matches('\u{feff}').to_lowercase();
    head.trim_start().starts_with('<') || ["<svg", "<html", "<script"].iter().any(|word| head.contains(word))
}

fn big(bytes: &[u8], at: usize, length: usize) -> Option<i64> {
    Some(bytes.get(at..at + length)?.iter().fold(0, |number, byte| number << 8 | i64::from(*byte)))
}

fn little(bytes: &[u8], at: usize, length: usize) -> Option<i64> {
    Some(bytes.get(at..at + length)?.iter().rev().fold(0, |number, byte| number << 8 | i64::from(*byte)))
}

fn png(bytes: &[u8]) -> Option<(i64, i64)> {
    (bytes.get(12..16)? == b"IHDR").then_some(())?;
    Some((big(bytes, 16, 4)?, big(bytes, 20, 4)?))
}

fn webp(bytes: &[u8]) -> Option<(i64, i64)> {
    match bytes.get(12..16)? {
        b"VP8X" => Some((1 + little(bytes, 24, 3)?, 1 + little(bytes, 27, 3)?)),
        b"VP8L" if bytes.get(20) == Some(&0x2f) => {
            let packed = little(bytes, 21, 4)?;
            Some((1 + (packed & 0x3fff), 1 + (packed >> 14 & 0x3fff)))
        }
        b"VP8 " if bytes.get(23..26)? == b"\x9d\x01\x2a" => {
            Some((little(bytes, 26, 2)? & 0x3fff, little(bytes, 28, 2)? & 0x3fff))
        }
        _ => None,
    }
}

/// From the frame's head, past whatever a camera wrote before it.
fn jpeg(bytes: &[u8]) -> Option<(i64, i64)> {
    let mut at = 2;
    while bytes.get(at)? == &0xff {
        let marker = *bytes.get(at + 1)?;
        match marker {
            // Filling.
            0xff => at += 1,
            0x01 | 0xd0..=0xd7 => at += 2,
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                return Some((big(bytes, at + 7, 2)?, big(bytes, at + 5, 2)?));
            }
            0xd9 | 0xda => return None,
            _ => at += 2 + usize::try_from(big(bytes, at + 2, 2)?).ok()?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_known_by_their_heads() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";
        assert_eq!(look(png), Some((FileKind::Png, Some((640, 480)))));
        let gif = b"GIF89a\x0a\0\x05\0\x80\0\0";
        assert_eq!(look(gif), Some((FileKind::Gif, Some((10, 5)))));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04JF\xff\xc0\0\x11\x08\x01\xe0\x02\x80\x03";
        assert_eq!(look(jpeg), Some((FileKind::Jpeg, Some((640, 480)))));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\x30\x01\0\x9d\x01\x2a\x80\x02\xe0\x01";
        assert_eq!(look(lossy), Some((FileKind::Webp, Some((640, 480)))));
        let lossless = b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x7f\xc2\x77\0";
        assert_eq!(look(lossless), Some((FileKind::Webp, Some((640, 480)))));
        let large = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x02\0\xdf\x01\0";
        assert_eq!(look(large), Some((FileKind::Webp, Some((640, 480)))));
        assert_eq!(look(b"%PDF-1.7\n"), Some((FileKind::Pdf, None)));
    }

    #[test]
    fn whatever_breaks_off_or_only_pretends_is_none_of_them() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";
        for end in 0..24 {
            assert_eq!(look(&png[..end]), None, "{end}");
        }
        for other in [
            &b""[..],
            b"<svg xmlns='http://www.w3.org/2000/svg'/>",
            b"<!doctype html><script>alert(1)</script>",
            b"\xff\xd8\xff\xda\0\x04\0\0",
            b"\xff\xd8\xff\xe0\xff\xff",
            b"\xff\xd8\xff\xe0\0\0\xff\xe0\0\0",
            b"RIFF\0\0\0\0WEBPICCP\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            b"RIFF\0\0\0\0WAVEfmt ",
            b"GIF89a\0\0\0\0",
            b"GIF89a",
            b"PK\x03\x04",
            b"  %PDF-1.4",
        ] {
            assert_eq!(look(other), None, "{other:?}");
        }
        assert!(is_markup(b"\xef\xbb\xbf  <?xml version='1.0'?><svg/>"));
        assert!(!is_markup(b"PK\x03\x04"));
    }
}
