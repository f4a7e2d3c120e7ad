// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the C under check calls: its atomics as Loom's, its accesses to plain shared memory as accesses of Loom's cells, a
//! modelled PARK and UNPARK, a modelled kernel lock.
//!
//! Two ways lead here. abi/atomic.h, compiled with -DMODEL_CHECK, calls mc_*. Everything else, __atomic builtins and every
//! plain access, calls what gcc's -fsanitize=thread puts before it (__tsan_*); no runtime of that sanitizer is linked. So the
//! C sources are those that boot, unchanged.
//!
//! A model registers every shared word and region before it starts threads (`begin`, then `words` or mc_word and mc_plain).
//! Everything lives for one explored execution. Loom runs its threads on one thread of the host, so the std mutex here is
//! never contended; it is not held across one of Loom's operations.
use loom::cell::UnsafeCell;
use loom::sync::atomic::{fence, AtomicU32, AtomicU64, Ordering};
use loom::sync::{Condvar, Mutex, MutexGuard};
use loom::thread;
use std::collections::{BTreeMap, HashMap};
use std::ffi::{c_char, CStr};
use std::sync::atomic::{AtomicBool, Ordering as Host};
use std::sync::Arc;

/// On whose behalf a thread executes: what only the kernel writes, the kernel reads as its own.
#[derive(Clone, Copy, PartialEq)]
enum Role {
    User,
    Kernel,
}

/// Who stores to a word: as enum mc_writer of tests/loom/c/check.h.
#[derive(Clone, Copy, PartialEq)]
#[repr(C)]
enum Writer {
    Anybody,
    Kernel,
    User,
}

struct Word {
    atomic: AtomicU32,
    name: &'static str,
    writer: Writer,
}

impl Word {
    fn may_store(&self) {
        let wrong = match self.writer {
            Writer::Anybody => false,
            Writer::Kernel => !in_kernel(),
            Writer::User => in_kernel(),
        };
        if wrong && world(|w| w.armed) {
            panic!("the other side stores to {}", self.name);
        }
    }
}

/// Plain memory; a cell holds nothing, Loom only watches who touches it.
struct Region {
    end: usize,
    name: &'static str,
    cell: UnsafeCell<()>,
}
unsafe impl Send for Region {}
unsafe impl Sync for Region {}

struct Waiter {
    word: usize,
    id: u32,
    woken: bool,
}

struct World {
    words: HashMap<usize, Arc<Word>>,
    counters: HashMap<usize, Arc<AtomicU64>>,
    regions: BTreeMap<usize, Arc<Region>>,
    queue: Arc<Mutex<Vec<Waiter>>>,
    bell: Arc<Condvar>,
    next_id: u32,
    threads: HashMap<thread::ThreadId, usize>,
    roles: Vec<Role>,
    logs: Vec<String>,
    lock: Arc<Mutex<()>>,
    held: Option<MutexGuard<'static, ()>>,
    awake: Arc<Condvar>,
    armed: bool,
}
unsafe impl Send for World {}

static WORLD: std::sync::Mutex<Option<World>> = std::sync::Mutex::new(None);

/// Where one thread both loads and stores a word, its load is made a read-modify-write of zero, which hides no other thread's
/// load. For words with one writer that is the writer's load, for others every load.
pub static AS_RMW: AtomicBool = AtomicBool::new(false);

/// An owner's loads are like any other: what Loom then misses.
pub static ORDINARY: AtomicBool = AtomicBool::new(false);

fn world<T>(look: impl FnOnce(&mut World) -> T) -> T {
    let mut guard = WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    look(guard.as_mut().expect("begin() was called"))
}

static WORDS: [std::sync::atomic::AtomicU32; 8] = [const { std::sync::atomic::AtomicU32::new(0) }; 8];

