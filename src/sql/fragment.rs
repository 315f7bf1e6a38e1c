//! Expressions of the proxy's own that go into many statements: read and proved once.

use std::sync::OnceLock;

use pg_query::NodeEnum;
use pg_query::protobuf::{ColumnRef, Node, String as Text, Token};

use super::print::{meaning, not_ours, not_printable};
use super::replace::replace_column;
use crate::wire::PgError;

/// Stands for the column that a fragment is over; no policy can name a column so.
pub const PLACE: &str = "pgveil_place";

/// An expression as text, and what has been made of it once somebody has asked.
pub struct Fragment {
    text: String,
    tree: OnceLock<Node>,
    /// Its text as it is printed, cut where [`PLACE`] stands.
    pieces: OnceLock<Vec<String>>,
}

impl Fragment {
    /// The text is read when it is first needed.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), tree: OnceLock::new(), pieces: OnceLock::new() }
    }

    /// # Errors
    /// XX000 where the text is not one expression.
    pub fn tree(&self) -> Result<&Node, PgError> {
        once(&self.tree, || super::expression(&self.text))
    }

    /// The expression over a column.
    ///
    /// # Errors
    /// XX000 where the text is not one expression.
    pub fn over(&self, column: &Node) -> Result<Node, PgError> {
        let mut tree = self.tree()?.clone();
        replace_column(&mut tree, PLACE, column);
        Ok(tree)
    }

    /// The text of [`Self::over`] this column, in parentheses: PostgreSQL's grammar takes it wherever it takes a
    /// column's name (`c_expr`).
    ///
    /// # Errors
    /// XX000 where the text is not one expression, 0A000 where its print cannot be proved.
    pub fn text_over(&self, column: &str) -> Result<String, PgError> {
        let pieces = once(&self.pieces, || self.print())?;
        Ok(format!("({})", pieces.join(&format!("\"{}\"", column.replace('"', "\"\"")))))
    }

    /// Proved with a column in the place, as it will be used: by its tree and by its text it is the same.
    fn print(&self) -> Result<Vec<String>, PgError> {
        const PROBE: &str = "pgveil \"probe";
        let printed = super::print(selecting(self.tree()?.clone()))?;
        let printed = printed.strip_prefix("SELECT ").ok_or_else(not_printable)?;
        let mut pieces = Vec::new();
        let mut start = 0;
        for token in super::scan(printed).ok_or_else(not_printable)? {
            let (from, to) = (usize::try_from(token.start).ok(), usize::try_from(token.end).ok());
            let range = from.zip(to).map(|(from, to)| from..to).ok_or_else(not_printable)?;
            if token.token == i32::from(Token::Ident) && printed.get(range.clone()) == Some(PLACE) {
                pieces.push(printed.get(start..range.start).ok_or_else(not_printable)?.to_owned());
                start = range.end;
            }
        }
        pieces.push(printed.get(start..).ok_or_else(not_printable)?.to_owned());
        let by_text = super::expression(&pieces.join(&format!("\"{}\"", PROBE.replace('"', "\"\""))))?;
        let name = Node { node: Some(NodeEnum::String(Text { sval: PROBE.to_owned() })) };
        let column = NodeEnum::ColumnRef(ColumnRef { fields: vec![name], location: -1 });
        match meaning(&by_text) == meaning(&self.over(&Node { node: Some(column) })?) {
            true => Ok(pieces),
            false => Err(not_ours()),
        }
    }
}

/// `SELECT expression`
fn selecting(expression: Node) -> Node {
    use pg_query::protobuf::{LimitOption, ResTarget, SelectStmt, SetOperation};
    let target = ResTarget { val: Some(Box::new(expression)), location: -1, ..ResTarget::default() };
    Node {
        node: Some(NodeEnum::SelectStmt(Box::new(SelectStmt {
            target_list: vec![Node { node: Some(NodeEnum::ResTarget(Box::new(target))) }],
            limit_option: LimitOption::Default.into(),
            op: SetOperation::SetopNone.into(),
            ..SelectStmt::default()
        }))),
    }
}

