# SPDX-License-Identifier: MIT OR Apache-2.0
"""The kernel sources a program can be granted, by their manifest names (the enum KernelCapSource of the schema)."""

# Sources that this kernel builds: manifest name -> interface.
BUILT = {
    "console": "Console",
    "frame_allocator": "FrameAllocator",
    "virtual_memory": "VirtualMemory",
    "process_spawner": "ProcessSpawner",
    "boot_package": "BootPackage",
    "terminal_session": "TerminalSession",
    "entropy_source": "EntropySource",
    "credential_store": "CredentialStore",
    "session_manager": "SessionManager",
    "authority_broker": "AuthorityBroker",
    "audit_log": "AuditLog",
    "system_info": "SystemInfo",
    "timer": "Timer",
    "endpoint": "Endpoint",
    "chat_endpoint": "Endpoint",
    "thread_control": "ThreadControl",
    "thread_spawner": "ThreadSpawner",
    "park_space": "ParkSpace",
    "wall_clock": "WallClock",
    "log_sink": "LogSink",
    "log_reader": "LogReader",
    "system_monitor": "SystemMonitor",
    "power_control": "PowerControl",
    "stdio": "StdIO",
    "shared_park_space": "SharedParkSpace",
    "service_endpoint": "Endpoint",
    "session_minter": "SessionMinter",
}

# Sources that the schema names and this kernel does not build: it refuses them.
KNOWN = frozenset("""
    network_manager ssh_development_host_key tcp_listen_authority authorized_key_store restricted_shell_launcher
    device_mmio interrupt scheduling_policy dmapool hardware_audit_log scheduling_context
    cpu_isolation_lease file directory store namespace manual block_device read_only_fs_root persistent_store
    writable_fs_root block_device_target installable_image_source cpu_isolation_pool_grant
    cpu_isolation_pool_grant_secondary cpu_isolation_grant_minter nic
""".split())

# Sources for measurements, which the first process is never given.
MEASUREMENT = frozenset(("null", "park_bench"))


def refusal(source):
    """Why a grant of this source is refused, or None."""
    if source in BUILT:
        return None
    if source in MEASUREMENT:
        return f"kernel source {source} is for measurements only and not given to the first process"
    if source in KNOWN:
        return f"kernel source {source} is not available"
    return f"unknown kernel source {source}; known: " + ", ".join(sorted(BUILT))


def table():
    """The built sources as lines for a help text."""
    return "\n".join(f"  {name:18} {interface}" for name, interface in sorted(BUILT.items()))
