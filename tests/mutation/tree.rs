//! A syntax tree as the oracle sees it: read from what libpg_query's Rust types print for a debugger, so that no code is
//! shared with the walk by which the proxy reads the same tree.

/// One value of the printed tree.
#[derive(Debug, PartialEq)]
pub enum Tree<'t> {
    /// A struct with its fields. Wrappers (`Some`, `Node`, enum variants around a struct of their name) are left out.
    Struct(&'t str, Vec<(&'t str, Tree<'t>)>),
    List(Vec<Tree<'t>>),
    Text(String),
    /// A number, a flag, an enum's value or `None`.
    Word(&'t str),
}

impl<'t> Tree<'t> {
    /// Reads a whole print; `None` where it is not one.
    pub fn read(print: &'t str) -> Option<Self> {
        let mut reader = Reader { rest: print };
        let tree = reader.value()?;
        reader.rest.is_empty().then_some(tree)
    }

    pub fn kind(&self) -> &'t str {
        match self {
            Self::Struct(kind, _) => kind,
            _ => "",
        }
    }

    pub fn field(&self, name: &str) -> Option<&Tree<'t>> {
        let Self::Struct(_, fields) = self else { return None };
        fields.iter().find_map(|(field, value)| (*field == name).then_some(value))
    }

    pub fn list(&self, name: &str) -> &[Tree<'t>] {
        match self.field(name) {
            Some(Self::List(items)) => items,
            _ => &[],
        }
    }

    pub fn text(&self, name: &str) -> &str {
        match self.field(name) {
            Some(Self::Text(text)) => text,
            Some(Self::Word(word)) => word,
            _ => "",
        }
    }

    /// Whether an optional field is there.
    pub fn has(&self, name: &str) -> bool {
        self.field(name).is_some_and(|value| *value != Self::Word("None"))
    }

    /// The last name of a list of names.
    pub fn last_name(&self, name: &str) -> &str {
        self.list(name).last().map_or("", |part| part.text("sval"))
    }

    /// Every struct below and with this one, from the outside in.
    pub fn each<'a>(&'a self, visit: &mut impl FnMut(&'a Tree<'t>)) {
        match self {
            Self::Struct(_, fields) => {
                visit(self);
                fields.iter().for_each(|(_, value)| value.each(visit));
            }
            Self::List(items) => items.iter().for_each(|item| item.each(visit)),
            Self::Text(_) | Self::Word(_) => {}
        }
    }

    pub fn of_kind<'a>(&'a self, kind: &str) -> Vec<&'a Tree<'t>> {
        let mut found = Vec::new();
        self.each(&mut |tree| {
            if tree.kind() == kind {
                found.push(tree);
            }
        });
        found
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    fn value(&mut self) -> Option<Tree<'t>> {
        match self.rest.as_bytes().first()? {
            b'"' => self.string().map(Tree::Text),
            b'[' => {
                self.rest = &self.rest[1..];
                self.items("]").map(Tree::List)
            }
            _ => {
                let word = self.word()?;
                if self.take("(") {
                    let mut items = self.items(")")?;
                    return if items.len() == 1 { items.pop() } else { None };
                }
                if self.take(" {") {
                    let fields = self.fields()?;
                    return Some(unwrapped(word, fields));
                }
                Some(Tree::Word(word))
            }
        }
    }

    fn word(&mut self) -> Option<&'t str> {
        let ends = |byte: &u8| matches!(byte, b' ' | b',' | b'(' | b')' | b'[' | b']' | b'{' | b'}' | b':');
        let end = self.rest.as_bytes().iter().position(ends).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then_some(word)
    }

    fn items(&mut self, end: &str) -> Option<Vec<Tree<'t>>> {
        let mut items = Vec::new();
        while !self.take(end) {
            items.push(self.value()?);
            let _last = self.take(", ");
        }
        Some(items)
    }

    fn fields(&mut self) -> Option<Vec<(&'t str, Tree<'t>)>> {
        let mut fields = Vec::new();
        while !self.take(" }") && !self.take("}") {
            let _first = self.take(" ");
            let name = self.word()?;
            if !self.take(": ") {
                return None;
            }
            fields.push((name, self.value()?));
            let _last = self.take(",");
        }
        Some(fields)
    }

    fn take(&mut self, expected: &str) -> bool {
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A string as Rust's Debug writes it.
    fn string(&mut self) -> Option<String> {
        let mut text = String::new();
        let mut characters = self.rest[1..].char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '"' => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(text);
                }
                '\\' => match characters.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'r' => text.push('\r'),
                    '0' => text.push('\0'),
                    'u' => {
                        let digits: String =
                            characters.by_ref().map(|(_, c)| c).skip(1).take_while(|c| *c != '}').collect();
                        text.push(u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32)?);
                    }
                    other => text.push(other),
                },
                other => text.push(other),
            }
        }
        None
    }
}

fn unwrapped<'t>(kind: &'t str, mut fields: Vec<(&'t str, Tree<'t>)>) -> Tree<'t> {
    match (kind, fields.len()) {
        ("Node", 1) => fields.pop().map_or(Tree::Word("None"), |(_, value)| value),
        _ => Tree::Struct(kind, fields),
    }
}

#[test]
fn prints_are_read() {
    let print = r#"Node { node: Some(A(A { b: [Node { node: None }, X { y: "a\"\u{7f}}" }], c: -1, d: None })) }"#;
    let tree = Tree::read(print).expect("a tree");
    assert_eq!((tree.kind(), tree.text("c"), tree.has("d"), tree.has("b")), ("A", "-1", false, true));
    assert_eq!(tree.list("b")[1].text("y"), "a\"\u{7f}}");
    assert!(Tree::read("A { b: ").is_none() && Tree::read("A {} x").is_none());
}
