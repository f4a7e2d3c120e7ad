# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Two services that end.
@0xb8d1e7a3c0495f08;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "quick_exit", data = embed "/build/user/quick_exit"),
    (name = "hello", data = embed "/build/user/hello")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [(fields = [(name = "name", value = (text = "a")), (name = "binary", value = (text = "hello")),
      (name = "caps", value = (list = [Caps.console]))]), (fields = [(name = "name", value = (text = "b")), (name = "binary", value = (text = "quick_exit")),
      (name = "caps", value = (list = []))])]))]));
