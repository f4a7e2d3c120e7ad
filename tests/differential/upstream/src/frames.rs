// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The frame bitmap: sequences of operations on bitmaps of odd sizes. Compared after every operation: the answer and the
// number of free frames; after every sequence: the bits.
use crate::{ours::{Frames, Ours}, rng::Rng};
use capos_lib::frame_bitmap::{FrameBitmap, FreeError};

const OPERATIONS: u64 = 120;

fn answer(result: Option<usize>) -> (u32, usize) {
    result.map_or((1, 0), |frame| (0, frame))
}

/// One operation on both: what each said.
fn operation(ours: &Ours, rng: &mut Rng, mine: &mut Frames, theirs: &mut FrameBitmap) -> (String, (u32, usize), (u32, usize)) {
    let total = mine.total as u64;
    let (inside, anywhere) = (rng.below(total) as usize, rng.below(total + 3) as usize);
    let mut frame = 0;
    match rng.below(10) {
        0..=2 => ("alloc".into(), (unsafe { (ours.frames_alloc)(mine, &mut frame) }, frame), answer(theirs.alloc_frame())),
        3..=4 => {
            let n = if rng.one_in(3) { rng.below(total + 2) } else { rng.below(12) } as usize;
            let left = unsafe { (ours.frames_alloc_run)(mine, n, &mut frame) };
            (format!("run of {n}"), (left, frame), answer(theirs.alloc_contiguous(n)))
        }
        5..=7 => {
            let frame = if rng.one_in(50) { rng.edge() as usize } else { anywhere };
            let right = match theirs.free_frame(frame) {
                Ok(()) => 0,
                Err(FreeError::OutOfRange) => 2,
                Err(FreeError::DoubleFree) => 3,
            };
            (format!("free {frame}"), (unsafe { (ours.frames_release)(mine, frame) }, 0), (right, 0))
        }
        8 if rng.one_in(2) => {
            unsafe { (ours.frames_mark_used)(mine, inside) };
            theirs.mark_used(inside);
            (format!("mark used {inside}"), (0, 0), (0, 0))
        }
        8 => {
            unsafe { (ours.frames_mark_free)(mine, inside) };
            theirs.mark_free(inside);
            (format!("mark free {inside}"), (0, 0), (0, 0))
        }
        _ => {
            let left = unsafe { (ours.frames_used)(mine, inside) };
            (format!("used {inside}"), (u32::from(left), 0), (u32::from(!theirs.is_free(inside)), 0))
        }
    }
}

fn fill(ours: &Ours, rng: &mut Rng, mine: &mut Frames, theirs: &mut FrameBitmap) {
    let mut at = 0;
    while at < mine.total {
        let run = 1 + if rng.one_in(3) { rng.below(160) } else { rng.below(10) } as usize;
        let free = rng.one_in(2);
        for frame in (at..mine.total.min(at + run)).filter(|_| free) {
            unsafe { (ours.frames_mark_free)(mine, frame) };
            theirs.mark_free(frame);
        }
        at += run;
    }
}

fn sequence(ours: &Ours, rng: &mut Rng, allocated: &mut u64) -> Result<(), String> {
    let total = 1 + if rng.one_in(3) { rng.below(24) } else { rng.below(600) } as usize;
    let bytes = total.div_ceil(8);
    let (mut left, mut right) = (vec![0u8; bytes], vec![0xffu8; bytes]);
    let mut mine = Frames { bits: std::ptr::null_mut(), total: 0, free: 0, hint: 0 };
    unsafe { (ours.frames_init)(&mut mine, left.as_mut_ptr(), total) };
    let mut theirs = FrameBitmap::new(&mut right, total, 0);
    fill(ours, rng, &mut mine, &mut theirs);
    for step in 0..OPERATIONS {
        let (name, a, b) = operation(ours, rng, &mut mine, &mut theirs);
        if a != b || mine.free != theirs.free_count() {
            return Err(format!(
                "{total} frames, step {step}, {name}: ours {a:?}, {} free; theirs {b:?}, {} free", mine.free, theirs.free_count()
            ));
        }
        *allocated += u64::from(a.0 == 0 && (name == "alloc" || name.starts_with("run")));
    }
    if left != right {
        return Err(format!("{total} frames: ours {left:02x?}, theirs {right:02x?}"));
    }
    Ok(())
}

/// An input is one operation.
pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let mut allocated = 0;
    for _ in 0..inputs / OPERATIONS {
        sequence(ours, rng, &mut allocated)?;
    }
    Ok(format!("{} sequences, {allocated} allocations", inputs / OPERATIONS))
}
