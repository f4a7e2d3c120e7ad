// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Boot manifests for the comparison: a good one drawn from the seed, then changes of its fields, of its configuration tree, or
// of the bits of the encoded message.
use crate::rng::Rng;
use capos_config::{CueField, CueValue, manifest::*};

/// By the numbers of the schema.
pub const SOURCES: [&str; 50] = [
    "console", "endpoint", "frame_allocator", "virtual_memory", "process_spawner", "boot_package", "terminal_session",
    "entropy_source", "credential_store", "session_manager", "authority_broker", "audit_log", "system_info", "null",
    "park_bench", "timer", "thread_control", "thread_spawner", "park_space", "network_manager", "ssh_development_host_key",
    "tcp_listen_authority", "authorized_key_store", "restricted_shell_launcher", "chat_endpoint", "device_mmio", "interrupt",
    "scheduling_policy", "dmapool", "hardware_audit_log", "scheduling_context", "cpu_isolation_lease", "file", "directory",
    "store", "namespace", "wall_clock", "manual", "log_sink", "log_reader", "block_device", "read_only_fs_root",
    "persistent_store", "writable_fs_root", "block_device_target", "installable_image_source", "cpu_isolation_pool_grant",
    "cpu_isolation_pool_grant_secondary", "cpu_isolation_grant_minter", "nic",
];

/// Where a number of sources have rules of their own, these are drawn more often.
const WITH_RULES: [&str; 14] = [
    "console", "endpoint", "timer", "virtual_memory", "park_space", "terminal_session", "ssh_development_host_key",
    "authorized_key_store", "restricted_shell_launcher", "tcp_listen_authority", "block_device_target", "null", "chat_endpoint",
    "park_bench",
];
const NAMES: [&str; 8] = ["app", "tool", "shell", "net", "init", "log", "", "console"];
const SCOPES: [&str; 4] = ["principal_kind", "auth_strength", "profile_class", "everything"];
const PHC: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";

pub fn defaults() -> SystemConfig {
    SystemConfig {
        log_level: LogLevel::Debug,
        console_password_verifier_phc: String::new(),
        allow_local_development_shell: false,
        console_uart: UartConfig::default_console(),
        terminal_uart: UartConfig::default_terminal(),
        motd: String::new(),
        hostname: String::new(),
        seed_accounts: vec![],
        resource_profiles: vec![],
        initial_role_bindings: vec![],
        ssh_development_host_key: None,
        authorized_ssh_keys: vec![],
        session_lifetimes: SessionLifetimeConfig::default(),
        dma_backend_policy: DmaBackendPolicy::Unspecified,
        cpu_isolation_pools: vec![],
        cpu_isolation_pool_grants: vec![],
        cpu_isolation_grant_minter_allowlist: vec![],
        key_source_bootstrap: KeySourceBootstrapConfig::disabled(),
        block_device_target: None,
    }
}

fn text(value: &str) -> CueValue {
    CueValue::Text(value.into())
}

fn record(fields: Vec<(&str, CueValue)>) -> CueValue {
    CueValue::Struct(fields.into_iter().map(|(name, value)| CueField::new(name, value)).collect())
}

fn source(rng: &mut Rng) -> &'static str {
    match rng.below(4) {
        0 => rng.pick(&WITH_RULES),
        1 => rng.pick(&SOURCES),
        _ => rng.pick(&["console", "endpoint", "timer", "log_sink"]),
    }
}

fn cap(rng: &mut Rng, name: String, services: &[(String, Vec<String>)]) -> CueValue {
    let exporters: Vec<_> = services.iter().filter(|(_, exports)| !exports.is_empty()).collect();
    let from = if !exporters.is_empty() && rng.one_in(3) {
        let (service, exports) = exporters[rng.below(exporters.len() as u64) as usize];
        let export = &exports[rng.below(exports.len() as u64) as usize];
        record(vec![("service", record(vec![("service", text(service)), ("export", text(export))]))])
    } else {
        record(vec![("kernel", text(source(rng)))])
    };
    let tcp = matches!(&from, CueValue::Struct(fields) if fields[0].value == text("tcp_listen_authority"));
    let mut fields = vec![("name", CueValue::Text(name)), ("source", from)];
    if tcp || rng.one_in(4) {
        fields.push(("badge", CueValue::UInt(rng.pick(&[1, 1, 22, 65535]))));
    }
    if rng.one_in(60) {
        fields.push(("expectedInterfaceId", CueValue::UInt(0)));
    }
    if rng.one_in(4) {
        let scopes = (0..rng.below(4)).map(|i| text(SCOPES[i as usize])).collect();
        fields.push(("disclosureScope", CueValue::List(scopes)));
    }
    record(fields)
}

