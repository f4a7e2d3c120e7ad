# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Capabilities as manifests write them: a name in the CapSet and a kernel source.
@0xe1b6a8d94c05f273;

using Schema = import "/schema/capos.capnp";

const terminal :Schema.CueValue = (fields = [
  (name = "name", value = (text = "terminal")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "terminal_session"))]))]);
const console :Schema.CueValue = (fields = [
  (name = "name", value = (text = "console")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "console"))]))]);
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
const logSink :Schema.CueValue = (fields = [
  (name = "name", value = (text = "log_sink")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "log_sink"))]))]);
const timer :Schema.CueValue = (fields = [
  (name = "name", value = (text = "timer")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "timer"))]))]);
const wallClock :Schema.CueValue = (fields = [
  (name = "name", value = (text = "wall_clock")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "wall_clock"))]))]);
const systemInfo :Schema.CueValue = (fields = [
  (name = "name", value = (text = "system_info")),
  (name = "source", value = (fields = [(name = "kernel", value = (text = "system_info"))]))]);
