//! PostgreSQL's own scanner.

use pg_query::protobuf::ScanToken;

/// The tokens of a text, comments included; `None` where it cannot be split.
pub fn scan(text: &str) -> Option<Vec<ScanToken>> {
    // libpg_query answers a text without a token with a null pointer, from which pg_query 18.1 makes a slice
    let is_space = |byte: u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c);
    if text.bytes().all(is_space) {
        return Some(Vec::new());
    }
    pg_query::scan_tokens(text).ok()
}

#[cfg(test)]
mod tests {
    use super::scan;

    #[test]
    fn a_text_without_tokens_has_none() {
        for (text, count) in [("", 0), (" \t\r\n\x0b\x0c", 0), ("-- a", 1), ("a b", 2)] {
            assert_eq!(scan(text).map(|tokens| tokens.len()), Some(count), "{text:?}");
        }
        assert!(scan("'open").is_none());
    }
}
