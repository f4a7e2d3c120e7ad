// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Boot manifests: written with upstream's encoder, mostly good, with up to three fields changed or some bits of the message
// changed; read as the kernel does, as the kernel does when binaries have no data, and as init does. Compared are acceptance,
// every decoded value, and the printed line of a refusal.
use crate::{manifest_make, ours::Ours, rng::Rng};
use capos_config::manifest::*;
use std::{collections::BTreeMap, fmt::Write};

const ROOM: usize = 1 << 16;
const WIRE: u32 = 5;
/// What our reader refuses and theirs does not.
const STRICTER: [&str; 3] = ["not UTF-8", "empty object out of bounds", "landing pad of a far pointer"];

fn text(bytes: impl AsRef<[u8]>) -> String {
    let bytes = bytes.as_ref();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x100_0000_01b3));
    format!("{}:{hash:x}", bytes.len())
}

macro_rules! line {
    ($out:expr, $($all:tt)*) => { writeln!($out, $($all)*).unwrap() };
}

fn source_number(source: &KernelCapSource) -> usize {
    manifest_make::SOURCES.iter().position(|name| *name == source.to_string()).expect("a known source")
}

fn sources(list: &[KernelCapSource]) -> String {
    list.iter().map(|source| format!(" source {}", source_number(source))).collect()
}

fn init_cap(out: &mut String, cap: &InitCapRef) {
    line!(out, "cap {} kernel {} {:x} {} {}", text(&cap.name), cap.source, cap.expected_interface_id, cap.badge, cap.disclosure_scope);
}

fn service_cap(out: &mut String, cap: &CapRef) {
    let source = match &cap.source {
        CapSource::Kernel(source) => format!("kernel {source}"),
        CapSource::Service(from) => format!("service {} {}", text(&from.service), text(&from.export)),
    };
    line!(out, "cap {} {source} {:x} {} {}", text(&cap.name), cap.expected_interface_id, cap.badge, cap.disclosure_scope);
}

fn uart(out: &mut String, uart: &UartConfig) {
    line!(out, "uart {} {} {} {} {}", uart.port as u32, uart.baud, uart.data_bits, uart.stop_bits, uart.parity as u32);
}

fn accounts(out: &mut String, p: &SystemConfig) {
    for a in &p.seed_accounts {
        write!(out, "account {} {} {} {} {} {} {}", text(&a.name), text(&a.principal_id), a.kind as u32, text(&a.display_name),
            text(&a.resource_profile), text(&a.policy_profile), text(&a.service_binary)).unwrap();
        for reference in &a.credential_refs {
            write!(out, " credential {}", text(reference)).unwrap();
        }
        line!(out, "{}", sources(&a.direct_caps));
    }
    for role in &p.initial_role_bindings {
        line!(out, "role {} {}", text(&role.principal_id), text(&role.role));
    }
}

fn profiles(out: &mut String, p: &SystemConfig) {
    for r in &p.resource_profiles {
        write!(out, "profile {} {} {}", text(&r.name), text(&r.network_profile), text(&r.launcher_profile)).unwrap();
        for number in [
            r.home_quota_bytes, r.temp_quota_bytes, r.process_limit.into(), r.thread_limit.into(), r.cap_limit.into(),
            r.memory_commit_limit_bytes, r.frame_grant_limit_pages, r.endpoint_queue_limit.into(), r.in_flight_call_limit.into(),
            r.ring_scratch_limit_bytes, r.reply_scratch_limit_bytes, r.log_quota_bytes_per_window, r.cpu_budget_us_per_window,
            r.cpu_window_us, r.timer_waiter_limit.into(),
        ] {
            write!(out, " {number}").unwrap();
        }
        line!(out, "");
    }
}

fn keys(out: &mut String, p: &SystemConfig) {
    if let Some(key) = &p.ssh_development_host_key {
        line!(out, "hostkey {} {} {} {} {}", text(&key.non_production_label), text(&key.algorithm), text(&key.private_key_seed),
            text(&key.public_key), text(&key.fingerprint_sha256));
    }
    for k in &p.authorized_ssh_keys {
        write!(out, "key {} {} {} {} {} {} {} {}", text(&k.key_id), text(&k.principal_id), text(&k.algorithm), text(&k.public_key),
            text(&k.fingerprint_sha256), k.disabled_at_ms, text(&k.source), text(&k.comment)).unwrap();
        for shell in &k.allowed_shell_profiles {
            write!(out, " shell {}", text(shell)).unwrap();
        }
        line!(out, "");
    }
}

