# SPDX-License-Identifier: MIT OR Apache-2.0
#
# A service under a profile that is small in everything; user/tests/exhaustion_profile.c knows the numbers.
@0xb8a4e21d5c937f06;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const endpoint :Schema.CueValue = (fields = [(name = "name", value = (text = "endpoint")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]);
const frames :Schema.CueValue = (fields = [(name = "name", value = (text = "frame_allocator")), (name = "source", value = (fields = [(name = "kernel", value = (text = "frame_allocator"))]))]);
const entropy :Schema.CueValue = (fields = [(name = "name", value = (text = "entropy_source")), (name = "source", value = (fields = [(name = "kernel", value = (text = "entropy_source"))]))]);
const threadSpawner :Schema.CueValue = (fields = [(name = "name", value = (text = "thread_spawner")), (name = "source", value = (fields = [(name = "kernel", value = (text = "thread_spawner"))]))]);
const threadControl :Schema.CueValue = (fields = [(name = "name", value = (text = "thread_control")), (name = "source", value = (fields = [(name = "kernel", value = (text = "thread_control"))]))]);

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [(name = "untrusted", data = embed "/build/user/exhaustion_profile")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "untrusted")),
      (name = "caps", value = (list = [
        Caps.console, Caps.timer, Caps.virtualMemory, Caps.processSpawner, .endpoint, .frames, .entropy, .threadSpawner, .threadControl]))]))]),
  kernelParams = (
    resourceProfiles = [
      (name = "tight", processLimit = 2, threadLimit = 3, capLimit = 24, frameGrantLimitPages = 40, endpointQueueLimit = 3,
       inFlightCallLimit = 2, ringScratchLimitBytes = 2048, replyScratchLimitBytes = 256, timerWaiterLimit = 2,
       logQuotaBytesPerWindow = 20)],
    seedAccounts = [
      (name = "untrusted", principalId = 0x"74 69 67 68 74 20 73 65 72 76 69 63 65 20 61 63 63 6f 75 6e 74 00 00 00 00 00 00 00 00 00 00 02",
       kind = service, serviceBinary = "untrusted", resourceProfile = "tight")]));
