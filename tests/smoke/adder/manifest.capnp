# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The adder with two clients. Init holds the endpoint `adder.adder`, so that each client's facet has the adder's interface
# and a badge of its own: the adder keeps a total for each. The clock ends it all.
@0xa6c31f7d90e8b254;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "adder", data = embed "/build/user/adder"),
    (name = "sum", data = embed "/build/user/sum"),
    (name = "clock", data = embed "/build/user/clock")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner,
        (fields = [(name = "name", value = (text = "adder.adder")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "first")), (name = "binary", value = (text = "sum")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "adder")), (name = "export", value = (text = "adder"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xef7ff56e33b3ecba)), (name = "badge", value = (uintValue = 1))])]))]),
    (fields = [
      (name = "name", value = (text = "adder")), (name = "binary", value = (text = "adder")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])])),
      (name = "exports", value = (list = [(text = "adder")]))]),
    (fields = [
      (name = "name", value = (text = "second")), (name = "binary", value = (text = "sum")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "adder")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "adder")), (name = "export", value = (text = "adder"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xef7ff56e33b3ecba)), (name = "badge", value = (uintValue = 2))])]))]),
    (fields = [
      (name = "name", value = (text = "clock")), (name = "binary", value = (text = "clock")),
      (name = "caps", value = (list = [
        Caps.console, Caps.timer]))])])),
    (name = "exitWhenServiceExits", value = (text = "clock"))]));
