// SPDX-License-Identifier: MIT OR Apache-2.0
//! SessionManager, UserSession, AuthorityBroker, RestrictedLauncher and CredentialStore through their typed clients.
#![no_std]
#![no_main]
extern crate alloc;
use capos_compat::{FOREVER, refused};
use capos_rt::client::{LoginSelector, LoginSelectorKind, LoginSourceMetadata};
use capos_rt::ExceptionType::{Disconnected, Failed, InvalidArgument};
use capos_rt::{
    AuthStrength, AuthorityBrokerClient, Capability, CapabilityRef, ConsoleClient, CredentialCheckStatus, CredentialStoreClient,
    Client, KernelCapSource, PrincipalKind, ProcessHandleClient,
    RestrictedLauncherClient, Runtime, RuntimeRingClient, SessionManagerClient, SpawnGrant, SpawnGrantMode, SpawnGrantSource,
    SystemInfoClient, UserSession, UserSessionClient,
};

fn kernel(name: &str, source: KernelCapSource) -> SpawnGrant<'_> {
    SpawnGrant { name, source: SpawnGrantSource::Kernel(source), mode: SpawnGrantMode::Raw, badge: 0 }
}

fn held(name: &str, capability: CapabilityRef) -> SpawnGrant<'_> {
    SpawnGrant { name, source: SpawnGrantSource::Capability(capability), mode: SpawnGrantMode::Raw, badge: u64::MAX }
}

fn logins(manager: &mut SessionManagerClient, ring: &mut RuntimeRingClient<'_>) {
    let source = LoginSourceMetadata { terminal_event_id: &[1; 16], source: "compat", remote_addr: &[] };
    let selector = LoginSelector { kind: LoginSelectorKind::AccountName, value: b"operator" };
    refused(manager.login_wait(ring, "password", selector, b"secret", source, FOREVER), Failed);
    refused(manager.ssh_public_key_wait(ring, "operator", "ssh-ed25519", &[1; 32], &[2; 8], &[3; 64], &[], FOREVER), Failed);
    refused(manager.guest_wait(ring, FOREVER), Failed);
}

fn credentials(store: &mut CredentialStoreClient, ring: &mut RuntimeRingClient<'_>) {
    let status = store.console_password_status_wait(ring, FOREVER).unwrap();
    assert!(!status.configured && !status.volatile);
    for (len, expected) in [(256, CredentialCheckStatus::Unavailable), (257, CredentialCheckStatus::Denied)] {
        let answer = store.verify_console_password_wait(ring, &[7; 257][..len], FOREVER).unwrap();
        assert!(answer.status == expected && !answer.volatile);
    }
    store.console_bootstrap_policy_wait(ring, FOREVER).unwrap();
    refused(store.create_console_password_wait(ring, b"", FOREVER), Failed);
    refused(store.create_console_password_wait(ring, b"secret", FOREVER), Failed);
}

fn launches(launcher: &mut RestrictedLauncherClient, console: CapabilityRef, ring: &mut RuntimeRingClient<'_>) {
    assert!(launcher.list_binaries_wait(ring, FOREVER).unwrap() == ["child"]);
    let grants = [held("console", console), kernel("timer", KernelCapSource::Timer), kernel("say:launched", KernelCapSource::Timer)];
    let child = launcher.spawn_wait(ring, "child", "child", &grants, FOREVER).unwrap();
    assert!(ProcessHandleClient::new(child.capability()).wait_wait(ring, FOREVER).unwrap() == 6);
    let grants = [
        held("console", console),
        kernel("timer", KernelCapSource::Timer),
        kernel("exit:12", KernelCapSource::Timer),
        kernel("endpoint", KernelCapSource::Endpoint),
    ];
    let worker = launcher.spawn_worker_wait(ring, "worker", "child", &grants, FOREVER).unwrap();
    assert!(worker.parent_endpoints.len() == 1);
    assert!(ProcessHandleClient::new(worker.handle.capability()).wait_wait(ring, FOREVER).unwrap() == 12);
    refused(launcher.spawn_wait(ring, "child", "child", &grants, FOREVER), InvalidArgument);
    refused(launcher.spawn_wait(ring, "child", "child", &[kernel("c", KernelCapSource::Console)], FOREVER), InvalidArgument);
    refused(launcher.spawn_wait(ring, "again", "sessions", &[], FOREVER), Failed);
}

fn bundle(broker: &mut AuthorityBrokerClient, session: Capability<UserSession>, console: CapabilityRef, ring: &mut RuntimeRingClient<'_>) {
    refused(broker.shell_bundle_wait(ring, session, "guest", FOREVER), Failed);
    let remote = broker.remote_client_bundle_wait(ring, session, "anonymous", FOREVER).unwrap();
    assert!(remote.service_endpoints.is_empty());
    let shell = broker.shell_bundle_wait(ring, session, "anonymous", FOREVER).unwrap();
    assert!(shell.service_endpoints.is_empty());
    SystemInfoClient::new(shell.system_info.capability()).hostname_wait(ring, FOREVER).unwrap();
    let mut launcher = RestrictedLauncherClient::new(shell.launcher.capability());
    launches(&mut launcher, console, ring);

    let mut same = UserSessionClient::new(shell.session.capability());
    same.logout_wait(ring, FOREVER).unwrap();
    refused(same.info_wait(ring, FOREVER), Disconnected);
    refused(launcher.list_binaries_wait(ring, FOREVER), Disconnected);
    refused(broker.shell_bundle_wait(ring, session, "anonymous", FOREVER), Disconnected);
}

fn main(mut runtime: Runtime) -> i64 {
    let set = runtime.capset();
    let mut manager: SessionManagerClient = set.get_client(b"session_manager").unwrap();
    let mut broker: AuthorityBrokerClient = set.get_client(b"authority_broker").unwrap();
    let mut store: CredentialStoreClient = set.get_client(b"credential_store").unwrap();
    let console: ConsoleClient = set.get_client(b"console").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    let ring = &mut ring;
    logins(&mut manager, ring);
    credentials(&mut store, ring);
    let started = manager.anonymous_wait(ring, FOREVER).unwrap();
    let mut session = UserSessionClient::new(started.session.capability());
    let info = session.info_wait(ring, FOREVER).unwrap();
    assert!(info.principal_kind == PrincipalKind::Anonymous && info.auth_strength == AuthStrength::None);
    assert!(info.session_id.len() == 16 && info.principal_id.len() == 32 && info.profile == "anonymous");
    assert!(info.expires_at_ms == info.created_at_ms + 300_000);
    let ids = session.audit_context_wait(ring, FOREVER).unwrap();
    assert!(ids.session_id == info.session_id && ids.principal_id == info.principal_id);
    bundle(&mut broker, started.session.capability(), console.capability().raw(), ring);
    refused(session.info_wait(ring, FOREVER), Disconnected);
    0
}

capos_rt::entry_point!(main);
