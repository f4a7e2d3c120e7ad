# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The exit service ends with 42 while another one spins.
@0xb8d1e7a3c0495f09;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "quick_exit", data = embed "/build/user/quick_exit"),
    (name = "spin", data = embed "/build/user/spin")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [(fields = [(name = "name", value = (text = "spin")), (name = "binary", value = (text = "spin")),
      (name = "caps", value = (list = []))]), (fields = [(name = "name", value = (text = "quick")), (name = "binary", value = (text = "quick_exit")),
      (name = "caps", value = (list = []))])])),
    (name = "exitWhenServiceExits", value = (text = "quick"))]));
