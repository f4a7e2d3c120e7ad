# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The client stands in front of the service: its facet comes with the start of the service, so the service starts first.
@0xb8d1e7a3c0495f08;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "adder", data = embed "/build/user/adder"),
    (name = "sum", data = embed "/build/user/sum")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "client")), (name = "binary", value = (text = "sum")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "adder")), (name = "export", value = (text = "adder"))]))]))])]))]),
    (fields = [
      (name = "name", value = (text = "adder")), (name = "binary", value = (text = "adder")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])])),
      (name = "exports", value = (list = [(text = "adder")]))])])),
    (name = "exitWhenServiceExits", value = (text = "client"))]));
