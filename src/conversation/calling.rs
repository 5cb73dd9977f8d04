//! Calling a colleague by `@jon` in a note. Pure.

use crate::ids::StaffId;
use crate::words::fold;

/// Somebody who can be called.
#[derive(Clone, Debug)]
pub struct Callable {
    /// Who they are.
    pub id: StaffId,
    /// Their name.
    pub name: String,
    /// The ways to call them, folded, the shortest first.
    ways: Vec<String>,
}

impl Callable {
    /// By first name, whole name, or what stands before the @ of their e-mail address.
    pub fn new(id: StaffId, name: &str, email: &str) -> Self {
        let words: Vec<String> = fold(name).split_whitespace().map(plain).filter(|word| !word.is_empty()).collect();
        let mut ways: Vec<String> = words.first().cloned().into_iter().collect();
        ways.extend([words.join("."), words.concat(), plain(&fold(email.split('@').next().unwrap_or_default()))]);
        Callable { id, name: name.to_owned(), ways }
    }
    /// The way to call them that nobody else has, as it is typed after the @.
    fn own_way<'a>(&'a self, all: &[Callable]) -> &'a str {
        let is_own = |way: &&String| all.iter().filter(|one| one.ways.contains(way)).count() == 1;
        self.ways.iter().find(is_own).map_or("", String::as_str)
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')).collect()
}

/// A piece of a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Words.
    Words(String),
    /// A colleague who is called, as it was typed.
    Call(String, StaffId),
}

/// Who a note calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Each of them once.
    pub called: Vec<StaffId>,
    /// What could be one colleague or another, with the ways that say which.
    pub unclear: Vec<(String, Vec<String>)>,
}

/// The calls in a text: where each begins and ends, and the word after the @.
fn calls(text: &str) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices('@') {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '@')) {
            continue;
        }
        let word: String =
            text[at + 1..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
        let word = word.trim_end_matches(['.', '-', '_']);
        if !word.is_empty() {
            found.push((at, at + 1 + word.len(), fold(word)));
        }
    }
    found
}

/// Whom a note calls among these people.
pub fn who(text: &str, people: &[Callable]) -> Calls {
    let mut calls_of = Calls::default();
    for (begin, end, word) in calls(text) {
        let meant: Vec<&Callable> = people.iter().filter(|one| one.ways.contains(&word)).collect();
        match meant.as_slice() {
            [] => {}
            [one] if calls_of.called.contains(&one.id) => {}
            [one] => calls_of.called.push(one.id),
            several => {
                let ways = several.iter().map(|one| one.own_way(people)).filter(|way| !way.is_empty());
                calls_of.unclear.push((text[begin..end].to_owned(), ways.map(|way| format!("@{way}")).collect()));
            }
        }
    }
    calls_of
}

/// A note in pieces, so that whom it calls can be told apart.
pub fn pieces(text: &str, people: &[Callable]) -> Vec<Piece> {
    let (mut pieces, mut done) = (Vec::new(), 0);
    for (begin, end, word) in calls(text) {
        let mut meant = people.iter().filter(|one| one.ways.contains(&word));
        if let (Some(one), None) = (meant.next(), meant.next()) {
            pieces.push(Piece::Words(text[done..begin].to_owned()));
            pieces.push(Piece::Call(text[begin..end].to_owned(), one.id));
            done = end;
        }
    }
    pieces.push(Piece::Words(text[done..].to_owned()));
    pieces.retain(|piece| !matches!(piece, Piece::Words(words) if words.is_empty()));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Callable> {
        [
            ("Jon Bakker", "jon@x.example"),
            ("Ana Pires", "ana@x.example"),
            ("Ana Días", "adias@x.example"),
            ("Zoë", "zoe@x.example"),
        ]
        .iter()
        .zip(1..)
        .map(|((name, email), id)| Callable::new(StaffId(id), name, email))
        .collect()
    }

    #[test]
    fn colleagues_are_called_by_their_names() {
        let called = |text: &str| who(text, &people()).called.iter().map(|id| id.0).collect::<Vec<_>>();
        assert_eq!(called("@jon, please wrap. @Jon! (@JON.BAKKER)"), [1]);
        assert_eq!(called("Ask @ana.pires or @adias"), [2, 3]);
        assert_eq!(called("@Zoë and @zoe."), [4]);
        for nobody in ["jon@x.example", "jon", "@", "@@jon", "@nobody", "@jonathan", "a.@jon", "see instagram.com/@"] {
            assert_eq!(called(nobody), [0i64; 0], "{nobody}");
        }
    }

    #[test]
    fn a_name_that_two_have_is_told_with_the_ways_that_say_which() {
        let calls = who("@ana, look", &people());
        assert!(calls.called.is_empty());
        // "ana" is what stands in the address of one of them, too.
        assert_eq!(calls.unclear, [("@ana".to_owned(), vec!["@ana.pires".to_owned(), "@ana.dias".to_owned()])]);
    }

    #[test]
    fn pieces_make_up_the_text_again() {
        let text = "Dear @jon: @nobody\nthanks @zoë";
        let pieces = pieces(text, &people());
        let whole: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) | Piece::Call(words, _) => words.as_str(),
            })
            .collect();
        assert_eq!(whole, text);
        assert_eq!(pieces[1], Piece::Call("@jon".into(), StaffId(1)));
        assert_eq!(pieces.last(), Some(&Piece::Call("@zoë".into(), StaffId(4))));
    }
}
