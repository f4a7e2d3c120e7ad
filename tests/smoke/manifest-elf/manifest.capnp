# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A first program of nine bytes.
@0xb8d1e7a3c0495f04;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "broken", data = "not elf!\n")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "broken")),
      (name = "caps", value = (list = [Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner]))]))]));
