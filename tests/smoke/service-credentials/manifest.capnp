# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The credential service with a verifier that the reference implementation of Argon2 made, accounts, and keys of which one is
# disabled.
@0xe9a1c64d7b20f358;

using Schema = import "/schema/capos.capnp";
using Caps = import "/user/manifests/caps.capnp";

const manifest :Schema.SystemManifest = (
  schemaVersion = 1,
  binaries = [
    (name = "system-init", data = embed "/build/user/init"),
    (name = "credentials", data = embed "/build/user/credentials"),
    (name = "credential_service", data = embed "/build/user/credential_service")],
  initConfig = (fields = [
    (name = "init", value = (fields = [
      (name = "binary", value = (text = "system-init")),
      (name = "caps", value = (list = [
        Caps.console, Caps.bootPackage, Caps.virtualMemory, Caps.processSpawner,
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
      (name = "name", value = (text = "client")), (name = "binary", value = (text = "credential_service")),
      (name = "caps", value = (list = [
        Caps.console, Caps.systemMonitor, (fields = [(name = "name", value = (text = "store")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "credentials")), (name = "export", value = (text = "credentials"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0x934f2fd9b1d1905c))]),
        (fields = [(name = "name", value = (text = "manager")), (name = "source", value = (fields = [(name = "service", value = (fields = [(name = "service", value = (text = "credentials")), (name = "export", value = (text = "credentials"))]))])), (name = "expectedInterfaceId", value = (uintValue = 0xeea8ac868bbee502))])]))])])),
    (name = "exitWhenServiceExits", value = (text = "client"))]),
  kernelParams = (
    consolePasswordVerifierPhc = "$argon2id$v=19$m=1024,t=2,p=1$YSBzYWx0IG9mIDE2IGJ5dA$0pU/z3jRzIl7IuDej/uu2N91vvWOarhdi6dQ8+niWeE",
    resourceProfiles = [(name = "people")],
    seedAccounts = [
      (name = "root", principalId = 0x"7272727272727272727272727272727272727272727272727272727272727272", kind = operator, displayName = "Root", resourceProfile = "people",
       credentialRefs = ["console-password"]),
      (name = "ann", principalId = 0x"6161616161616161616161616161616161616161616161616161616161616161", kind = human, displayName = "Ann", resourceProfile = "people")],
    authorizedSshKeys = [
      (keyId = 0x"0101010101010101010101010101010101010101010101010101010101010101", principalId = 0x"6161616161616161616161616161616161616161616161616161616161616161", algorithm = "ssh-ed25519", publicKey = 0x"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", fingerprintSha256 = 0x"0202020202020202020202020202020202020202020202020202020202020202",
       allowedShellProfiles = ["operator"]),
      (keyId = 0x"0303030303030303030303030303030303030303030303030303030303030303", principalId = 0x"6161616161616161616161616161616161616161616161616161616161616161", algorithm = "ssh-ed25519", publicKey = 0x"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", fingerprintSha256 = 0x"0404040404040404040404040404040404040404040404040404040404040404",
       allowedShellProfiles = ["operator"], disabledAtMs = 1)]));
