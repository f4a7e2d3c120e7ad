// SPDX-License-Identifier: MIT OR Apache-2.0
//! Console: sizes up to two segments, a full submission queue, completions taken in another order, a dropped client.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{format, vec, vec::Vec};
use capos::prelude::*;
use capos::{CallId, RingClientError};
use capos_compat::{FOREVER, undelivered};

const SIZES: [usize; 9] = [0, 1, 7, 1000, 1008, 1016, 4096, 5000, 60_000];

fn sizes(console: &mut ConsoleClient, ring: &mut impl Transport) {
    for (index, size) in SIZES.into_iter().enumerate() {
        console.write_wait(ring, b"<", FOREVER).unwrap();
        console.write_wait(ring, &vec![b'a' + index as u8; size], FOREVER).unwrap();
        console.write_line_wait(ring, &format!("> {size}"), FOREVER).unwrap();
    }
    console.write_line_wait(ring, "", FOREVER).unwrap();
    console.write_line_wait(ring, "caf\u{e9} \u{20ac} \u{1f980}", FOREVER).unwrap();
    undelivered(console.write_wait(ring, &vec![b'!'; 66_000], FOREVER), TransportError::InvalidRequest);
}

fn full_queue(console: &mut ConsoleClient, ring: &mut impl Transport) {
    let mut calls: Vec<CallId> = Vec::new();
    for digit in 0..16u8 {
        calls.push(console.write(ring, &[b'a' + digit]).unwrap());
    }
    assert!(matches!(console.write(ring, b"!"), Err(ClientError::Ring(RingClientError::SqFull))));
    while let Some(call) = calls.pop() {
        console.wait(ring, call, FOREVER).unwrap();
    }
    console.write_line_wait(ring, " in order", FOREVER).unwrap();
}

fn main(mut runtime: Runtime) -> i64 {
    let mut console: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    sizes(&mut console, &mut ring);
    full_queue(&mut console, &mut ring);
    console.write(&mut ring, b"left ").unwrap();
    console.write_line(&mut ring, "behind").unwrap();
    drop(ring);
    let mut ring = runtime.ring_client().unwrap();
    for _ in 0..100 {
        console.write_wait(&mut ring, b".", FOREVER).unwrap();
    }
    console.write_line_wait(&mut ring, "done", FOREVER).unwrap();
    0
}

capos::entry_point!(main);