/// An unknown number of a DMA policy is the careful one, which ours says at once.
fn policy(policy: DmaBackendPolicy) -> u32 {
    if policy == DmaBackendPolicy::Unknown { DmaBackendPolicy::BounceBuffer as u32 } else { policy as u32 }
}

fn params(out: &mut String, params: Option<&SystemConfig>) {
    let absent = manifest_make::defaults();
    let p = params.unwrap_or(&absent);
    line!(out, "params {} {} {} {} {} {}", p.log_level as u32, text(&p.console_password_verifier_phc),
        u32::from(p.allow_local_development_shell), text(&p.motd), text(&p.hostname), policy(p.dma_backend_policy));
    uart(out, &p.console_uart);
    uart(out, &p.terminal_uart);
    let l = &p.session_lifetimes;
    line!(out, "lifetimes {} {} {}", l.operator_ms, l.guest_ms, l.anonymous_ms);
    accounts(out, p);
    profiles(out, p);
    keys(out, p);
    for d in &p.cpu_isolation_pools {
        line!(out, "pool {} {} {} {}", d.pool_id, text(&d.pool_cpu_mask), d.pool_max_leases, d.pool_max_leases_per_account);
    }
    for (name, list) in [("grant", &p.cpu_isolation_pool_grants), ("minter", &p.cpu_isolation_grant_minter_allowlist)] {
        for g in list {
            line!(out, "{name} {} {}", g.bound_account_id, g.bound_pool_id);
        }
    }
    let software = &p.key_source_bootstrap.development_software;
    write!(out, "keysource {} {} {} {}", p.key_source_bootstrap.deployment_profile as u32, u32::from(software.enabled),
        text(&software.identifier), text(&software.non_production_label)).unwrap();
    for purpose in &software.allowed_purposes {
        write!(out, " {}", *purpose as u32).unwrap();
    }
    line!(out, "");
    if let Some(target) = &p.block_device_target {
        line!(out, "disk {} {} {} {}", target.pci.segment, target.pci.bus, target.pci.device, target.pci.function);
    }
}

fn kernel(bytes: &[u8], names_only: bool) -> Result<String, capos_config::Error> {
    let m = KernelBootstrapManifest::from_capnp_bytes(bytes)?;
    if names_only { m.validate_bootstrap_name_only()? } else { m.validate_bootstrap()? }
    let mut out = String::new();
    for b in &m.binaries {
        line!(out, "binary {} {} {}", text(&b.name), b.data.len(), text(&b.data).split_once(':').unwrap().1);
    }
    line!(out, "init {}", text(&m.init.binary));
    m.init.caps.iter().for_each(|cap| init_cap(&mut out, cap));
    params(&mut out, m.kernel_params.as_ref());
    Ok(out)
}

fn services(out: &mut String, m: &ManifestBootstrapPlan) {
    for s in &m.services {
        line!(out, "service {} {} {}", text(&s.name), text(&s.binary), s.restart as u32);
        s.caps.iter().for_each(|cap| service_cap(out, cap));
        for name in &s.exports {
            line!(out, "export {}", text(name));
        }
    }
    if let Some(name) = &m.exit_when_service_exits {
        line!(out, "exit {}", text(name));
    }
    let e = m.extension_points.clone().unwrap_or_default();
    line!(out, "extend {} {} {} {} {} {}{}", u32::from(e.allow_additional_services), e.max_additional_services, e.min_overlay_epoch,
        u32::from(e.allow_network_settings), u32::from(e.allow_runtime_settings), u32::from(e.allow_account_store_location),
        sources(&e.allowed_service_caps));
}

fn init(bytes: &[u8]) -> Result<String, capos_config::Error> {
    let m = ManifestBootstrapPlan::from_capnp_bytes(bytes)?;
    m.validate_bootstrap()?;
    let mut out = String::new();
    for b in &m.binaries {
        line!(out, "binary {} {} 0", text(&b.name), b.data_len);
    }
    line!(out, "init {}", text(&m.init.binary));
    m.init.caps.iter().for_each(|cap| init_cap(&mut out, cap));
    params(&mut out, m.kernel_params.as_ref());
    services(&mut out, &m);
    Ok(out)
}

