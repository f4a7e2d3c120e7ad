// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The Telnet filter: streams of bytes, what is given compared after each. Theirs takes one byte a time; ours is asked byte by
// byte and, for every stream, once more in pieces.
use crate::{ours::Ours, rng::Rng};
use capos_lib::telnet::TelnetFilter;

fn byte(rng: &mut Rng) -> u8 {
    match rng.below(4) {
        0 => 255,
        1 => 238 + rng.below(18) as u8,
        _ => rng.below(256) as u8,
    }
}

fn event(rng: &mut Rng, stream: &mut Vec<u8>) {
    match rng.below(6) {
        0 => stream.extend([255, byte(rng)]),
        1 => stream.extend([255, 251 + rng.below(4) as u8, byte(rng)]),
        2 => {
            stream.extend([255, 250, byte(rng)]);
            for _ in 0..rng.below(8) {
                stream.push(byte(rng));
            }
            stream.extend([255, 240]);
        }
        3 => stream.push(byte(rng)),
        _ => stream.extend((0..1 + rng.below(6)).map(|_| rng.below(240) as u8)),
    }
}

fn in_pieces(ours: &Ours, rng: &mut Rng, stream: &[u8]) -> Vec<u8> {
    let (mut state, mut given, mut rest) = (0u32, vec![], stream);
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(rest.len().min(1 + rng.below(9) as usize));
        let mut out = piece.to_vec();
        let count = unsafe { (ours.telnet_data)(&mut state, out.as_ptr(), out.len(), out.as_mut_ptr()) };
        given.extend(&out[..count]);
        rest = behind;
    }
    given
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let (mut done, mut data, mut streams) = (0, 0u64, 0u64);
    while done < inputs {
        let mut stream = vec![];
        for _ in 0..1 + rng.below(12) {
            event(rng, &mut stream);
        }
        if rng.one_in(4) {
            stream.truncate(rng.below(stream.len() as u64 + 1) as usize);
        }
        let (mut mine, mut theirs, mut expected) = (0u32, TelnetFilter::default(), vec![]);
        for (at, &next) in stream.iter().enumerate() {
            let given = unsafe { (ours.telnet_step)(&mut mine, next) }.then_some(next);
            let wanted = theirs.step(next);
            if given != wanted {
                return Err(format!("{:02x?}: ours {given:?}, theirs {wanted:?}", &stream[..=at]));
            }
            expected.extend(wanted);
        }
        let given = in_pieces(ours, rng, &stream);
        if given != expected {
            return Err(format!("{stream:02x?} in pieces: ours {given:02x?}, theirs {expected:02x?}"));
        }
        done += stream.len() as u64;
        data += expected.len() as u64;
        streams += 1;
    }
    Ok(format!("{streams} streams, {data} bytes of data"))
}
