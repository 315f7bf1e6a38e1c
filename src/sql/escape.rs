//! Literals of a printed text without characters beyond ASCII: for sessions whose encoding lacks them.

use pg_query::protobuf::Token;

use super::print::meaning;

/// The same statements with what their literals hold beyond ASCII written as Unicode escapes, which the server turns
/// into its own encoding; `None` where that is not proved to mean the same.
pub fn escaped(text: &str) -> Option<String> {
    let mut ascii = String::new();
    let mut end = 0;
    for token in super::scan(text)? {
        let range = usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?;
        let literal = text.get(range.clone())?;
        if token.token == i32::from(Token::Sconst) && !literal.is_ascii() {
            ascii.push_str(text.get(end..range.start)?);
            ascii.push_str(&in_ascii(literal));
            end = range.end;
        }
    }
    ascii.push_str(text.get(end..)?);
    (meanings(text)? == meanings(&ascii)?).then_some(ascii)
}

/// A backslash of a literal that was no `E` literal would change it; then the proof fails.
fn in_ascii(literal: &str) -> String {
    let mut escaped = "E".to_owned();
    for c in literal.strip_prefix(['E', 'e']).unwrap_or(literal).chars() {
        match (c.is_ascii(), u32::from(c)) {
            (true, _) => escaped.push(c),
            (false, code @ ..=0xffff) => escaped.push_str(&format!("\\u{code:04x}")),
            (false, code) => escaped.push_str(&format!("\\U{code:08x}")),
        }
    }
    escaped
}

fn meanings(text: &str) -> Option<Vec<Vec<u8>>> {
    let statements = super::parse(text, true).ok()?;
    Some(statements.iter().map(|statement| meaning(&statement.tree)).collect())
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn literals_keep_their_characters() {
        let cases = [
            ("SELECT '欧阳' || 'a', E'\\\\阳\\n'", Some(r"SELECT E'\u6b27\u9633' || 'a', E'\\\u9633\n'")),
            ("SELECT '𠀀''x'; SELECT 1", Some(r"SELECT E'\U00020000''x'; SELECT 1")),
            ("SELECT \"名\" FROM t", Some("SELECT \"名\" FROM t")),
            // A backslash that means itself, forms that the printer does not write, and what cannot be read
            (r"SELECT '\é'", None),
            ("SELECT N'é'", None),
            ("SELECT 'é", None),
        ];
        for (text, expect) in cases {
            assert_eq!(escaped(text).as_deref(), expect, "{text}");
        }
        assert_eq!(escaped("SELECT $$é$$"), None);
    }
}