fn caps(rng: &mut Rng, most: u64, services: &[(String, Vec<String>)]) -> CueValue {
    CueValue::List((0..rng.below(most + 1)).map(|i| cap(rng, format!("cap{i}"), services)).collect())
}

/// A service that exports console and endpoint caps under their names, and caps of its own.
fn service(rng: &mut Rng, name: &str, exports: &[String], all: &[(String, Vec<String>)]) -> CueValue {
    let CueValue::List(mut list) = caps(rng, 3, all) else { unreachable!() };
    for export in exports {
        list.push(record(vec![("name", text(export)), ("source", record(vec![("kernel", text(rng.pick(&["endpoint", "console"])))]))]));
    }
    let mut fields = vec![
        ("name", text(name)),
        ("binary", text(rng.pick(&["app", "tool"]))),
        ("caps", CueValue::List(list)),
        ("exports", CueValue::List(exports.iter().map(|export| text(export)).collect())),
    ];
    if rng.one_in(2) {
        fields.push(("restart", text(rng.pick(&["never", "on-failure", "always"]))));
    }
    record(fields)
}

fn init_config(rng: &mut Rng) -> CueValue {
    let services: Vec<(String, Vec<String>)> = (0..rng.below(4))
        .map(|i| (format!("s{i}"), (0..rng.below(3)).map(|e| format!("export{e}")).collect()))
        .collect();
    let mut init = vec![("binary", text(rng.pick(&["app", "app", "tool", "init"])))];
    if !rng.one_in(4) {
        init.push(("caps", caps(rng, 5, &[])));
    }
    let list = services.iter().map(|(name, exports)| service(rng, name, exports, &services)).collect();
    let mut fields = vec![("init", record(init)), ("services", CueValue::List(list))];
    if !services.is_empty() && rng.one_in(3) {
        fields.push(("exitWhenServiceExits", text(&services[0].0)));
    }
    if rng.one_in(6) {
        fields.push(("args", CueValue::List(vec![CueValue::Int(-1), CueValue::Bytes(vec![1, 2]), CueValue::Bool(true), CueValue::Null])));
    }
    record(fields)
}

fn bytes(fill: u8, len: usize) -> Vec<u8> {
    vec![fill; len]
}

fn accounts(rng: &mut Rng) -> Vec<ManifestSeedAccount> {
    let kinds = [PrincipalKind::Operator, PrincipalKind::Human, PrincipalKind::Guest, PrincipalKind::Service,
                 PrincipalKind::Anonymous, PrincipalKind::Pseudonymous];
    (0..rng.below(7) as usize)
        .map(|i| ManifestSeedAccount {
            name: format!("user{i}"),
            principal_id: bytes(i as u8 + 1, 32),
            kind: kinds[i],
            display_name: format!("User {i}"),
            credential_refs: if i == 0 { vec![b"console-password".to_vec()] } else { vec![bytes(100 + i as u8, i)] },
            resource_profile: "small".into(),
            policy_profile: String::new(),
            service_binary: if kinds[i] == PrincipalKind::Service { "tool".into() } else { String::new() },
            direct_caps: vec![],
        })
        .collect()
}

fn profile(rng: &mut Rng, name: &str) -> ManifestResourceProfile {
    ManifestResourceProfile {
        name: name.into(),
        home_quota_bytes: rng.edge(),
        temp_quota_bytes: rng.edge(),
        process_limit: rng.edge() as u32,
        thread_limit: rng.edge() as u32,
        cap_limit: rng.edge() as u32,
        memory_commit_limit_bytes: rng.edge(),
        frame_grant_limit_pages: rng.edge(),
        endpoint_queue_limit: rng.edge() as u32,
        in_flight_call_limit: rng.edge() as u32,
        ring_scratch_limit_bytes: rng.edge(),
        reply_scratch_limit_bytes: rng.edge(),
        log_quota_bytes_per_window: rng.edge(),
        network_profile: rng.pick(&["", "none", "all"]).into(),
        cpu_budget_us_per_window: rng.edge(),
        cpu_window_us: rng.edge(),
        timer_waiter_limit: rng.edge() as u32,
        launcher_profile: rng.pick(&["", "any"]).into(),
    }
}

