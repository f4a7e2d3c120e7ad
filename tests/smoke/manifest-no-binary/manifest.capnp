# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Names a first program that is not in the package.
@0xb8d1e7a3c0495f02;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "nobody")),
      (name = "caps", value = (list = [Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))]))]));
