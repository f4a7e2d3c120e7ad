# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The log service: each writer has a badge, which the log shows as its origin.
@0xb8d1e7a3c0495f0c;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "logger", data = embed "/build/user/logger"),
    (name = "log_service", data = embed "/build/user/log_service")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner,
        (fields = [(name = "name", value = (text = "logger.log")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])]))])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "logger")), (name = "binary", value = (text = "logger")),
      (name = "caps", value = (list = [
        Caps.console, Caps.timer,
        (fields = [(name = "name", value = (text = "log")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])])),
      (name = "exports", value = (list = [(text = "log")]))]),
    (fields = [
      (name = "name", value = (text = "quiet")), (name = "binary", value = (text = "log_service")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "quiet")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "logger")), (name = "export", value = (text = "log"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xb2bda99db21b8a8e)), (name = "badge", value = (uintValue = 1))])]))]),
    (fields = [
      (name = "name", value = (text = "loud")), (name = "binary", value = (text = "log_service")),
      (name = "caps", value = (list = [
        Caps.console,
        (fields = [(name = "name", value = (text = "loud")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "logger")), (name = "export", value = (text = "log"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xb2bda99db21b8a8e)), (name = "badge", value = (uintValue = 2))])]))]),
    (fields = [
      (name = "name", value = (text = "reader")), (name = "binary", value = (text = "log_service")),
      (name = "caps", value = (list = [
        Caps.console, Caps.processSpawner, Caps.timer,
        (fields = [(name = "name", value = (text = "own")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "logger")), (name = "export", value = (text = "log"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xb2bda99db21b8a8e)), (name = "badge", value = (uintValue = 3))]),
        (fields = [(name = "name", value = (text = "reader")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "logger")), (name = "export", value = (text = "log"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xcd91e969a5c7b1dc))])]))])])),
    (name = "exitWhenServiceExits", value = (text = "reader"))]));