/// Makes a value when it is first asked for; a failure is not kept.
fn once<T>(cell: &OnceLock<T>, make: impl FnOnce() -> Result<T, PgError>) -> Result<&T, PgError> {
    match cell.get() {
        Some(made) => Ok(made),
        None => {
            let made = make()?;
            Ok(cell.get_or_init(|| made))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mask::{Mask, PRESETS};
    use crate::value::{Kind, LogicalType};

    #[test]
    fn a_fragment_is_its_text_s_tree() {
        let fragment = Fragment::new("a + 1");
        let first: *const Node = fragment.tree().unwrap();
        assert!(std::ptr::eq(first, fragment.tree().unwrap()));
        assert_eq!(*fragment.tree().unwrap(), super::super::expression("a + 1").unwrap());
        assert!(Fragment::new("a) + (").tree().is_err());
    }

    #[test]
    fn the_text_over_a_column_names_it_where_the_place_was() {
        let over = |text: &str, column| Fragment::new(text).text_over(column);
        assert_eq!(
            over("left(pgveil_place, 1) || 'pgveil_place'", "a\"b").unwrap(),
            r#"("left"("a""b", 1) || 'pgveil_place')"#
        );
        assert_eq!(over("branch = 3", "").unwrap(), "(branch = 3)");
        // In a query of its own the name is another's
        assert!(over("(SELECT max(pgveil_place) FROM t)", "a").is_err());
    }

    const HOSTILE_NAMES: &[&str] = &[
        "phone",
        "Phone",
        "select",
        "a\"b",
        "a\"\"",
        "\"",
        "'",
        "a'b",
        "\\",
        "\\'",
        "$1",
        "$$",
        "1",
        "9a",
        " ",
        "a b",
        "--",
        "/*",
        ";",
        "left",
        "case",
        "length",
        "pgveil_place",
        "PGVEIL_PLACE",
        "pgveil \"probe",
        "名字",
        "U&\"0041\"",
        "a.b",
        "*",
        ")",
        "(",
        "E",
        "\n",
        "\u{feff}",
        // 63 bytes
        "éééééééééééééééééééééééééééééééx",
    ];

    const HOSTILE_MASKS: &[&str] = &[
        "fixed:'",
        "fixed:''*",
        "fixed:\\",
        "fixed:\\'*",
        "fixed:$1",
        "fixed:$$ pgveil_place $$",
        "fixed:pgveil_place",
        "fixed:\"pgveil_place\"*",
        "fixed:--",
        "fixed:/* *",
        "fixed:E'x'",
        "fixed:保密*",
        "fixed:?",
        "fixed:\\x41*",
        "keep:0-0",
        "keep:1000-1000",
        "mask-ends:1-0",
        "keep-range:0-0",
        "amount-bucket:1",
        "amount-bucket:1000000000000000000",
    ];

    const TYPES: &[(Kind, i32)] = &[
        (Kind::Text, -1),
        (Kind::Varchar, -1),
        (Kind::Varchar, 44),
        (Kind::Char, 44),
        (Kind::Int2, -1),
        (Kind::Int4, -1),
        (Kind::Int8, -1),
        (Kind::Numeric, -1),
        (Kind::Numeric, (18 << 16 | 2) + 4),
        (Kind::Date, -1),
        (Kind::Timestamp, -1),
        (Kind::Timestamp, 3),
        (Kind::Timestamptz, -1),
        (Kind::Timestamptz, 0),
        (Kind::Bool, -1),
        (Kind::Uuid, -1),
        (Kind::Jsonb, -1),
        (Kind::Bytea, -1),
    ];

    /// Every mask over every type that it fits and a filter of each form, over columns of hostile names: what is put into
    /// a proved text is, read again in its place, the expression's tree, and reads alike to the second reader.
    #[test]
    fn every_mask_s_text_over_any_column_is_its_tree() {
        let types = TYPES.iter().map(|(kind, typmod)| LogicalType { kind: *kind, typmod: *typmod });
        let specs = PRESETS.iter().map(|preset| preset.spec).chain(HOSTILE_MASKS.iter().copied());
        let mut tried = 0;
        for spec in specs {
            let mask = Mask::parse(spec).unwrap();
            for sql in types.clone().filter_map(|ty| mask.sql(ty, PLACE)) {
                let fragment = Fragment::new(sql);
                let texts: Vec<String> = HOSTILE_NAMES.iter().map(|name| fragment.text_over(name).unwrap()).collect();
                let text = format!("SELECT {}", texts.join(", "));
                let NodeEnum::SelectStmt(select) = super::super::query(&text).unwrap() else { panic!("{text}") };
                assert!(super::super::second_reader::agrees(&text), "{spec}: {text}");
                assert_eq!(select.target_list.len(), HOSTILE_NAMES.len(), "{text}");
                for (name, target) in HOSTILE_NAMES.iter().zip(&select.target_list) {
                    let field = Node { node: Some(NodeEnum::String(Text { sval: (*name).to_owned() })) };
                    let column = NodeEnum::ColumnRef(ColumnRef { fields: vec![field], location: -1 });
                    let expected = fragment.over(&Node { node: Some(column) }).unwrap();
                    let Some(NodeEnum::ResTarget(got)) = &target.node else { panic!("{text}") };
                    let got = got.val.as_deref().expect("a value");
                    assert!(meaning(got) == meaning(&expected), "{spec} over {name}");
                    tried += 1;
                }
            }
        }
        assert!(tried > 3_000, "{tried}");
    }
}
