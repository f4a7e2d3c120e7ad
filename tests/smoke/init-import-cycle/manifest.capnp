# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Two services import from each other.
@0xb8d1e7a3c0495f09;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "adder", data = embed "/build/user/adder")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "left")), (name = "binary", value = (text = "adder")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]),
        (fields = [(name = "name", value = (text = "other")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "right")), (name = "export", value = (text = "adder"))]))]))])])),
      (name = "exports", value = (list = [(text = "adder")]))]),
    (fields = [
      (name = "name", value = (text = "right")), (name = "binary", value = (text = "adder")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]),
        (fields = [(name = "name", value = (text = "other")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "left")), (name = "export", value = (text = "adder"))]))]))])])),
      (name = "exports", value = (list = [(text = "adder")]))])]))]));