fn authorized(accounts: &[ManifestSeedAccount]) -> Vec<AuthorizedSshKey> {
    let shell = |kind| match kind {
        PrincipalKind::Operator | PrincipalKind::Human => Some("operator"),
        PrincipalKind::Guest => Some("guest"),
        PrincipalKind::Anonymous | PrincipalKind::Pseudonymous => Some("anonymous"),
        PrincipalKind::Service => None,
    };
    accounts
        .iter()
        .enumerate()
        .filter_map(|(i, account)| {
            shell(account.kind).map(|shell| AuthorizedSshKey {
                key_id: bytes(40 + i as u8, 32),
                principal_id: account.principal_id.clone(),
                algorithm: "ssh-ed25519".into(),
                public_key: bytes(60 + i as u8, 32),
                fingerprint_sha256: bytes(80 + i as u8, 32),
                allowed_shell_profiles: vec![shell.into()],
                disabled_at_ms: i as u64,
                source: "test".into(),
                comment: String::new(),
            })
        })
        .collect()
}

fn config(rng: &mut Rng) -> SystemConfig {
    let seed_accounts = accounts(rng);
    let mut p = SystemConfig { resource_profiles: vec![profile(rng, "small"), profile(rng, "large")], ..defaults() };
    p.log_level = rng.pick(&[LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error]);
    p.console_password_verifier_phc = if rng.one_in(2) { PHC.into() } else { String::new() };
    p.allow_local_development_shell = rng.one_in(2);
    p.motd = rng.pick(&["", "Welcome.\n\tBe kind.\n"]).into();
    p.hostname = rng.pick(&["", "capos"]).into();
    p.initial_role_bindings = seed_accounts
        .iter()
        .map(|a| ManifestRoleBinding { principal_id: a.principal_id.clone(), role: rng.pick(&["guest", "developer", "system-updater"]).into() })
        .collect();
    p.authorized_ssh_keys = if rng.one_in(2) { authorized(&seed_accounts) } else { vec![] };
    p.seed_accounts = seed_accounts;
    if !rng.one_in(3) {
        p.ssh_development_host_key = Some(SshDevelopmentHostKey {
            non_production_label: "capos-development-only-ssh-host-key".into(),
            algorithm: "ssh-ed25519".into(),
            private_key_seed: bytes(1, 32),
            public_key: bytes(2, 32),
            fingerprint_sha256: bytes(3, 32),
        });
    }
    if rng.one_in(2) {
        p.session_lifetimes = SessionLifetimeConfig { operator_ms: rng.edge(), guest_ms: rng.edge(), anonymous_ms: rng.edge() };
    }
    p.dma_backend_policy = rng.pick(&[DmaBackendPolicy::Unspecified, DmaBackendPolicy::EnableIfVerified, DmaBackendPolicy::EnableUnsafe,
                                      DmaBackendPolicy::BounceBuffer]);
    p.cpu_isolation_pools = (0..rng.below(3) as u32)
        .map(|i| CpuIsolationPoolDescriptor { pool_id: i, pool_cpu_mask: bytes(15, i as usize), pool_max_leases: i, pool_max_leases_per_account: 1 })
        .collect();
    let grants = |count| (0..count).map(|i| CpuIsolationPoolGrantBinding { bound_account_id: i + 1, bound_pool_id: i as u32 }).collect();
    p.cpu_isolation_pool_grants = grants(rng.below(3));
    p.cpu_isolation_grant_minter_allowlist = grants(rng.below(3));
    if rng.one_in(2) {
        p.key_source_bootstrap.development_software = DevelopmentSoftwareKeySourceConfig {
            enabled: true,
            identifier: bytes(4, 16),
            non_production_label: "capos-development-only-key-source".into(),
            allowed_purposes: vec![KeyPurpose::Tls, KeyPurpose::AcmeAccount],
        };
    }
    if !rng.one_in(3) {
        let (segment, bus) = (rng.edge() as u16, rng.edge() as u8);
        let pci = PciDeviceSelector { segment, bus, device: rng.below(32) as u8, function: rng.below(8) as u8 };
        p.block_device_target = Some(BlockDeviceTargetSelector { pci });
    }
    p
}

