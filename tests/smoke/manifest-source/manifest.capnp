# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Grants a network card.
@0xb8d1e7a3c0495f03;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [(fields = [(name = "name", value = (text = "nic")),
        (name = "source", value = (fields = [(name = "kernel", value = (text = "nic"))]))])]))]))]));
