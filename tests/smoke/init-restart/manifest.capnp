# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A service that fails again and again, one that fails once, and one that ends after two seconds.
@0xb8d1e7a3c0495f07;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "quick_exit", data = embed "/build/user/quick_exit"),
    (name = "clock", data = embed "/build/user/clock")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))])),
    (name = "services", value = (list = [(fields = [(name = "name", value = (text = "failing")), (name = "binary", value = (text = "quick_exit")),
      (name = "caps", value = (list = [])),
      (name = "restart", value = (text = "on-failure"))]), (fields = [(name = "name", value = (text = "once")), (name = "binary", value = (text = "quick_exit")),
      (name = "caps", value = (list = [])),
      (name = "restart", value = (text = "never"))]), (fields = [(name = "name", value = (text = "clock")), (name = "binary", value = (text = "clock")),
      (name = "caps", value = (list = [Caps.console, Caps.timer]))])])),
    (name = "exitWhenServiceExits", value = (text = "clock"))]));
