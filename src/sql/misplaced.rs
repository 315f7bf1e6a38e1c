//! Where in a text the grammar stopped, which libpg_query's message does not tell.

/// Longer texts are not searched: each step parses again.
const LONGEST_BYTES: usize = 16 * 1024;

/// The place of the error that the message tells of: a character's number from 1, as an ErrorResponse has it.
///
/// The message quotes the token at which the parser stopped. The same token may stand in the text before that, but a
/// text that is cut off behind one of those is wrong in another way, if at all. So the first one behind which the error
/// is the same is where the parser stopped; `fails_alike` is asked that of a text that is cut off.
pub fn place_of_error(text: &str, message: &str, fails_alike: impl Fn(&str) -> bool) -> Option<usize> {
    if text.len() > LONGEST_BYTES {
        return None;
    }
    let start = if message.ends_with(" at end of input") {
        text.len()
    } else {
        let (_, quoted) = message.split_once(" at or near \"")?;
        let quoted = quoted.strip_suffix('"').filter(|quoted| !quoted.is_empty())?;
        let places: Vec<usize> = text.match_indices(quoted).map(|(start, _)| start).collect();
        let whole: Vec<usize> =
            places.into_iter().filter(|start| !is_cut(text, *start) && !is_cut(text, start + quoted.len())).collect();
        let first = whole.partition_point(|start| !text.get(..start + quoted.len()).is_some_and(&fails_alike));
        *whole.get(first)?
    };
    Some(text.get(..start)?.chars().count() + 1)
}

/// Whether a word goes on from one side of the place to the other.
fn is_cut(text: &str, place: usize) -> bool {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (before, after) = text.split_at(place);
    before.chars().next_back().is_some_and(is_of_word) && after.chars().next().is_some_and(is_of_word)
}

#[cfg(test)]
mod tests {
    use crate::sql::parse;

    #[test]
    fn the_place_is_the_servers() {
        for (text, place) in [
            ("SELECT FROM WHERE", Some(13)),
            ("SELECT 1 a, 2 a a, 3 a", Some(17)),
            ("SELECT a AS a, as as FROM as", Some(16)),
            ("select !@#", Some(11)),
            ("SELECT '张三' , ')', );", Some(20)),
            ("SELECT 1; SELECT ), )", Some(18)),
            ("SELECT 'open", Some(8)),
            ("SELECT 1 + 12a", Some(12)),
            ("SELEC 1", Some(1)),
            ("SELECT 1 /* SELEC */; SELEC 1", Some(23)),
            ("CREATE TABLE t (a int,\n);", Some(24)),
        ] {
            assert_eq!(parse(text, true).map(|_| ()).unwrap_err().position, place, "{text}");
        }
        let long = format!("SELECT {}, )", "1, ".repeat(10_000));
        assert_eq!(parse(&long, true).map(|_| ()).unwrap_err().position, None);
    }
}
