# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A service whose endpoint may learn kind and profile of its callers.
@0x9c5e31f7a80b64d2;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "sessions", data = embed "/build/user/sessions"),
    (name = "inside", data = embed "/build/user/sessions")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [(fields = [
      (name = "name", value = (text = "sessions")), (name = "binary", value = (text = "sessions")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "session_manager")), (name = "source", value = (fields = [(name = "kernel", value = (text = "session_manager"))]))]),
        (fields = [(name = "name", value = (text = "authority_broker")), (name = "source", value = (fields = [(name = "kernel", value = (text = "authority_broker"))]))]),
        (fields = [(name = "name", value = (text = "frame_allocator")), (name = "source", value = (fields = [(name = "kernel", value = (text = "frame_allocator"))]))]),
        (fields = [(name = "name", value = (text = "endpoint")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))])), (name = "disclosureScope", value = (list = [(text = "principal_kind"), (text = "profile_class")]))]),
        (fields = [(name = "name", value = (text = "told")), (name = "source", value = (fields = [(name = "kernel", value = (text = "timer"))]))])]))])])),
    (name = "exitWhenServiceExits", value = (text = "sessions"))]));
