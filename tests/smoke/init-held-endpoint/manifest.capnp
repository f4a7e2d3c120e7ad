# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A service that dies and is started again on the endpoint that init holds; its client and itself import from each other.
@0xb8d1e7a3c0495f0b;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "fragile", data = embed "/build/user/fragile")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner,
        (fields = [(name = "name", value = (text = "server.fragile")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "client")), (name = "binary", value = (text = "fragile")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "service")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "server")), (name = "export", value = (text = "fragile"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xef7ff56e33b3ecba)), (name = "badge", value = (uintValue = 3))])]))]),
    (fields = [
      (name = "name", value = (text = "server")), (name = "binary", value = (text = "fragile")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "fragile")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]),
        (fields = [(name = "name", value = (text = "self")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "server")), (name = "export", value = (text = "fragile"))]))]))])])),
      (name = "exports", value = (list = [(text = "fragile")])),
      (name = "restart", value = (text = "on-failure"))])])),
    (name = "exitWhenServiceExits", value = (text = "client"))]));
