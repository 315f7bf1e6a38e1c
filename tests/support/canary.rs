//! Finds protected values in a stream of bytes, whatever they are dressed in.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pgveil::demo::bank;
use pgveil::demo::schema::Kept;

use super::seen::SeenTable;

/// Bytes of a form by which it is looked up.
const KEY_BYTES: usize = 8;

/// Protected values that only a caller who sees everything may see.
pub struct Canaries {
    /// First bytes of a form → the form and the value it stands for.
    forms: HashMap<[u8; KEY_BYTES], Vec<(Vec<u8>, String)>>,
    /// Whether any form opens with two bytes: most of what is searched is told apart by that.
    openings: Vec<bool>,
}

/// Values that the database holds sealed, five of each customer.
pub fn sealed_values(customers: u64) -> impl Iterator<Item = String> {
    (1..=customers).flat_map(|id| {
        let customer = bank::customer(id);
        [customer.id_number, customer.phone, customer.email, bank::account_no(id), bank::pan(id)]
    })
}

impl Canaries {
    /// The protected values that a role sees nowhere. Of an address its street: the district may stay.
    pub fn hidden_from(tables: &[SeenTable]) -> Self {
        let visible: HashSet<&str> = tables
            .iter()
            .flat_map(|table| table.rows.iter().filter(|row| row.is_visible))
            .flat_map(|row| row.seen.iter().flatten())
            .map(String::as_str)
            .collect();
        let protected = tables.iter().flat_map(|table| {
            let of_row = |clear| table.columns.iter().zip(clear).filter(|(column, _)| column.kept != Kept::Plain);
            table.rows.iter().flat_map(move |row| of_row(&row.clear))
        });
        let hidden = protected.filter_map(|(column, value)| Some((column.name, value.as_deref()?)));
        let hidden = hidden.filter(|(_, value)| !visible.contains(value)).map(|(name, value)| match name {
            "address" => value.rsplit('区').next().unwrap_or_default(),
            _ => value.trim_end(),
        });
        Self::of(hidden.collect::<HashSet<_>>().into_iter().map(str::to_owned))
    }

    /// These values, as far as they are long enough to be no accident.
    pub fn of(values: impl Iterator<Item = String>) -> Self {
        let mut canaries = Self { forms: HashMap::new(), openings: vec![false; 1 << 16] };
        values.filter(|value| value.len() >= KEY_BYTES).for_each(|value| canaries.add(&value));
        canaries
    }

    fn add(&mut self, value: &str) {
        let raw = value.as_bytes();
        let (gbk, _, _) = encoding_rs::GBK.encode(value);
        let mut forms = vec![raw.to_vec(), gbk.to_vec(), hex(raw), octal(raw), json(value)];
        // Base64 of a longer text shows a value in one of three alignments
        for shift in 0..3 {
            let mut shifted = vec![0; shift];
            shifted.extend_from_slice(raw);
            let whole = &shifted[..shifted.len() / 3 * 3];
            let encoded = STANDARD_NO_PAD.encode(whole);
            forms.push(encoded.as_bytes()[if shift == 0 { 0 } else { 4 }..].to_vec());
        }
        for form in forms {
            let folded = form.to_ascii_lowercase();
            if let Some(key) = folded.first_chunk::<KEY_BYTES>() {
                self.openings[opening(key)] = true;
                self.forms.entry(*key).or_default().push((folded, value.to_owned()));
            }
        }
    }

    /// The first value found in the bytes.
    pub fn find(&self, bytes: &[u8]) -> Option<&str> {
        self.find_unsaid(bytes, "")
    }

    /// The first value found in the bytes that `said` does not hold.
    pub fn find_unsaid(&self, bytes: &[u8], said: &str) -> Option<&str> {
        let folded = bytes.to_ascii_lowercase();
        folded.windows(KEY_BYTES).enumerate().find_map(|(at, window)| {
            if !self.openings[opening(window)] {
                return None;
            }
            let key: &[u8; KEY_BYTES] = window.first_chunk()?;
            let forms = self.forms.get(key)?;
            let found = |(form, value): &&(Vec<u8>, String)| folded[at..].starts_with(form) && !said.contains(value);
            forms.iter().find(found).map(|(_, value)| value.as_str())
        })
    }
}

fn opening(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect()
}

/// As `bytea_output = escape` prints it.
fn octal(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|b| if b.is_ascii() { vec![*b] } else { format!("\\{b:03o}").into_bytes() }).collect()
}

fn json(value: &str) -> Vec<u8> {
    let escape = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) };
    value.chars().map(escape).collect::<String>().into_bytes()
}
