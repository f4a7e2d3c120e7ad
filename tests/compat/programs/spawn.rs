// SPDX-License-Identifier: MIT OR Apache-2.0
//! ProcessSpawner, ProcessHandle and CapabilityManager with the program `child`.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{format, string::String, vec::Vec};
use capos_compat::{FOREVER, MS, refused};
use capos_rt::ExceptionType::{Failed, InvalidArgument, Overloaded};
use capos_rt::{
    CONSOLE_INTERFACE_ID, CapabilityManagerClient, CapabilityRef, ClientError, ConsoleClient, KernelCapSource, OwnedCapability,
    PipeClient, ProcessHandle, ProcessHandleClient, ProcessSpawnerClient, RingClientError, Runtime, RuntimeRingClient, SpawnGrant,
    SpawnGrantMode, SpawnGrantSource, TIMER_INTERFACE_ID,
};

fn kernel(name: &str, source: KernelCapSource) -> SpawnGrant<'_> {
    SpawnGrant { name, source: SpawnGrantSource::Kernel(source), mode: SpawnGrantMode::Raw, badge: 0 }
}

fn held(name: &str, capability: CapabilityRef, mode: SpawnGrantMode) -> SpawnGrant<'_> {
    SpawnGrant { name, source: SpawnGrantSource::Capability(capability), mode, badge: u64::MAX }
}

struct Parent<'a, 'r> {
    spawner: ProcessSpawnerClient,
    ring: &'a mut RuntimeRingClient<'r>,
}

