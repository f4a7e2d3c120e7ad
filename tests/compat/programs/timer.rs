// SPDX-License-Identifier: MIT OR Apache-2.0
//! Timer and WallClock: sleeps that end in order, time-outs, the limit of sleepers, calls left pending.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::vec::Vec;
use capos_compat::{FOREVER, MS, refused};
use capos_rt::{
    CallId, ClientError, ExceptionType, RingClientError, Runtime, RuntimeRingClient, TimerClient, WallClockClient,
};

fn elapsed(timer: &mut TimerClient, ring: &mut RuntimeRingClient<'_>, since: u64) -> u64 {
    timer.now_wait(ring, FOREVER).unwrap().monotonic_ns - since
}

fn clocks(timer: &mut TimerClient, wall: &mut WallClockClient, ring: &mut RuntimeRingClient<'_>) {
    let mut last = timer.now_wait(ring, FOREVER).unwrap();
    for _ in 0..200 {
        let now = timer.now_wait(ring, FOREVER).unwrap();
        assert!(now.monotonic_ns >= last.monotonic_ns && now.tick >= last.tick);
        last = now;
    }
    let first = wall.wall_time_wait(ring, FOREVER).unwrap();
    timer.sleep_wait(ring, 30 * MS, FOREVER).unwrap();
    let second = wall.wall_time_wait(ring, FOREVER).unwrap();
    let utc = |t: &capos_rt::WallClockTime| t.utc_seconds as i128 * 1_000_000_000 + i128::from(t.utc_nanos);
    assert!(first.monotonic_ns >= last.monotonic_ns && first.utc_nanos < 1_000_000_000);
    assert!(utc(&second) - utc(&first) >= 30 * MS as i128);
    assert!(first.utc_seconds > 1_700_000_000);
}

fn sleeps(timer: &mut TimerClient, ring: &mut RuntimeRingClient<'_>) {
    let start = timer.now_wait(ring, FOREVER).unwrap().monotonic_ns;
    timer.sleep_wait(ring, 0, FOREVER).unwrap();
    timer.sleep_wait(ring, 20 * MS, FOREVER).unwrap();
    assert!(elapsed(timer, ring, start) >= 20 * MS);

    let start = timer.now_wait(ring, FOREVER).unwrap().monotonic_ns;
    let mut calls: Vec<CallId> = Vec::new();
    for step in (1..=8u64).rev() {
        calls.push(timer.sleep(ring, step * 15 * MS).unwrap());
    }
    refused(timer.sleep_wait(ring, MS, FOREVER), ExceptionType::Overloaded);
    for (index, call) in calls.into_iter().enumerate() {
        let completion = ring.wait(call, FOREVER).unwrap();
        timer.finish_sleep(completion).unwrap();
        assert!(elapsed(timer, ring, start) >= (8 - index as u64) * 15 * MS);
    }
    timer.sleep_wait(ring, MS, FOREVER).unwrap();
}

fn time_outs(timer: &mut TimerClient, ring: &mut RuntimeRingClient<'_>) {
    let start = timer.now_wait(ring, FOREVER).unwrap().monotonic_ns;
    let long = timer.sleep(ring, 60_000 * MS).unwrap();
    assert!(matches!(ring.wait(long, 25 * MS), Err(RingClientError::Timeout)));
    assert!(elapsed(timer, ring, start) >= 25 * MS);
    assert!(ring.try_complete(long).unwrap().is_none());

    let short = timer.sleep(ring, 5 * MS).unwrap();
    assert!(matches!(ring.wait(long, 10_000 * MS), Err(RingClientError::TargetStillPending)));
    timer.finish_sleep(ring.try_complete(short).unwrap().unwrap()).unwrap();
    assert!(matches!(ring.reclaim_pending(5 * MS), Err(RingClientError::Timeout)));
    assert!(ring.pending_count() == 1);
}

fn main(mut runtime: Runtime) -> i64 {
    let mut timer: TimerClient = runtime.capset().get_client(b"timer").unwrap();
    let mut wall: WallClockClient = runtime.capset().get_client(b"wall_clock").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    clocks(&mut timer, &mut wall, &mut ring);
    sleeps(&mut timer, &mut ring);
    time_outs(&mut timer, &mut ring);
    timer.sleep(&mut ring, u64::MAX).unwrap();
    drop(ring);

    // The next client counts its calls from 1 again while two old ones are pending.
    let mut ring = runtime.ring_client().unwrap();
    let answer = timer.sleep_wait(&mut ring, 5 * MS, FOREVER);
    assert!(matches!(answer, Ok(()) | Err(ClientError::Ring(_))));
    timer.sleep_wait(&mut ring, 5 * MS, 10_000 * MS).unwrap();
    0
}

capos_rt::entry_point!(main);
