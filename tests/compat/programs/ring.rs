// SPDX-License-Identifier: MIT OR Apache-2.0
//! Below the typed clients: system calls, invented ids, bad buffers, messages in many segments, releases.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{boxed::Box, format, vec, vec::Vec};
use capnp::message::{AllocationStrategy, Builder, HeapAllocator};
use capos_compat::{FOREVER, refused, undelivered};
use capos_rt::ExceptionType::{Failed, Unimplemented};
use capos_rt::{
    Client, ClientError, CompletedCall, Console, ConsoleClient, CopyTransfer, Runtime, RuntimeRingClient, TimerClient,
    TransportError, capos_capnp, decode_completed_call, syscall,
};

type Ring<'r> = RuntimeRingClient<'r>;

fn call(ring: &mut Ring<'_>, cap: u32, method: u16, params: &[u8], room: usize) -> CompletedCall {
    let call = ring.submit_call(cap, method, Box::from(params), vec![0; room].into_boxed_slice()).unwrap();
    ring.wait(call, FOREVER).unwrap()
}

fn answer(ring: &mut Ring<'_>, cap: u32, method: u16, params: &[u8], room: usize) -> Result<usize, ClientError> {
    decode_completed_call(&call(ring, cap, method, params, room))
}

fn system_calls() {
    assert!(syscall::legacy_ambient_write_is_rejected());
    assert!(syscall::measure_thread_scale_checkpoint(1, 1, 1).is_err());
    for number in [4u64, 5, 60, 231, 1 << 32 | 1, u64::MAX] {
        let (result, rdx, r8, r10): (u64, u64, u64, u64);
        unsafe {
            core::arch::asm!("syscall", inlateout("rax") number => result, in("rdi") 1, in("rsi") 2,
                inlateout("rdx") 3u64 => rdx, inlateout("r8") 4u64 => r8, inlateout("r10") 5u64 => r10,
                out("rcx") _, out("r11") _);
        }
        assert!(result == u64::MAX && (rdx, r8, r10) == (3, 4, 5));
    }
    assert!(syscall::cap_enter(0, u64::MAX) == Ok(0) && syscall::cap_enter(1, 0) == Ok(0));
    assert!(syscall::cap_enter(40, 1_000_000) == Ok(0));
}

fn invented_ids(ring: &mut Ring<'_>, console: u32) {
    for cap in [100u32, 255, 256, 1 << 24 | console, 0x00ff_ffff, u32::MAX] {
        assert!(matches!(answer(ring, cap, 0, &[], 64), Err(ClientError::Transport(TransportError::InvokeFailed))));
        assert!(ring.release_wait(cap, FOREVER).unwrap() == -1);
    }
    let recv = ring.submit_endpoint_recv(console, vec![0; 512].into_boxed_slice()).unwrap();
    assert!(ring.wait(recv, FOREVER).unwrap().cqe().result == -4);
    let back = ring.submit_endpoint_return(console, 1, Box::from([])).unwrap();
    assert!(ring.wait(back, FOREVER).unwrap().cqe().result == -4);
    let cancel = ring.submit_endpoint_cancel(console, recv).unwrap();
    assert!(ring.wait(cancel, FOREVER).unwrap().cqe().result == -4);
}

fn bad_calls(ring: &mut Ring<'_>, console: u32, timer: u32) {
    refused(answer(ring, console, 2, &[], 512), Unimplemented);
    refused(answer(ring, console, u16::MAX, &[], 512), Unimplemented);
    assert!(call(ring, console, 99, &[], 0).cqe().result == -10);
    assert!(call(ring, console, 99, &[], 16).cqe().result == -10);
    for params in [&[1u8, 2, 3][..], &[0xff; 64], &[0; 8], &[0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]] {
        refused(answer(ring, console, 0, params, 512), Failed);
    }
    refused(answer(ring, timer, 0, &[], 64 - 33), Failed);
    assert!(answer(ring, timer, 0, &[], 32) == Ok(32));
    let completion = call(ring, timer, 0, &[], 512);
    assert!(completion.result_bytes().unwrap().len() == 32 && completion.cqe().cap_count == 0 && completion.cqe().flags == 0);
}

/// One message in as many segments as its encoder likes.
fn segmented(text: &str, first: u32) -> Vec<u8> {
    let allocator = HeapAllocator::new().first_segment_words(first).allocation_strategy(AllocationStrategy::FixedSize);
    let mut message = Builder::new(allocator);
    message.init_root::<capos_capnp::console::write_line_params::Builder<'_>>().set_text(text);
    capnp::serialize::write_message_to_words(&message)
}

fn segments(ring: &mut Ring<'_>, console: u32) {
    for first in [1, 2, 3, 5, 100] {
        for length in [0usize, 1, 8, 40, 900] {
            let text: alloc::string::String = core::iter::repeat_n('s', length).collect();
            assert!(answer(ring, console, 1, &segmented(&text, first), 0) == Ok(0));
        }
    }
    let message = segmented("unaligned", 1);
    for shift in 1..8 {
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(&message);
        let mut result = [0u8; 64];
        let cqe = ring.submit_call_borrowed_wait_forever(console, 1, &shifted[shift..], &mut result).unwrap();
        assert!(cqe.result == 0);
    }
}

fn transfers(ring: &mut Ring<'_>, client: &mut ConsoleClient) {
    for count in [1usize, 2, 16] {
        let caps = vec![CopyTransfer::from_capability(client.capability()); count];
        let sent = client.write_line_with_copy_transfers(ring, "never printed", &caps).unwrap();
        undelivered(client.wait(ring, sent, FOREVER), TransportError::TransferNotSupported);
    }
    client.write_line_wait(ring, "transfers refused", FOREVER).unwrap();
}

fn floats() {
    let mut sum = 0.0f64;
    for step in 1..=1000u32 {
        sum += core::hint::black_box(f64::from(step)) / 3.0;
        let _ = syscall::cap_enter(0, 0);
    }
    assert!(format!("{sum:.3}") == "166833.333");
}

fn main(mut runtime: Runtime) -> i64 {
    let mut client: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
    let spare = runtime.capset().get_typed::<Console>(b"spare").unwrap();
    let timer: TimerClient = runtime.capset().get_client(b"timer").unwrap();
    assert!(runtime.capset().get_client::<TimerClient>(b"console").is_err() && runtime.capset().get(b"consol").is_err());
    assert!(runtime.pid() == 1 && runtime.capset().len() == 3);
    let (console, timer) = (client.capability().cap_id(), timer.capability().cap_id());
    {
        let mut ring = runtime.ring_client().unwrap();
        system_calls();
        invented_ids(&mut ring, console);
        bad_calls(&mut ring, console, timer);
        segments(&mut ring, console);
        transfers(&mut ring, &mut client);
        floats();
    }
    let owned = unsafe { runtime.adopt_owned_capability(spare) };
    let id = owned.cap_id();
    drop(owned);
    runtime.flush_releases().unwrap();
    let mut ring = runtime.ring_client().unwrap();
    assert!(ring.release_wait(id, FOREVER).unwrap() == -1);
    undelivered(ConsoleClient::new(spare).write_wait(&mut ring, b"!", FOREVER), TransportError::InvokeFailed);
    client.write_line_wait(&mut ring, "done", FOREVER).unwrap();
    0
}

capos_rt::entry_point!(main);