impl Parent<'_, '_> {
    fn try_spawn(&mut self, grants: &[SpawnGrant<'_>]) -> Result<OwnedCapability<ProcessHandle>, ClientError> {
        self.spawner.spawn_wait(self.ring, "child", "child", grants, FOREVER)
    }

    /// A child that does what the text says.
    #[track_caller]
    fn start(&mut self, what: &str) -> OwnedCapability<ProcessHandle> {
        let grants = [
            kernel("console", KernelCapSource::Console),
            kernel("timer", KernelCapSource::Timer),
            kernel(what, KernelCapSource::SystemInfo),
        ];
        self.try_spawn(&grants).unwrap()
    }

    #[track_caller]
    fn code_of(&mut self, child: &OwnedCapability<ProcessHandle>) -> i64 {
        ProcessHandleClient::new(child.capability()).wait_wait(self.ring, FOREVER).unwrap()
    }

    #[track_caller]
    fn run(&mut self, what: &str) -> i64 {
        let child = self.start(what);
        let code = self.code_of(&child);
        drop(child);
        self.ring.flush_releases().unwrap();
        code
    }
}

fn exit_codes(parent: &mut Parent<'_, '_>) {
    for code in [0, 1, -1, -5, 255, 256, 70_000, i64::MAX, i64::MIN] {
        assert!(parent.run(&format!("exit:{code}")) == code);
    }
    assert!(parent.run("say:hello from the child") == 6);
    assert!(parent.run("panic:") == 101);
    let alone = parent.try_spawn(&[]).unwrap();
    assert!(parent.code_of(&alone) == 97);
    assert!(parent.code_of(&alone) == 97);
}

fn faults(parent: &mut Parent<'_, '_>) {
    for kind in [
        "null", "kernel", "non-canonical", "rodata", "text", "capset", "execute-data", "jump", "stack", "divide", "ud2",
        "int3", "int80", "cli", "hlt", "out", "cr3", "wrmsr", "rsp",
    ] {
        let code = parent.run(&format!("fault:{kind}"));
        if code != -2 {
            let _ = parent.run(&format!("say:{kind} {code}"));
        }
        assert!(code == -2);
    }
}

fn termination(parent: &mut Parent<'_, '_>) {
    for what in ["spin:", "syscalls:", "sleep:60000000000"] {
        let child = parent.start(what);
        let mut handle = ProcessHandleClient::new(child.capability());
        let wait = handle.wait(parent.ring).unwrap();
        assert!(matches!(parent.ring.wait(wait, 20 * MS), Err(RingClientError::Timeout)));
        refused(handle.wait_wait(parent.ring, FOREVER), Overloaded);
        handle.terminate_wait(parent.ring, FOREVER).unwrap();
        handle.terminate_wait(parent.ring, FOREVER).unwrap();
        let completion = parent.ring.wait(wait, FOREVER).unwrap();
        assert!(handle.finish_wait(completion).unwrap() == -1);
        assert!(handle.wait_wait(parent.ring, FOREVER).unwrap() == -1);
    }
    assert!(parent.run("sleep:20000000") == 5);
    let unwatched = parent.start("sleep:20000000");
    drop(unwatched);
    parent.ring.flush_releases().unwrap();
}

fn refusals(parent: &mut Parent<'_, '_>, console: CapabilityRef, timer: CapabilityRef) {
    let empty: &[SpawnGrant<'_>] = &[];
    refused(parent.spawner.spawn_wait(parent.ring, "x", "no-such-binary", empty, FOREVER), Failed);
    let long = "123456789012345678901234567890123";
    refused(parent.try_spawn(&[kernel(long, KernelCapSource::Console)]), InvalidArgument);
    refused(parent.try_spawn(&[kernel("", KernelCapSource::Console)]), InvalidArgument);
    let twice = [kernel("a", KernelCapSource::Console), kernel("a", KernelCapSource::Timer)];
    refused(parent.try_spawn(&twice), InvalidArgument);
    let mut badged = kernel("a", KernelCapSource::Console);
    badged.badge = 3;
    assert!(parent.try_spawn(&[badged]).is_err());
    refused(parent.try_spawn(&[held("timer", timer, SpawnGrantMode::Raw)]), Failed);
    refused(parent.try_spawn(&[held("gone", CapabilityRef::new(200, CONSOLE_INTERFACE_ID), SpawnGrantMode::Raw)]), Failed);
    let relabelled = SpawnGrant {
        name: "console",
        source: SpawnGrantSource::CapabilityAs { capability: console, interface_id: TIMER_INTERFACE_ID },
        mode: SpawnGrantMode::Raw,
        badge: u64::MAX,
    };
    refused(parent.try_spawn(&[relabelled]), Failed);
    let names: Vec<String> = (0..86).map(|index| format!("grant-{index}")).collect();
    let many: Vec<SpawnGrant<'_>> = names.iter().map(|name| kernel(name, KernelCapSource::Timer)).collect();
    refused(parent.try_spawn(&many), InvalidArgument);
    let full = parent.try_spawn(&many[..85]).unwrap();
    assert!(parent.code_of(&full) == 97);
    let answer = parent.try_spawn(&[kernel("not built", KernelCapSource::Nic)]);
    assert!(matches!(answer, Err(ClientError::Application(_))));
}

fn given_console(parent: &mut Parent<'_, '_>, console: CapabilityRef) {
    let copied = [held("console", console, SpawnGrantMode::Raw), kernel("say:copied", KernelCapSource::Timer)];
    let child = parent.try_spawn(&copied).unwrap();
    assert!(parent.code_of(&child) == 6);
    let mut own: ConsoleClient = ConsoleClient::new(console.typed().unwrap());
    own.write_line_wait(parent.ring, "still mine", FOREVER).unwrap();
}

/// A child writes more than the pipe holds; the parent reads until the end.
fn pipe(parent: &mut Parent<'_, '_>) {
    let ends = parent.spawner.create_pipe_wait(parent.ring, 4096, FOREVER).unwrap();
    let mut reader = PipeClient::new(ends.read_end.capability());
    refused(reader.write_wait(parent.ring, b"!", FOREVER), InvalidArgument);
    let grants = [
        held("pipe", ends.write_end.capability().raw(), SpawnGrantMode::Raw),
        kernel("feed:30000", KernelCapSource::Console),
    ];
    let child = parent.try_spawn(&grants).unwrap();
    drop(ends.write_end);
    parent.ring.flush_releases().unwrap();
    let mut count = 0;
    loop {
        let read = reader.read_wait(parent.ring, 1000, FOREVER).unwrap();
        assert!(read.data.len() <= 1000 && (read.eof || !read.data.is_empty()));
        for byte in read.data {
            assert!(byte == (count % 251) as u8);
            count += 1;
        }
        if read.eof {
            break;
        }
    }
    assert!(count == 30_000 && parent.code_of(&child) == 7);
    assert!(!reader.is_closed_wait(parent.ring, FOREVER).unwrap());
    reader.close_wait(parent.ring, FOREVER).unwrap();
    assert!(reader.is_closed_wait(parent.ring, FOREVER).unwrap());
}

fn manager(parent: &mut Parent<'_, '_>) {
    let grants = [kernel("timer", KernelCapSource::Timer), kernel("sleep:60000000000", KernelCapSource::Console)];
    let call = parent.spawner.spawn(parent.ring, "child", "child", &grants).unwrap();
    let spawned = parent.spawner.wait_spawn_with_parent_endpoints(parent.ring, call, FOREVER).unwrap();
    assert!(spawned.parent_endpoints.is_empty());
    let mut manager = CapabilityManagerClient::new(spawned.capability_manager.capability());
    let mut handle = ProcessHandleClient::new(spawned.handle.capability());
    let list = manager.list_wait(parent.ring, FOREVER).unwrap();
    assert!(list.len() == 2 && list[0].interface_id == TIMER_INTERFACE_ID && list[1].interface_id == CONSOLE_INTERFACE_ID);
    refused(manager.revoke_wait(parent.ring, 9999, FOREVER), Failed);
    manager.revoke_wait(parent.ring, list[1].id, FOREVER).unwrap();
    handle.terminate_wait(parent.ring, FOREVER).unwrap();
    assert!(handle.wait_wait(parent.ring, FOREVER).unwrap() == -1);
    assert!(manager.list_wait(parent.ring, FOREVER).map_or(true, |list| list.is_empty()));
}

fn crowd(parent: &mut Parent<'_, '_>) {
    let children: Vec<_> = (0..6).map(|seed| parent.start(&format!("float:{seed}"))).collect();
    let calls: Vec<_> =
        children.iter().map(|child| ProcessHandleClient::new(child.capability()).wait(parent.ring).unwrap()).collect();
    for (child, call) in children.iter().zip(calls).rev() {
        let completion = parent.ring.wait(call, FOREVER).unwrap();
        assert!(ProcessHandleClient::new(child.capability()).finish_wait(completion).unwrap() == 40);
    }
    drop(children);
    parent.ring.flush_releases().unwrap();
    for code in 0..60 {
        assert!(parent.run(&format!("exit:{code}")) == code);
    }
}

/// Children until the machine refuses one more; afterwards there is room again.
fn until_full(parent: &mut Parent<'_, '_>) {
    let grants = [kernel("timer", KernelCapSource::Timer), kernel("sleep:60000000000", KernelCapSource::SystemInfo)];
    let mut children = Vec::new();
    let refusal = loop {
        match parent.try_spawn(&grants) {
            Ok(child) => children.push(child),
            refusal => break refusal,
        }
        parent.ring.flush_releases().unwrap();
    };
    refused(refusal, Overloaded);
    assert!(children.len() > 30);
    for child in &children {
        ProcessHandleClient::new(child.capability()).terminate_wait(parent.ring, FOREVER).unwrap();
        assert!(parent.code_of(child) == -1);
    }
    drop(children);
    parent.ring.flush_releases().unwrap();
    for _ in 0..10 {
        assert!(parent.run("exit:3") == 3);
    }
}

fn main(mut runtime: Runtime) -> i64 {
    let console = runtime.capset().get(b"console").unwrap();
    let timer = runtime.capset().get(b"timer").unwrap();
    let spawner: ProcessSpawnerClient = runtime.capset().get_client(b"process_spawner").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    let mut parent = Parent { spawner, ring: &mut ring };
    exit_codes(&mut parent);
    faults(&mut parent);
    termination(&mut parent);
    refusals(&mut parent, console, timer);
    given_console(&mut parent, console);
    pipe(&mut parent);
    manager(&mut parent);
    crowd(&mut parent);
    until_full(&mut parent);
    // The machine ends with its first process, whatever others do.
    let _running = [parent.start("spin:"), parent.start("syscalls:"), parent.start("spin:")];
    0
}

capos_rt::entry_point!(main);