fn good(rng: &mut Rng) -> SystemManifest {
    let blob = |name: &str, len| NamedBlob { name: name.into(), data: bytes(7, len) };
    SystemManifest {
        schema_version: 1,
        binaries: vec![blob("app", 3), blob("tool", 9), blob("empty", 0)],
        init_config: init_config(rng),
        kernel_params: (!rng.one_in(4)).then(|| config(rng)),
        extension_points: rng.one_in(3).then(|| ManifestExtensionPoints {
            allow_additional_services: rng.one_in(2),
            max_additional_services: rng.edge() as u32,
            allowed_service_caps: vec![KernelCapSource::Console, KernelCapSource::Timer],
            min_overlay_epoch: rng.edge(),
            allow_network_settings: rng.one_in(2),
            allow_runtime_settings: rng.one_in(2),
            allow_account_store_location: rng.one_in(2),
        }),
    }
}

fn other_text(rng: &mut Rng, old: &str) -> String {
    match rng.below(9) {
        0 => String::new(),
        1 => "x".repeat(rng.pick(&[32, 33, 63, 64, 65, 96, 97, 128, 129, 255, 256, 257, 512, 513, 1000, 1001, 4096, 4097])),
        2 => format!("{old}\u{7f}"),
        3 => old.to_uppercase(),
        4 => format!(" {old}"),
        5 => format!("{old}{}", rng.pick(&["\r", "\n", "é", ":", ",", "=", "\t", "x"])),
        6 => old[..rng.below(old.len() as u64 + 1) as usize].chars().collect(),
        7 => format!("hex:{}", rng.pick(&["", "0", "00", "zz", "0F"])),
        _ => rng.pick(&NAMES).into(),
    }
}

fn other_value(rng: &mut Rng) -> CueValue {
    match rng.below(8) {
        0 => CueValue::Null,
        1 => CueValue::Bool(rng.one_in(2)),
        2 => CueValue::Int(rng.edge() as i64),
        3 => CueValue::UInt(rng.edge()),
        4 => text(rng.pick(&NAMES)),
        5 => CueValue::Bytes(b"app".to_vec()),
        6 => CueValue::List(vec![]),
        _ => record(vec![]),
    }
}

/// Goes to a place of the tree and changes it there.
fn change_tree(rng: &mut Rng, value: &mut CueValue) {
    if rng.one_in(12) {
        *value = other_value(rng);
        return;
    }
    match value {
        CueValue::Struct(fields) if !fields.is_empty() => {
            let at = rng.below(fields.len() as u64) as usize;
            match rng.below(16) {
                0 => drop(fields.remove(at)),
                1 => fields.insert(rng.below(fields.len() as u64 + 1) as usize, fields[at].clone()),
                2 => fields[at].name = rng.pick(&["kernel", "service", "name", "caps", "badge", "expectedInterfaceId", "other"]).into(),
                3 => fields.push(CueField::new(rng.pick(&["expectedInterfaceId", "badge", "restart", "kernel", "other"]), other_value(rng))),
                4 => fields.push(CueField::new(rng.pick(&["expectedInterfaceId", "badge"]), CueValue::UInt(rng.below(2)))),
                _ => change_tree(rng, &mut fields[at].value),
            }
        }
        CueValue::List(items) if !items.is_empty() => {
            let at = rng.below(items.len() as u64) as usize;
            match rng.below(8) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                2 => items.swap(0, at),
                _ => change_tree(rng, &mut items[at]),
            }
        }
        CueValue::Text(old) if rng.one_in(3) => *value = text(rng.pick(&WITH_RULES)),
        CueValue::Text(old) if rng.one_in(2) => *value = text(rng.pick(&["s0", "s1", "export0", "export1", "cap0", "cap1", "app", "empty"])),
        CueValue::Text(old) => *old = other_text(rng, old),
        CueValue::UInt(number) => *number = rng.edge(),
        _ => *value = other_value(rng),
    }
}

