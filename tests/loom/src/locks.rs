// SPDX-License-Identifier: MIT OR Apache-2.0
//! The locks of libcapos: what they protect is plain memory, whose races Loom finds; who waits for ever is a deadlock to it.
use crate::{seen, shim};
use loom::cell::UnsafeCell;
use loom::thread;
use std::sync::Arc;

extern "C-unwind" {
    fn capos_mutex_lock(mutex: *mut u32);
    fn capos_mutex_unlock(mutex: *mut u32);
    fn capos_condition_wait(condition: *mut u32, mutex: *mut u32);
    fn capos_condition_signal(condition: *mut u32);
    fn capos_condition_broadcast(condition: *mut u32);
    fn capos_once(once: *mut u32, run: extern "C-unwind" fn());
}

/// Plain memory that the C side's rules alone protect.
struct Plain(UnsafeCell<u32>);
unsafe impl Send for Plain {}
unsafe impl Sync for Plain {}

impl Plain {
    fn new() -> Arc<Plain> {
        Arc::new(Plain(UnsafeCell::new(0)))
    }

    fn get(&self) -> u32 {
        self.0.with(|value| unsafe { *value })
    }

    fn add(&self, more: u32) {
        self.0.with_mut(|value| unsafe { *value += more });
    }
}

fn locked<T>(mutex: usize, body: impl FnOnce() -> T) -> T {
    unsafe { capos_mutex_lock(mutex as *mut u32) };
    let result = body();
    unsafe { capos_mutex_unlock(mutex as *mut u32) };
    result
}

/// Three threads count under the lock.
pub fn mutex() {
    shim::begin();
    let mutex = shim::words(1)[0];
    let count = Plain::new();
    let others: Vec<_> = (0..2)
        .map(|_| {
            let count = count.clone();
            thread::spawn(move || locked(mutex, || count.add(1)))
        })
        .collect();
    locked(mutex, || {
        seen(if count.get() == 0 { "main is first" } else { "main is later" });
        count.add(1);
    });
    others.into_iter().for_each(|other| other.join().unwrap());
    assert_eq!(locked(mutex, || count.get()), 3);
    shim::end();
}

/// One waits until the other has set what it waits for.
fn condition(wake: unsafe extern "C-unwind" fn(*mut u32)) {
    shim::begin();
    let words = shim::words(2);
    let (mutex, condition) = (words[0], words[1]);
    let ready = Plain::new();
    let other = {
        let ready = ready.clone();
        thread::spawn(move || {
            locked(mutex, || ready.add(1));
            unsafe { wake(condition as *mut u32) };
        })
    };
    locked(mutex, || {
        seen(if ready.get() == 0 { "not ready yet" } else { "ready before" });
        while ready.get() == 0 {
            unsafe { capos_condition_wait(condition as *mut u32, mutex as *mut u32) };
        }
    });
    other.join().unwrap();
    shim::end();
}

pub fn condition_signal() {
    condition(capos_condition_signal);
}

pub fn condition_broadcast() {
    condition(capos_condition_broadcast);
}

static MADE: std::sync::Mutex<Option<Arc<Plain>>> = std::sync::Mutex::new(None);

extern "C-unwind" fn make() {
    let made = MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone().unwrap();
    made.add(1);
}

/// Whoever returns from `once` sees what it made.
pub fn once() {
    shim::begin();
    let once = shim::words(1)[0];
    let made = Plain::new();
    *MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(made.clone());
    let other = {
        let made = made.clone();
        thread::spawn(move || {
            unsafe { capos_once(once as *mut u32, make) };
            assert_eq!(made.get(), 1);
        })
    };
    unsafe { capos_once(once as *mut u32, make) };
    assert_eq!(made.get(), 1);
    other.join().unwrap();
    MADE.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    shim::end();
}
