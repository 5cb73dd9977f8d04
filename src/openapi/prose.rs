//! The few marks that our own words use: headings, lists, code, bold, links. Pure. Not a reader of other
//! people's Markdown.

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A heading, with what leads to it.
    Heading { anchor: String, text: String },
    /// A paragraph.
    Paragraph(Vec<Span>),
    /// A list.
    List(Vec<Vec<Span>>),
    /// Lines of code; whether they are commands that work as they stand.
    Code { text: String, runs: bool },
}

/// Words of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Span {
    /// As they are.
    Plain(String),
    /// Bold.
    Strong(String),
    /// Code.
    Code(String),
    /// A link.
    Link { text: String, href: String },
}

/// Reads a text.
pub fn read(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(fence) = line.strip_prefix("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            blocks.push(Block::Code { text: code.join("\n"), runs: fence.trim() == "sh" });
        } else if let Some(heading) = line.strip_prefix("## ") {
            blocks.push(Block::Heading { anchor: slug(heading), text: heading.to_owned() });
        } else if let Some(first) = line.strip_prefix("- ") {
            let mut items = vec![spans(first)];
            while let Some(item) = lines.next_if(|line| line.starts_with("- ")) {
                items.push(spans(&item[2..]));
            }
            blocks.push(Block::List(items));
        } else if !line.trim().is_empty() {
            let mut words = line.to_owned();
            while let Some(more) = lines.next_if(|line| !line.trim().is_empty() && !line.starts_with("```")) {
                words.push(' ');
                words.push_str(more.trim());
            }
            blocks.push(Block::Paragraph(spans(&words)));
        }
    }
    blocks
}

/// Reads one line.
pub fn spans(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.find(['`', '*', '[']).unwrap_or(rest.len());
        if at > 0 {
            add(&mut spans, &rest[..at]);
            rest = &rest[at..];
            continue;
        }
        match marked(rest) {
            Some((span, after)) => {
                spans.push(span);
                rest = after;
            }
            None => {
                add(&mut spans, &rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    spans
}

fn add(spans: &mut Vec<Span>, words: &str) {
    match spans.last_mut() {
        Some(Span::Plain(before)) => before.push_str(words),
        _ => spans.push(Span::Plain(words.to_owned())),
    }
}

fn marked(text: &str) -> Option<(Span, &str)> {
    if let Some((code, after)) = text.strip_prefix('`').and_then(|rest| rest.split_once('`')) {
        return Some((Span::Code(code.to_owned()), after));
    }
    if let Some((strong, after)) = text.strip_prefix("**").and_then(|rest| rest.split_once("**")) {
        return Some((Span::Strong(strong.to_owned()), after));
    }
    let (words, after) = text.strip_prefix('[')?.split_once("](")?;
    let (href, after) = after.split_once(')')?;
    Some((Span::Link { text: words.to_owned(), href: href.to_owned() }, after))
}

/// A heading as part of an address.
pub fn slug(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    plain.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_marks_are_read() {
        let read = read("Two\nlines.\n\n## A *b*\n- one `x`\n- two\n\n```sh\ncurl\n\n-x\n```");
        let plain = |text: &str| Span::Plain(text.to_owned());
        assert_eq!(
            read,
            [
                Block::Paragraph(vec![plain("Two lines.")]),
                Block::Heading { anchor: "a-b".to_owned(), text: "A *b*".to_owned() },
                Block::List(vec![vec![plain("one "), Span::Code("x".to_owned())], vec![plain("two")]]),
                Block::Code { text: "curl\n\n-x".to_owned(), runs: true },
            ]
        );
    }

    #[test]
    fn a_mark_that_is_none_stays() {
        assert_eq!(spans("2 * 3 ` [x"), [Span::Plain("2 * 3 ` [x".to_owned())]);
        let link = Span::Link { text: "a".to_owned(), href: "/b".to_owned() };
        assert_eq!(spans("**é**[a](/b)"), [Span::Strong("é".to_owned()), link]);
    }
}
