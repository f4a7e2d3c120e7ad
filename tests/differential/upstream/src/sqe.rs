// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Submission entries: the wire check against capos-config's. Well-formed entries of each opcode, entries one field away from
// them, entries of edge values, random bytes. The check of a measurement kernel is compared through its predicate.
use crate::{ours::Ours, rng::Rng};
use capos_config::ring::{CapSqe, park_bench_sqe_has_unsupported_fields, sqe_wire_validation_error};

const WORDS: usize = 8;
const PARK_BENCH: u8 = 7;
/// Offset and size of every field.
const FIELDS: [(usize, usize); 15] = [
    (0, 1), (1, 1), (2, 2), (4, 4), (8, 8), (16, 8), (24, 4), (28, 4), (32, 8), (40, 8), (48, 2), (50, 2), (52, 4), (56, 8), (1, 1),
];

fn put(bytes: &mut [u8; 64], field: usize, value: u64) {
    let (at, size) = FIELDS[field];
    bytes[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
}

/// An entry that only sets what its opcode may set.
fn well_formed(rng: &mut Rng) -> [u8; 64] {
    let mut bytes = [0; 64];
    let opcode = rng.below(10);
    put(&mut bytes, 0, opcode);
    put(&mut bytes, 4, rng.edge());
    let free: &[usize] = match opcode {
        0 => &[2, 3, 5, 6, 7, 8, 11],
        1 => &[3, 5, 6, 11, 12],
        2 => &[3, 7, 8],
        3 => &[3],
        6 => &[3, 9],
        7 => &[3, 6],
        8 => &[3, 5, 6, 9],
        9 => &[3, 5, 6],
        _ => &[],
    };
    for &field in free {
        if !rng.one_in(3) {
            put(&mut bytes, field, rng.edge());
        }
    }
    match opcode {
        0 if rng.one_in(2) => {
            put(&mut bytes, 1, 0x20);
            put(&mut bytes, 12, rng.edge());
        }
        0 => put(&mut bytes, 13, rng.below(16)),
        1 if rng.one_in(2) => put(&mut bytes, 1, 0x10),
        6 => put(&mut bytes, 9, rng.edge() | 1),
        7 => {
            put(&mut bytes, 5, rng.edge() | 1);
            put(&mut bytes, 2, rng.below(3));
        }
        8 => {
            put(&mut bytes, 1, 0x20);
            put(&mut bytes, 12, rng.edge() | 1);
        }
        _ => {}
    }
    bytes
}

fn make(rng: &mut Rng) -> [u8; 64] {
    let mut bytes = well_formed(rng);
    match rng.below(8) {
        0 | 1 => {}
        2..=5 => {
            let field = rng.below(FIELDS.len() as u64) as usize;
            let value = if rng.one_in(3) { 0 } else { rng.edge() };
            put(&mut bytes, field, value);
        }
        6 => {
            let bit = rng.below(512) as usize;
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        _ => {
            for word in 0..WORDS {
                bytes[word * 8..word * 8 + 8].copy_from_slice(&rng.next().to_le_bytes());
            }
            bytes[0] = rng.below(12) as u8;
        }
    }
    bytes
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let (mut accepted, mut by_opcode) = (0u64, [0u64; 16]);
    for _ in 0..inputs {
        let bytes = make(rng);
        let sqe: CapSqe = unsafe { std::mem::transmute(bytes) };
        let theirs = sqe_wire_validation_error(&sqe).err().unwrap_or(0);
        let mine = unsafe { (ours.sqe)(bytes.as_ptr().cast()) };
        let measured = match sqe.opcode {
            PARK_BENCH if park_bench_sqe_has_unsupported_fields(&sqe) => -1,
            PARK_BENCH => 0,
            _ => theirs,
        };
        let mine_measured = unsafe { (ours.sqe_measurement)(bytes.as_ptr().cast()) };
        if (mine, mine_measured) != (theirs, measured) {
            return Err(format!("{bytes:02x?}: ours {mine} and {mine_measured}, theirs {theirs} and {measured}"));
        }
        accepted += u64::from(mine_measured == 0);
        by_opcode[usize::from(sqe.opcode & 15)] += u64::from(mine_measured == 0);
    }
    let opcodes = by_opcode.iter().filter(|count| **count != 0).count();
    Ok(format!("{accepted} accepted, of {opcodes} opcodes"))
}
