// SPDX-License-Identifier: MIT OR Apache-2.0
//! BootPackage: the manifest read in chunks, decoded by upstream's decoder; then exits with the code of its first argument.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{format, string::String, vec::Vec};
use capos_compat::FOREVER;
use capos_config::cue::CueValue;
use capos_config::manifest::{ManifestBootstrapPlan, SystemManifest};
use capos_rt::{BootPackageClient, ClientError, ConsoleClient, Runtime, RuntimeRingClient};

fn read(package: &mut BootPackageClient, ring: &mut RuntimeRingClient<'_>) -> Vec<u8> {
    let size = package.manifest_size_wait(ring, FOREVER).unwrap();
    let mut bytes = Vec::with_capacity(size as usize);
    while (bytes.len() as u64) < size {
        let chunk = package.read_manifest_chunk_wait(ring, bytes.len() as u64, 4096, FOREVER).unwrap();
        assert!(!chunk.is_empty() && chunk.len() <= 4096);
        bytes.extend_from_slice(&chunk);
    }
    assert!(bytes.len() as u64 == size);
    for past in [size, size + 1, u64::MAX] {
        assert!(package.read_manifest_chunk_wait(ring, past, 4096, FOREVER).unwrap().is_empty());
    }
    assert!(package.read_manifest_chunk_wait(ring, size - 3, 4096, FOREVER).unwrap().len() == 3);
    assert!(package.read_manifest_chunk_wait(ring, 5, 7, FOREVER).unwrap()[..] == bytes[5..12]);
    let large = package.read_manifest_chunk_wait(ring, 0, 4097, FOREVER);
    assert!(matches!(large, Err(ClientError::BootPackageReadTooLarge { .. })));
    bytes
}

fn arguments(manifest: &SystemManifest) -> Vec<String> {
    let Ok(Some(CueValue::List(list))) = manifest.init_config.field("$", "args") else { return Vec::new() };
    list.iter().map(|value| value.expect_text("$.args").unwrap()).collect()
}

fn main(mut runtime: Runtime) -> i64 {
    let mut console: ConsoleClient = runtime.capset().get_client(b"console").unwrap();
    let mut package: BootPackageClient = runtime.capset().get_client(b"boot_package").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    let bytes = read(&mut package, &mut ring);
    let plan = ManifestBootstrapPlan::from_capnp_bytes(&bytes).unwrap();
    plan.validate_bootstrap().unwrap();
    for cap in &plan.init.caps {
        console.write_line_wait(&mut ring, &format!("cap {} {:?}", cap.name, cap.source), FOREVER).unwrap();
    }
    for binary in &plan.binaries {
        assert!(binary.data_len > 0);
        console.write_line_wait(&mut ring, &format!("binary {}", binary.name), FOREVER).unwrap();
    }
    let arguments = arguments(&SystemManifest::from_capnp_bytes(&bytes).unwrap());
    console.write_line_wait(&mut ring, &format!("args {arguments:?}"), FOREVER).unwrap();
    arguments.first().map_or(0, |code| code.parse().unwrap())
}

capos_rt::entry_point!(main);
