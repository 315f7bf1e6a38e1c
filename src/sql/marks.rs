//! Long expressions of the proxy's own, put into a statement's text after the statement has been proved without them.
//!
//! In the tree a column's name, a mark, stands for the expression. The print is proved with the marks in it; then each is
//! replaced by the text of its expression, which [`Fragment`] has proved and put in parentheses. The grammar takes both
//! in the same places, so the whole means the tree with the expressions in it. Printing and proving a statement costs by
//! what the client wrote then, not by how long the masks are.

use std::hash::BuildHasher;
use std::sync::LazyLock;

use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnRef, Node, String as Text};

use super::fragment::Fragment;
use super::print::not_printable;
use crate::wire::PgError;

/// What marks begin with. No client can know it, so no text of a client's holds one.
static PREFIX: LazyLock<String> = LazyLock::new(|| {
    let [a, b] = [0u8, 1].map(|part| std::hash::RandomState::new().hash_one(part));
    format!("pgveil_{a:016x}{b:016x}_")
});

/// The expressions of one statement.
#[derive(Default)]
pub struct Marks {
    texts: Vec<String>,
}

impl Marks {
    /// A mark for the expression over a column.
    ///
    /// # Errors
    /// As those of [`Fragment::text_over`].
    pub fn mark(&mut self, fragment: &Fragment, column: &str) -> Result<Node, PgError> {
        let sval = format!("{}{}", *PREFIX, self.texts.len());
        self.texts.push(fragment.text_over(column)?);
        let name = Node { node: Some(NodeEnum::String(Text { sval })) };
        Ok(Node { node: Some(NodeEnum::ColumnRef(ColumnRef { fields: vec![name], location: -1 })) })
    }

    /// Prints and proves a statement ([`super::print()`]), then puts the expressions where their marks are.
    ///
    /// # Errors
    /// 0A000 where the statement cannot be proved.
    pub fn print(&self, tree: Node) -> Result<String, PgError> {
        let printed = super::print(tree)?;
        let mut parts = printed.split(PREFIX.as_str());
        let mut text = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            let number = part.strip_suffix(rest).and_then(|number| number.parse::<usize>().ok());
            text.push_str(number.and_then(|number| self.texts.get(number)).ok_or_else(not_printable)?);
            text.push_str(rest);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::fragment::PLACE;
    use crate::sql::print::meaning;

    /// A statement with `m1`, `m2` where marks go.
    fn with(sql: &str, mut put: impl FnMut(&str) -> Option<Node>) -> Node {
        let mut tree = crate::sql::parse(sql, true).unwrap().remove(0).tree;
        let Some(NodeEnum::SelectStmt(outer)) = &mut tree.node else { panic!("{sql}") };
        let Some(NodeEnum::RangeSubselect(derived)) = &mut outer.from_clause[0].node else { panic!("{sql}") };
        let Some(NodeEnum::SelectStmt(inner)) = derived.subquery.as_mut().unwrap().node.as_mut() else {
            panic!("{sql}")
        };
        for target in &mut inner.target_list {
            let Some(NodeEnum::ResTarget(target)) = &mut target.node else { panic!("{sql}") };
            if let Some(node) = put(&target.name) {
                target.val = Some(Box::new(node));
            }
        }
        inner.where_clause = put("").map(Box::new);
        tree
    }

    #[test]
    fn the_whole_is_the_tree_with_the_expressions_in_it() {
        let mask =
            format!("CASE WHEN length({PLACE}) < 7 THEN '***' ELSE left({PLACE}, 3) || '\\' || right({PLACE}, -4) END");
        let (mask, filter) = (Fragment::new(mask), Fragment::new("branch = 1 OR vip IS NULL"));
        let sql =
            "SELECT t.phone FROM (SELECT x AS phone, x AS mail, id AS id FROM bank.customers) t WHERE t.phone = 'x'";
        let mut marks = Marks::default();
        let marked = with(sql, |name| match name {
            "phone" | "mail" => Some(marks.mark(&mask, name).unwrap()),
            "" => Some(marks.mark(&filter, name).unwrap()),
            _ => None,
        });
        let expected = with(sql, |name| match name {
            "phone" | "mail" => {
                let name = Node { node: Some(NodeEnum::String(Text { sval: name.to_owned() })) };
                let column = NodeEnum::ColumnRef(ColumnRef { fields: vec![name], location: -1 });
                Some(mask.over(&Node { node: Some(column) }).unwrap())
            }
            "" => Some(filter.tree().unwrap().clone()),
            _ => None,
        });
        let text = marks.print(marked.clone()).unwrap();
        assert_eq!(meaning(&crate::sql::parse(&text, true).unwrap().remove(0).tree), meaning(&expected), "{text}");
        assert!(!text.contains(PREFIX.as_str()));
        assert!(Marks::default().print(marked).is_err(), "a mark of another statement");
    }
}
