//! Seeded choices: the same seed makes the same ones, on every machine.

use std::ops::Range;

/// SplitMix64. Source: Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
pub struct Rng(u64);

impl Rng {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of an unempty range.
    pub fn below(&mut self, range: Range<usize>) -> usize {
        let len = (range.end - range.start) as u64;
        range.start + (self.next() % len) as usize
    }

    /// True once in `of` times.
    pub fn once_in(&mut self, of: u64) -> bool {
        self.next().is_multiple_of(of)
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(0..from.len())]
    }
}

/// A number from the environment, for runs that are longer or replay one seed.
pub fn from_environment(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}
