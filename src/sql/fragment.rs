//! Expressions of the proxy's own that go into many statements: read once.

use std::sync::OnceLock;

use pg_query::protobuf::Node;

use crate::wire::PgError;

/// An expression as text, and as the tree that it is once somebody has asked for it.
pub struct Fragment {
    text: String,
    tree: OnceLock<Node>,
}

impl Fragment {
    /// The text is read when its tree is first asked for.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), tree: OnceLock::new() }
    }

    /// # Errors
    /// XX000 where the text is not one expression.
    pub fn tree(&self) -> Result<&Node, PgError> {
        match self.tree.get() {
            Some(tree) => Ok(tree),
            None => {
                let tree = super::expression(&self.text)?;
                Ok(self.tree.get_or_init(|| tree))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_its_text_s_tree() {
        let fragment = Fragment::new("a + 1");
        let first: *const Node = fragment.tree().unwrap();
        assert!(std::ptr::eq(first, fragment.tree().unwrap()));
        assert_eq!(*fragment.tree().unwrap(), super::super::expression("a + 1").unwrap());
        assert!(Fragment::new("a) + (").tree().is_err());
    }
}
