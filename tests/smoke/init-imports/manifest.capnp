# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The second service imports the first one's console: it gets one of its own.
@0xb8d1e7a3c0495f06;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "hello", data = embed "/build/user/hello")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "second")), (name = "binary", value = (text = "hello")),
      (name = "caps", value = (list = [
        (fields = [(name = "name", value = (text = "console")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "first")), (name = "export", value = (text = "console"))]))]))])]))]),
    (fields = [
      (name = "name", value = (text = "first")), (name = "binary", value = (text = "hello")),
      (name = "caps", value = (list = [
        Caps.console])),
      (name = "exports", value = (list = [(text = "console")]))])]))]));
