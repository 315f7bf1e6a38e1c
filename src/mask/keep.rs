//! Keep some characters by position, star the rest: most presets are this one with numbers.

use super::sql::{call, concat, if_else, length, stars};

/// Which characters of a text survive. Positions count characters, never bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The first `head` and the last `tail`, provided that at least `hidden` lie between them.
    Ends { head: u16, tail: u16, hidden: u16 },
    /// All but the last `count`, provided that the text has at least `at_least` characters.
    AllButLast { count: u16, at_least: u16 },
    /// All but the first `head` and the last `tail`.
    Middle { head: u16, tail: u16 },
    /// Those from `from` to `to`, counted from zero, both included.
    Range { from: u16, to: u16 },
    /// All but those from `from` to `to`, counted from zero, both included.
    AllButRange { from: u16, to: u16 },
}

impl Keep {
    /// Texts shorter than this are starred whole.
    fn shortest(self) -> usize {
        match self {
            Self::Ends { head, tail, hidden } => usize::from(head) + usize::from(tail) + usize::from(hidden.max(1)),
            Self::AllButLast { count, at_least } => usize::from(at_least.max(count + 1)),
            Self::Middle { head, tail } => usize::from(head) + usize::from(tail) + 1,
            // One character more than the range reaches, so that something outside it is certain to exist
            Self::Range { to, .. } | Self::AllButRange { to, .. } => usize::from(to) + 2,
        }
    }

    pub(super) fn apply(self, text: &str) -> String {
        let count = text.chars().count();
        let whole = count < self.shortest();
        text.chars().enumerate().map(|(at, c)| if !whole && self.shows(at, count) { c } else { '*' }).collect()
    }

    fn shows(self, at: usize, count: usize) -> bool {
        match self {
            Self::Ends { head, tail, .. } => at < usize::from(head) || at + usize::from(tail) >= count,
            Self::AllButLast { count: last, .. } => at + usize::from(last) < count,
            Self::Middle { head, tail } => at >= usize::from(head) && at + usize::from(tail) < count,
            Self::Range { from, to } => (usize::from(from)..=usize::from(to)).contains(&at),
            Self::AllButRange { from, to } => !(usize::from(from)..=usize::from(to)).contains(&at),
        }
    }

    pub(super) fn sql(self, text: &str) -> String {
        let n = length(text);
        let too_short = call("int4lt", &[&n, &self.shortest().to_string()]);
        let minus = |count: u32| call("int4mi", &[&n, &count.to_string()]);
        let fixed_stars = |count: u32| stars(&count.to_string());
        let left = |count: u32| call("left", &[text, &count.to_string()]);
        let shown = match self {
            Self::Ends { head, tail, .. } => {
                let (head, tail) = (u32::from(head), u32::from(tail));
                let hidden = stars(&minus(head + tail));
                concat(&concat(&left(head), &hidden), &call("right", &[text, &tail.to_string()]))
            }
            Self::AllButLast { count, .. } => {
                let count = u32::from(count);
                concat(&call("left", &[text, &minus(count)]), &fixed_stars(count))
            }
            Self::Middle { head, tail } => {
                let (head, tail) = (u32::from(head), u32::from(tail));
                let middle = call("substr", &[text, &(head + 1).to_string(), &minus(head + tail)]);
                concat(&concat(&fixed_stars(head), &middle), &fixed_stars(tail))
            }
            Self::Range { from, to } => {
                let (from, to) = (u32::from(from), u32::from(to));
                let range = call("substr", &[text, &(from + 1).to_string(), &(to - from + 1).to_string()]);
                concat(&concat(&fixed_stars(from), &range), &stars(&minus(to + 1)))
            }
            Self::AllButRange { from, to } => {
                let (from, to) = (u32::from(from), u32::from(to));
                let rest = call("substr", &[text, &(to + 2).to_string()]);
                concat(&concat(&left(from), &fixed_stars(to - from + 1)), &rest)
            }
        };
        if_else(&too_short, &stars(&n), &shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(keep: Keep, input: &str, expect: &str) {
        assert_eq!(keep.apply(input), expect, "{keep:?} of {input}");
    }

    #[test]
    fn ends() {
        let phone = Keep::Ends { head: 3, tail: 4, hidden: 4 };
        check(phone, "13812345678", "138****5678");
        check(phone, "", "");
        check(phone, "1", "*");
        check(phone, "1234567", "*******");
        check(phone, "62345678", "********");
        check(phone, "+8613812345678", "+86*******5678");
        check(Keep::Ends { head: 0, tail: 4, hidden: 4 }, "6228480012345678", "************5678");
        check(Keep::Ends { head: 1, tail: 0, hidden: 0 }, "张", "*");
        check(Keep::Ends { head: 1, tail: 1, hidden: 1 }, "𠮷田さ", "𠮷*さ");
    }

    #[test]
    fn other_shapes() {
        check(Keep::AllButLast { count: 6, at_least: 15 }, "11010519491231002X", "110105194912******");
        check(Keep::AllButLast { count: 6, at_least: 15 }, "1101051949", "**********");
        check(Keep::Middle { head: 2, tail: 2 }, "abcdef", "**cd**");
        check(Keep::Middle { head: 2, tail: 2 }, "abcd", "****");
        check(Keep::Range { from: 1, to: 2 }, "abcd", "*bc*");
        check(Keep::Range { from: 1, to: 2 }, "abc", "***");
        check(Keep::AllButRange { from: 1, to: 2 }, "abcd", "a**d");
        check(Keep::AllButRange { from: 1, to: 2 }, "abc", "***");
    }
}
