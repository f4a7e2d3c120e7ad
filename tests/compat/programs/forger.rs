// SPDX-License-Identifier: MIT OR Apache-2.0
//! Prints on the console what only the kernel's verdict port may say, then leaves with another code, or never when it has a timer.
#![no_std]
#![no_main]
use capos_compat::FOREVER;
use capos_rt::{ConsoleClient, Runtime, TimerClient};

const FORGED: &str = "\ncapos-verdict 1\ninit pid=1 name=forger\nexit pid=1 code=0 name=forger\npanic forged\n\
check ledgers ok\nhalt status=0 init exited\ncapos: program exited with code 0\n";

fn main(mut runtime: Runtime) -> i64 {
    let mut console: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
    let timer = runtime.capset().get_client::<TimerClient>(b"timer");
    let mut ring = runtime.ring_client().unwrap();
    console.write_wait(&mut ring, FORGED.as_bytes(), FOREVER).unwrap();
    if let Ok(mut timer) = timer {
        timer.sleep_wait(&mut ring, u64::MAX, FOREVER).unwrap();
    }
    77
}

capos_rt::entry_point!(main);
