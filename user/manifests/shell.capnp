# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What `make run` boots: init with what it needs to start one service, the shell, with exactly these capabilities, and
# programs to spawn from it.
@0xc5a3f0d17e2b9846;

using Schema = import "/schema/capos.capnp";
using Caps = import "caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "shell", data = embed "/build/user/shell"),
    (name = "hello", data = embed "/build/user/hello"),
    (name = "clock", data = embed "/build/user/clock"),
    (name = "echo", data = embed "/build/user/echo"),
    (name = "spin", data = embed "/build/user/spin"),
    (name = "crash", data = embed "/build/user/crash")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner, Caps.terminal]))])),
    (name = "services", value = (list = [(fields = [
      (name = "name", value = (text = "shell")),
      (name = "binary", value = (text = "shell")),
      (name = "caps", value = (list = [
        Caps.terminal, Caps.systemMonitor, Caps.powerControl, Caps.processSpawner, Caps.logReader, Caps.timer,
        Caps.wallClock, Caps.systemInfo, Caps.bootPackage]))])])),
    (name = "exitWhenServiceExits", value = (text = "shell"))]),
  kernelParams = (
    motd = "capOS: nothing runs here but what it was granted.",
    hostname = "capos"));
