# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Log records below warn are dropped.
@0xb8d1e7a3c0495fa0;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [(name = "log_level", data = embed "/build/user/log_level")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "log_level")),
      (name = "caps", value = (list = [Caps.console, Caps.logSink, Caps.systemInfo]))]))]),
  kernelParams = (logLevel = warn, hostname = "a-name", motd = "two\nlines"));
