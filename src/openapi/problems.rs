//! Every code a program can meet: what it means and what to do. Pure.

use std::sync::LazyLock;

/// A code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The code itself.
    pub code: &'static str,
    /// The status it comes with.
    pub status: &'static str,
    /// What it means.
    pub means: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// Codes of one kind.
#[derive(Clone, Debug)]
pub struct Group {
    /// What they are about.
    pub title: &'static str,
    /// The codes.
    pub problems: Vec<Known>,
}

static GROUPS: LazyLock<Vec<Group>> = LazyLock::new(|| read(include_str!("problems.txt")));

/// All of them, by what they are about.
pub fn groups() -> &'static [Group] {
    &GROUPS
}

/// All of them.
pub fn all() -> impl Iterator<Item = &'static Known> {
    GROUPS.iter().flat_map(|group| &group.problems)
}

/// One of them.
pub fn find(code: &str) -> Option<&'static Known> {
    all().find(|known| known.code == code)
}

/// A code that stands for others of the same status.
pub fn usual(status: &str) -> &'static str {
    match status {
        "400" => "request.wrong_kind",
        "401" => "token.invalid",
        "403" => "token.scope",
        "404" => "missing",
        "409" => "order.stage_not_allowed",
        "412" => "version.stale",
        "413" => "request.too_large",
        "415" => "request.unsupported",
        "422" => "idempotency.reused",
        "428" => "version.missing",
        "429" => "rate.exceeded",
        "503" => "desk.busy",
        _ => "desk.broken",
    }
}

/// A line is a code; a line that begins with `#` is the title of those that follow.
fn read(text: &'static str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for line in text.lines().skip(1) {
        if let Some(title) = line.strip_prefix('#') {
            groups.push(Group { title: title.trim().trim_end_matches('.'), problems: Vec::new() });
        } else if let (Some(group), [code, status, means, remedy]) =
            (groups.last_mut(), line.splitn(4, '|').map(str::trim).collect::<Vec<_>>().as_slice())
        {
            group.problems.push(Known { code, status, means, remedy });
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let lines = include_str!("problems.txt").lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(all().count(), lines);
        let mut codes: Vec<&str> = all().map(|known| known.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), lines, "each code once");
        assert!(all().all(|known| known.means.ends_with('.') && known.remedy.ends_with('.')));
        for status in ["400", "401", "403", "404", "409", "412", "413", "415", "422", "428", "429", "500", "503"] {
            assert_eq!(find(usual(status)).map(|known| known.status), Some(status));
        }
    }
}
