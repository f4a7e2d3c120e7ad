// SPDX-License-Identifier: MIT OR Apache-2.0
//! ThreadSpawner, ThreadHandle and ThreadControl; every thread has a ring client of its own.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};
use capos_compat::{FOREVER, refused};
use capos_rt::ExceptionType::{InvalidArgument, Overloaded};
use capos_rt::{
    Capability, Client, CompletedCall, OwnedCapability, RingClient, Runtime, RuntimeRingClient, ThreadControl,
    ThreadControlClient, ThreadHandle, ThreadHandleClient, ThreadSpawnerClient, Timer, TimerClient, Transport,
};

const STACK: usize = 16 * 1024;

/// What a thread is given.
struct Work {
    control: Capability<ThreadControl>,
    timer: Capability<Timer>,
    code: i64,
    fs_base: u64,
    stack: Vec<u8>,
}

static STARTED: AtomicU32 = AtomicU32::new(0);
static GO: AtomicU32 = AtomicU32::new(0);
static LAST_ID: AtomicU64 = AtomicU64::new(0);

/// # Safety
/// Started by the kernel as a thread, with a `Work` that outlives it.
unsafe extern "C" fn worker(work: u64, thread_id: u64, ring_page: u64) -> ! {
    let work = unsafe { &*(work as *const Work) };
    let mut ring = unsafe { RingClient::from_raw_ring(ring_page as *mut u8) }.unwrap();
    let mut control = ThreadControlClient::new(work.control);
    let mut timer = TimerClient::new(work.timer);
    assert!(thread_id > 1 && ring_page > 0x120_0000 && ring_page < 0x130_0000);
    assert!(control.get_fs_base_wait(&mut ring, FOREVER).unwrap() == work.fs_base);
    control.set_fs_base_wait(&mut ring, work.fs_base + 16, FOREVER).unwrap();
    assert!(timer.now_wait(&mut ring, FOREVER).unwrap().monotonic_ns > 0);
    assert!(control.get_fs_base_wait(&mut ring, FOREVER).unwrap() == work.fs_base + 16);
    LAST_ID.fetch_max(thread_id, SeqCst);
    STARTED.fetch_add(1, SeqCst);
    while GO.load(SeqCst) == 0 {
        core::hint::spin_loop();
    }
    control.exit_thread(&mut ring, work.code).unwrap();
    let _ = ring.cap_enter(1, FOREVER);
    capos_rt::syscall::exit(99)
}

struct Process<'a, 'r> {
    spawner: ThreadSpawnerClient,
    control: Capability<ThreadControl>,
    timer: Capability<Timer>,
    ring: &'a mut RuntimeRingClient<'r>,
}

impl Process<'_, '_> {
    fn work(&self, code: i64) -> Work {
        let fs_base = 0x1000 + code.unsigned_abs() * 64;
        Work { control: self.control, timer: self.timer, code, fs_base, stack: alloc::vec![0; STACK] }
    }

    fn try_start(&mut self, work: &Work) -> Result<OwnedCapability<ThreadHandle>, capos_rt::ClientError> {
        let top = work.stack.as_ptr() as u64 + STACK as u64;
        let entry = worker as *const () as u64;
        self.spawner.create_wait(self.ring, entry, top, work as *const Work as u64, work.fs_base, 0, FOREVER)
    }

    fn join(&mut self, handle: &OwnedCapability<ThreadHandle>) -> i64 {
        ThreadHandleClient::new(handle.capability()).join_wait(self.ring, FOREVER).unwrap()
    }
}

fn one_thread(process: &mut Process<'_, '_>) {
    let work = process.work(-7);
    GO.store(0, SeqCst);
    let handle = process.try_start(&work).unwrap();
    let mut client = ThreadHandleClient::new(handle.capability());
    assert!(!client.exit_code_wait(process.ring, FOREVER).unwrap().exited);
    let join = client.join(process.ring).unwrap();
    refused(client.join_wait(process.ring, FOREVER), Overloaded);
    GO.store(1, SeqCst);
    let completion: CompletedCall = process.ring.wait(join, FOREVER).unwrap();
    assert!(client.finish_join(completion).unwrap() == -7);
    let end = client.exit_code_wait(process.ring, FOREVER).unwrap();
    assert!(end.exited && end.exit_code == -7);
    assert!(process.join(&handle) == -7);
}

fn limit(process: &mut Process<'_, '_>) {
    for _ in 0..2 {
        GO.store(0, SeqCst);
        STARTED.store(0, SeqCst);
        let works: Vec<Work> = (1..=16).map(|code| process.work(code)).collect();
        let handles: Vec<_> = works[..15].iter().map(|work| process.try_start(work).unwrap()).collect();
        refused(process.try_start(&works[15]), Overloaded);
        while STARTED.load(SeqCst) < 15 {
            core::hint::spin_loop();
        }
        GO.store(1, SeqCst);
        for (handle, work) in handles.iter().zip(&works) {
            assert!(process.join(handle) == work.code);
        }
        drop(handles);
        process.ring.flush_releases().unwrap();
    }
    assert!(LAST_ID.load(SeqCst) == 32); // 1 + 1 + 15 + 15: ids are not used again
}

fn refusals(process: &mut Process<'_, '_>) {
    const KERNEL: u64 = 0x8000_0000_0000;
    let mut create = |entry, top, base, flags| process.spawner.create_wait(process.ring, entry, top, 0, base, flags, FOREVER);
    refused(create(KERNEL, 0x2000, 0, 0), InvalidArgument);
    refused(create(0x20_0000, KERNEL, 0, 0), InvalidArgument);
    refused(create(0x20_0000, 0x2000, u64::MAX, 0), InvalidArgument);
    refused(create(0x20_0000, 0x2000, 0, 1), InvalidArgument);
    let mut control = ThreadControlClient::new(process.control);
    refused(control.set_fs_base_wait(process.ring, KERNEL, FOREVER), InvalidArgument);
    assert!(control.get_fs_base_wait(process.ring, FOREVER).unwrap() == 0);
}

fn main(mut runtime: Runtime) -> i64 {
    let spawner: ThreadSpawnerClient = runtime.capset().get_client(b"thread_spawner").unwrap();
    let control: ThreadControlClient = runtime.capset().get_client(b"thread_control").unwrap();
    let timer: TimerClient = runtime.capset().get_client(b"timer").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    let mut process = Process { spawner, control: control.capability(), timer: timer.capability(), ring: &mut ring };
    refusals(&mut process);
    one_thread(&mut process);
    limit(&mut process);

    // The first thread leaves; the last one's code is the process's.
    let work = process.work(12);
    GO.store(0, SeqCst);
    STARTED.store(0, SeqCst);
    let handle = process.try_start(&work).unwrap();
    while STARTED.load(SeqCst) == 0 {
        core::hint::spin_loop();
    }
    core::mem::forget(handle);
    GO.store(1, SeqCst);
    ThreadControlClient::new(process.control).exit_thread(process.ring, 12).unwrap();
    let _ = process.ring.cap_enter(1, FOREVER);
    99
}

capos_rt::entry_point!(main);
