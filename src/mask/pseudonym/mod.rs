//! Pseudonyms: keyed, deterministic, valid where the original is valid, and free of collisions.
//!
//! For test systems that need unique columns to stay unique and joins to go on matching. Every text belongs
//! to exactly one *class* (valid phone numbers behind `+86`, Luhn-valid numbers of sixteen digits, …, and per
//! shape the class of all others), and is mapped within its class by a permutation, so two texts never meet.

mod generic;
mod identity;
mod name;
mod pan;
mod permute;
mod phone;

use permute::Permutation;

/// What a pseudonym has to be valid as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pseudonym {
    Phone,
    Identity,
    Pan,
    /// Digits for digits, letters for letters.
    Digits,
    Name,
}

impl Pseudonym {
    pub(super) fn apply(self, text: &str, key: &[u8; 32]) -> String {
        if let Some(valid) = self.apply_valid(text, key) {
            return valid;
        }
        // A text outside the valid ones walks on until it is outside again: a permutation of the outside
        let mut walked = generic::permute(text, &Permutation::new(key, self.tweak()));
        while self.apply_valid(&walked, key).is_some() {
            walked = generic::permute(&walked, &Permutation::new(key, self.tweak()));
        }
        walked
    }

    /// `None` where the text is not valid as what the preset is for. Stays within the valid texts.
    fn apply_valid(self, text: &str, key: &[u8; 32]) -> Option<String> {
        match self {
            Self::Phone => phone::permute(text, key),
            Self::Identity => identity::permute(text, key),
            Self::Pan => pan::permute(text, key),
            Self::Digits => None,
            Self::Name => name::permute(text, key),
        }
    }

    fn tweak(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Identity => "identity",
            Self::Pan => "pan",
            Self::Digits => "digits",
            Self::Name => "name",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const KEY: [u8; 32] = [9; 32];

    #[test]
    fn no_two_texts_meet() {
        for pseudonym in [Pseudonym::Phone, Pseudonym::Identity, Pseudonym::Pan, Pseudonym::Digits, Pseudonym::Name] {
            let mut seen = HashSet::new();
            for n in 0..1500u64 {
                for text in [
                    format!("13{:09}", n * 7919),
                    format!("23{:09}", n * 7919),
                    format!("622848{:010}", n * 7919),
                    format!("11010519900101{n:04}"),
                    format!("{n}"),
                ] {
                    seen.insert((text.len(), pseudonym.apply(&text, &KEY)));
                }
            }
            assert_eq!(seen.len(), 5 * 1500, "{pseudonym:?}");
        }
    }

    #[test]
    fn shapes_stay() {
        let cases = [
            (Pseudonym::Digits, "AB-12 cd"),
            (Pseudonym::Phone, "n/a"),
            (Pseudonym::Name, "欧阳娜娜"),
            (Pseudonym::Name, "Zoë 𠮷"),
            (Pseudonym::Pan, ""),
        ];
        for (pseudonym, text) in cases {
            let shown = pseudonym.apply(text, &KEY);
            assert_eq!(shown.chars().count(), text.chars().count(), "{text}");
            assert_eq!(shown == text, text.is_empty(), "{text} became {shown}");
            for (a, b) in text.chars().zip(shown.chars()) {
                assert_eq!(a.is_ascii_digit(), b.is_ascii_digit(), "{text} became {shown}");
                assert_eq!(a.is_ascii_alphabetic(), b.is_ascii_alphabetic(), "{text} became {shown}");
            }
        }
    }
}
