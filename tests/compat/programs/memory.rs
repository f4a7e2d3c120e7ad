// SPDX-License-Identifier: MIT OR Apache-2.0
//! VirtualMemory: every method, its refusals, and the path that allocators use, which needs no heap.
#![no_std]
#![no_main]
use capos_compat::{FOREVER, refused};
use capos_rt::ExceptionType::{InvalidArgument, Overloaded};
use capos_rt::{
    Runtime, RuntimeRingClient, VIRTUAL_MEMORY_MESSAGE_SCRATCH_BYTES, VIRTUAL_MEMORY_PARAMS_BUFFER_BYTES,
    VIRTUAL_MEMORY_RESULT_BUFFER_BYTES, VM_PROT_EXEC, VM_PROT_NONE, VM_PROT_READ, VM_PROT_WRITE,
    VirtualMemoryCallScratch, VirtualMemoryClient,
};

const PAGE: u64 = 4096;
const RW: u32 = VM_PROT_READ | VM_PROT_WRITE;
const HINT: u64 = 0x1_0000_0000;

fn word(address: u64) -> *mut u64 {
    address as *mut u64
}

fn fill_and_check(base: u64, pages: u64) {
    for page in 0..pages {
        let at = word(base + page * PAGE);
        unsafe {
            assert!(at.read_volatile() == 0 && at.add(511).read_volatile() == 0);
            at.write_volatile(base ^ page);
        }
    }
    for page in 0..pages {
        assert!(unsafe { word(base + page * PAGE).read_volatile() } == base ^ page);
    }
}

fn mapping(vm: &mut VirtualMemoryClient, ring: &mut RuntimeRingClient<'_>) {
    let anywhere = vm.map_wait(ring, 0, 16 * PAGE, RW, FOREVER).unwrap();
    assert!(anywhere % PAGE == 0 && anywhere > 0x130_0000);
    fill_and_check(anywhere, 16);
    let exact = vm.map_wait(ring, HINT, 4 * PAGE, RW, FOREVER).unwrap();
    assert!(exact == HINT);
    fill_and_check(exact, 4);
    vm.protect_wait(ring, HINT + PAGE, PAGE, VM_PROT_READ, FOREVER).unwrap();
    assert!(unsafe { word(HINT + PAGE).read_volatile() } == HINT ^ 1);
    vm.protect_wait(ring, HINT + PAGE, PAGE, VM_PROT_NONE, FOREVER).unwrap();
    vm.protect_wait(ring, HINT + PAGE, PAGE, RW, FOREVER).unwrap();
    assert!(unsafe { word(HINT + PAGE).read_volatile() } == HINT ^ 1);
    vm.unmap_wait(ring, HINT + PAGE, PAGE, FOREVER).unwrap();
    let again = vm.map_wait(ring, HINT + PAGE, PAGE, RW, FOREVER).unwrap();
    fill_and_check(again, 1);
    vm.unmap_wait(ring, HINT, 4 * PAGE, FOREVER).unwrap();
    vm.unmap_wait(ring, anywhere, 16 * PAGE, FOREVER).unwrap();
}

fn code(vm: &mut VirtualMemoryClient, ring: &mut RuntimeRingClient<'_>) {
    let page = vm.map_wait(ring, 0, PAGE, RW, FOREVER).unwrap();
    let instructions = [0xb8u8, 42, 0, 0, 0, 0xc3]; // mov eax, 42; ret
    unsafe { core::ptr::copy_nonoverlapping(instructions.as_ptr(), page as *mut u8, instructions.len()) };
    vm.protect_wait(ring, page, PAGE, VM_PROT_READ | VM_PROT_EXEC, FOREVER).unwrap();
    let function: extern "C" fn() -> u32 = unsafe { core::mem::transmute(page) };
    assert!(function() == 42);
    vm.unmap_wait(ring, page, PAGE, FOREVER).unwrap();
}

