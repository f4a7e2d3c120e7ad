// SPDX-License-Identifier: MIT OR Apache-2.0
//! A panic with calls in flight: one line on the console, code 101.
#![no_std]
#![no_main]
use capos_compat::FOREVER;
use capos_rt::{ConsoleClient, Runtime, TimerClient};

fn main(mut runtime: Runtime) -> i64 {
    let mut console: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
    let mut timer: TimerClient = runtime.capset().get_client(b"timer").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    console.write_line_wait(&mut ring, "about to panic", FOREVER).unwrap();
    for _ in 0..3 {
        timer.sleep(&mut ring, u64::MAX).unwrap();
    }
    panic!("not printed");
}

capos_rt::entry_point!(main);
