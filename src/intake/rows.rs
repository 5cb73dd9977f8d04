//! From text to the rows of a spreadsheet, one at a time, with the row numbers people see. Knows
//! quoted texts over several lines, any line end, and comma, semicolon, tab or bar between cells.
//! Memory is bounded: a row is read on but not kept beyond a size. Pure.

use super::decode::{Source, Text};
use crate::error::{Refusal, Result};

/// Bytes of one row that are kept.
pub const MOST_ROW_BYTES: usize = 1024 * 1024;
/// Cells of one row that are kept.
const MOST_CELLS: usize = 2_000;

/// One row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Number in the spreadsheet; the row of column names is 1.
    pub number: u64,
    /// Line of the file at which it begins, from 1; further than the number after texts of several lines.
    pub line: u64,
    /// What is wrong with it as a row.
    pub fault: Option<Fault>,
    text: String,
    ends: Vec<u32>,
}

/// What can be wrong with a row, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The file ends inside a quoted text that begins in this row.
    Unclosed,
    /// The file ends without a line end; it may be cut off here.
    NoLineEnd,
    /// Larger than [`MOST_ROW_BYTES`]; what is beyond is not kept.
    TooLarge,
}

impl Row {
    /// How many cells it has.
    pub fn width(&self) -> usize {
        self.ends.len()
    }
    /// A cell; empty if the row is shorter.
    pub fn cell(&self, index: usize) -> &str {
        let Some(end) = self.ends.get(index) else { return "" };
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        self.text.get(start as usize..*end as usize).unwrap_or("")
    }
    /// All cells.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.width()).map(|index| self.cell(index))
    }
    /// Whether nothing is written in it.
    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }
    /// Whether it says the same as another, wherever they stand.
    pub fn same_as(&self, other: &Row) -> bool {
        self.ends == other.ends && self.text == other.text
    }
    /// Bytes it takes in memory, about.
    pub fn weight(&self) -> usize {
        self.text.len() + self.ends.len() * 4 + 64
    }
    /// What is wrong with it in a file of `width` columns, and what to do; `None` for a sound row.
    /// A row may be shorter than the others, unless the file ends in it.
    pub fn damage(&self, width: usize) -> Option<String> {
        let place = self.place();
        match self.fault {
            Some(Fault::Unclosed) => Some(format!(
                "The file ends in the middle of {place}: a quoted text that begins there is never closed. The file \
                 was cut off, or a quote mark is missing; export it again."
            )),
            Some(Fault::NoLineEnd) if self.width() < width => Some(format!(
                "The file ends in the middle of {place}, after {} of {width} cells. It was cut off; export it again.",
                self.width()
            )),
            Some(Fault::TooLarge) => Some(
                "The row is larger than 1 MB. A quote mark that is never closed is the usual cause; correct the row \
                 or leave it out."
                    .to_owned(),
            ),
            _ if self.cells().skip(width).any(|cell| !cell.trim().is_empty()) => Some(format!(
                "The row has {} cells, but there are {width} columns. A separator or quote mark inside a text is the \
                 usual cause; export the file again.",
                self.width()
            )),
            _ => None,
        }
    }
    /// `row 17`, with the line of the file where that differs.
    pub fn place(&self) -> String {
        place(self.number, self.line)
    }
}

/// `row 17`, with the line of the file where that differs.
pub fn place(number: u64, line: u64) -> String {
    if number == line { format!("row {number}") } else { format!("row {number} (line {line} of the file)") }
}

/// The rows of a file.
pub struct Rows {
    text: Text,
    buffer: Vec<u8>,
    at: usize,
    delimiter: u8,
    number: u64,
    line: u64,
    /// The last byte taken was a carriage return, so a line feed now belongs to it.
    after_return: bool,
    over: bool,
    /// Bytes of text read so far.
    taken: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum Place {
    CellStart,
    Plain,
    Quoted,
    /// After a quote inside a quoted text: the end of it, or the first of a doubled one.
    QuoteSeen,
}

struct Draft {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    too_large: bool,
}

impl Draft {
    fn push(&mut self, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > MOST_ROW_BYTES {
            self.too_large = true;
        } else if bytes.contains(&0) {
            self.bytes.extend(bytes.iter().filter(|byte| **byte != 0));
        } else {
            self.bytes.extend_from_slice(bytes);
        }
    }
    fn end_cell(&mut self) {
        if self.ends.len() < MOST_CELLS {
            self.ends.push(self.bytes.len() as u32);
        } else {
            self.too_large = true;
        }
    }
}

impl Rows {
    /// Opens a file and finds out what separates its cells.
    ///
    /// # Errors
    /// As [`Text::open`].
    pub fn open(source: Source) -> Result<Self> {
        let text = Text::open(source)?;
        let mut rows = Rows {
            text,
            buffer: Vec::new(),
            at: 0,
            delimiter: b',',
            number: 0,
            line: 1,
            after_return: false,
            over: false,
            taken: 0,
        };
        while rows.buffer.len() < 64 * 1024 && rows.fill()? {}
        if rows.buffer.trim_ascii().is_empty() {
            return Err(Refusal::invalid("import.empty", "The file is empty. Export the orders again.").into());
        }
        rows.delimiter = delimiter_of(&rows.buffer);
        rows.skip_separator_line();
        Ok(rows)
    }

