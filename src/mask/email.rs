//! Mail addresses: the start of the local part, stars of fixed length, the domain.

use super::sql::{call, concat, if_else, length, stars};

/// How much of the local part is shown; a local part that has no more than that is hidden whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Email {
    pub(super) head: u16,
    pub(super) tail: u16,
}

const HIDDEN: &str = "***";

impl Email {
    pub(super) fn apply(self, text: &str) -> String {
        let Some((local, domain)) = text.rsplit_once('@') else {
            return "*".repeat(text.chars().count());
        };
        let (head, tail) = (usize::from(self.head), usize::from(self.tail));
        let count = local.chars().count();
        if count <= head + tail {
            return format!("{HIDDEN}@{domain}");
        }
        let first: String = local.chars().take(head).collect();
        let last: String = local.chars().skip(count - tail).collect();
        format!("{first}{HIDDEN}{last}@{domain}")
    }

    pub(super) fn looks_masked(self, text: &str) -> bool {
        match text.rsplit_once('@') {
            Some((local, _)) => local.contains(HIDDEN),
            None => !text.is_empty() && text.bytes().all(|b| b == b'*'),
        }
    }

    pub(super) fn sql(self, text: &str) -> String {
        let n = length(text);
        // The last @ counted from the end, so that a quoted one in the local part is not taken for it
        let at = call("strpos", &[&call("reverse", &[text]), "'@'"]);
        let local_chars = call("int4mi", &[&n, &at]);
        let domain = call("right", &[text, &at]);
        let head = call("left", &[text, &self.head.to_string()]);
        let tail_start = call("int4mi", &[&local_chars, &i32::from(self.tail).saturating_sub(1).to_string()]);
        let tail = call("substr", &[text, &tail_start, &self.tail.to_string()]);
        let shown = concat(&concat(&concat(&head, "'***'"), &tail), &domain);
        let short = call("int4le", &[&local_chars, &(u32::from(self.head) + u32::from(self.tail)).to_string()]);
        let with_domain = if_else(&short, &concat("'***'", &domain), &shown);
        if_else(&call("int4eq", &[&at, "0"]), &stars(&n), &with_domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_start_and_domain() {
        let three = Email { head: 3, tail: 0 };
        let ends = Email { head: 1, tail: 1 };
        let cases = [
            (three, "wangxiaoming@bank.com", "wan***@bank.com"),
            (three, "abc@bank.com", "***@bank.com"),
            (three, "@bank.com", "***@bank.com"),
            (three, "nobody", "******"),
            (three, "", ""),
            (three, "\"a@b\"@c.cn", "\"a@***@c.cn"),
            (ends, "longbow@gmail.com", "l***w@gmail.com"),
            (ends, "ab@gmail.com", "***@gmail.com"),
        ];
        for (email, input, expect) in cases {
            assert_eq!(email.apply(input), expect, "{input}");
            assert_eq!(email.looks_masked(expect), !expect.is_empty(), "{expect}");
            assert!(!email.looks_masked(input), "{input}");
        }
    }
}
