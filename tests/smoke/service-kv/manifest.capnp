# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The key-value service. Its clients reach what their facets say: badges that begin with 0x51c0 are receiver cookies, the
# last three bytes are the object. The service imports facets of itself, which it hands out as namespaces.
@0xd18f5b2a7c3e6490;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "kv", data = embed "/build/user/kv"),
    (name = "kv_service", data = embed "/build/user/kv_service")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner,
        (fields = [(name = "name", value = (text = "kv.kv")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "kv")), (name = "binary", value = (text = "kv")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "kv")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]),
        (fields = [(name = "name", value = (text = "frame_allocator")), (name = "source", value = (fields = [(name = "kernel", value = (text = "frame_allocator"))]))]),
        (fields = [(name = "name", value = (text = "sub0")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "kv")), (name = "export", value = (text = "kv"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xdeebc1bcb45451b4)), (name = "badge", value = (uintValue = 0x51c0000001000004))]),
        (fields = [(name = "name", value = (text = "sub1")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "kv")), (name = "export", value = (text = "kv"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xdeebc1bcb45451b4)), (name = "badge", value = (uintValue = 0x51c0000001000005))])])),
      (name = "exports", value = (list = [(text = "kv")]))]),
    (fields = [
      (name = "name", value = (text = "client")), (name = "binary", value = (text = "kv_service")),
      (name = "caps", value = (list = [
        Caps.console, Caps.processSpawner,
        (fields = [(name = "name", value = (text = "store")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "kv")), (name = "export", value = (text = "kv"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0x8eecd752a05a79b2))]),
        (fields = [(name = "name", value = (text = "names")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "kv")), (name = "export", value = (text = "kv"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xdeebc1bcb45451b4))]),
        (fields = [(name = "name", value = (text = "reader")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "kv")), (name = "export", value = (text = "kv"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0x8eecd752a05a79b2)), (name = "badge", value = (uintValue = 0x51c0000001000002))]),
        (fields = [(name = "name", value = (text = "lookup")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "kv")), (name = "export", value = (text = "kv"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xdeebc1bcb45451b4)), (name = "badge", value = (uintValue = 0x51c0000001000003))])]))])])),
    (name = "exitWhenServiceExits", value = (text = "client"))]));