    /// How the file is written.
    pub fn coding(&self) -> &'static str {
        self.text.coding()
    }
    /// What separates its cells, in words.
    pub fn delimiter(&self) -> &'static str {
        match self.delimiter {
            b';' => "semicolon",
            b'\t' => "tab",
            b'|' => "bar",
            _ => "comma",
        }
    }
    /// Bytes of text read so far.
    pub fn bytes_read(&self) -> u64 {
        self.taken
    }

    /// The next row, blank ones included since a spreadsheet counts them; `None` at the end.
    ///
    /// # Errors
    /// As [`Text::read`].
    pub fn next_row(&mut self) -> Result<Option<Row>> {
        if self.after_return {
            if self.peek()? == Some(b'\n') {
                self.at += 1;
            }
            self.after_return = false;
        }
        if self.peek()?.is_none() {
            return Ok(None);
        }
        self.number += 1;
        let (number, line) = (self.number, self.line);
        let mut draft = Draft { bytes: Vec::with_capacity(256), ends: Vec::with_capacity(16), too_large: false };
        let ended = self.read_row(&mut draft)?;
        let fault = match ended {
            _ if draft.too_large && ended != End::Unclosed => Some(Fault::TooLarge),
            End::Line => None,
            End::File => Some(Fault::NoLineEnd),
            End::Unclosed => Some(Fault::Unclosed),
        };
        let text = String::from_utf8(draft.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        Ok(Some(Row { number, line, fault, text, ends: draft.ends }))
    }

    fn read_row(&mut self, draft: &mut Draft) -> Result<End> {
        let mut place = Place::CellStart;
        loop {
            if self.at == self.buffer.len() && !self.fill()? {
                draft.end_cell();
                return Ok(if place == Place::Quoted { End::Unclosed } else { End::File });
            }
            if matches!(place, Place::Plain | Place::Quoted) {
                self.take_run(place, draft);
                if self.at == self.buffer.len() {
                    continue;
                }
            }
            let byte = self.buffer[self.at];
            self.at += 1;
            place = match (place, byte) {
                (Place::Quoted, b'"') => Place::QuoteSeen,
                (Place::Quoted, _) => {
                    self.count_line(byte);
                    draft.push(&[byte]);
                    Place::Quoted
                }
                (Place::QuoteSeen, b'"') => {
                    draft.push(b"\"");
                    Place::Quoted
                }
                (Place::CellStart, b'"') => Place::Quoted,
                (_, b'\n' | b'\r') => {
                    draft.end_cell();
                    self.line += 1;
                    self.after_return = byte == b'\r';
                    return Ok(End::Line);
                }
                (_, byte) if byte == self.delimiter => {
                    draft.end_cell();
                    Place::CellStart
                }
                (_, byte) => {
                    draft.push(&[byte]);
                    Place::Plain
                }
            };
        }
    }

    /// Takes the bytes up to the next one that means something.
    fn take_run(&mut self, place: Place, draft: &mut Draft) {
        let rest = &self.buffer[self.at..];
        let delimiter = self.delimiter;
        let stop = match place {
            Place::Quoted => rest.iter().position(|b| matches!(b, b'"' | b'\n' | b'\r')),
            _ => rest.iter().position(|b| *b == delimiter || *b == b'\n' || *b == b'\r'),
        };
        let run = stop.unwrap_or(rest.len());
        draft.push(&rest[..run]);
        if run > 0 {
            self.after_return = false;
        }
        self.at += run;
    }

    /// Counts a line end inside a quoted text; `\r\n` is one.
    fn count_line(&mut self, byte: u8) {
        if byte == b'\r' || (byte == b'\n' && !self.after_return) {
            self.line += 1;
        }
        self.after_return = byte == b'\r';
    }

    fn peek(&mut self) -> Result<Option<u8>> {
        if self.at == self.buffer.len() && !self.fill()? {
            return Ok(None);
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Reads on; keeps what was not taken yet. `false` at the end of the file.
    fn fill(&mut self) -> Result<bool> {
        if self.at == self.buffer.len() {
            self.buffer.clear();
            self.at = 0;
        }
        while !self.over {
            let before = self.buffer.len();
            self.over = !self.text.read(&mut self.buffer)?;
            let gained = self.buffer.len() - before;
            self.taken += gained as u64;
            if gained > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A spreadsheet writes `sep=;` on a line of its own before the rest; it is no row to people.
    fn skip_separator_line(&mut self) {
        if let [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', mark, b'\r' | b'\n', ..] = self.buffer.as_slice() {
            self.delimiter = *mark;
            let end = if self.buffer.get(5..7) == Some(b"\r\n") { 7 } else { 6 };
            self.at = end;
            self.line = 2;
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum End {
    Line,
    File,
    Unclosed,
}

/// The candidate that stands most often between the column names; the comma where none does.
fn delimiter_of(start: &[u8]) -> u8 {
    let candidates = [b',', b';', b'\t', b'|'];
    let mut counts = [0usize; 4];
    let mut quoted = false;
    for byte in start {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted && counts.iter().sum::<usize>() > 0 => break,
            _ if !quoted => {
                if let Some(index) = candidates.iter().position(|candidate| candidate == byte) {
                    counts[index] += 1;
                }
            }
            _ => {}
        }
    }
    let best = counts.iter().copied().max().unwrap_or(0);
    counts.iter().position(|count| *count == best).map_or(b',', |index| candidates[index])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rows(text: &[u8]) -> Vec<Row> {
        let mut rows = Rows::open(Box::new(std::io::Cursor::new(text.to_vec()))).unwrap();
        std::iter::from_fn(|| rows.next_row().unwrap()).collect()
    }
    fn cells(row: &Row) -> Vec<&str> {
        row.cells().collect()
    }

    #[test]
    fn rows_keep_the_number_people_see_and_the_line_of_the_file() {
        let found = rows(b"Name,Note\r\n#1,\"two\r\nlines, \"\"quoted\"\"\"\r\n\r\n#2,x\r\n");
        assert_eq!(cells(&found[1]), ["#1", "two\r\nlines, \"quoted\""]);
        assert_eq!((found[1].number, found[1].line), (2, 2));
        assert!(found[2].is_blank());
        assert_eq!((found[3].number, found[3].line), (4, 5));
        assert_eq!(found[3].place(), "row 4 (line 5 of the file)");
    }

    #[test]
    fn any_line_end_and_any_separator_reads_the_same() {
        for (delimiter, end) in [(",", "\n"), (";", "\r\n"), ("\t", "\r"), ("|", "\n")] {
            let text = ["a", "b", "c"].join(delimiter) + end + &["1", "\"2\"", ""].join(delimiter) + end;
            let found = rows(text.as_bytes());
            assert_eq!(found.len(), 2, "{text:?}");
            assert_eq!(cells(&found[1]), ["1", "2", ""], "{text:?}");
        }
    }

    #[test]
    fn a_separator_line_is_no_row() {
        let found = rows(b"sep=;\r\na;b,c\r\n1;2\r\n");
        assert_eq!(cells(&found[0]), ["a", "b,c"]);
        assert_eq!(found[0].number, 1);
    }

    #[test]
    fn a_file_cut_in_a_quoted_text_says_where_it_began() {
        let found = rows(b"a,b\n1,2\n3,\"cut off\nhere");
        assert_eq!(found[2].number, 3);
        assert_eq!(found[2].fault, Some(Fault::Unclosed));
        assert_eq!(rows(b"a,b\n1,2").last().unwrap().fault, Some(Fault::NoLineEnd));
    }

    #[test]
    fn a_row_of_any_size_takes_little_memory_and_the_next_one_is_read() {
        let mut text = b"a,b\n1,\"".to_vec();
        text.extend(std::iter::repeat_n(b'x', 3 * MOST_ROW_BYTES));
        text.extend_from_slice(b"\"\n2,y\n");
        let found = rows(&text);
        assert_eq!(found[1].fault, Some(Fault::TooLarge));
        assert_eq!(found[1].cell(0), "1");
        assert!(found[1].weight() < 2 * MOST_ROW_BYTES);
        assert_eq!(cells(&found[2]), ["2", "y"]);
    }

    #[test]
    fn it_agrees_with_the_csv_crate_on_what_is_well_formed() {
        let mut seed = 7u64;
        for _ in 0..300 {
            let mut writer = csv::WriterBuilder::new().flexible(false).from_writer(Vec::new());
            let wanted: Vec<Vec<String>> = (0..6).map(|_| (0..4).map(|_| scribble(&mut seed)).collect()).collect();
            for record in &wanted {
                writer.write_record(record).unwrap();
            }
            let bytes = writer.into_inner().unwrap();
            let mut reading = Rows::open(Box::new(std::io::Cursor::new(bytes))).unwrap();
            reading.delimiter = b',';
            let mut found = Vec::new();
            while let Some(row) = reading.next_row().unwrap() {
                found.push(row.cells().map(str::to_owned).collect::<Vec<_>>());
            }
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn random_bytes_never_break_it() {
        let mut seed = 11u64;
        for length in 1..600usize {
            let bytes: Vec<u8> = (0..length).map(|_| (random(&mut seed) >> 33) as u8 | 1).collect();
            let Ok(mut rows) = Rows::open(Box::new(std::io::Cursor::new(bytes))) else { continue };
            while let Some(row) = rows.next_row().unwrap() {
                assert!(row.cells().count() > 0);
            }
        }
    }

    fn random(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed
    }
    fn scribble(seed: &mut u64) -> String {
        let letters = ["a", "\"", ",", "\n", "\r\n", "é", " ", ";", "x", "急"];
        let length = 1 + (random(seed) >> 60) as usize;
        (0..length).map(|_| letters[(random(seed) >> 40) as usize % letters.len()]).collect()
    }
}
