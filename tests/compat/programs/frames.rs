// SPDX-License-Identifier: MIT OR Apache-2.0
//! FrameAllocator and MemoryObject, which have no typed client: messages by hand, objects as result capabilities.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{vec, vec::Vec};
use capnp::message::{Builder, HeapAllocator};
use capos_compat::{FOREVER, refused};
use capos_rt::ExceptionType::{InvalidArgument, Overloaded};
use capos_rt::capos_capnp::{frame_allocator, memory_object};
use capos_rt::{
    ClientError, FRAME_ALLOCATOR_INTERFACE_ID, MemoryObject, OwnedCapability, Runtime, RuntimeRingClient, VM_PROT_EXEC,
    VM_PROT_READ, VM_PROT_WRITE, decode_completed_call, default_reader_options,
};

const PAGE: u64 = 4096;
const RW: u32 = VM_PROT_READ | VM_PROT_WRITE;
type Message = Builder<HeapAllocator>;

fn call(
    ring: &mut RuntimeRingClient<'_>, cap: u32, method: u16, params: &Message,
) -> Result<capos_rt::CompletedCall, ClientError> {
    let params = capnp::serialize::write_message_to_words(params).into_boxed_slice();
    let call = ring.submit_call(cap, method, params, vec![0; 256].into_boxed_slice())?;
    let completion = ring.wait(call, FOREVER)?;
    decode_completed_call(&completion).map(|_| completion)
}

fn allocate(ring: &mut RuntimeRingClient<'_>, frames: u32, count: u32) -> Result<OwnedCapability<MemoryObject>, ClientError> {
    let mut params = Message::new_default();
    params.init_root::<frame_allocator::alloc_contiguous_params::Builder<'_>>().set_count(count);
    let mut completion = call(ring, frames, 1, &params)?;
    assert!(completion.cqe().cap_count == 1);
    Ok(ring.adopt_result_capability(&mut completion, 0).unwrap())
}

fn map(ring: &mut RuntimeRingClient<'_>, object: u32, offset: u64, size: u64, prot: u32) -> Result<u64, ClientError> {
    let mut params = Message::new_default();
    let mut root = params.init_root::<memory_object::map_params::Builder<'_>>();
    root.set_offset(offset);
    root.set_size(size);
    root.set_prot(prot);
    let completion = call(ring, object, 1, &params)?;
    let bytes = completion.result_bytes().unwrap();
    let reader = capnp::serialize::read_message(bytes, default_reader_options()).unwrap();
    Ok(reader.get_root::<memory_object::map_results::Reader<'_>>().unwrap().get_addr())
}

fn unmap(ring: &mut RuntimeRingClient<'_>, object: u32, addr: u64, size: u64) -> Result<(), ClientError> {
    let mut params = Message::new_default();
    let mut root = params.init_root::<memory_object::unmap_params::Builder<'_>>();
    root.set_addr(addr);
    root.set_size(size);
    call(ring, object, 2, &params).map(|completion| assert!(completion.cqe().result == 0))
}

fn shared_object(ring: &mut RuntimeRingClient<'_>, frames: u32) {
    let object = allocate(ring, frames, 4).unwrap();
    let id = object.cap_id();
    let whole = map(ring, id, 0, 4 * PAGE, RW).unwrap();
    let third = map(ring, id, 2 * PAGE, PAGE, VM_PROT_READ).unwrap();
    unsafe {
        for page in 0..4 {
            assert!((whole as *const u64).add(512 * page).read_volatile() == 0);
        }
        ((whole + 2 * PAGE) as *mut u64).write_volatile(0xfeed);
        assert!((third as *const u64).read_volatile() == 0xfeed);
    }
    refused(map(ring, id, 0, 5 * PAGE, RW), InvalidArgument);
    refused(map(ring, id, 100, PAGE, RW), InvalidArgument);
    refused(map(ring, id, 0, PAGE, VM_PROT_WRITE | VM_PROT_EXEC), InvalidArgument);
    drop(object);
    ring.flush_releases().unwrap();
    assert!(unsafe { (third as *const u64).read_volatile() } == 0xfeed);
}

fn main(mut runtime: Runtime) -> i64 {
    let frames = runtime.capset().get(b"frame_allocator").unwrap();
    assert!(frames.interface_id() == FRAME_ALLOCATOR_INTERFACE_ID);
    let frames = frames.cap_id();
    let mut ring = runtime.ring_client().unwrap();
    refused(allocate(&mut ring, frames, 0), InvalidArgument);
    refused(allocate(&mut ring, frames, 5000), Overloaded);
    shared_object(&mut ring, frames);
    for _ in 0..300 {
        let object = allocate(&mut ring, frames, 16).unwrap();
        let at = map(&mut ring, object.cap_id(), 0, 16 * PAGE, RW).unwrap();
        unsafe {
            assert!((at as *const u64).add(8191).read_volatile() == 0);
            (at as *mut u64).add(8191).write_volatile(!0);
        }
        unmap(&mut ring, object.cap_id(), at, 16 * PAGE).unwrap();
        drop(object);
        ring.flush_releases().unwrap();
    }
    let mut kept = Vec::new();
    loop {
        match allocate(&mut ring, frames, 64) {
            Ok(object) => kept.push(object),
            refusal => {
                refused(refusal, Overloaded);
                break;
            }
        }
    }
    // The ledger holds 4096 pages; four of them stay with the mapping of the first object.
    assert!(kept.len() == 63);
    0
}

capos_rt::entry_point!(main);
