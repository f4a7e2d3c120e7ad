// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Program images: small ones that are mostly valid, with fields set to edge values, bits flipped, ends cut off. Compared:
// the answer, the text of the error, entry, segments and TLS.
use crate::{ours::{Image, Ours, SEGMENTS_MAX}, rng::Rng};
use std::{collections::BTreeMap, ffi::CStr, mem::MaybeUninit};

const PAGE: u64 = 4096;
const HALF: u64 = 0x8000_0000_0000;
const LIMIT_OF_OURS: &str = "too many PT_LOAD segments";

fn put(file: &mut [u8], at: usize, size: usize, value: u64) {
    if at + size <= file.len() {
        file[at..at + size].copy_from_slice(&value.to_le_bytes()[..size]);
    }
}

fn header(rng: &mut Rng, file: &mut [u8], at: usize, address: &mut u64, loads: u64) {
    let len = file.len() as u64;
    let kind = if rng.one_in(8) { rng.pick(&[7, 7, 2, 6, 0]) } else { 1 };
    let offset = rng.below(len + 1);
    let filesz = rng.below(len - offset + 1);
    let memsz = filesz + if rng.one_in(2) { rng.below(3 * PAGE) } else { 0 };
    let vaddr = *address + offset % PAGE;
    *address = (vaddr + memsz + PAGE - 1) / PAGE * PAGE + if rng.one_in(4) { rng.below(4) * PAGE } else { 0 };
    if rng.one_in(40 * loads) {
        *address -= rng.below(2 * PAGE).min(*address);
    }
    let align = rng.pick(&[0, 1, 8, 64, PAGE]);
    for (place, size, value) in [
        (0, 4, kind), (4, 4, rng.pick(&[5, 5, 4, 6, 7, 1, 0])), (8, 8, offset), (16, 8, vaddr), (32, 8, filesz), (40, 8, memsz),
        (48, 8, align),
    ] {
        put(file, at + place, size, value);
    }
    if rng.one_in(3) {
        put(file, 24, 8, vaddr + rng.below(memsz + 2));
    }
}

fn make(rng: &mut Rng) -> Vec<u8> {
    let loads = if rng.one_in(64) { 28 + rng.below(8) } else { 1 + rng.below(6) };
    let stride = if rng.one_in(8) { 56 + rng.below(40) } else { 56 };
    let table = if rng.one_in(8) { 64 + rng.below(64) } else { 64 };
    let mut file = vec![0; (table + loads * stride + rng.below(200)) as usize];
    file[..7].copy_from_slice(b"\x7fELF\x02\x01\x01");
    let mut address = rng.pick(&[0, PAGE, 0x20_0000, HALF - 64 * PAGE, HALF - 3 * PAGE]);
    for (at, size, value) in [(16, 2, 2), (18, 2, 0x3e), (24, 8, address), (32, 8, table), (54, 2, stride), (56, 2, loads)] {
        put(&mut file, at, size, value);
    }
    for i in 0..loads {
        header(rng, &mut file, (table + i * stride) as usize, &mut address, loads);
    }
    mutate(rng, &mut file, table, stride, loads);
    file
}

fn mutate(rng: &mut Rng, file: &mut Vec<u8>, table: u64, stride: u64, loads: u64) {
    for _ in 0..rng.pick(&[0, 0, 1, 1, 1, 2, 3]) {
        let header = (table + rng.below(loads) * stride) as usize;
        let len = file.len() as u64;
        match rng.below(8) {
            0 => {
                let bit = rng.below(len * 8) as usize;
                file[bit / 8] ^= 1 << (bit % 8);
            }
            1 if rng.one_in(4) => file.truncate(rng.below(len + 1) as usize),
            1 | 2 => {
                let (at, size) = rng.pick(&[(4, 1), (5, 1), (6, 1), (16, 2), (18, 2), (24, 8), (32, 8), (54, 2), (56, 2)]);
                put(file, at, size, rng.edge());
            }
            3 => put(file, 24, 8, rng.pick(&[HALF, HALF - 1, u64::MAX])),
            4 => put(file, header, 4, 7),
            _ => {
                let (at, size) = rng.pick(&[(0, 4), (4, 4), (8, 8), (16, 8), (32, 8), (40, 8), (48, 8)]);
                let value = match rng.below(4) {
                    0 => HALF.wrapping_add(rng.below(3)).wrapping_sub(1),
                    1 => len.wrapping_add(rng.below(3)).wrapping_sub(1),
                    _ => rng.edge(),
                };
                put(file, header + at, size, value);
            }
        }
        if file.is_empty() {
            return;
        }
    }
}

fn describe(entry: u64, segments: &[[u64; 5]], tls: Option<[u64; 5]>) -> String {
    format!("entry {entry:x}, segments {segments:x?}, tls {tls:x?}")
}

fn theirs(file: &[u8]) -> Result<(String, usize), &'static str> {
    let info = capos_lib::elf::parse(file)?;
    let segments: Vec<_> =
        info.segments.iter().map(|s| [s.vaddr, s.memsz, s.offset, s.filesz, u64::from(s.flags)]).collect();
    let tls = info.tls.map(|t| [t.vaddr, t.memsz, t.offset, t.filesz, t.align]);
    Ok((describe(info.entry, &segments, tls), segments.len()))
}

fn mine(ours: &Ours, file: &[u8]) -> Result<String, &'static str> {
    let mut image = MaybeUninit::<Image>::zeroed();
    let exact = file.to_vec().into_boxed_slice();
    let error = unsafe { (ours.elf)(exact.as_ptr(), exact.len(), image.as_mut_ptr()) };
    if error != 0 {
        return Err(unsafe { CStr::from_ptr((ours.elf_text)(error)) }.to_str().unwrap());
    }
    let image = unsafe { image.assume_init() };
    let segments: Vec<_> = image.segments[..image.count as usize]
        .iter()
        .map(|s| [s.vaddr, s.memsz, s.offset, s.filesz, u64::from(s.flags)])
        .collect();
    let tls = image.has_tls.then_some([image.tls.vaddr, image.tls.memsz, image.tls.offset, image.tls.filesz, image.tls.align]);
    Ok(describe(image.entry, &segments, tls))
}

/// PT_LOAD headers of a file whose table is known to lie inside it.
fn load_count(file: &[u8]) -> usize {
    let number = |at: usize, size: usize| (0..size).rev().fold(0usize, |n, i| n << 8 | usize::from(file[at + i]));
    (0..number(56, 2)).filter(|i| number(number(32, 8) + i * number(54, 2), 4) == 1).count()
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let (mut accepted, mut limited, mut texts) = (0u64, 0u64, BTreeMap::<&str, u64>::new());
    for _ in 0..inputs {
        let file = make(rng);
        let (left, right) = (mine(ours, &file), theirs(&file));
        if left == Err(LIMIT_OF_OURS) && load_count(&file) > SEGMENTS_MAX {
            limited += 1; // documented: theirs has no limit
            continue;
        }
        if left.as_ref().map_err(|text| *text) != right.as_ref().map(|(text, _)| text).map_err(|text| *text) {
            return Err(format!("{file:02x?}: ours {left:?}, theirs {right:?}"));
        }
        match right {
            Ok(_) => accepted += 1,
            Err(text) => *texts.entry(text).or_default() += 1,
        }
    }
    let rarest = texts.iter().min_by_key(|(_, count)| **count);
    Ok(format!("{accepted} accepted, {} error texts, the rarest {rarest:?}, {limited} above our limit of segments", texts.len()))
}