fn change_bytes(rng: &mut Rng, value: &mut Vec<u8>) {
    match rng.below(4) {
        0 => value.clear(),
        1 => value.push(1),
        2 => drop(value.pop()),
        _ => value.iter_mut().for_each(|byte| *byte = 1 + (*byte) % 4),
    }
}

fn change_text(rng: &mut Rng, value: &mut String) {
    *value = other_text(rng, value);
}

fn change_list<T: Clone>(rng: &mut Rng, list: &mut Vec<T>, inside: impl Fn(&mut Rng, &mut T)) {
    if list.is_empty() {
        return;
    }
    let at = rng.below(list.len() as u64) as usize;
    match rng.below(10) {
        0 => drop(list.remove(at)),
        1 => list.push(list[at].clone()),
        2 => list.clear(),
        _ => inside(rng, &mut list[at]),
    }
}

fn change_account(rng: &mut Rng, a: &mut ManifestSeedAccount) {
    match rng.below(9) {
        0 => change_text(rng, &mut a.name),
        1 => change_bytes(rng, &mut a.principal_id),
        2 => a.kind = rng.pick(&[PrincipalKind::Operator, PrincipalKind::Human, PrincipalKind::Guest, PrincipalKind::Service]),
        3 => change_text(rng, &mut a.display_name),
        4 => change_list(rng, &mut a.credential_refs, |rng, value| if rng.one_in(3) { *value = b"console-password".to_vec() } else { change_bytes(rng, value) }),
        5 => a.resource_profile = rng.pick(&["large", "other", ""]).into(),
        6 => change_text(rng, &mut a.policy_profile),
        7 => a.service_binary = rng.pick(&["app", "other", "empty", ""]).into(),
        _ => a.direct_caps.push(KernelCapSource::Timer),
    }
}

fn change_key(rng: &mut Rng, k: &mut AuthorizedSshKey) {
    match rng.below(8) {
        0 => change_bytes(rng, &mut k.key_id),
        1 => change_bytes(rng, &mut k.principal_id),
        2 => change_text(rng, &mut k.algorithm),
        3 => change_bytes(rng, &mut k.public_key),
        4 => change_bytes(rng, &mut k.fingerprint_sha256),
        5 => k.allowed_shell_profiles = rng.pick(&[&[][..], &["operator", "operator"], &["guest"], &["anonymous"], &["other"]]).iter().map(|s| String::from(*s)).collect(),
        6 => change_text(rng, &mut k.source),
        _ => change_text(rng, &mut k.comment),
    }
}

fn change_uart(rng: &mut Rng, u: &mut UartConfig) {
    match rng.below(5) {
        0 => u.port = rng.pick(&[UartPort::Com1, UartPort::Com2]),
        1 => u.baud = rng.pick(&[0, 1, 2, 9600, 115_199, 115_200, 115_201, 57_600, 7, u32::MAX]),
        2 => u.data_bits = rng.pick(&[0, 4, 5, 7, 8, 9, 255]),
        3 => u.stop_bits = rng.pick(&[0, 1, 2, 3]),
        _ => u.parity = rng.pick(&[UartParity::None, UartParity::Even, UartParity::Odd]),
    }
}

fn change_software(rng: &mut Rng, s: &mut KeySourceBootstrapConfig) {
    let d = &mut s.development_software;
    match rng.below(5) {
        0 => s.deployment_profile = rng.pick(&[KeySourceDeploymentProfile::Production, KeySourceDeploymentProfile::PublicIngress,
                                               KeySourceDeploymentProfile::BillableCloudProof]),
        1 => d.enabled = !d.enabled,
        2 => change_bytes(rng, &mut d.identifier),
        3 => change_text(rng, &mut d.non_production_label),
        _ => change_list(rng, &mut d.allowed_purposes, |rng, p| *p = rng.pick(&[KeyPurpose::Tls, KeyPurpose::Audit, KeyPurpose::AcmeAccount])),
    }
}

fn change_host_key(rng: &mut Rng, k: &mut SshDevelopmentHostKey) {
    match rng.below(5) {
        0 => change_text(rng, &mut k.non_production_label),
        1 => change_text(rng, &mut k.algorithm),
        2 => change_bytes(rng, &mut k.private_key_seed),
        3 => change_bytes(rng, &mut k.public_key),
        _ => change_bytes(rng, &mut k.fingerprint_sha256),
    }
}

