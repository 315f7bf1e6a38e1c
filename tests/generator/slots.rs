//! Literals of a generated statement: each with a form for the proxy and one for the twin, written into the text or sent
//! as a parameter.

use super::dice::Dice;

const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

struct Slot {
    clear: Option<String>,
    seen: Option<String>,
    style: Style,
}

enum Style {
    Parameter,
    Quoted,
    Escaped,
    Dollars,
}

/// The literals of one statement, in the order in which they were made.
#[derive(Default)]
pub struct Slots(Vec<Slot>);

/// A statement's text with its parameters, for one of the two sides.
#[derive(Clone, Debug, Default)]
pub struct Side {
    pub sql: String,
    pub params: Vec<Option<String>>,
}

impl Slots {
    /// A place for a literal; `seen` is what the twin gets.
    pub fn add(&mut self, dice: &mut Dice, clear: Option<String>, seen: Option<String>) -> String {
        let style = match dice.below(20) {
            0..9 => Style::Parameter,
            9..18 => Style::Quoted,
            18 => Style::Escaped,
            _ => Style::Dollars,
        };
        self.0.push(Slot { clear, seen, style });
        format!("{OPEN}{}{CLOSE}", self.0.len() - 1)
    }

    /// Writes the text for the proxy and for the twin; parameters are numbered as they appear.
    pub fn fill(&self, template: &str) -> (Side, Side) {
        let (mut proxy, mut twin) = (Side::default(), Side::default());
        let mut numbers: Vec<Option<usize>> = self.0.iter().map(|_| None).collect();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once(OPEN) {
            let (index, after) = after.split_once(CLOSE).expect("a closed slot");
            let index: usize = index.parse().expect("a slot's number");
            let slot = &self.0[index];
            for (side, value) in [(&mut proxy, &slot.clear), (&mut twin, &slot.seen)] {
                side.sql.push_str(before);
                match slot.style {
                    Style::Parameter => {
                        let number = numbers[index].unwrap_or(side.params.len() + 1);
                        if number > side.params.len() {
                            side.params.push(value.clone());
                        }
                        side.sql.push_str(&format!("${number}"));
                    }
                    _ => side.sql.push_str(&literal(value.as_deref(), &slot.style)),
                }
            }
            if matches!(slot.style, Style::Parameter) {
                numbers[index] = numbers[index].or(Some(proxy.params.len()));
            }
            rest = after;
        }
        proxy.sql.push_str(rest);
        twin.sql.push_str(rest);
        (proxy, twin)
    }
}

fn literal(value: Option<&str>, style: &Style) -> String {
    let Some(value) = value else { return "NULL".to_owned() };
    match style {
        Style::Escaped => format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "\\'")),
        // A digit would look like a parameter to whoever writes parameters into the text
        Style::Dollars if !value.starts_with(|c: char| c.is_ascii_digit()) => format!("$q${value}$q$"),
        Style::Quoted | Style::Dollars | Style::Parameter => format!("'{}'", value.replace('\'', "''")),
    }
}
