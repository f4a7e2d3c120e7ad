// SPDX-License-Identifier: MIT OR Apache-2.0
//! Endpoints between processes, on the runtime's endpoint, transfer and spawner clients: this program serves `peer` and calls it.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{boxed::Box, string::String, vec, vec::Vec};
use capos_compat::{FOREVER, MS, refused};
use capos_rt::{
    ApplicationException, CONSOLE_INTERFACE_ID, CapabilityManager, CapabilityManagerClient, CapabilityRef, ClientError,
    ENDPOINT_INTERFACE_ID, ExceptionType, FRAME_ALLOCATOR_INTERFACE_ID, KernelCapSource, MEMORY_OBJECT_INTERFACE_ID,
    PRESERVE_CLIENT_ENDPOINT_BADGE, ProcessHandle, ProcessHandleClient, ProcessSpawnerClient, Runtime, RuntimeRingClient, SpawnGrant,
    SpawnGrantMode, SpawnGrantSource, TIMER_INTERFACE_ID,
};
use capos_rt::ring::{CompletedCall, CopyTransfer};
use capos_rt::OwnedCapability;

const RECV_BYTES: usize = 65_848;

fn kernel(name: &str, source: KernelCapSource) -> SpawnGrant<'_> {
    SpawnGrant { name, source: SpawnGrantSource::Kernel(source), mode: SpawnGrantMode::Raw, badge: 0 }
}

fn facet(name: &str, capability: CapabilityRef, interface_id: u64, badge: u64, mode: SpawnGrantMode) -> SpawnGrant<'_> {
    SpawnGrant { name, source: SpawnGrantSource::CapabilityAs { capability, interface_id }, mode, badge }
}

fn bytes(text: &str) -> Box<[u8]> {
    Vec::from(text.as_bytes()).into_boxed_slice()
}

fn room(len: usize) -> Box<[u8]> {
    vec![0u8; len].into_boxed_slice()
}

struct Machine<'a, 'r> {
    spawner: ProcessSpawnerClient,
    ring: &'a mut RuntimeRingClient<'r>,
    own: u32,
}

impl Machine<'_, '_> {
    #[track_caller]
    fn receive(&mut self) -> CompletedCall {
        let call = self.ring.submit_endpoint_recv(self.own, room(RECV_BYTES)).unwrap();
        self.ring.wait(call, FOREVER).unwrap()
    }

    #[track_caller]
    fn answer(&mut self, id: u32, text: &str) -> i32 {
        let call = self.ring.submit_endpoint_return(self.own, id, bytes(text)).unwrap();
        self.ring.wait(call, FOREVER).unwrap().cqe().result
    }

    fn call(&mut self, cap: u32, method: u16, text: &str, transfers: &[CopyTransfer]) -> CompletedCall {
        let call = self.ring.submit_call_with_copy_transfers(cap, method, bytes(text), room(512), transfers).unwrap();
        self.ring.wait(call, FOREVER).unwrap()
    }

    #[track_caller]
    fn end(&mut self, child: &OwnedCapability<ProcessHandle>) -> i64 {
        ProcessHandleClient::new(child.capability()).wait_wait(self.ring, FOREVER).unwrap()
    }
}

/// -9 with an exception of that type and text.
#[track_caller]
fn excepted(completion: &CompletedCall, kind: ExceptionType, text: &str) {
    assert!(completion.cqe().result == -9);
    let exception = ApplicationException::decode(completion.result_buffer()).unwrap();
    assert!(exception.exception_type() == kind && exception.message() == text);
}

