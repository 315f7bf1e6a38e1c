//! Tables for a terminal, aligned also where characters are two columns wide.

use std::fmt;

/// A table with a heading; cells of one column are padded to its widest.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let widest = |column: usize| self.rows.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max();
        let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
        for (index, row) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).map(|(cell, width)| padded(cell, *width));
            writeln!(f, " {}", cells.collect::<Vec<_>>().join(" │ ").trim_end())?;
            if index == 0 {
                let rules = widths.iter().map(|width| "─".repeat(*width));
                writeln!(f, "─{}─", rules.collect::<Vec<_>>().join("─┼─"))?;
            }
        }
        Ok(())
    }
}

fn padded(cell: &str, to: usize) -> String {
    format!("{cell}{}", " ".repeat(to.saturating_sub(width(cell))))
}

/// Columns that a text takes on a terminal: two for East Asian wide and full-width characters.
/// Source: Unicode Standard Annex 11, the blocks that the sample bank uses.
fn width(text: &str) -> usize {
    text.chars().map(|c| if is_wide(c) { 2 } else { 1 }).sum()
}

fn is_wide(c: char) -> bool {
    matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_keep_the_columns_in_line() {
        let mut table = Table::new(&["who", "name"]);
        table.push(vec!["teller".into(), "张**".into()]);
        table.push(vec!["app".into(), "Anna Schmidt".into()]);
        let shown = table.to_string();
        let places: Vec<_> = shown.lines().map(|line| line.find(['│', '┼']).map(|at| width(&line[..at]))).collect();
        assert_eq!(places, [Some(8); 4], "{shown}");
    }
}
