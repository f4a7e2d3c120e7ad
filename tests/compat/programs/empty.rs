// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program without any grant: no CapSet page, every look-up fails, calls with invented ids complete, it can only leave.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{boxed::Box, vec};
use capos_compat::{FOREVER, MS};
use capos_rt::{CapSetError, ConsoleClient, RingClientError, Runtime};

fn main(mut runtime: Runtime) -> i64 {
    let set = runtime.capset();
    if !(set.is_empty() && set.len() == 0 && set.base().is_none() && set.iter().next().is_none()) {
        return 1;
    }
    if !matches!(set.get_client::<ConsoleClient>(b"console"), Err(CapSetError::Missing)) {
        return 2;
    }
    let Ok(mut ring) = runtime.ring_client() else { return 3 };
    for cap in 0..300u32 {
        let Ok(call) = ring.submit_call(cap, 0, Box::from([]), vec![0; 64].into_boxed_slice()) else { return 4 };
        match ring.wait(call, FOREVER) {
            Ok(completion) if completion.cqe().result == -4 => {}
            _ => return 5,
        }
    }
    if ring.cap_enter(1, 10 * MS) != Ok(0) || ring.release_wait(0, FOREVER) != Ok(-1) {
        return 6;
    }
    if ring.submit_release(0).is_err() || !matches!(ring.reclaim_pending(FOREVER), Ok(())) {
        return 7;
    }
    let Ok(call) = ring.submit_release(1) else { return 8 };
    if ring.wait(call, FOREVER).is_err() || !matches!(ring.wait(call, FOREVER), Err(RingClientError::UnknownCallId)) {
        return 9;
    }
    -42
}

capos_rt::entry_point!(main);