/// Starts an execution, on Loom's first thread.
pub fn begin() {
    let new = World {
        words: HashMap::new(),
        counters: HashMap::new(),
        regions: BTreeMap::new(),
        queue: Arc::new(Mutex::new(Vec::new())),
        bell: Arc::new(Condvar::new()),
        next_id: 0,
        threads: HashMap::from([(thread::current().id(), 0)]),
        roles: vec![Role::User; 8],
        logs: vec![String::new(); 8],
        lock: Arc::new(Mutex::new(())),
        held: None,
        awake: Arc::new(Condvar::new()),
        armed: false,
    };
    *WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(new);
    *LAST.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = "memory of the model";
}

/// Zeroed words to be given to the C side.
pub fn words(count: usize) -> Vec<usize> {
    let words: Vec<usize> = WORDS[..count].iter().map(|word| word as *const _ as usize).collect();
    for &at in &words {
        register(at, "word", Writer::Anybody, 0);
    }
    words
}

/// The calling thread is number `index` from now on.
pub fn enlist(index: usize) {
    world(|w| w.threads.insert(thread::current().id(), index));
}

/// Whether accesses count: not before the threads start, and not after they have ended.
pub fn arm(on: bool) {
    world(|w| w.armed = on);
}

/// Ends an execution; Loom asks that nothing of it is left. What the threads noted, thread by thread.
pub fn end() -> String {
    let old = WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    old.map(|world| world.logs.join("|")).unwrap_or_default()
}

/// After a panic: an execution's remains must not be dropped outside of Loom.
pub fn abandon() {
    let old = WORLD.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
    std::mem::forget(old);
}

fn me() -> usize {
    let id = thread::current().id();
    world(|w| *w.threads.get(&id).expect("a thread that the model did not start"))
}

fn in_kernel() -> bool {
    let index = me();
    world(|w| w.armed && w.roles[index] == Role::Kernel)
}

fn register(at: usize, name: &'static str, writer: Writer, value: u32) {
    let word = Arc::new(Word { atomic: AtomicU32::new(value), name, writer });
    world(|w| w.words.insert(at, word));
}

fn word(p: usize) -> Arc<Word> {
    world(|w| w.words.get(&p).cloned()).unwrap_or_else(|| panic!("an atomic word that the model did not register"))
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

fn text(p: *const c_char) -> &'static str {
    unsafe { CStr::from_ptr(p) }.to_str().expect("ASCII")
}

// ---- atomics ----------------------------------------------------------------------------------

fn own_load(word: &Word) -> u32 {
    if ORDINARY.load(Host::Relaxed) {
        return word.atomic.load(Ordering::Relaxed);
    }
    if AS_RMW.load(Host::Relaxed) {
        return word.atomic.fetch_add(0, Ordering::Relaxed);
    }
    unsafe { word.atomic.unsync_load() }
}

#[no_mangle]
extern "C-unwind" fn mc_load32(p: *const u32, o: i32) -> u32 {
    let word = word(p as usize);
    match word.writer {
        Writer::Kernel if in_kernel() => own_load(&word),
        Writer::User if !in_kernel() && world(|w| w.armed) => {
            panic!("its owner loads {} by an operation that hides other threads' loads", word.name)
        }
        Writer::Anybody if AS_RMW.load(Host::Relaxed) => word.atomic.fetch_add(0, order(o)),
        _ => word.atomic.load(order(o)),
    }
}

/// Of a word that only the caller writes: Loom proves that nobody else does.
#[no_mangle]
extern "C-unwind" fn mc_load_own32(p: *const u32) -> u32 {
    own_load(&word(p as usize))
}

#[no_mangle]
extern "C-unwind" fn mc_store32(p: *mut u32, value: u32, o: i32) {
    let word = word(p as usize);
    word.may_store();
    if word.writer == Writer::Anybody {
        // Between one thread's store and another's read-modify-write Loom has no order, so a thread that waits could miss the
        // store for ever. Among exchanges there is one.
        word.atomic.swap(value, order(o));
        return;
    }
    word.atomic.store(value, order(o));
}

