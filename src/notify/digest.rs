//! What a mail about things that nobody has looked at says. No words of customers stand in it, for mailboxes are
//! read by others. Pure.

use crate::words::harmless;

/// Orders that are named of one kind; of more, it is said how many.
const NAMED: usize = 20;

/// What waits for somebody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Number of an order, its customer, messages that nobody has read.
    pub unread: Vec<(i64, String, usize)>,
    /// Number of an order, who calls.
    pub calls: Vec<(i64, String)>,
    /// What else needs attention: its title, how many orders, whether there are more.
    pub waiting: Vec<(&'static str, usize, bool)>,
}

impl News {
    /// Of messages and calls with the numbers of their orders and the names of who wrote.
    pub fn of<T>(messages: &[(i64, T, i64, String)], calls: &[(i64, T, i64, String)]) -> Self {
        let mut news = News::default();
        for (_, _, number, customer) in messages {
            match news.unread.iter_mut().find(|known| known.0 == *number) {
                Some(known) => known.2 += 1,
                None => news.unread.push((*number, harmless(customer), 1)),
            }
        }
        news.calls = calls.iter().map(|(_, _, number, author)| (*number, harmless(author))).collect();
        news
    }
    /// Whether there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.unread.is_empty() && self.calls.is_empty() && self.waiting.is_empty()
    }
}

/// The subject of the mail.
pub fn subject(news: &News, shop: &str) -> String {
    let count = |many: usize, one: &str, more: &str| match many {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {more}")),
    };
    let messages = news.unread.iter().map(|unread| unread.2).sum();
    let parts = [count(messages, "unread message", "unread messages"), count(news.calls.len(), "mention", "mentions")];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    let told = if parts.is_empty() { "What needs attention".to_owned() } else { parts.join(" and ") };
    format!("{told} · {shop}")
}

/// Its text. `home` is where the desk is reached, or nothing.
pub fn body(news: &News, home: &str, is_soon: bool) -> String {
    let mut heaps: Vec<String> = Vec::new();
    let at = |path: &str| if home.is_empty() { String::new() } else { format!(": {home}{path}") };
    let unread = news.unread.iter().map(|(number, customer, count)| {
        let name = if customer.trim().is_empty() { "The customer" } else { customer.trim() };
        let messages = if *count == 1 { "a message".to_owned() } else { format!("{count} messages") };
        format!("#{number}: {name} wrote {messages} that nobody has read{}", at(&format!("/orders/{number}")))
    });
    heap(&mut heaps, "", unread.collect());
    let calls = news.calls.iter().map(|(number, author)| {
        format!("#{number}: {author} mentioned you in a note{}", at(&format!("/orders/{number}/notes")))
    });
    heap(&mut heaps, "", calls.collect());
    let waiting = news
        .waiting
        .iter()
        .map(|(title, count, more)| format!("{title}: {count}{}", if *more { " and more" } else { "" }));
    heap(&mut heaps, &format!("Needs attention{}", at("/attention")), waiting.collect());
    let chosen = if is_soon { "as soon as nobody has looked" } else { "once a day" };
    let where_to = match home {
        "" => "under Your account".to_owned(),
        home => format!("here: {home}/account#mails"),
    };
    heaps.push(format!("You chose to be mailed {chosen}. Change or stop it {where_to}"));
    heaps.join("\n\n")
}

fn heap(heaps: &mut Vec<String>, title: &str, lines: Vec<String>) {
    if lines.is_empty() {
        return;
    }
    let more = lines.len().saturating_sub(NAMED);
    let mut all: Vec<String> = Some(title.to_owned()).filter(|title| !title.is_empty()).into_iter().collect();
    all.extend(lines.into_iter().take(NAMED));
    if more > 0 {
        all.push(format!("and {more} more"));
    }
    heaps.push(all.join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_one_order_are_one_line_and_long_lists_end() {
        let message = |number: i64| (1, (), number, "Ada\u{202e}".to_owned());
        let news = News::of(&[message(7), message(8), message(7)], &[(1, (), 9, "Jon".to_owned())]);
        assert_eq!(subject(&news, "Fern & Kiln"), "3 unread messages and 1 mention · Fern & Kiln");
        let text = body(&news, "https://desk.example", true);
        assert!(text.starts_with("#7: Ada wrote 2 messages that nobody has read: https://desk.example/orders/7\n#8"));
        assert!(text.contains("#9: Jon mentioned you in a note: https://desk.example/orders/9/notes"));
        assert!(text.ends_with("Change or stop it here: https://desk.example/account#mails"));
        let many = News::of(&(1..=25).map(message).collect::<Vec<_>>(), &[]);
        assert!(body(&many, "", true).contains("and 5 more"));
        assert!(!body(&many, "", false).contains("http"));
        assert!(News::default().is_empty());
    }
}