/// The peer calls: what arrives is the grant's name and badge; it judges the answers itself.
fn serves(machine: &mut Machine<'_, '_>, endpoint: CapabilityRef) {
    let cookie = 0x51C0_0000_0100_0003;
    let grants = [
        facet("client", endpoint, TIMER_INTERFACE_ID, cookie, SpawnGrantMode::ServiceObject),
        kernel("role:client", KernelCapSource::SystemInfo),
    ];
    let child = machine.spawner.spawn_wait(machine.ring, "peer", "peer", &grants, FOREVER).unwrap();
    let first = machine.receive();
    let id = {
        let message = first.endpoint_message().unwrap();
        assert!(message.interface_id == TIMER_INTERFACE_ID && message.badge == cookie && message.method_id == 1);
        assert!(message.flags == 0 && message.params == b"ping" && message.cap_count == 0);
        assert!(message.caller_session.scoped_ref == 0 && message.caller_session.epoch == 0 && message.caller_session.flags == 0);
        message.call_id
    };
    assert!(machine.answer(id.wrapping_add(1), "wrong") == -4);
    assert!(machine.answer(id, "pong") == 0);
    assert!(machine.answer(id, "pong") == -4);
    let second = machine.receive();
    let id = second.endpoint_message().unwrap().call_id;
    let exception = ApplicationException::new(ExceptionType::InvalidArgument, String::from("not today"));
    let call = machine.ring.submit_endpoint_return_exception(machine.own, id, exception).unwrap();
    assert!(machine.ring.wait(call, FOREVER).unwrap().cqe().result == 0);
    let third = machine.receive();
    assert!(third.endpoint_message().unwrap().params.len() == 60_000);
    assert!(machine.answer(third.endpoint_message().unwrap().call_id, "") == 0);
    let fourth = machine.receive();
    assert!(machine.answer(fourth.endpoint_message().unwrap().call_id, "longer than four bytes") == -3);
    assert!(machine.end(&child) == 40);
    // Its facet has gone with it; what it left unanswered is no longer there.
    let recv = machine.ring.submit_endpoint_recv(machine.own, room(RECV_BYTES)).unwrap();
    machine.ring.cancel_endpoint_recv(machine.own, recv, FOREVER).unwrap();
}

/// The peer serves: echo with capabilities in both directions, and the ways it can go.
fn calls(machine: &mut Machine<'_, '_>, endpoint: CapabilityRef, console: CapabilityRef, memory: u32, role: &str) {
    let grants = [
        kernel("serve", KernelCapSource::Endpoint),
        facet("client", endpoint, ENDPOINT_INTERFACE_ID, 7, SpawnGrantMode::ClientEndpoint),
        kernel(role, KernelCapSource::SystemInfo),
    ];
    let spawned = machine.spawner.spawn_wait_with_parent_endpoints(machine.ring, "peer", "peer", &grants, FOREVER).unwrap();
    assert!(spawned.parent_endpoints.len() == 1);
    let peer = spawned.parent_endpoints[0].capability().cap_id();
    let plain = machine.call(peer, 5, "echo me", &[]);
    assert!(plain.result_bytes().unwrap() == b"echo me" && plain.cqe().cap_count == 0);
    let given = machine.call(peer, 6, "with a copy", &[CopyTransfer::from_cap_id(memory), CopyTransfer::from_cap_id(peer)]);
    assert!(given.result_bytes().unwrap() == b"with a copy" && given.cqe().cap_count == 2);
    let back = given.result_cap(0).unwrap();
    assert!(back.interface_id() == MEMORY_OBJECT_INTERFACE_ID && back.cap_id() != memory);
    assert!(given.result_cap(1).unwrap().interface_id() == ENDPOINT_INTERFACE_ID);
    for index in 0..2 {
        assert!(machine.ring.release_wait(given.result_cap(index).unwrap().cap_id(), FOREVER).unwrap() == 0);
    }
    // What may not travel, and a target that takes nothing.
    assert!(machine.call(peer, 6, "", &[CopyTransfer::from_cap_id(console.cap_id())]).cqe().result == -6);
    assert!(machine.call(peer, 6, "", &[CopyTransfer::from_cap_id(machine.own)]).cqe().result == -6);
    assert!(machine.call(peer, 6, "", &[CopyTransfer::from_cap_id(250)]).cqe().result == -7);
    assert!(machine.call(console.cap_id(), 0, "", &[CopyTransfer::from_cap_id(memory)]).cqe().result == -6);
    // Only the owner receives.
    let recv = machine.ring.submit_endpoint_recv(peer, room(100)).unwrap();
    assert!(machine.ring.wait(recv, FOREVER).unwrap().cqe().result == -4);
    goes(machine, peer, role, &spawned.handle, &spawned.capability_manager);
}

