//! Keyed permutations of small and odd-sized sets: what makes pseudonyms free of collisions.
//!
//! A Feistel network over HMAC-SHA-256, as in FF1 (NIST SP 800-38G) but not FF1 itself: nothing here has to be
//! decrypted, only never to collide and never to be guessed without the key.

use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// As in FF1.
const ROUNDS: u8 = 10;

/// A permutation family under one key; the tweak chooses the member.
pub(super) struct Permutation<'a> {
    key: &'a [u8; 32],
    tweak: &'a str,
}

impl<'a> Permutation<'a> {
    pub(super) fn new(key: &'a [u8; 32], tweak: &'a str) -> Self {
        Self { key, tweak }
    }

    /// Maps 0..size onto itself. `index` has to be below `size`, and `size` at most 2^126.
    pub(super) fn index(&self, index: u128, size: u128) -> u128 {
        if size < 2 {
            return index;
        }
        let half_bits = (128 - (size - 1).leading_zeros()).div_ceil(2);
        let mut walked = index;
        loop {
            // At most 4 steps on average: the network's set is less than four times the size
            walked = self.feistel(walked, half_bits, size);
            if walked < size {
                return walked;
            }
        }
    }

    fn feistel(&self, value: u128, half_bits: u32, size: u128) -> u128 {
        let mask = (1u128 << half_bits) - 1;
        let (mut left, mut right) = (value >> half_bits, value & mask);
        for round in 0..ROUNDS {
            let drawn = self.draw(round, 0, &[&size.to_be_bytes(), &right.to_be_bytes()]);
            (left, right) = (right, (left ^ first_u128(&drawn)) & mask);
        }
        (left << half_bits) | right
    }

    /// Maps vectors of symbols, the i-th below `radices[i]`, onto themselves.
    pub(super) fn vector(&self, symbols: &mut [u32], radices: &[u32]) {
        let middle = symbols.len() / 2;
        if let ([symbol], [radix]) = (&mut *symbols, radices) {
            *symbol = u32::try_from(self.index(u128::from(*symbol), u128::from(*radix))).unwrap_or(*symbol);
            return;
        }
        for round in 0..ROUNDS {
            let (front, back) = symbols.split_at_mut(middle);
            let (front_radices, back_radices) = radices.split_at(middle);
            match round % 2 {
                0 => self.add(round, front, front_radices, back, back_radices),
                _ => self.add(round, back, back_radices, front, front_radices),
            }
        }
    }

    /// Adds to each target a number drawn from the source: undone by subtracting, hence a permutation.
    fn add(&self, round: u8, target: &mut [u32], radices: &[u32], source: &[u32], source_radices: &[u32]) {
        let bytes = |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let seed = self.draw(round, 1, &[&bytes(radices), b"|", &bytes(source_radices), b"|", &bytes(source)]);
        for (at, (symbol, radix)) in target.iter_mut().zip(radices).enumerate() {
            let drawn = self.draw(round, 2, &[&seed, &at.to_be_bytes()]);
            let shifted = (u128::from(*symbol) + (first_u128(&drawn) >> 1)) % u128::from((*radix).max(1));
            *symbol = u32::try_from(shifted).unwrap_or(*symbol);
        }
    }

    fn draw(&self, round: u8, purpose: u8, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC pads short keys with zeros to its block, so that this is HMAC under the 32 bytes
        let mut block = [0u8; 64];
        block[..32].copy_from_slice(self.key);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(&[round, purpose]);
        mac.update(self.tweak.as_bytes());
        for part in parts {
            mac.update(&[0]);
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn first_u128(bytes: &[u8; 32]) -> u128 {
    bytes.iter().take(16).fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_index_is_hit_once() {
        for size in [1u128, 2, 3, 10, 97, 1000] {
            let permutation = Permutation::new(&[7; 32], "test");
            let seen: HashSet<u128> = (0..size).map(|index| permutation.index(index, size)).collect();
            assert_eq!(seen.len() as u128, size);
            assert!(seen.iter().all(|index| *index < size));
        }
    }

    #[test]
    fn every_vector_is_hit_once() {
        for radices in [vec![10], vec![10, 26], vec![10, 10, 10], vec![3, 5, 7, 2]] {
            let permutation = Permutation::new(&[7; 32], "test");
            let size: u32 = radices.iter().product();
            let mut seen = HashSet::new();
            for mut number in 0..size {
                let mut symbols = Vec::new();
                for radix in &radices {
                    symbols.push(number % radix);
                    number /= radix;
                }
                permutation.vector(&mut symbols, &radices);
                assert!(symbols.iter().zip(&radices).all(|(symbol, radix)| symbol < radix));
                seen.insert(symbols);
            }
            assert_eq!(seen.len(), size as usize);
        }
    }

    #[test]
    fn key_and_tweak_matter() {
        let size = 1u128 << 60;
        let a = Permutation::new(&[1; 32], "a").index(42, size);
        assert_ne!(a, Permutation::new(&[2; 32], "a").index(42, size));
        assert_ne!(a, Permutation::new(&[1; 32], "b").index(42, size));
        assert_eq!(a, Permutation::new(&[1; 32], "a").index(42, size));
    }
}
