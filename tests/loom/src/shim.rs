// SPDX-License-Identifier: MIT OR Apache-2.0
//! The C side's words as Loom's atomics, and a modelled PARK and UNPARK.
//!
//! A model registers every shared word before it starts threads. Everything lives for one explored execution. Loom runs its
//! threads on one thread of the host, so the std mutexes here are never contended; none is held across one of its operations.
use loom::sync::atomic::{fence, AtomicU32, Ordering};
use loom::sync::{Condvar, Mutex};
use std::collections::HashMap;
use std::sync::Arc;

struct Waiter {
    word: usize,
    id: u32,
    woken: bool,
}

struct World {
    words: HashMap<usize, Arc<AtomicU32>>,
    queue: Arc<Mutex<Vec<Waiter>>>,
    bell: Arc<Condvar>,
    next_id: u32,
}

static WORLD: std::sync::Mutex<Option<World>> = std::sync::Mutex::new(None);

fn world<T>(look: impl FnOnce(&mut World) -> T) -> T {
    let mut guard = WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    look(guard.as_mut().expect("begin() was called"))
}

/// Starts an execution: `count` zeroed words, to be given to the C side. They are never freed, so no address is used twice.
pub fn begin(count: usize) -> Vec<usize> {
    let words: Vec<usize> = (0..count).map(|_| Box::into_raw(Box::new(0u32)) as usize).collect();
    let atomics = words.iter().map(|&word| (word, Arc::new(AtomicU32::new(0)))).collect();
    let (queue, bell) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Condvar::new()));
    *WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(World { words: atomics, queue, bell, next_id: 0 });
    words
}

/// Ends an execution; Loom asks that nothing of it is left.
pub fn end() {
    let old = WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    drop(old);
}

fn atomic(p: usize) -> Arc<AtomicU32> {
    world(|w| w.words.get(&p).expect("a word that the model did not register").clone())
}

fn order(order: i32) -> Ordering {
    match order {
        0 => Ordering::Relaxed,
        1 | 2 => Ordering::Acquire,
        3 => Ordering::Release,
        4 => Ordering::AcqRel,
        _ => Ordering::SeqCst,
    }
}

#[no_mangle]
extern "C-unwind" fn mc_load32(p: *const u32, o: i32) -> u32 {
    atomic(p as usize).load(order(o))
}

/// Of a word that only the caller writes: Loom proves that nobody else does.
#[no_mangle]
extern "C-unwind" fn mc_load_own32(p: *const u32) -> u32 {
    unsafe { atomic(p as usize).unsync_load() }
}

#[no_mangle]
extern "C-unwind" fn mc_store32(p: *mut u32, value: u32, o: i32) {
    atomic(p as usize).store(value, order(o));
}

#[no_mangle]
extern "C-unwind" fn mc_exchange32(p: *mut u32, value: u32, o: i32) -> u32 {
    atomic(p as usize).swap(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn mc_compare_exchange32(p: *mut u32, expected: u32, desired: u32, o: i32) -> u32 {
    let failed = if o == 0 { Ordering::Relaxed } else { Ordering::Acquire };
    atomic(p as usize).compare_exchange(expected, desired, order(o), failed).unwrap_or_else(|was| was)
}

#[no_mangle]
extern "C-unwind" fn mc_fetch_add32(p: *mut u32, value: u32, o: i32) -> u32 {
    atomic(p as usize).fetch_add(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn mc_fence(o: i32) {
    fence(order(o));
}

/// PARK: comparing and queueing are one step, under the kernel's lock.
#[no_mangle]
extern "C-unwind" fn capos_word_wait(word: *const u32, expected: u32, _timeout_ns: u64) -> i32 {
    let at = word as usize;
    let (queue, bell) = world(|w| (w.queue.clone(), w.bell.clone()));
    let mut waiters = queue.lock().unwrap();
    if atomic(at).load(Ordering::Acquire) != expected {
        crate::seen("park: the word had changed");
        return 1;
    }
    let id = world(|w| {
        w.next_id += 1;
        w.next_id
    });
    waiters.push(Waiter { word: at, id, woken: false });
    crate::seen("park: waited");
    while !waiters.iter().any(|waiter| waiter.id == id && waiter.woken) {
        waiters = bell.wait(waiters).unwrap();
    }
    waiters.retain(|waiter| waiter.id != id);
    0
}

/// UNPARK: those who wait longest.
#[no_mangle]
extern "C-unwind" fn capos_word_wake(word: *const u32, count: u32) {
    let (queue, bell) = world(|w| (w.queue.clone(), w.bell.clone()));
    let mut waiters = queue.lock().unwrap();
    let asleep = waiters.iter_mut().filter(|waiter| waiter.word == word as usize && !waiter.woken);
    for waiter in asleep.take(count as usize) {
        waiter.woken = true;
        crate::seen("unpark: woke somebody");
    }
    drop(waiters);
    bell.notify_all();
}
