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
    let mut part = |right: &[&'static str], wrong: &[&'static str]| {
        let from = if rng.one_in(15) { wrong } else { right };
        rng.pick(from)
    };
    let name = part(&["argon2id"], &["argon2i", "argon2d", "Argon2id", "", "scrypt"]);
    let version = part(&["v=19$", "v=16$", ""], &["v=18$", "v=019$", "v=$"]);
    let memory = part(&["19456", "8", "4096", "32"], &["19457", "7", "15", "0", "4294967295", "4294967296", "019"]);
    let passes = part(&["1", "2", "4"], &["5", "0", "02", "x", ""]);
    let lanes = part(&["1"], &["2", "0", "4", ""]);
    let ends = ["AA", "AAA", "Ag", "AB", "AAB", "AA8", "A", "."];
    let (salt_end, hash_end) = (part(&["", "Ag", "AAA"], &ends), part(&["", "AA", "AA8"], &ends));
    let salt = if rng.one_in(20) { rng.pick(&[0, 3, 48, 51]) } else { 3 + 3 * rng.below(15) };
    let hash = if rng.one_in(20) { rng.pick(&[0, 3, 6, 9, 63, 66]) } else { 12 + 3 * rng.below(17) };
    let (salt, hash) = (base64(rng, salt) + salt_end, base64(rng, hash) + hash_end);
    let costs = match rng.below(40) {
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

fn is_decodable(text: &str) -> bool {
    let value = |byte: u8| BASE64.iter().position(|digit| *digit == byte);
    let unused = [0, 0, 0xf, 3][text.len() % 4];
    text.bytes().all(|byte| value(byte).is_some())
        && text.len() % 4 != 1
        && text.bytes().last().and_then(value).is_some_and(|last| last & unused == 0)
}

/// Texts on which the two may differ: ours wants a version it knows, each cost once and nothing else, a salt that can be
/// decoded, and a hash; theirs wants ten bytes of hash.
fn is_documented(text: &str, mine: u32, theirs: u32) -> bool {
    let mut fields: Vec<&str> = text.split('$').skip(2).collect();
    let version = fields.first().filter(|field| field.starts_with("v=") && !field.contains(',')).copied();
    if version.is_some() {
        fields.remove(0);
    }
    let mut costs: Vec<_> = fields.first().unwrap_or(&"").split(',').map(|cost| cost.split('=').next().unwrap()).collect();
    costs.sort();
    let plain = version.is_none_or(|version| version == "v=16" || version == "v=19")
        && costs == ["m", "p", "t"]
        && fields.len() == 3
        && is_decodable(fields[1]);
    let short_hash = fields.len() == 3 && (6..=13).contains(&fields[2].len());
    if mine == MALFORMED { !plain && (theirs == 0 || theirs == 6) } else { plain && short_hash && theirs == MALFORMED }
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let (mut counts, mut documented) = ([0u64; 7], 0u64);
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
        if mine != theirs && is_documented(&text, mine, theirs) {
            documented += 1;
            continue;
        }
        if mine != theirs {
            return Err(format!("{text:?}: ours {mine}, theirs {theirs}"));
        }
        counts[theirs as usize] += 1;
    }
    Ok(format!("{} accepted, {} malformed, {} above the limits, {documented} documented as different", counts[0], counts[3], counts[6]))
}
