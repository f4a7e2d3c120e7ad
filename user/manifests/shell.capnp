# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What `make run` boots: init with what it needs to start one service, the shell, with exactly these capabilities, and
# programs to spawn from it.
@0xc5a3f0d17e2b9846;

using Schema = import "/schema/capos.capnp";

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
        .bootPackage, .virtualMemory, .processSpawner, .terminal]))])),
    (name = "services", value = (list = [(fields = [
      (name = "name", value = (text = "shell")),
      (name = "binary", value = (text = "shell")),
      (name = "caps", value = (list = [
        .terminal, .systemMonitor, .powerControl, .processSpawner, .logReader, .timer, .wallClock, .systemInfo,
        .bootPackage]))])])),
    (name = "exitWhenServiceExits", value = (text = "shell"))]),
  kernelParams = (
    motd = "capOS: nothing runs here but what it was granted.",
    hostname = "capos"));

const terminal :Schema.CueValue = (fields = [
  (name = "name", value = (text = "terminal")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "terminal_session"))]))]);
const bootPackage :Schema.CueValue = (fields = [
  (name = "name", value = (text = "boot_package")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "boot_package"))]))]);
const virtualMemory :Schema.CueValue = (fields = [
  (name = "name", value = (text = "virtual_memory")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "virtual_memory"))]))]);
const processSpawner :Schema.CueValue = (fields = [
  (name = "name", value = (text = "process_spawner")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "process_spawner"))]))]);
const systemMonitor :Schema.CueValue = (fields = [
  (name = "name", value = (text = "system_monitor")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "system_monitor"))]))]);
const powerControl :Schema.CueValue = (fields = [
  (name = "name", value = (text = "power_control")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "power_control"))]))]);
const logReader :Schema.CueValue = (fields = [
  (name = "name", value = (text = "log_reader")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "log_reader"))]))]);
const timer :Schema.CueValue = (fields = [
  (name = "name", value = (text = "timer")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "timer"))]))]);
const wallClock :Schema.CueValue = (fields = [
  (name = "name", value = (text = "wall_clock")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "wall_clock"))]))]);
const systemInfo :Schema.CueValue = (fields = [
  (name = "name", value = (text = "system_info")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "system_info"))]))]);