#[no_mangle]
extern "C-unwind" fn mc_exchange32(p: *mut u32, value: u32, o: i32) -> u32 {
    word(p as usize).atomic.swap(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn mc_compare_exchange32(p: *mut u32, expected: u32, desired: u32, o: i32) -> u32 {
    let failed = if o == 0 { Ordering::Relaxed } else { Ordering::Acquire };
    word(p as usize).atomic.compare_exchange(expected, desired, order(o), failed).unwrap_or_else(|was| was)
}

#[no_mangle]
extern "C-unwind" fn mc_fetch_add32(p: *mut u32, value: u32, o: i32) -> u32 {
    word(p as usize).atomic.fetch_add(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn mc_fence(o: i32) {
    fence(order(o));
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_load(p: *const u32, o: i32) -> u32 {
    mc_load32(p, o)
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_store(p: *mut u32, value: u32, o: i32) {
    mc_store32(p, value, o);
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_exchange(p: *mut u32, value: u32, o: i32) -> u32 {
    mc_exchange32(p, value, o)
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_fetch_add(p: *mut u32, value: u32, o: i32) -> u32 {
    mc_fetch_add32(p, value, o)
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_fetch_sub(p: *mut u32, value: u32, o: i32) -> u32 {
    mc_fetch_add32(p, value.wrapping_neg(), o)
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_fetch_and(p: *mut u32, value: u32, o: i32) -> u32 {
    word(p as usize).atomic.fetch_and(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic32_fetch_or(p: *mut u32, value: u32, o: i32) -> u32 {
    word(p as usize).atomic.fetch_or(value, order(o))
}

fn counter(p: usize) -> Arc<AtomicU64> {
    world(|w| w.counters.get(&p).cloned()).unwrap_or_else(|| panic!("an atomic counter that the model did not register"))
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic64_exchange(p: *mut u64, value: u64, o: i32) -> u64 {
    counter(p as usize).swap(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic64_fetch_add(p: *mut u64, value: u64, o: i32) -> u64 {
    counter(p as usize).fetch_add(value, order(o))
}

#[no_mangle]
extern "C-unwind" fn __tsan_atomic_thread_fence(o: i32) {
    mc_fence(o);
}

// ---- plain memory -----------------------------------------------------------------------------

/// Where a race is if Loom reports one.
static LAST: std::sync::Mutex<&str> = std::sync::Mutex::new("");

pub fn last_touched() -> &'static str {
    *LAST.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn touch(at: usize, len: usize, write: bool) {
    if !world(|w| w.armed) {
        return;
    }
    if let Some(word) = world(|w| (at & !3..at + len).step_by(4).find_map(|p| w.words.get(&p).cloned())) {
        panic!("plain access to {}", word.name);
    }
    if world(|w| (at & !7..at + len).step_by(8).any(|p| w.counters.contains_key(&p))) {
        panic!("plain access to an atomic counter");
    }
    let touched: Vec<Arc<Region>> =
        world(|w| w.regions.range(..at + len).rev().take_while(|(_, region)| region.end > at).map(|(_, r)| r.clone()).collect());
    for region in touched {
        *LAST.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = region.name;
        if write {
            region.cell.with_mut(|_| ());
        } else {
            region.cell.with(|_| ());
        }
    }
}

macro_rules! plain {
    ($($name:ident $len:literal $write:literal),*) => {
        $(#[no_mangle]
        extern "C-unwind" fn $name(at: usize) {
            touch(at, $len, $write);
        })*
    };
}
plain!(__tsan_read1 1 false, __tsan_read2 2 false, __tsan_read4 4 false, __tsan_read8 8 false, __tsan_read16 16 false,
       __tsan_write1 1 true, __tsan_write2 2 true, __tsan_write4 4 true, __tsan_write8 8 true, __tsan_write16 16 true);

#[no_mangle]
extern "C-unwind" fn __tsan_read_range(at: usize, len: usize) {
    touch(at, len, false);
}

#[no_mangle]
extern "C-unwind" fn __tsan_write_range(at: usize, len: usize) {
    touch(at, len, true);
}

#[no_mangle]
extern "C" fn __tsan_init() {}

// ---- what the models in C say -----------------------------------------------------------------

/// A word that threads share, with the value that it has.
#[no_mangle]
extern "C-unwind" fn mc_word(p: *const u32, name: *const c_char, writer: Writer) {
    register(p as usize, text(name), writer, unsafe { p.read() });
}

/// The same of 64 bits that are only read-modify-written.
#[no_mangle]
extern "C-unwind" fn mc_counter(p: *const u64) {
    let counter = Arc::new(AtomicU64::new(unsafe { p.read() }));
    world(|w| w.counters.insert(p as usize, counter));
}

/// Plain memory that threads share: its owner may change only by what the C side does.
#[no_mangle]
extern "C-unwind" fn mc_plain(p: usize, len: usize, name: *const c_char) {
    let region = Arc::new(Region { end: p + len, name: text(name), cell: UnsafeCell::new(()) });
    world(|w| w.regions.insert(p, region));
}

/// Number of the calling thread, 0 the first.
#[no_mangle]
extern "C-unwind" fn mc_thread() -> u32 {
    me() as u32
}

#[no_mangle]
extern "C-unwind" fn mc_kernel(on: bool) {
    let index = me();
    world(|w| w.roles[index] = if on { Role::Kernel } else { Role::User });
}

/// Some execution got here; part of what tells its outcome from others.
#[no_mangle]
extern "C-unwind" fn mc_seen(what: *const c_char) {
    let what = text(what);
    crate::seen(what);
    if world(|w| w.armed) {
        let index = me();
        world(|w| w.logs[index] += what);
        world(|w| w.logs[index].push(';'));
    }
}

#[no_mangle]
extern "C-unwind" fn mc_fail(why: *const c_char) {
    panic!("{}", text(why));
}

#[no_mangle]
extern "C-unwind" fn mc_pause() {
    thread::yield_now();
}

// ---- the kernel lock, where a model takes for granted what the models of kernel/lock.c show ---

#[no_mangle]
extern "C-unwind" fn mc_lock() {
    let lock = world(|w| w.lock.clone());
    let held = lock.lock().unwrap();
    // The lock lives in the world, longer than what it guards.
    let held: MutexGuard<'static, ()> = unsafe { std::mem::transmute(held) };
    world(|w| w.held = Some(held));
    mc_kernel(true);
}

#[no_mangle]
extern "C-unwind" fn mc_unlock() {
    mc_kernel(false);
    let held = world(|w| w.held.take()).expect("unlocked without being locked");
    drop(held);
}

/// Lets go of the lock until somebody calls mc_wake_all. Only with the lock.
#[no_mangle]
extern "C-unwind" fn mc_sleep() {
    let awake = world(|w| w.awake.clone());
    let held = world(|w| w.held.take()).expect("sleeps without the lock");
    mc_kernel(false);
    let held = awake.wait(held).unwrap();
    world(|w| w.held = Some(held));
    mc_kernel(true);
}

#[no_mangle]
extern "C-unwind" fn mc_wake_all() {
    let awake = world(|w| w.awake.clone());
    awake.notify_all();
}

// ---- PARK and UNPARK, where a model takes for granted what the models of kernel/ipc/park.c show

/// PARK: comparing and queueing are one step, under the kernel's lock.
#[no_mangle]
extern "C-unwind" fn mc_word_wait(at: usize, expected: u32) -> i32 {
    let (queue, bell) = world(|w| (w.queue.clone(), w.bell.clone()));
    let mut waiters = queue.lock().unwrap();
    if word(at).atomic.load(Ordering::Acquire) != expected {
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
extern "C-unwind" fn mc_word_wake(at: usize, count: u32) {
    let (queue, bell) = world(|w| (w.queue.clone(), w.bell.clone()));
    let mut waiters = queue.lock().unwrap();
    let asleep = waiters.iter_mut().filter(|waiter| waiter.word == at && !waiter.woken);
    for waiter in asleep.take(count as usize) {
        waiter.woken = true;
        crate::seen("unpark: woke somebody");
    }
    drop(waiters);
    bell.notify_all();
}
