// SPDX-License-Identifier: MIT OR Apache-2.0
//! Thread-locals by ELF TLS, large static data, the heap to its end, and an allocation that fails (code 101).
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{collections::BTreeMap, format, string::String, vec::Vec};
use capos_compat::FOREVER;
use capos_rt::{ConsoleClient, Runtime};
use core::arch::{asm, global_asm};

// `thread_local!` needs std and #[thread_local] is unstable, so the variables are declared as an assembler sees them.
global_asm!(
    ".section .tdata,\"awT\",@progbits", ".balign 16", "tls_first: .quad 0x1122334455667788", "tls_second: .quad 7",
    ".section .tbss,\"awT\",@nobits", ".balign 8", "tls_zero: .skip 3000", ".text"
);

macro_rules! thread_local_address {
    ($name:literal) => {{
        let address: *mut u64;
        unsafe {
            asm!("mov {0}, fs:[0]", concat!("lea {0}, [{0} + ", $name, "@tpoff]"), out(reg) address,
                options(nostack, preserves_flags));
        }
        address
    }};
}

static TABLE: [u64; 40_000] = {
    let mut table = [0; 40_000];
    let mut index = 0;
    while index < table.len() {
        table[index] = index as u64 * 3;
        index += 1;
    }
    table
};
static mut ZEROED: [u64; 500_000] = [0; 500_000];
static mut FILLED: [u32; 5000] = [0xabcd; 5000];

fn thread_locals() {
    let (first, second, zero) =
        (thread_local_address!("tls_first"), thread_local_address!("tls_second"), thread_local_address!("tls_zero"));
    unsafe {
        assert!(first.read_volatile() == 0x1122_3344_5566_7788 && second.read_volatile() == 7);
        assert!(first as usize % 16 == 0 && (0x110_0000..0x120_0000).contains(&(first as usize)));
        for index in 0..375 {
            assert!(zero.add(index).read_volatile() == 0);
            zero.add(index).write_volatile(index as u64);
        }
        second.write_volatile(8);
        assert!(first.read_volatile() == 0x1122_3344_5566_7788 && second.read_volatile() == 8);
    }
}

fn static_data() {
    for index in (0..TABLE.len()).step_by(97) {
        assert!(core::hint::black_box(&TABLE)[index] == index as u64 * 3);
    }
    let zeroed = (&raw mut ZEROED).cast::<u64>();
    for index in 0..500_000 {
        unsafe {
            assert!(zeroed.add(index).read_volatile() == 0);
            zeroed.add(index).write_volatile(index as u64);
        }
    }
    assert!(unsafe { (&raw const FILLED).cast::<u32>().add(4999).read_volatile() } == 0xabcd);
}

fn heap() {
    let mut map: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for index in 0..2000u64 {
        map.entry(format!("key-{}", index % 300)).or_default().push(index);
    }
    assert!(map.len() == 300 && map["key-7"].iter().sum::<u64>() == (0..7).map(|round| 7 + 300 * round).sum::<u64>());
    drop(map);
    let mut blocks = Vec::new();
    loop {
        let mut block: Vec<u8> = Vec::new();
        if block.try_reserve_exact(60_000).is_err() {
            break;
        }
        block.resize(60_000, blocks.len() as u8);
        blocks.push(block);
    }
    assert!(blocks.len() >= 45 && blocks.iter().enumerate().all(|(index, block)| block[59_999] == index as u8));
}

fn main(mut runtime: Runtime) -> i64 {
    let mut console: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
    thread_locals();
    static_data();
    heap();
    {
        let mut ring = runtime.ring_client().unwrap();
        console.write_line_wait(&mut ring, "all stored", FOREVER).unwrap();
    }
    let mut kept = Vec::new();
    loop {
        kept.push(alloc::vec![1u8; 100_000]);
    }
}

capos_rt::entry_point!(main);