fn verifier(rng: &mut Rng) -> String {
    match rng.below(6) {
        0 => "x".repeat(rng.pick(&[511, 512, 513])),
        1 => PHC.replace("m=19456", rng.pick(&["m=19457", "m=8", "m=x"])),
        2 => PHC.replace("t=2", rng.pick(&["t=4", "t=5", "t=0"])),
        3 => PHC.replace("p=1", rng.pick(&["p=2", "p=0"])),
        4 => PHC.replace("argon2id", rng.pick(&["argon2i", "scrypt"])),
        _ => "nonsense".into(),
    }
}

fn change_config(rng: &mut Rng, p: &mut SystemConfig) {
    match rng.below(15) {
        0 => p.console_password_verifier_phc = verifier(rng), // other texts: the subject phc
        1 => change_text(rng, &mut p.motd),
        2 => change_text(rng, &mut p.hostname),
        3 => change_uart(rng, &mut p.console_uart),
        4 => change_uart(rng, &mut p.terminal_uart),
        5 | 6 => change_list(rng, &mut p.seed_accounts, change_account),
        7 => change_list(rng, &mut p.resource_profiles, |rng, r| change_text(rng, &mut r.name)),
        8 => change_list(rng, &mut p.initial_role_bindings, |rng, r| if rng.one_in(2) { change_text(rng, &mut r.role) } else { change_bytes(rng, &mut r.principal_id) }),
        9 => change_list(rng, &mut p.authorized_ssh_keys, change_key),
        10 => p.ssh_development_host_key.iter_mut().for_each(|key| change_host_key(rng, key)),
        11 => change_software(rng, &mut p.key_source_bootstrap),
        12 => change_list(rng, &mut p.cpu_isolation_pool_grants, |rng, g| g.bound_account_id = rng.below(2)),
        13 => change_list(rng, &mut p.cpu_isolation_grant_minter_allowlist, |rng, g| g.bound_account_id = rng.below(2)),
        _ => p.block_device_target.iter_mut().for_each(|t| if rng.one_in(2) { t.pci.device = rng.edge() as u8 } else { t.pci.function = rng.edge() as u8 }),
    }
}

fn change(rng: &mut Rng, m: &mut SystemManifest) {
    match 1 + rng.below(9) {
        1 if rng.one_in(4) => (0..rng.pick(&[60, 61, 62, 63])).for_each(|i| m.binaries.push(NamedBlob { name: format!("more{i}"), data: vec![] })),
        1 => change_list(rng, &mut m.binaries, |rng, b| if rng.one_in(3) { b.data.clear() } else { change_text(rng, &mut b.name) }),
        2..=4 => m.kernel_params.iter_mut().for_each(|p| change_config(rng, p)),
        _ => change_tree(rng, &mut m.init_config),
    }
}

/// Another version: upstream's encoder refuses to write one. It is the first word of the root struct.
fn change_version(rng: &mut Rng, message: &mut [u8]) {
    let word = |at: usize| u32::from_le_bytes(message[at..at + 4].try_into().unwrap());
    let header = ((word(0) as usize + 3) / 2) * 8;
    let root = header + 8 + (word(header) >> 2) as usize * 8;
    if word(header) & 3 == 0 && word(root) == 1 {
        message[root..root + 4].copy_from_slice(&(rng.edge() as u32).to_le_bytes());
    }
}

/// The encoded message, and whether its bits were changed.
pub fn make(rng: &mut Rng) -> (Vec<u8>, bool) {
    let mut manifest = good(rng);
    for _ in 0..rng.pick(&[0, 0, 1, 1, 1, 2, 3]) {
        change(rng, &mut manifest);
    }
    let mut message = manifest.to_capnp_bytes().expect("a manifest can be written");
    if rng.one_in(32) {
        change_version(rng, &mut message);
    }
    let damaged = rng.one_in(4);
    if damaged {
        for _ in 0..1 + rng.below(3) {
            let bit = rng.below(message.len() as u64 * 8) as usize;
            message[bit / 8] ^= 1 << (bit % 8);
        }
        if rng.one_in(16) {
            message.truncate(rng.below(message.len() as u64 + 1) as usize);
        }
    }
    (message, damaged)
}