fn goes(machine: &mut Machine<'_, '_>, peer: u32, role: &str, handle: &OwnedCapability<ProcessHandle>,
        manager: &OwnedCapability<CapabilityManager>) {
    let pending: Vec<_> = (0..4)
        .map(|_| machine.ring.submit_call(peer, 9, bytes("keep this"), room(512)).unwrap())
        .collect();
    let mut text = "endpoint owner exited";
    match role {
        "role:server-killed" => {
            assert!(machine.ring.wait(pending[0], 5 * MS).is_err());
            ProcessHandleClient::new(handle.capability()).terminate_wait(machine.ring, FOREVER).unwrap();
        }
        "role:server-revoked" => {
            assert!(machine.ring.wait(pending[0], 5 * MS).is_err());
            let mut manager = CapabilityManagerClient::new(manager.capability());
            let list = manager.list_wait(machine.ring, FOREVER).unwrap();
            let serve = list.iter().find(|cap| cap.interface_id == ENDPOINT_INTERFACE_ID).unwrap();
            manager.revoke_wait(machine.ring, serve.id, FOREVER).unwrap();
            text = "capability has been revoked";
        }
        _ => {} // the peer exits, or releases its endpoint, when it has all four
    }
    for call in pending {
        let completion = machine.ring.wait(call, FOREVER).unwrap();
        excepted(&completion, ExceptionType::Disconnected, text);
    }
    excepted(&machine.call(peer, 1, "", &[]), ExceptionType::Disconnected, "endpoint owner exited");
    ProcessHandleClient::new(handle.capability()).terminate_wait(machine.ring, FOREVER).unwrap();
    let code = machine.end(handle);
    assert!(code == -1 || code == 41);
}

fn refusals(machine: &mut Machine<'_, '_>, endpoint: CapabilityRef, console: CapabilityRef) {
    let many: Vec<String> = (0..15).map(|index| alloc::format!("e{index}")).collect();
    let many: Vec<SpawnGrant<'_>> = many.iter().map(|name| kernel(name, KernelCapSource::Endpoint)).collect();
    let refusal = |machine: &mut Machine<'_, '_>, grants: &[SpawnGrant<'_>]| -> Result<_, ClientError> {
        machine.spawner.spawn_wait(machine.ring, "peer", "peer", grants, FOREVER)
    };
    refused(refusal(machine, &many), ExceptionType::InvalidArgument);
    let not_one = facet("x", console, CONSOLE_INTERFACE_ID, 0, SpawnGrantMode::ClientEndpoint);
    assert!(refusal(machine, &[not_one]).is_err());
    let moved = facet("x", endpoint, ENDPOINT_INTERFACE_ID, PRESERVE_CLIENT_ENDPOINT_BADGE, SpawnGrantMode::Move);
    refused(refusal(machine, &[moved]), ExceptionType::Failed);
}

fn main(mut runtime: Runtime) -> i64 {
    let console = runtime.capset().get(b"console").unwrap();
    let endpoint = runtime.capset().get(b"endpoint").unwrap();
    let allocator = runtime.capset().get(b"frame_allocator").unwrap();
    assert!(allocator.interface_id() == FRAME_ALLOCATOR_INTERFACE_ID);
    let spawner: ProcessSpawnerClient = runtime.capset().get_client(b"process_spawner").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    let call = ring.submit_call(allocator.cap_id(), 0, Box::from([]), room(64)).unwrap();
    let memory = ring.wait(call, FOREVER).unwrap().result_cap(0).unwrap().cap_id();
    let mut machine = Machine { spawner, ring: &mut ring, own: endpoint.cap_id() };
    serves(&mut machine, endpoint);
    for role in ["role:server-exits", "role:server-releases", "role:server-killed", "role:server-revoked"] {
        calls(&mut machine, endpoint, console, memory, role);
    }
    refusals(&mut machine, endpoint, console);
    0
}

capos_rt::entry_point!(main);
