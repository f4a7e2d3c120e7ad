// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The line editor of a terminal: bytes in, events, echoes and the line compared after each. Kept out of the input, because
// documented as different: IAC (theirs filters Telnet as well), control bytes without a meaning (theirs keeps them in the
// line), 0x04 (theirs has no end of input), and LF at the beginning of the line after one that CR ended.
use crate::{ours::{Line, LineEcho as OurEcho, Ours}, rng::Rng};
use capos_lib::line_discipline::{Echo, LineDiscipline, LineEcho, LineOutcome};

const CR: u8 = 13;
const LF: u8 = 10;

fn byte(rng: &mut Rng) -> u8 {
    match rng.below(12) {
        0 => rng.pick(&[CR, LF]),
        1 => rng.pick(&[8, 127]),
        2 => rng.pick(&[0, 3, CR, LF, 8]),
        3..=5 => 128 + rng.below(127) as u8,
        _ => 32 + rng.below(95) as u8,
    }
}

/// What theirs tells its caller to print.
fn wire(outcome: LineOutcome, echo: Echo) -> Vec<u8> {
    match (outcome, echo) {
        (LineOutcome::Cancelled, _) => b"^C\r\n".to_vec(),
        (LineOutcome::Submitted | LineOutcome::Reprompt, _) => b"\r\n".to_vec(),
        (LineOutcome::Pending, Echo::Byte(byte)) => vec![byte],
        (LineOutcome::Pending, Echo::Backspace) => b"\x08 \x08".to_vec(),
        (LineOutcome::Pending, Echo::None) => vec![],
    }
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let mut mine: Line = unsafe { std::mem::zeroed() };
    unsafe { (ours.line_init)(&mut mine) };
    let (mut done, mut lines, mut cancelled, mut prompts) = (0, 0u64, 0u64, 0u64);
    let mut after_cr = false;
    while done < inputs {
        let (hidden, empty) = (rng.one_in(4), rng.one_in(2));
        let max = rng.pick(&[0, 1, 3, 16, 255, 256, 257, 100_000]);
        let echo = if hidden { LineEcho::Hidden } else { LineEcho::Visible };
        let mut theirs = LineDiscipline::new(echo, empty, max as usize);
        let typing = rng.one_in(12);
        let mut fed = vec![];
        unsafe { (ours.line_begin)(&mut mine, max, hidden, empty) };
        loop {
            let mut next = byte(rng);
            if (typing && next < 32 && !rng.one_in(64)) || (after_cr && next == LF) {
                next = b'x';
            }
            done += 1;
            fed.push(next);
            let mut out = OurEcho::default();
            let event = unsafe { (ours.line_feed)(&mut mine, next, &mut out) };
            let step = theirs.step(next);
            let expected = match step.outcome {
                LineOutcome::Pending => 0,
                LineOutcome::Submitted => 1,
                LineOutcome::Cancelled => 2,
                LineOutcome::Reprompt => 4,
            };
            let (text, printed) = (&mine.bytes[..mine.len as usize], &out.bytes[..out.len as usize]);
            if event != expected || text != theirs.line() || printed != wire(step.outcome, step.echo) {
                return Err(format!(
                    "hidden {hidden}, empty {empty}, at most {max}, {fed:02x?}: ours {event} {text:02x?} printing {printed:02x?}, \
                     theirs {step:?} {:02x?}", theirs.line()
                ));
            }
            if next != 0 {
                after_cr = false;
            }
            match step.outcome {
                LineOutcome::Pending => continue,
                LineOutcome::Reprompt => {
                    prompts += 1;
                    continue;
                }
                LineOutcome::Submitted => lines += 1,
                LineOutcome::Cancelled => cancelled += 1,
            }
            after_cr = next == CR;
            break;
        }
    }
    Ok(format!("{lines} lines, {cancelled} cancelled, {prompts} prompts again"))
}
