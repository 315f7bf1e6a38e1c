//! Any text: each character becomes another one of its kind.

use super::permute::Permutation;

/// The unified ideographs in use; bank systems and fonts know little beyond them.
const HAN: std::ops::RangeInclusive<u32> = 0x4e00..=0x9fa5;
const HAN_COUNT: u32 = 0x9fa5 - 0x4e00 + 1;
/// Scalar values from 0x80 up that are neither surrogates nor in [`HAN`].
const OTHER_COUNT: u32 = 0x11_0000 - 0x80 - 0x800 - HAN_COUNT;

/// ASCII punctuation, blanks and control characters stay: they are the shape.
pub(super) fn permute(text: &str, permutation: &Permutation<'_>) -> String {
    let places: Vec<Option<(Kind, u32)>> = text.chars().map(split).collect();
    let (mut symbols, radices): (Vec<u32>, Vec<u32>) =
        places.iter().flatten().map(|(kind, symbol)| (*symbol, kind.radix())).unzip();
    permutation.vector(&mut symbols, &radices);
    let mut symbols = symbols.into_iter();
    text.chars()
        .zip(places)
        .map(|(c, place)| match place {
            Some((kind, _)) => symbols.next().and_then(|symbol| kind.character(symbol)).unwrap_or('*'),
            None => c,
        })
        .collect()
}

#[derive(Clone, Copy)]
enum Kind {
    Digit,
    Lower,
    Upper,
    Han,
    Other,
}

fn split(c: char) -> Option<(Kind, u32)> {
    let code = u32::from(c);
    match c {
        '0'..='9' => Some((Kind::Digit, code - 0x30)),
        'a'..='z' => Some((Kind::Lower, code - 0x61)),
        'A'..='Z' => Some((Kind::Upper, code - 0x41)),
        '\0'..='\x7f' => None,
        _ if HAN.contains(&code) => Some((Kind::Han, code - HAN.start())),
        _ => {
            let skipped = if code > *HAN.end() { HAN_COUNT } else { 0 } + if code >= 0xe000 { 0x800 } else { 0 };
            Some((Kind::Other, code - 0x80 - skipped))
        }
    }
}

impl Kind {
    fn radix(self) -> u32 {
        match self {
            Self::Digit => 10,
            Self::Lower | Self::Upper => 26,
            Self::Han => HAN_COUNT,
            Self::Other => OTHER_COUNT,
        }
    }

    fn character(self, symbol: u32) -> Option<char> {
        let code = match self {
            Self::Digit => 0x30 + symbol,
            Self::Lower => 0x61 + symbol,
            Self::Upper => 0x41 + symbol,
            Self::Han => HAN.start() + symbol,
            Self::Other => {
                let low = symbol + 0x80;
                let behind_han = if low >= *HAN.start() { low + HAN_COUNT } else { low };
                if behind_han >= 0xd800 { behind_han + 0x800 } else { behind_han }
            }
        };
        char::from_u32(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_one_symbol() {
        for c in ('\u{80}'..=char::MAX).step_by(7).chain(['\u{d7ff}', '\u{e000}', '\u{4dff}', '\u{4e00}', '\u{9fa6}']) {
            let (kind, symbol) = split(c).unwrap();
            assert!(symbol < kind.radix());
            assert_eq!(kind.character(symbol), Some(c));
        }
    }
}
