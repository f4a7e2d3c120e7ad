# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The shell behind a log-in: account `root`, password `open sesame`. The credential service checks it and has the kernel mint
# the session; the front end `login` holds the terminal and starts the shell in that session.
@0xf30b7d5c19e2a846;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "credentials", data = embed "/build/user/credentials"),
    (name = "login", data = embed "/build/user/login"),
    (name = "shell", data = embed "/build/user/shell"),
    (name = "hello", data = embed "/build/user/hello")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner, Caps.terminal,
        (fields = [(name = "name", value = (text = "credentials.credentials")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))])])) ])),
    (name = "services", value = (list = [
    (fields = [
      (name = "name", value = (text = "credentials")), (name = "binary", value = (text = "credentials")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory,
        (fields = [(name = "name", value = (text = "credentials")), (name = "source", value = (fields = [(name = "kernel", value = (text = "endpoint"))]))]),
        (fields = [(name = "name", value = (text = "session_minter")), (name = "source", value = (fields = [(name = "kernel", value = (text = "session_minter"))]))]),
        (fields = [(name = "name", value = (text = "entropy_source")), (name = "source", value = (fields = [(name = "kernel", value = (text = "entropy_source"))]))]),
        (fields = [(name = "name", value = (text = "audit_log")), (name = "source", value = (fields = [(name = "kernel", value = (text = "audit_log"))]))])])),
      (name = "exports", value = (list = [(text = "credentials")]))]),
    (fields = [
      (name = "name", value = (text = "login")), (name = "binary", value = (text = "login")),
      (name = "caps", value = (list = [
        Caps.terminal, (fields = [(name = "name", value = (text = "store")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "credentials")), (name = "export", value = (text = "credentials"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0x934f2fd9b1d1905c))]),
        (fields = [(name = "name", value = (text = "manager")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "credentials")), (name = "export", value = (text = "credentials"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xeea8ac868bbee502))]),
        (fields = [(name = "name", value = (text = "authority_broker")), (name = "source", value = (fields = [(name = "kernel", value = (text = "authority_broker"))]))]),
        (fields = [(name = "name", value = (text = "audit_log")), (name = "source", value = (fields = [(name = "kernel", value = (text = "audit_log"))]))])]))])])),
    (name = "exitWhenServiceExits", value = (text = "login"))]),
  kernelParams = (
    consolePasswordVerifierPhc = "$argon2id$v=19$m=9216,t=4,p=1$YSBzYWx0IG9mIDE2IGJ5dA$UR1U1Py7pSJMcHi/TO//C3F752CVQld6XT8Nb+5QHZM",
    resourceProfiles = [(name = "people")],
    seedAccounts = [
      (name = "root", principalId = 0x"7272727272727272727272727272727272727272727272727272727272727272", kind = operator, displayName = "Root", resourceProfile = "people",
       credentialRefs = ["console-password"]),
      (name = "ann", principalId = 0x"6161616161616161616161616161616161616161616161616161616161616161", kind = human, displayName = "Ann", resourceProfile = "people")]));
