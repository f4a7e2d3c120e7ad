# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A badge for a facet that init cannot badge.
@0xb8d1e7a3c0495f0a;

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
      (name = "name", value = (text = "adder")), (name = "binary", value = (text = "adder")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])])),
      (name = "exports", value = (list = [(text = "adder")]))]),
    (fields = [
      (name = "name", value = (text = "client")), (name = "binary", value = (text = "sum")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "adder")), (name = "export", value = (text = "adder"))]))])), (name = "badge", value = (uintValue = 5))])]))])]))]));