fn reservations(vm: &mut VirtualMemoryClient, ring: &mut RuntimeRingClient<'_>) {
    let base = vm.reserve_wait(ring, 0, 1024 * PAGE, FOREVER).unwrap();
    vm.commit_wait(ring, base + 8 * PAGE, 4 * PAGE, RW, FOREVER).unwrap();
    fill_and_check(base + 8 * PAGE, 4);
    vm.decommit_wait(ring, base + 9 * PAGE, PAGE, FOREVER).unwrap();
    vm.commit_wait(ring, base + 9 * PAGE, PAGE, RW, FOREVER).unwrap();
    fill_and_check(base + 9 * PAGE, 1);
    refused(vm.map_wait(ring, base + 100 * PAGE, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.commit_wait(ring, base + 1023 * PAGE, 2 * PAGE, RW, FOREVER), InvalidArgument);
    vm.unmap_wait(ring, base, 1024 * PAGE, FOREVER).unwrap();
    refused(vm.commit_wait(ring, base, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.reserve_wait(ring, 0, (262_144 + 1) * PAGE, FOREVER), Overloaded);
}

fn refusals(vm: &mut VirtualMemoryClient, ring: &mut RuntimeRingClient<'_>) {
    refused(vm.map_wait(ring, 0, 0, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0, 100, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, HINT + 1, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0x20_0000, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0x120_0000, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0xffff_8000_0000_0000, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0x7fff_ffff_f000, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, HINT, u64::MAX - 4095, RW, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0, PAGE, VM_PROT_WRITE | VM_PROT_EXEC, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0, PAGE, 8, FOREVER), InvalidArgument);
    refused(vm.protect_wait(ring, HINT, PAGE, RW, FOREVER), InvalidArgument);
    refused(vm.unmap_wait(ring, 0x120_0000, PAGE, FOREVER), InvalidArgument);
    refused(vm.unmap_wait(ring, 0x20_0000, PAGE, FOREVER), InvalidArgument);
    refused(vm.map_wait(ring, 0, 1 << 40, RW, FOREVER), Overloaded);
}

fn without_heap(vm: &mut VirtualMemoryClient, ring: &mut RuntimeRingClient<'_>) {
    let mut message = [0u8; VIRTUAL_MEMORY_MESSAGE_SCRATCH_BYTES];
    let mut params = [0u8; VIRTUAL_MEMORY_PARAMS_BUFFER_BYTES];
    let mut result = [0u8; VIRTUAL_MEMORY_RESULT_BUFFER_BYTES];
    let mut scratch = VirtualMemoryCallScratch::new(&mut message, &mut params, &mut result);
    for _ in 0..50 {
        let base = vm.reserve_with_scratch_wait(ring, &mut scratch, 0, 64 * PAGE).unwrap();
        vm.commit_with_scratch_wait(ring, &mut scratch, base, 8 * PAGE, RW).unwrap();
        fill_and_check(base, 8);
        vm.protect_with_scratch_wait(ring, &mut scratch, base, PAGE, VM_PROT_READ).unwrap();
        vm.decommit_with_scratch_wait(ring, &mut scratch, base, 8 * PAGE).unwrap();
        vm.unmap_with_scratch_wait(ring, &mut scratch, base, 64 * PAGE).unwrap();
        let base = vm.map_with_scratch_wait(ring, &mut scratch, 0, PAGE, RW).unwrap();
        fill_and_check(base, 1);
        vm.unmap_with_scratch_wait(ring, &mut scratch, base, PAGE).unwrap();
    }
    refused(vm.map_with_scratch_wait(ring, &mut scratch, 0, 0, RW), InvalidArgument);
}

fn main(mut runtime: Runtime) -> i64 {
    let mut vm: VirtualMemoryClient = runtime.capset().get_client(b"virtual_memory").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    mapping(&mut vm, &mut ring);
    code(&mut vm, &mut ring);
    reservations(&mut vm, &mut ring);
    refusals(&mut vm, &mut ring);
    without_heap(&mut vm, &mut ring);
    0
}

capos_rt::entry_point!(main);
