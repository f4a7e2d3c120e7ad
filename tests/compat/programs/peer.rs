// SPDX-License-Identifier: MIT OR Apache-2.0
//! The other side of `endpoint`: a client or a server, as the name of its last grant says.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use capos_compat::FOREVER;
use capos_rt::ring::CopyTransfer;
use capos_rt::{ApplicationException, ExceptionType, Runtime, RuntimeRingClient, TIMER_INTERFACE_ID};

fn room(len: usize) -> Box<[u8]> {
    vec![0u8; len].into_boxed_slice()
}

fn client(ring: &mut RuntimeRingClient<'_>, service: u32) -> i64 {
    let call = ring.submit_call(service, 1, Box::from(*b"ping"), room(64)).unwrap();
    let done = ring.wait(call, FOREVER).unwrap();
    assert!(done.result_bytes().unwrap() == b"pong" && done.cqe().call_id == 0);
    let call = ring.submit_call_with_session_disclosure(service, 2, Box::from(*b"?"), room(128), 7).unwrap();
    let done = ring.wait(call, FOREVER).unwrap();
    assert!(done.cqe().result == -9);
    let exception = ApplicationException::decode(done.result_buffer()).unwrap();
    assert!(exception.exception_type() == ExceptionType::InvalidArgument && exception.message() == "not today");
    let call = ring.submit_call(service, 3, vec![0x5a; 60_000].into_boxed_slice(), Box::from([])).unwrap();
    assert!(ring.wait(call, FOREVER).unwrap().cqe().result == 0);
    let call = ring.submit_call(service, 4, Box::from([]), room(4)).unwrap();
    assert!(ring.wait(call, FOREVER).unwrap().cqe().result == -3);
    // What only an owner may do; and a call that is left behind.
    let recv = ring.submit_endpoint_recv(service, room(100)).unwrap();
    assert!(ring.wait(recv, FOREVER).unwrap().cqe().result == -4);
    let answer = ring.submit_endpoint_return(service, 1, Box::from([])).unwrap();
    assert!(ring.wait(answer, FOREVER).unwrap().cqe().result == -4);
    let _left = ring.submit_call(service, 5, Box::from([]), Box::from([])).unwrap();
    let _ = ring.wait(_left, 1);
    40
}

/// Answers method 5 and 6 with what came, capabilities included; keeps calls of method 9.
fn server(ring: &mut RuntimeRingClient<'_>, own: u32, role: &str) -> i64 {
    let mut kept = 0;
    while kept < 4 || role == "server-killed" || role == "server-revoked" {
        let recv = ring.submit_endpoint_recv(own, room(65_848)).unwrap();
        let got = ring.wait(recv, FOREVER).unwrap();
        if got.cqe().result < 0 {
            return 41; // revoked
        }
        let message = got.endpoint_message().unwrap();
        if message.method_id == 9 {
            kept += 1;
            continue;
        }
        let caps: Vec<u32> = (0..usize::from(message.cap_count)).map(|index| got.result_cap(index).unwrap().cap_id()).collect();
        let copies: Vec<CopyTransfer> = caps.iter().map(|&cap| CopyTransfer::from_cap_id(cap)).collect();
        let reply = Vec::from(message.params).into_boxed_slice();
        let call = ring.submit_endpoint_return_with_copy_transfers(own, message.call_id, reply, &copies).unwrap();
        assert!(ring.wait(call, FOREVER).unwrap().cqe().result == 0);
        for cap in caps {
            assert!(ring.release_wait(cap, FOREVER).unwrap() == 0);
        }
    }
    if role == "server-releases" {
        assert!(ring.release_wait(own, FOREVER).unwrap() == 0);
        let recv = ring.submit_endpoint_recv(own, room(100)).unwrap();
        assert!(ring.wait(recv, FOREVER).unwrap().cqe().result == -4);
    }
    41
}

fn main(mut runtime: Runtime) -> i64 {
    let names: Vec<String> =
        runtime.capset().iter().map(|entry| String::from_utf8(entry.name_bytes().to_vec()).unwrap()).collect();
    let role = names.iter().find_map(|name| name.strip_prefix("role:")).unwrap();
    let service = runtime.capset().get(b"client").unwrap();
    let own = runtime.capset().get(b"serve").map(|cap| cap.cap_id());
    let mut ring = runtime.ring_client().unwrap();
    match own {
        Err(_) => {
            assert!(service.interface_id() == TIMER_INTERFACE_ID);
            client(&mut ring, service.cap_id())
        }
        Ok(own) => server(&mut ring, own, role),
    }
}

capos_rt::entry_point!(main);