fn mine(ours: &Ours, bytes: &[u8], view: u32) -> (u32, String) {
    let mut out = vec![0u8; ROOM];
    let error = unsafe { (ours.manifest)(bytes.as_ptr(), bytes.len(), view, out.as_mut_ptr(), out.len()) };
    let len = out.iter().position(|byte| *byte == 0).expect("room for all lines");
    out.truncate(len);
    (error, String::from_utf8_lossy(&out).into_owned())
}

fn theirs(bytes: &[u8], view: u32) -> Result<String, capos_config::Error> {
    match view {
        0 | 1 => kernel(bytes, view == 1),
        _ => init(bytes),
    }
}

/// The kind and the path, for what is missing, twice there or of another type the whole line; the wording of values is ours.
fn refused_alike(error: u32, lines: &str, other: &capos_config::Error) -> bool {
    use capos_config::Error::*;
    let (path, line) = lines.split_once('\n').unwrap_or(("", lines));
    match other {
        MissingField { .. } => error == 1 && line == other.to_string(),
        DuplicateField { .. } => error == 2 && line == other.to_string(),
        UnexpectedType { .. } => error == 3 && line == other.to_string(),
        InvalidValue { path: wanted, .. } => error == 4 && path == wanted,
        _ => false,
    }
}

/// The message as words of its own, so that both sides may read it where it stands.
fn aligned(bytes: &[u8]) -> Vec<u64> {
    bytes.chunks(8).map(|chunk| { let mut word = [0; 8]; word[..chunk.len()].copy_from_slice(chunk); u64::from_le_bytes(word) }).collect()
}

/// What docs/verification/differential.md says of the manifest, or "" for a difference that is not meant.
fn meant(damaged: bool, view: u32, (error, lines): (u32, &str), right: &Result<String, capos_config::Error>, init_accepts: bool) -> &'static str {
    let too_much_for_a_capset = lines.contains(": bytes of a CapSet name: ") || lines.contains(": number of caps of init ");
    match (error, right) {
        (4, _) if too_much_for_a_capset => "capset",
        (4, _) if damaged && lines.contains("not an argon2id verifier") => "verifier",
        (WIRE, Ok(_)) if damaged && view < 2 && !init_accepts => "extensions",
        (WIRE, Ok(_)) if damaged && STRICTER.iter().any(|text| lines.contains(text)) => "stricter",
        (0, Err(capos_config::Error::Capnp(_))) if damaged && view == 2 => "unread",
        _ => "",
    }
}

pub fn run(ours: &Ours, rng: &mut Rng, inputs: u64) -> Result<String, String> {
    let mut seen = BTreeMap::<String, u64>::new();
    for _ in 0..inputs {
        let (message, damaged) = manifest_make::make(rng);
        let words = aligned(&message);
        let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast::<u8>(), message.len()) };
        let answers: Vec<_> = (0..3).map(|view| theirs(bytes, view)).collect();
        for (view, right) in (0..3).zip(&answers) {
            let (error, left) = mine(ours, bytes, view);
            let same = match right {
                Ok(lines) if left.len() == ROOM - 1 => error == 0 && lines.starts_with(&left), // a long list; more is not written
                Ok(lines) => error == 0 && left == *lines,
                Err(_) if damaged => error != 0, // of two faults either may be found first
                Err(capos_config::Error::Capnp(_)) => error == WIRE,
                Err(other) => refused_alike(error, &left, other),
            };
            let why = if same { "" } else { meant(damaged, view, (error, &left), right, answers[2].is_ok()) };
            if !same && why.is_empty() {
                return Err(format!("damaged {damaged:?}, view {view}: ours {error} {left}\ntheirs {right:?}\n{bytes:02x?}"));
            }
            let kind = match right {
                _ if !same => why,
                Ok(_) => "accepted",
                Err(capos_config::Error::Capnp(_)) => "wire",
                Err(capos_config::Error::InvalidValue { .. }) => "value",
                Err(_) => "field",
            };
            *seen.entry(kind.into()).or_default() += 1;
        }
    }
    let of = |kind: &str| seen.get(kind).copied().unwrap_or_default();
    if of("unread") * 500 > inputs {
        return Err(format!("init accepts too much that is damaged: {seen:?}"));
    }
    Ok(format!("three views each: {seen:?}"))
}
