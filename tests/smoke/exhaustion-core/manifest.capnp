# SPDX-License-Identifier: MIT OR Apache-2.0
#
# One untrusted service under a profile of its own: the service account that names its binary names the profile.
@0xd3b0a5c1f6274e88;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [(name = "untrusted", data = embed "/build/user/exhaustion_core")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "untrusted")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "endpoint")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]),
        (fields = [(name = "name", value = (text = "frame_allocator")), (name = "source", value = (fields = [(name = "kernel", value = (text = "frame_allocator"))]))]),
        (fields = [(name = "name", value = (text = "entropy_source")), (name = "source", value = (fields = [(name = "kernel", value = (text = "entropy_source"))]))])]))]))]),
  kernelParams = (
    resourceProfiles = [
      (name = "other", endpointQueueLimit = 9),
      (name = "small-scratch", endpointQueueLimit = 4, inFlightCallLimit = 2, ringScratchLimitBytes = 4096, replyScratchLimitBytes = 512)],
    seedAccounts = [
      (name = "untrusted", principalId = 0x"75 6e 74 72 75 73 74 65 64 20 73 65 72 76 69 63 65 20 61 63 63 6f 75 6e 74 00 00 00 00 00 00 01",
       kind = service, serviceBinary = "untrusted", resourceProfile = "small-scratch")]));
