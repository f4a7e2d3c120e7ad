// SPDX-License-Identifier: MIT OR Apache-2.0
//! A program for others to spawn: the names of its grants say what it does (`exit:CODE`, `fault:KIND`, ...).
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{string::String, vec::Vec};
use capos_compat::FOREVER;
use capos_rt::{ConsoleClient, PipeClient, Runtime, TimerClient};
use core::arch::asm;
use core::hint::black_box;

static READ_ONLY: u64 = 0x5eed;
static mut WRITABLE: [u8; 16] = [0xc3; 16];

#[inline(never)]
#[allow(unconditional_recursion)]
fn deep(level: u64) -> u64 {
    let frame = black_box([level; 64]);
    deep(level + 1) + frame[(level % 64) as usize]
}

fn fault(kind: &str) -> i64 {
    unsafe {
        match kind {
            "null" => black_box(core::ptr::null_mut::<u64>()).write_volatile(1),
            "kernel" => _ = black_box(0xffff_8000_0000_0000 as *const u64).read_volatile(),
            "non-canonical" => _ = black_box(0x1234_0000_0000_0000 as *const u64).read_volatile(),
            "rodata" => (&raw const READ_ONLY).cast_mut().write_volatile(1),
            "text" => (black_box(main as *const () as usize) as *mut u8).write_volatile(1),
            "capset" => (0x130_0000 as *mut u64).write_volatile(1),
            "execute-data" => core::mem::transmute::<*const u8, extern "C" fn()>((&raw const WRITABLE).cast())(),
            "jump" => core::mem::transmute::<usize, extern "C" fn()>(black_box(0x7000_0000_0000))(),
            "stack" => return black_box(deep(0)) as i64,
            "divide" => asm!("xor ecx, ecx", "mov eax, 1", "cdq", "idiv ecx", out("eax") _, out("ecx") _, out("edx") _),
            "ud2" => asm!("ud2"),
            "int3" => asm!("int3"),
            "int80" => asm!("int 0x80"),
            "cli" => asm!("cli"),
            "hlt" => asm!("hlt"),
            "out" => asm!("out dx, al", in("dx") 0x3f8u16, in("al") b'!'),
            "cr3" => asm!("mov {0}, cr3", out(reg) _),
            "wrmsr" => asm!("wrmsr", in("ecx") 0xc000_0082u32, in("eax") 0, in("edx") 0),
            "rsp" => asm!("mov rsp, {0}", "push rax", in(reg) 0x10u64, options(noreturn)),
            _ => {}
        }
    }
    99
}

/// Sums a series in SSE registers while others do the same: lost or mixed registers change the sum.
fn float(seed: &str) -> i64 {
    let start = seed.parse::<f64>().unwrap();
    let mut lanes = [start, start + 0.25, start + 0.5, start + 0.75];
    for step in 0..1_500_000u32 {
        let x = f64::from(step & 7);
        for lane in &mut lanes {
            *lane = black_box(*lane * 0.5 + x);
        }
    }
    let mut expected = [start, start + 0.25, start + 0.5, start + 0.75];
    for lane in &mut expected {
        for step in 1_499_992..1_500_000u32 {
            *lane = *lane * 0.5 + f64::from(step & 7);
        }
    }
    // After many halvings the start no longer matters: both sums agree to the last bits.
    if lanes.iter().zip(expected).all(|(a, b)| (a - b).abs() < 0.5 && (*a - lanes[0]).abs() < 1e-9) { 40 } else { 41 }
}

fn feed(runtime: &mut Runtime, size: usize) -> i64 {
    let mut pipe: PipeClient = runtime.capset().get_client(b"pipe").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    let data: Vec<u8> = (0..size).map(|index| (index % 251) as u8).collect();
    let mut rest = &data[..];
    while !rest.is_empty() {
        let taken = pipe.write_wait(&mut ring, rest, FOREVER).unwrap() as usize;
        assert!(taken > 0);
        rest = &rest[taken..];
    }
    7
}

fn act(runtime: &mut Runtime, verb: &str, object: &str) -> i64 {
    match verb {
        "exit" => object.parse().unwrap(),
        "panic" => panic!("not printed"),
        "fault" => fault(object),
        "float" => float(object),
        "spin" => loop {
            core::hint::spin_loop();
        },
        "syscalls" => loop {
            let _ = capos_rt::syscall::cap_enter(0, 0);
        },
        "sleep" => {
            let mut timer: TimerClient = runtime.capset().get_client(b"timer").unwrap();
            let mut ring = runtime.ring_client().unwrap();
            timer.sleep_wait(&mut ring, object.parse().unwrap(), FOREVER).unwrap();
            5
        }
        "say" => {
            let mut console: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
            let mut ring = runtime.ring_client().unwrap();
            console.write_line_wait(&mut ring, object, FOREVER).unwrap();
            6
        }
        "feed" => feed(runtime, object.parse().unwrap()),
        _ => 98,
    }
}

fn main(mut runtime: Runtime) -> i64 {
    let names: Vec<String> =
        runtime.capset().iter().map(|entry| String::from_utf8(entry.name_bytes().to_vec()).unwrap()).collect();
    for name in &names {
        if let Some((verb, object)) = name.split_once(':') {
            return act(&mut runtime, verb, object);
        }
    }
    97
}

capos_rt::entry_point!(main);
