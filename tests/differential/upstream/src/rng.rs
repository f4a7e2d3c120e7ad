// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The numbers the inputs are made from: a seed gives the same inputs everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    /// Numbers at which a comparison, an addition or a shift may change its mind, and any others.
    pub fn edge(&mut self) -> u64 {
        let near = 1u64 << self.below(64);
        match self.below(5) {
            0 => self.below(4),
            1 => near.wrapping_add(self.below(3)).wrapping_sub(1),
            2 => self.below(3).wrapping_sub(1 + self.below(3)),
            3 => near.wrapping_neg(),
            _ => self.next(),
        }
    }
}
