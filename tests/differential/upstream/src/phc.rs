// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Password verifiers in the PHC form: texts put together from right and wrong parts, then changed by a byte or two. Compared:
// accepted, empty, too long, above the limits, or malformed (whose kinds upstream and we tell apart differently, with one
// text for all of them).
use crate::{ours::Ours, rng::Rng};
use capos_lib::credential::{ConsolePasswordVerifier, ConsolePasswordVerifierError as Refusal};

const MALFORMED: u32 = 3;
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(rng: &mut Rng, bytes: u64) -> String {
    // Whole groups of four: the bits of an incomplete group are canonical in one way only.
    (0..bytes / 3 * 4).map(|_| rng.pick(BASE64) as char).collect()
}

fn make(rng: &mut Rng) -> String {
    let name = if rng.one_in(20) { rng.pick(&["argon2i", "argon2d", "Argon2id", "", "scrypt"]) } else { "argon2id" };
    let version = rng.pick(&["v=19$", "v=19$", "v=19$", "v=16$", "", "v=019$"]);
    let memory = rng.pick(&["19456", "19456", "8", "4096", "19457", "7", "0", "4294967295", "4294967296", "019"]);
    let passes = rng.pick(&["2", "1", "4", "5", "0", "02", "x"]);
    let lanes = rng.pick(&["1", "1", "1", "2", "0", ""]);
    let (salt, hash) = (rng.pick(&[12, 15, 18, 24, 48]), rng.pick(&[12, 18, 33, 48, 63]));
    let (salt, hash) = (base64(rng, salt), base64(rng, hash));
    let costs = match rng.below(12) {
        0 => format!("t={passes},m={memory},p={lanes}"),
        1 => format!("m={memory},m={memory},p={lanes}"),
        2 => format!("m={memory},t={passes}"),
        3 => format!("m={memory},t={passes},p={lanes},x=1"),
        _ => format!("m={memory},t={passes},p={lanes}"),
    };
    let mut text = format!("${name}${version}{costs}${salt}${hash}");
    if rng.one_in(4) {
        let at = rng.below(text.len() as u64) as usize;
        match rng.below(3) {
            0 => {
                text.remove(at);
            }
            1 => text.insert(at, rng.pick(b"$,=mtpv0A*") as char),
            _ => text.truncate(at),
        }
    }
    match rng.below(200) {
        0 => String::new(),
        1 => text + &"A".repeat(512),
        _ => text,
    }
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let mut counts = [0u64; 7];
    for _ in 0..inputs {
        let text = make(rng);
        let theirs = match ConsolePasswordVerifier::parse(&text) {
            Ok(_) => 0,
            Err(Refusal::Empty) => 1,
            Err(Refusal::TooLong) => 2,
            Err(Refusal::InvalidPhc | Refusal::UnsupportedAlgorithm) => MALFORMED,
            Err(Refusal::UnsupportedParams) => 6,
        };
        let mine = unsafe { (ours.phc)(text.as_ptr(), text.len() as u32) };
        let mine = if (3..=5).contains(&mine) { MALFORMED } else { mine };
        if mine != theirs {
            return Err(format!("{text:?}: ours {mine}, theirs {theirs}"));
        }
        counts[theirs as usize] += 1;
    }
    Ok(format!("{} accepted, {} malformed, {} above the limits", counts[0], counts[3], counts[6]))
}
