# SPDX-License-Identifier: MIT OR Apache-2.0
#
# The capability interfaces of capOS, with the structs and enums they carry and the boot
# manifest. The build turns this file into C with tools/capnpc-c; see schema/README.md.
#
# What other programs depend on: interface ids (derived from the file id and the names
# below), method ordinals, field ordinals and field types. A field or method may be added
# at the end; nothing may be renamed, renumbered, retyped or removed.
#
# Conventions used by all interfaces:
#  * A field named ...Index is the position of a result capability in the completion; 0xFFFF
#    means "none". Interface-typed fields stay null on the wire.
#  * A field named ...capId is an id in the caller's own capability table.
#  * Refusals that have a status enum or a label are ordinary results. Everything else that
#    goes wrong is a CapException: invalidArgument for a bad value, overloaded for an exhausted
#    quota, failed for a capability that cannot be used or an object in the wrong state.

@0x9a76291f4fccaf48;

annotation voidResult @0xf3a1c6d0b2e45971 (method) :VoidStyle;
# How a method without results is answered. Without the annotation the reply is no bytes at
# all (style "empty"); `message` asks for an encoded empty struct.

enum VoidStyle {
  empty @0;
  message @1;
}

# ----------------------------------------------------------------------------
# Exceptions
# ----------------------------------------------------------------------------

struct CapException {
  # What a refused call returns. The message is for people.

  type @0 :ExceptionType;
  message @1 :Text;
}

enum ExceptionType {
  failed @0;
  overloaded @1;
  disconnected @2;
  unimplemented @3;
  invalidArgument @4;
}

# ----------------------------------------------------------------------------
# Tier 1: the interfaces every system has
# ----------------------------------------------------------------------------

interface Console {
  # Authority: emit bytes on one output stream chosen by the kernel. No input, no choice of
  # device.

  write @0 (data :Data) -> ();
    # Sends the bytes as they are.

  writeLine @1 (text :Text) -> ();
    # Sends the text and a line end.
}

interface TerminalSession {
  # Authority: write to one terminal connection and read lines from it. Nothing about other
  # terminals or about the transport below it.

  write @0 (data :Data) -> ();
    # Sends the bytes as they are.

  writeLine @1 (text :Text) -> ();
    # Sends the text and a line end.

  readLine @2 (request :LineRequest) -> (status :LineStatus, line :Data);
    # Shows the prompt and waits for a line, a cancellation (Ctrl-C) or the end of the
    # connection. Only submitted carries a line. maxBytes above 256 counts as 256.
}

struct LineRequest {
  # maxBytes limits the line; hidden echoes nothing.

  prompt @0 :Text;
  maxBytes @1 :UInt32;
  echo @2 :LineEcho;
  allowEmpty @3 :Bool;
}

enum LineStatus {
  # How reading a line ended.

  submitted @0;
  cancelled @1;
  closed @2;
}

enum LineEcho {
  visible @0;
  hidden @1;
}

interface StdIO {
  # Authority: the standard streams of one process. Usually served by a user process through
  # an endpoint.

  write @0 (stream :StdIOStream, text :Text) -> ();
    # Writes text to one of the output streams.

  read @1 (request :StdIOReadRequest) -> (status :LineStatus, text :Text);
    # Waits for input as TerminalSession.readLine does; the text is UTF-8.

  close @2 () -> ();
    # Ends the stream: later reads of the other side report closed.
}

enum StdIOStream {
  stdout @0;
  stderr @1;
  status @2;
}

struct StdIOReadRequest {
  prompt @0 :Text;
  mode @1 :StdIOReadMode;
  maxBytes @2 :UInt32;
  allowEmpty @3 :Bool;
}

enum StdIOReadMode {
  line @0;
  block @1;
  hidden @2;
}

interface EntropySource {
  # Authority: draw bytes from the random generator of the kernel.

  fill @0 (bytes :UInt32) -> (status :EntropyStatus, data :Data);
    # Exactly `bytes` random bytes with status ok, or no bytes and unavailable.
}

enum EntropyStatus {
  ok @0;
  unavailable @1;
}

interface FrameAllocator {
  # Authority: turn physical memory into memory objects, as far as the frame-grant quota of
  # the holder goes. The caller owns the returned objects.

  allocFrame @0 () -> (handleIndex :UInt16);
    # One zeroed frame as a memory object. Quota or memory exhausted: overloaded.

  allocContiguous @1 (count :UInt32) -> (handleIndex :UInt16);
    # `count` zeroed frames, adjacent in physical memory, as one memory object. count 0:
    # invalidArgument.
}

interface MemoryObject {
  # Authority: one region of physical memory, and mapping it into the address space of the
  # caller. Addresses, offsets and sizes are multiples of 4096. Protection bits: 1 read, 2
  # write, 4 execute; write together with execute is invalidArgument. Mappings outlive the
  # capability and keep the memory alive.

  info @0 () -> (pageCount :UInt32, sizeBytes :UInt64);
    # Size in pages and in bytes.

  map @1 (hint :UInt64, offset :UInt64, size :UInt64, prot :UInt32) -> (addr :UInt64);
    # Maps a part of the object. hint 0 lets the kernel choose; another hint is exact. A range
    # outside the object is invalidArgument, no room in the address space overloaded.

  unmap @2 (addr :UInt64, size :UInt64) -> ();
    # Removes a mapping of this object.

  protect @3 (addr :UInt64, size :UInt64, prot :UInt32) -> ();
    # Changes the protection of a mapping of this object.
}

interface VirtualMemory {
  # Authority: anonymous memory in the address space of the holder, within its quotas and
  # never writable and executable at once. Bound to that address space: it cannot be given
  # away.

  map @0 (hint :UInt64, size :UInt64, prot :UInt32) -> (addr :UInt64);
    # Fresh zeroed memory. hint 0 lets the kernel choose; another hint is exact.

  unmap @1 (addr :UInt64, size :UInt64) -> ();
    # Removes a range with its memory.

  protect @2 (addr :UInt64, size :UInt64, prot :UInt32) -> ();
    # Changes the protection of committed memory.

  reserve @3 (hint :UInt64, size :UInt64) -> (addr :UInt64);
    # Takes addresses without memory behind them.

  commit @4 (addr :UInt64, size :UInt64, prot :UInt32) -> ();
    # Puts zeroed memory behind a part of a reservation.

  decommit @5 (addr :UInt64, size :UInt64) -> ();
    # Takes the memory back and keeps the reservation.
}

interface Timer {
  # Authority: read the monotonic clock and sleep on it. Says nothing about the time of day.

  now @0 () -> (monotonicNs :UInt64, tick :UInt64);
    # Time since boot, and the raw tick count of the scheduler.

  sleep @1 (durationNs :UInt64) -> ();
    # Answers no earlier than durationNs after the call arrived. More than 8 sleeping calls of
    # one process: overloaded.
}

interface WallClock {
  # Authority: read the time of day.

  wallTime @0 () -> (utcSeconds :Int64, utcNanos :UInt32, monotonicNs :UInt64, provenance
      :ClockProvenance);
    # UTC with the monotonic time it was taken at, and how far it can be trusted.
}

enum ClockProvenance {
  untrusted @0;
  ntpSynced @1;
  ptpSynced @2;
  measuredBootMonotonic @3;
  manualSet @4;
}

interface Endpoint {
  # Authority: meet the other side of an endpoint. No methods: it is used through the ring
  # operations RECV, RETURN, CANCEL and CALL.
}

interface ProcessSpawner {
  # Authority: start any known binary with any capability the holder may pass on, and make
  # pipes. Strong; meant for init and few others.

  spawn @0 (name :Text, binaryName :Text, grants :List(CapGrant)) -> (handleIndex :UInt16,
      capabilityManagerIndex :UInt16);
    # Starts a binary. Results: a ProcessHandle, a CapabilityManager for the child, then one
    # Endpoint for each grant from an endpoint source. Nothing is granted or moved unless the
    # whole spawn succeeds. Bad name, duplicate or too many grants: invalidArgument; a
    # capability that may not be given, or a binary that cannot run: failed; quota:
    # overloaded.

  createPipe @1 (bufferBytes :UInt32) -> (readIndex :UInt16, writeIndex :UInt16);
    # Two Pipe ends. bufferBytes 0 is 4096, more than 65536 counts as 65536.
}

struct CapGrant {
  # One capability for a new process, under a name: a capability of the granter (capId, source
  # left null) or a fresh one from the kernel (source). A badge of all ones keeps the badge of
  # the source.

  name @0 :Text;
  capId @1 :UInt32;
  interfaceId @2 :UInt64;
  mode @3 :CapGrantMode;
  badge @4 :UInt64;
  source @5 :CapGrantSource;
  disclosureScope @6 :UInt16;
  # Ours. What calls through the new capability may disclose of their session (bits 0 to 2 as in
  # the ring entry), at most what the granter's own hold says. 0: as that hold; 8: nothing.
}

enum CapGrantMode {
  # raw copies the hold, clientEndpoint makes a facet that can only call, move takes the
  # capability from the granter, serviceObject makes a facet that the server can tell apart by
  # its badge.

  raw @0;
  clientEndpoint @1;
  move @2;
  serviceObject @3;
}

struct CapGrantSource {
  union {
    capability @0 :Void;
    kernel @1 :KernelCapSource;
  }
}

interface ProcessHandle {
  # Authority: wait for one child and end it. Cannot be given away.

  wait @0 () -> (exitCode :Int64);
    # Answers when the child has ended, at once if it already has. A second waiting call:
    # overloaded.

  terminate @1 () -> ();
    # Ends the child; one that has ended already is no error.
}

interface ThreadControl {
  # Authority: the FS base and the end of the thread that calls.

  getFsBase @0 () -> (fsBase :UInt64);
    # The FS base of the calling thread.

  setFsBase @1 (fsBase :UInt64) -> ();
    # Sets it. Not a user address: invalidArgument.

  exitThread @2 (code :Int64) -> ();
    # Ends the calling thread, and with the last thread the process. Never answered.
}

interface ThreadSpawner {
  # Authority: new threads in the address space of the holder, up to its thread limit.

  create @0 (entry :UInt64, stackTop :UInt64, arg :UInt64, fsBase :UInt64, flags :UInt64) ->
      (handleIndex :UInt16);
    # Starts a thread at `entry` and returns its ThreadHandle. No flags are defined: others
    # than 0 are invalidArgument. Thread limit: overloaded.
}

interface ThreadHandle {
  # Authority: learn how one thread ended. Releasing the handle detaches the thread.

  join @0 () -> (exitCode :Int64);
    # Answers when the thread has ended. A second waiting call: overloaded.

  exitCode @1 () -> (exited :Bool, exitCode :Int64);
    # Answers at once; exitCode counts only if exited is true.
}

interface ParkSpace {
  # Authority: park and wake threads on addresses of the own address space, by ring
  # operations. No methods; cannot be given away.
}

interface SharedParkSpace {
  # Authority: park and wake threads of several processes on words of one memory object, by
  # ring operations. No methods.
}

interface ParkBench {
  # Authority: parking as ordinary calls, for measurements. Never given to init directly.

  wait @0 (addr :UInt64, expected :UInt32, timeoutNs :UInt64) -> (blocked :Bool);
    # Parks while the word at addr holds `expected`; blocked is false if it did not.

  wake @1 (addr :UInt64, maxWake :UInt32) -> (woken :UInt32);
    # Wakes up to maxWake threads parked on addr.
}

interface BootPackage {
  # Authority: read the bytes of the boot manifest (one message with root SystemManifest).

  manifestSize @0 () -> (size :UInt64);
    # Length of the manifest in bytes.

  readManifest @1 (offset :UInt64, maxBytes :UInt32) -> (data :Data);
    # At most maxBytes from offset; nothing behind the end.
}

interface SystemInfo {
  # Authority: read the banner and the host name.

  motd @0 () -> (text :Text);
    # The banner.

  hostname @1 () -> (name :Text);
    # The host name.
}

interface AuditLog {
  # Authority: append security events. No reading, no editing.

  record @0 (eventType :AuditEventType, resultClass :AuditResultClass, reasonClass
      :AuditReasonClass, terminalEventId :Data, sessionId :Data, principalId :Data, profile
      :Text, authMethod :Text, volatile :Bool) -> ();
    # Appends one event. The ids are opaque; volatile marks what is kept in memory only.
}

enum AuditEventType {
  auth @0;
  setup @1;
  session @2;
  broker @3;
  shellLaunch @4;
}

enum AuditResultClass {
  ok @0;
  denied @1;
  unavailable @2;
  failed @3;
}

enum AuditReasonClass {
  none @0;
  password @1;
  setupRequired @2;
  setupCreate @3;
  developmentShell @4;
  policy @5;
  spawn @6;
  wait @7;
}

interface LogSink {
  # Authority: append records to the log.

  write @0 (record :LogRecord) -> (accepted :Bool);
    # Appends one record. The kernel sets tick and may shorten the texts; pid is not verified.
    # accepted is false for a record below the threshold.
}

struct LogRecord {
  # One log line. tick is set by the kernel.

  tick @0 :UInt64;
  level @1 :LogLevel;
  component @2 :Text;
  pid @3 :UInt32;
  message @4 :Text;
}

enum LogLevel {
  # In rising order of importance.

  debug @0;
  info @1;
  warn @2;
  error @3;
}

interface LogReader {
  # Authority: read the log.

  read @0 (cursor :UInt64, maxRecords :UInt32, filter :LogFilter) -> (records :List(LogRecord),
      nextCursor :UInt64, dropped :UInt64);
    # Records from sequence number cursor on (0: the oldest kept), at most maxRecords.
    # nextCursor continues; dropped counts records overwritten before they were read.
}

struct LogFilter {
  minLevel @0 :LogLevel;
  componentPrefix @1 :Text;
}

interface Pipe {
  # Authority: one end of a bounded byte pipe. Both ends have this interface; which way an end
  # goes is fixed when the pipe is made, and the wrong way is invalidArgument. Releasing the
  # last capability of an end closes it.

  read @0 (maxLen :UInt32) -> (data :Data, eof :Bool);
    # Waits for data. Once the writer is gone and the pipe empty: eof. A second waiting read:
    # overloaded.

  write @1 (data :Data) -> (bytesWritten :UInt32);
    # Waits for room and says how many bytes went in; 0 if the reader is gone. A second
    # waiting write: overloaded.

  close @2 () -> ();
    # Closes this end.

  isClosed @3 () -> (closed :Bool);
    # Whether this end is closed.
}

interface CapabilityManager {
  # Authority: list and revoke the slots of one process, normally a child. Giving up an own
  # capability is a ring operation and needs no authority.

  list @0 () -> (capabilities :List(CapabilityInfo));
    # All live slots.

  revoke @1 (capId :UInt32) -> () $voidResult(message);
    # Revokes the object behind a slot wherever it is held. Unknown capId: failed.
}

struct CapabilityInfo {
  # One slot of a capability table.

  id @0 :UInt32;
  interfaceId @1 :UInt64;
  label @2 :Text;
}

# ----------------------------------------------------------------------------
# Tier 2: devices, storage, network, sessions and keys
# ----------------------------------------------------------------------------

interface DmaPool {
  # Authority: ask about the DMA memory of one device and get bounce buffers from it. Physical
  # addresses stay in the kernel. Refusals are results with labels.

  info @0 () -> (userspaceDmaPool :Text, managerRecord :Text, realDma :Text,
      hostPhysicalUserVisible :Bool, directDma :Text, allocation :Text, mapping :Text,
      descriptorSubmit :Text, bootstrapGrant :Text, deviceId :UInt32, bdfBus :UInt8, bdfDevice
      :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, poolId :UInt32, poolGeneration
      :UInt64, recordOwner :Text, recordPool :Text, liveBuffers :UInt16, livePages :UInt16,
      liveBytes :UInt32, inFlightSubmissions :UInt16, mappedVmas :UInt16, committed :Bool,
      resident :Bool, unswappable :Bool, quiesced :Bool, scrubbed :Bool, releaseEligible :Bool,
      scrubBeforeRelease :Bool);
    # State of the pool.

  allocateBuffer @1 (sizeBytes :UInt64) -> (bufferIndex :UInt16, requestedBytes :UInt64,
      allocatedBytes :UInt64, pageCount :UInt32, requestResult :Text, requestReason :Text,
      requestSideEffect :Text, result :Text, reason :Text, sideEffect :Text, bufferPresent
      :Bool);
    # One buffer of 4096 bytes as result capability 0 (a DmaBuffer), or a refusal with
    # bufferPresent false and no capability.
}

interface DmaBuffer {
  # Authority: one bounce buffer of one device: look at it, map it, put descriptors over it,
  # free it. Refusals are results with labels and come before any side effect.

  info @0 () -> (userspaceDmaBuffer :Text, managerRecord :Text, bufferRecord :Text, realDma
      :Text, hostPhysicalUserVisible :Bool, directDma :Text, descriptorSubmit :Text,
      descriptorComplete :Text, freeBuffer :Text, bootstrapGrant :Text, deviceId :UInt32,
      bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, poolId
      :UInt32, poolGeneration :UInt64, slot :UInt32, slotGeneration :UInt64, deviceIova
      :UInt64, deviceIovaScope :Text, deviceIovaMeaning :Text, iovaExport :Text);
    # State of the buffer.

  freeBuffer @1 () -> (detach :Text, freeResult :Text, freeReason :Text, freeSideEffect :Text,
      pageReleaseResult :Text, pageScrubbedBeforeFrameFree :Bool, pageLedgerRemovedAfterScrub
      :Bool, pageFrameFreed :Bool);
    # Detaches the buffer, clears the page and only then frees it; reports each step.

  submitDescriptor @2 (queue :UInt16, descriptorId :UInt16, length :UInt32) ->
      (userspaceDmaBuffer :Text, managerRecord :Text, bufferRecord :Text, authorityResult
      :Text, authorityReason :Text, authoritySideEffect :Text, realDma :Text, result :Text,
      reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool, directDma :Text, queue
      :UInt16, descriptorId :UInt16, length :UInt32, deviceId :UInt32, bdfBus :UInt8, bdfDevice
      :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, poolId :UInt32, poolGeneration
      :UInt64, slot :UInt32, slotGeneration :UInt64, requestResult :Text, requestReason :Text,
      requestSideEffect :Text, bufferBytes :UInt64, queueCount :UInt16, descriptorCount
      :UInt16);
    # Hands the first `length` bytes to the device queue.

  completeDescriptor @3 (queue :UInt16, descriptorId :UInt16, completionLength :UInt32) ->
      (userspaceDmaBuffer :Text, managerRecord :Text, bufferRecord :Text, authorityResult
      :Text, authorityReason :Text, authoritySideEffect :Text, realDma :Text, result :Text,
      reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool, directDma :Text, queue
      :UInt16, descriptorId :UInt16, completionLength :UInt32, deviceId :UInt32, bdfBus :UInt8,
      bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, poolId :UInt32,
      poolGeneration :UInt64, slot :UInt32, slotGeneration :UInt64, requestResult :Text,
      requestReason :Text, requestSideEffect :Text, bufferBytes :UInt64, queueCount :UInt16,
      descriptorCount :UInt16, providerCqEventSequence :UInt64, providerCqEventQueue :UInt16,
      providerCqEventDescriptorId :UInt16, providerCqEventSlot :UInt32,
      providerCqEventSlotGeneration :UInt64, providerCqEventDescriptorGeneration :UInt64,
      providerCqEventCompletionLength :UInt32, providerCqEventIssueId :UInt64,
      providerCqEventSourceId :UInt32, providerCqEventSourceGeneration :UInt64,
      providerCqEventRouteGeneration :UInt64, providerCqEventKind :Text);
    # Takes a finished descriptor back.

  map @4 (offset :UInt64, size :UInt64, prot :UInt32) -> (userspaceDmaBuffer :Text,
      managerRecord :Text, bufferRecord :Text, authorityResult :Text, authorityReason :Text,
      authoritySideEffect :Text, rangeResult :Text, rangeReason :Text, rangeSideEffect :Text,
      realDmaMapping :Text, result :Text, reason :Text, sideEffect :Text,
      hostPhysicalUserVisible :Bool, directDma :Text, addr :UInt64, offset :UInt64, size
      :UInt64, prot :UInt32, bufferBytes :UInt64, deviceId :UInt32, bdfBus :UInt8, bdfDevice
      :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, poolId :UInt32, poolGeneration
      :UInt64, slot :UInt32, slotGeneration :UInt64);
    # Maps the whole buffer, readable or readable and writable.

  unmap @5 () -> (userspaceDmaBuffer :Text, managerRecord :Text, bufferRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text, realDmaMapping
      :Text, result :Text, reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool,
      directDma :Text, mappingPresent :Bool, addr :UInt64, size :UInt64, prot :UInt32,
      bufferBytes :UInt64, deviceId :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction
      :UInt8, ownerGeneration :UInt64, poolId :UInt32, poolGeneration :UInt64, slot :UInt32,
      slotGeneration :UInt64);
    # Removes the caller's mapping.
}

interface DeviceMmio {
  # Authority: one register window (BAR) of one device: map it read-only, read registers, and
  # write those that the grant names. The brokeredNvme methods make the kernel drive an NVMe
  # controller on behalf of the holder; they take no params, need the matching claim in the
  # grant and otherwise fail without effect.

  info @0 () -> (userspaceDeviceMmio :Text, managerRecord :Text, realMmioMapping :Text,
      realDoorbell :Text, hostPhysicalUserVisible :Bool, directMmio :Text, registerRead :Text,
      registerWrite :Text, bootstrapGrant :Text, deviceId :UInt32, bdfBus :UInt8, bdfDevice
      :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, bar :UInt8, mappingId :UInt32,
      mappingGeneration :UInt64);
    # State of the window.

  map @1 (offset :UInt64, size :UInt64, prot :UInt32) -> (userspaceDeviceMmio :Text,
      managerRecord :Text, authorityResult :Text, authorityReason :Text, authoritySideEffect
      :Text, rangeResult :Text, rangeReason :Text, rangeSideEffect :Text, realMmioMapping
      :Text, result :Text, reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool,
      directMmio :Text, addr :UInt64, offset :UInt64, size :UInt64, prot :UInt32, barLength
      :UInt64, deviceId :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8,
      ownerGeneration :UInt64, bar :UInt8, mappingId :UInt32, mappingGeneration :UInt64);
    # Maps prepared pages of the window, read-only.

  read32 @2 (offset :UInt64) -> (userspaceDeviceMmio :Text, managerRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text, rangeResult
      :Text, rangeReason :Text, rangeSideEffect :Text, realMmioMapping :Text, result :Text,
      reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool, directMmio :Text,
      registerRead :Text, value :UInt32, offset :UInt64, barLength :UInt64, deviceId :UInt32,
      bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, bar :UInt8,
      mappingId :UInt32, mappingGeneration :UInt64);
    # Reads a register.

  write32 @3 (offset :UInt64, value :UInt32) -> (userspaceDeviceMmio :Text, managerRecord
      :Text, authorityResult :Text, authorityReason :Text, authoritySideEffect :Text,
      rangeResult :Text, rangeReason :Text, rangeSideEffect :Text, realMmioMapping :Text,
      result :Text, reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool, directMmio
      :Text, registerWrite :Text, value :UInt32, offset :UInt64, barLength :UInt64, deviceId
      :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64,
      bar :UInt8, mappingId :UInt32, mappingGeneration :UInt64);
    # Writes a register that the grant names; any other is refused.

  unmap @4 () -> (userspaceDeviceMmio :Text, managerRecord :Text, authorityResult :Text,
      authorityReason :Text, authoritySideEffect :Text, realMmioMapping :Text, result :Text,
      reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool, directMmio :Text,
      mappingPresent :Bool, addr :UInt64, size :UInt64, prot :UInt32, barLength :UInt64,
      deviceId :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration
      :UInt64, bar :UInt8, mappingId :UInt32, mappingGeneration :UInt64);
    # Removes the caller's mapping.

  notifyDoorbell @5 () -> (userspaceDeviceMmio :Text, managerRecord :Text, authorityResult
      :Text, authorityReason :Text, authoritySideEffect :Text, rangeResult :Text, rangeReason
      :Text, rangeSideEffect :Text, realMmioMapping :Text, result :Text, reason :Text,
      sideEffect :Text, hostPhysicalUserVisible :Bool, directMmio :Text, registerWrite :Text,
      doorbellWritten :Bool, notifyOffset :UInt64, value :UInt32, barLength :UInt64, deviceId
      :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64,
      bar :UInt8, mappingId :UInt32, mappingGeneration :UInt64);
    # Writes the one value to the one queue register that the grant names.

  brokeredNvmeControllerEnable @6 () -> (userspaceDeviceMmio :Text, managerRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text, realMmioMapping
      :Text, result :Text, reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool,
      directMmio :Text, registerWrite :Text, ccEnWritePerformed :Bool, aqaAuthored :Bool,
      asqAuthored :Bool, acqAuthored :Bool, ccValue :UInt32, aqaValue :UInt32, adminSqSlot
      :UInt32, adminCqSlot :UInt32, adminSqSlotGeneration :UInt64, adminCqSlotGeneration
      :UInt64, queueBaseSource :Text, barLength :UInt64, deviceId :UInt32, bdfBus :UInt8,
      bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64, bar :UInt8, mappingId
      :UInt32, mappingGeneration :UInt64);
    # Sets the admin queues up and enables the controller.

  brokeredNvmeAdminIdentify @7 () -> (userspaceDeviceMmio :Text, managerRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text, realMmioMapping
      :Text, result :Text, reason :Text, sideEffect :Text, hostPhysicalUserVisible :Bool,
      directMmio :Text, registerWrite :Text, sqDoorbellWritten :Bool, cqDoorbellWritten :Bool,
      completionConsumed :Bool, adminSqSlot :UInt32, adminCqSlot :UInt32, adminDataSlot
      :UInt32, adminSqSlotGeneration :UInt64, adminCqSlotGeneration :UInt64,
      adminDataSlotGeneration :UInt64, sqTail :UInt32, cqHead :UInt32, cqStatus :UInt16,
      cqPhase :UInt8, identifyCns :UInt8, identifyOpcode :UInt8, identifyCommandId :UInt16,
      identifyVid :UInt16, identifySsvid :UInt16, prpSource :Text, barLength :UInt64, deviceId
      :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64,
      bar :UInt8, mappingId :UInt32, mappingGeneration :UInt64);
    # Identify Controller, from submission to completion.

  brokeredNvmeAdminSubmit @8 () -> NvmeBrokeredAdminOpResult;
    # Identify Controller (submit half; completed by the matching Complete after
    # Interrupt.wait).

  brokeredNvmeAdminComplete @9 () -> NvmeBrokeredAdminOpResult;
    # Completes the admin command in flight.

  brokeredNvmeCreateIoCqSubmit @10 () -> NvmeBrokeredAdminOpResult;
    # Creates I/O completion queue 1 (submit half; completed by brokeredNvmeAdminComplete
    # after Interrupt.wait).

  brokeredNvmeCreateIoSqSubmit @11 () -> NvmeBrokeredAdminOpResult;
    # Creates I/O submission queue 1 (submit half; completed by brokeredNvmeAdminComplete
    # after Interrupt.wait).

  brokeredNvmeIoReadSubmit @12 () -> NvmeBrokeredAdminOpResult;
    # Reads block 0 (submit half; completed by the matching Complete after Interrupt.wait).

  brokeredNvmeIoReadComplete @13 () -> NvmeBrokeredAdminOpResult;
    # Completes that read; the digest fields hold the first 8 bytes.

  brokeredNvmeIoWriteSubmit @14 () -> NvmeBrokeredAdminOpResult;
    # Writes a pattern to block 0 (submit half; completed by the matching Complete after
    # Interrupt.wait).

  brokeredNvmeIoWriteComplete @15 () -> NvmeBrokeredAdminOpResult;
    # Completes that write.

  brokeredNvmeIoSecondLbaSubmit @16 () -> NvmeBrokeredAdminOpResult;
    # The next of three steps: read block 0, write block 1, read block 1 (submit half;
    # completed by the matching Complete after Interrupt.wait).

  brokeredNvmeIoSecondLbaComplete @17 () -> NvmeBrokeredAdminOpResult;
    # Completes the current step.

  brokeredNvmeIoMultiblockSubmit @18 () -> NvmeBrokeredAdminOpResult;
    # The next of two steps: write, then read 2 blocks from block 2 (submit half; completed by
    # the matching Complete after Interrupt.wait).

  brokeredNvmeIoMultiblockComplete @19 () -> NvmeBrokeredAdminOpResult;
    # Completes the current step.

  brokeredNvmeIoSyncWrite @20 () -> NvmeBrokeredAdminOpResult;
    # Writes 2 blocks from block 2, from submission to completion.

  brokeredNvmeIoSyncRead @21 () -> NvmeBrokeredAdminOpResult;
    # Reads them back; needs a successful brokeredNvmeIoSyncWrite before.

  brokeredNvmeIoSyncReadBytes @22 () -> NvmeBrokeredAdminOpReadBytesResult;
    # The same, with all 1024 bytes in the result.
}

struct NvmeBrokeredAdminOpResult {
  # Result of the NVMe methods. The fields from ioSqTail on are zero for admin commands.

  userspaceDeviceMmio @0 :Text;
  managerRecord @1 :Text;
  authorityResult @2 :Text;
  authorityReason @3 :Text;
  authoritySideEffect @4 :Text;
  realMmioMapping @5 :Text;
  result @6 :Text;
  reason @7 :Text;
  sideEffect @8 :Text;
  hostPhysicalUserVisible @9 :Bool;
  directMmio @10 :Text;
  registerWrite @11 :Text;
  sqDoorbellWritten @12 :Bool;
  cqDoorbellWritten @13 :Bool;
  completionConsumed @14 :Bool;
  adminSqSlot @15 :UInt32;
  adminCqSlot @16 :UInt32;
  adminDataSlot @17 :UInt32;
  adminSqSlotGeneration @18 :UInt64;
  adminCqSlotGeneration @19 :UInt64;
  adminDataSlotGeneration @20 :UInt64;
  sqTail @21 :UInt32;
  cqHead @22 :UInt32;
  cqStatus @23 :UInt16;
  cqPhase @24 :UInt8;
  identifyCns @25 :UInt8;
  identifyOpcode @26 :UInt8;
  identifyCommandId @27 :UInt16;
  identifyVid @28 :UInt16;
  identifySsvid @29 :UInt16;
  prpSource @30 :Text;
  barLength @31 :UInt64;
  deviceId @32 :UInt32;
  bdfBus @33 :UInt8;
  bdfDevice @34 :UInt8;
  bdfFunction @35 :UInt8;
  ownerGeneration @36 :UInt64;
  bar @37 :UInt8;
  mappingId @38 :UInt32;
  mappingGeneration @39 :UInt64;
  ioSqTail @40 :UInt32;
  ioCqHead @41 :UInt32;
  readNsid @42 :UInt32;
  readSlba @43 :UInt64;
  readBlockCount @44 :UInt32;
  ioReadDataSlot @45 :UInt32;
  ioReadDataSlotGeneration @46 :UInt64;
  readDataLen @47 :UInt32;
  readDataDigestLo @48 :UInt32;
  readDataDigestHi @49 :UInt32;
}

struct NvmeBrokeredAdminOpReadBytesResult {
  userspaceDeviceMmio @0 :Text;
  managerRecord @1 :Text;
  authorityResult @2 :Text;
  authorityReason @3 :Text;
  authoritySideEffect @4 :Text;
  realMmioMapping @5 :Text;
  result @6 :Text;
  reason @7 :Text;
  sideEffect @8 :Text;
  hostPhysicalUserVisible @9 :Bool;
  registerWrite @10 :Text;
  sqDoorbellWritten @11 :Bool;
  cqDoorbellWritten @12 :Bool;
  completionConsumed @13 :Bool;
  cqStatus @14 :UInt16;
  cqPhase @15 :UInt8;
  opcode @16 :UInt8;
  commandId @17 :UInt16;
  ioSqTail @18 :UInt32;
  ioCqHead @19 :UInt32;
  readNsid @20 :UInt32;
  readSlba @21 :UInt64;
  readBlockCount @22 :UInt32;
  ioReadDataSlot @23 :UInt32;
  ioReadDataSlotGeneration @24 :UInt64;
  readDataLen @25 :UInt32;
  prpSource @26 :Text;
  barLength @27 :UInt64;
  deviceId @28 :UInt32;
  bdfBus @29 :UInt8;
  bdfDevice @30 :UInt8;
  bdfFunction @31 :UInt8;
  ownerGeneration @32 :UInt64;
  data @33 :Data;
}

interface Interrupt {
  # Authority: wait for, acknowledge, mask and unmask one interrupt route. Not ownership of
  # the hardware line.

  info @0 () -> (userspaceInterrupt :Text, managerRecord :Text, routeRecord :Text,
      realInterruptDelivery :Text, wait :Text, acknowledge :Text, mask :Text, unmask :Text,
      bootstrapGrant :Text, deviceId :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction
      :UInt8, ownerGeneration :UInt64, sourceId :UInt32, sourceGeneration :UInt64,
      routeGeneration :UInt64);
    # State of the route.

  wait @1 () -> (userspaceInterrupt :Text, managerRecord :Text, routeRecord :Text,
      realInterruptDelivery :Text, result :Text, reason :Text, sideEffect :Text, wakeBlocked
      :Bool, vector :UInt8, tokenSourceId :UInt32, tokenSourceGeneration :UInt64,
      tokenRouteGeneration :UInt64, currentSourceId :UInt32, currentSourceGeneration :UInt64,
      currentRouteGeneration :UInt64, deliveryCountBefore :UInt64, deliveryCountAfter :UInt64,
      deliveryCountUnchanged :Bool, providerCqEventSequence :UInt64, providerCqEventQueue
      :UInt16, providerCqEventDescriptorId :UInt16, providerCqEventSlot :UInt32,
      providerCqEventSlotGeneration :UInt64, providerCqEventDescriptorGeneration :UInt64,
      providerCqEventCompletionLength :UInt32, providerCqEventIssueId :UInt64,
      providerCqEventSourceId :UInt32, providerCqEventSourceGeneration :UInt64,
      providerCqEventRouteGeneration :UInt64, providerCqEventKind :Text);
    # Answers at the next delivery.

  acknowledge @2 () -> (userspaceInterrupt :Text, managerRecord :Text, routeRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text,
      realInterruptDelivery :Text, result :Text, reason :Text, sideEffect :Text,
      acknowledgeBlocked :Bool, deviceId :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction
      :UInt8, ownerGeneration :UInt64, sourceId :UInt32, sourceGeneration :UInt64,
      routeGeneration :UInt64, deliveryCountBefore :UInt64, deliveryCountAfter :UInt64,
      deliveryCountUnchanged :Bool, providerCqCompletionCount :UInt32, ackableCompletionEvents
      :UInt32, acknowledgedCompletionEvents :UInt32, ackLedgerMutated :Bool,
      realDispatchConsumedCount :UInt64, providerCqEventSequence :UInt64, providerCqEventQueue
      :UInt16, providerCqEventDescriptorId :UInt16, providerCqEventSlot :UInt32,
      providerCqEventSlotGeneration :UInt64, providerCqEventDescriptorGeneration :UInt64,
      providerCqEventCompletionLength :UInt32, providerCqEventIssueId :UInt64,
      providerCqEventSourceId :UInt32, providerCqEventSourceGeneration :UInt64,
      providerCqEventRouteGeneration :UInt64, hardwareDispatchAckedCount :UInt32,
      hardwareDispatchAckDelta :UInt32, hardwareDispatchAckToken :UInt64,
      hardwareDispatchAckMutated :Bool, providerCqEventKind :Text);
    # Confirms a delivery that was seen.

  mask @3 () -> (userspaceInterrupt :Text, managerRecord :Text, routeRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text,
      realInterruptDelivery :Text, result :Text, reason :Text, sideEffect :Text, maskBlocked
      :Bool, routeStateBefore :Text, routeStateAfter :Text, routeStateUnchanged :Bool, deviceId
      :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64,
      sourceId :UInt32, sourceGeneration :UInt64, routeGeneration :UInt64, deliveryCountBefore
      :UInt64, deliveryCountAfter :UInt64, deliveryCountUnchanged :Bool);
    # Stops deliveries.

  unmask @4 () -> (userspaceInterrupt :Text, managerRecord :Text, routeRecord :Text,
      authorityResult :Text, authorityReason :Text, authoritySideEffect :Text,
      realInterruptDelivery :Text, result :Text, reason :Text, sideEffect :Text, unmaskBlocked
      :Bool, routeStateBefore :Text, routeStateAfter :Text, routeStateUnchanged :Bool, deviceId
      :UInt32, bdfBus :UInt8, bdfDevice :UInt8, bdfFunction :UInt8, ownerGeneration :UInt64,
      sourceId :UInt32, sourceGeneration :UInt64, routeGeneration :UInt64, deliveryCountBefore
      :UInt64, deliveryCountAfter :UInt64, deliveryCountUnchanged :Bool);
    # Allows deliveries.
}

interface HardwareAuditLog {
  # Authority: read the kernel ring of DMA, MMIO and interrupt life-cycle events and move a
  # cursor of this capability.

  snapshot @0 (maxRecords :UInt16, startSequence :UInt64) -> (firstSequence :UInt64,
      nextSequence :UInt64, droppedRecords :UInt64, capacity :UInt16, records
      :List(HardwareAuditRecord), retentionPolicy :Text, persistenceStatus :Text,
      signatureStatus :Text, subscriberPolicy :Text, subscriberAdmissionStatus :Text,
      requestedRecords :UInt16, snapshotRecordLimit :UInt16, availableRecords :UInt16,
      returnedRecords :UInt16, truncationStatus :Text);
    # Records from startSequence on (0: the newest window). Moves no cursor.

  drain @1 (expectedSequence :UInt64, maxRecords :UInt32) -> (records
      :List(HardwareAuditRecord), nextSequence :UInt64, droppedRecords :UInt64);
    # Records from the cursor on; moves it. expectedSequence must be the cursor, else the call
    # itself is invalid (transport error, no exception).
}

struct HardwareAuditRecord {
  # One event. The last three fields are empty in the ring of the kernel.

  sequence @0 :UInt64;
  cap @1 :HardwareAuditCapTag;
  event @2 :HardwareAuditEvent;
  interfaceId @3 :UInt64;
  detach @4 :Text;
  bdfBus @5 :UInt8;
  bdfDevice @6 :UInt8;
  bdfFunction @7 :UInt8;
  owner @8 :Text;
  ownerGeneration @9 :UInt64;
  mappingId @10 :UInt32;
  mappingGeneration @11 :UInt64;
  sourceId @12 :UInt32;
  sourceGeneration @13 :UInt64;
  routeGeneration @14 :UInt64;
  poolId @15 :UInt32;
  poolGeneration @16 :UInt64;
  slot @17 :UInt32;
  slotGeneration @18 :UInt64;
  prevRecordHash @19 :Data;
  segmentIndex @20 :UInt64;
  recordIndexInSegment @21 :UInt32;
}

enum HardwareAuditCapTag {
  deviceMmio @0;
  interrupt @1;
  dmaPool @2;
  dmaBuffer @3;
}

enum HardwareAuditEvent {
  acquire @0;
  release @1;
  rollbackDetach @2;
  dropDetachFailed @3;
  driverCrash @4;
  resetDisable @5;
  interruptWaiter @6;
  freeBuffer @7;
}

interface HardwareAuditReader {
  # Authority: read the durable, hash-chained copy of the hardware events that a user service
  # keeps.

  snapshot @0 (expectedSequence :UInt64, maxRecords :UInt32) -> (records
      :List(HardwareAuditRecord), nextSequence :UInt64, accumulatedRecords :UInt64,
      signatureStatus :Text, retainedRecords :UInt64, persistenceStatus :Text, retentionPolicy
      :Text, subscriberPolicy :Text, subscriberAdmissionStatus :Text, sealedSegments :UInt64,
      activeSegmentIndex :UInt64, evictedSegments :UInt64, gapMarkers :UInt64, chainHeadHash
      :Data);
    # Records from expectedSequence on; a number that is neither 0, nor the current position,
    # nor a kept record is invalidArgument.
}

struct SegmentHeader {
  # What the audit service signs when it seals a segment.

  segmentIndex @0 :UInt64;
  startSequence @1 :UInt64;
  endSequence @2 :UInt64;
  recordCount @3 :UInt32;
  segmentDigest @4 :Data;
  prevSegmentDigest @5 :Data;
  rotationMarker @6 :Bool;
  prevKeyId @7 :Data;
  newKeyId @8 :Data;
}

interface SchedulingPolicyCap {
  # Authority: weight, latency class and counters of one thread.

  setWeight @0 (weight :UInt16) -> () $voidResult(message);
    # 1 to 1024, else invalidArgument.

  setLatencyClass @1 (class :LatencyClass) -> () $voidResult(message);
    # Unknown class: invalidArgument.

  snapshot @2 () -> (weight :UInt16, class :LatencyClass, runtimeNs :UInt64, virtualRuntimeNs
      :UInt64, voluntaryBlocks :UInt64, preemptions :UInt64, runnableAccumulatedNs :UInt64);
    # Settings and cumulative counters.
}

enum LatencyClass {
  interactive @0;
  normal @1;
  batch @2;
  ipcServer @3;
}

interface SchedulingContext {
  # Authority: make CPU budgets and bind one to the calling thread. Refusals are result
  # values.

  info @0 () -> (info :SchedulingContextInfo);
    # Everything about this context.

  create @1 (spec :SchedulingContextSpec) -> (contextIndex :UInt16, identity
      :SchedulingContextIdentity, result :SchedulingContextOperationResult, dispatchEffect
      :SchedulingContextDispatchEffect);
    # A new context as result capability 0, or a refusal with index 0xFFFF and no capability.

  bindCallerThread @2 () -> (identity :SchedulingContextIdentity, binding
      :SchedulingContextBinding, result :SchedulingContextOperationResult, dispatchEffect
      :SchedulingContextDispatchEffect);
    # Binds the thread that calls to this context.

  revoke @3 () -> (identity :SchedulingContextIdentity, previousGeneration :UInt64, result
      :SchedulingContextOperationResult, dispatchEffect :SchedulingContextDispatchEffect);
    # Retires this generation and ends the binding.

  drainNotifications @4 () -> (notifications :SchedulingContextNotificationSnapshot);
    # Reads and clears the notification slots.
}

struct SchedulingContextInfo {
  spec @0 :SchedulingContextSpec;
  remainingBudgetNs @1 :UInt64;
  identity @2 :SchedulingContextIdentity;
  state @3 :SchedulingContextState;
  binding @4 :SchedulingContextBinding;
  dispatchEffect @5 :SchedulingContextDispatchEffect;
}

struct SchedulingContextSpec {
  budgetNs @0 :UInt64;
  periodNs @1 :UInt64;
  relativeDeadlineNs @2 :UInt64;
  cpuMask @3 :Data;
  overrunPolicy @4 :OverrunPolicy;
}

struct SchedulingContextIdentity {
  contextId @0 :UInt64;
  generation @1 :UInt64;
}

enum SchedulingContextOperationResult {
  ok @0;
  invalidSpec @1;
  revoked @2;
  staleGeneration @3;
  callerNotLive @4;
  alreadyBound @5;
  resourceExhausted @6;
}

enum SchedulingContextDispatchEffect {
  infoOnlyNoDispatchChange @0;
  budgetEnforced @1;
}

struct SchedulingContextBinding {
  state @0 :SchedulingContextBindState;
  pid @1 :UInt32;
  tid @2 :UInt32;
  processGeneration @3 :UInt64;
  threadGeneration @4 :UInt64;
}

struct SchedulingContextNotificationSnapshot {
  identity @0 :SchedulingContextIdentity;
  observerResult @1 :SchedulingContextNotificationObserverResult;
  lifecycleEvent @2 :SchedulingContextNotificationLifecycleEvent;
  budgetDepleted @3 :SchedulingContextNotificationSlot;
  deadlineOrTimeout @4 :SchedulingContextNotificationSlot;
}

enum SchedulingContextState {
  active @0;
  revoked @1;
  staleGeneration @2;
}

enum OverrunPolicy {
  throttle @0;
  fault @1;
}

enum SchedulingContextBindState {
  unbound @0;
  bound @1;
  revoked @2;
  staleGeneration @3;
}

enum SchedulingContextNotificationObserverResult {
  ok @0;
  revoked @1;
  staleGeneration @2;
}

enum SchedulingContextNotificationLifecycleEvent {
  none @0;
  explicitRevoke @1;
}

struct SchedulingContextNotificationSlot {
  kind @0 :SchedulingContextNotificationKind;
  present @1 :Bool;
  sequence @2 :UInt64;
  coalescedCount @3 :UInt64;
  contextId @4 :UInt64;
  generation @5 :UInt64;
  holder @6 :SchedulingContextBinding;
  remainingBudgetNs @7 :UInt64;
  nextTimestampNs @8 :UInt64;
  donatedHolder @9 :Bool;
}

enum SchedulingContextNotificationKind {
  none @0;
  budgetDepleted @1;
  deadlineOrTimeout @2;
}

interface CpuIsolationLease {
  # Authority: make, check, renew and retire leases of processors. Refusals are result values.

  info @0 () -> (info :CpuIsolationLeaseInfo);
    # Everything about this lease.

  create @1 (spec :CpuIsolationLeaseSpec) -> (leaseIndex :UInt16, identity
      :CpuIsolationLeaseIdentity, result :CpuIsolationLeaseOperationResult);
    # A new lease as result capability 0, or a refusal with index 0xFFFF and no capability.

  activationPreflight @2 () -> (preflight :CpuIsolationActivationPreflight);
    # Whether the lease could be activated, topic by topic. Changes nothing.

  revoke @3 () -> (identity :CpuIsolationLeaseIdentity, previousGeneration :UInt64, result
      :CpuIsolationLeaseOperationResult);
    # Ends the lease.

  renew @4 () -> (identity :CpuIsolationLeaseIdentity, expiresAtNs :UInt64, result
      :CpuIsolationLeaseRenewResult);
    # Starts its lifetime anew. On a refusal expiresAtNs is the old deadline.
}

struct CpuIsolationLeaseInfo {
  spec @0 :CpuIsolationLeaseSpec;
  identity @1 :CpuIsolationLeaseIdentity;
  state @2 :CpuIsolationLeaseState;
  owner @3 :CpuIsolationLeaseOwner;
  admittedPoolId @4 :UInt32;
  admittedPoolCpuMask @5 :Data;
  accountId @6 :UInt64;
  expiresAtNs @7 :UInt64;
}

struct CpuIsolationLeaseSpec {
  allowedCpuMask @0 :Data;
  allowedMode @1 :CpuIsolationMode;
  accountingTarget @2 :CpuIsolationAccountingTarget;
  housekeepingCpuMask @3 :Data;
  maxRevocationLatencyNs @4 :UInt64;
  namedRing @5 :CpuIsolationNamedRing;
  leaseLifetimeNs @6 :UInt64;
  poolId @7 :UInt32;
  accountId @8 :UInt64;
}

struct CpuIsolationLeaseIdentity {
  leaseId @0 :UInt64;
  generation @1 :UInt64;
}

enum CpuIsolationLeaseOperationResult {
  ok @0;
  invalidSpec @1;
  revoked @2;
  staleGeneration @3;
  duplicateOrOverlapping @4;
  housekeepingUnavailable @5;
  accountingTargetInvalid @6;
  callerNotLive @7;
  resourceExhausted @8;
}

struct CpuIsolationActivationPreflight {
  identity @0 :CpuIsolationLeaseIdentity;
  result @1 :CpuIsolationLeaseOperationResult;
  eligible @2 :Bool;
  generationLive @3 :Bool;
  housekeepingAvailable @4 :Bool;
  configuredHousekeepingCpuMask @5 :Data;
  readyHousekeepingCpuMask @6 :Data;
  deferredCleanup @7 :Text;
  timers @8 :Text;
  networkPolling @9 :Text;
  irqAffinity @10 :Text;
  accountingTarget @11 :Text;
  oneSqConsumer @12 :Text;
  revocationLatency @13 :Text;
  sqpollEnabled @14 :Bool;
  automaticNohzEnabled @15 :Bool;
  tickSuppressionEnabled @16 :Bool;
  genericFullNohzEnabled @17 :Bool;
}

enum CpuIsolationLeaseRenewResult {
  ok @0;
  staleGeneration @1;
  revoked @2;
  notRenewable @3;
}

enum CpuIsolationLeaseState {
  factory @0;
  active @1;
  revoked @2;
  staleGeneration @3;
}

struct CpuIsolationLeaseOwner {
  kind @0 :CpuIsolationOwnerKind;
  pid @1 :UInt32;
  tid @2 :UInt32;
  processGeneration @3 :UInt64;
  threadGeneration @4 :UInt64;
  sessionLive @5 :Bool;
}

enum CpuIsolationMode {
  compute @0;
  kernelSqpoll @1;
  kernelWorker @2;
}

struct CpuIsolationAccountingTarget {
  kind @0 :CpuIsolationAccountingTargetKind;
  schedulingContext @1 :SchedulingContextIdentity;
}

enum CpuIsolationNamedRing {
  none @0;
  callerThread @1;
}

enum CpuIsolationOwnerKind {
  bootstrap @0;
  thread @1;
}

enum CpuIsolationAccountingTargetKind {
  schedulerResourceLedger @0;
  schedulingContext @1;
}

interface CpuIsolationPoolGrant {
  # Authority: make leases for one account in one pool. Holding it proves the account.

  info @0 () -> (info :CpuIsolationPoolGrantInfo);
    # Which account and pool.

  createLease @1 (spec :CpuIsolationLeaseSpec) -> (leaseIndex :UInt16, identity
      :CpuIsolationLeaseIdentity, result :CpuIsolationLeaseOperationResult);
    # As CpuIsolationLease.create, with account and pool of the grant in place of those in the
    # spec.
}

struct CpuIsolationPoolGrantInfo {
  boundAccountId @0 :UInt64;
  boundPoolId @1 :UInt32;
  boundPoolCpuMask @2 :Data;
  grantId @3 :UInt64;
  revoked @4 :Bool;
}

struct CpuIsolationPoolDescriptor {
  poolId @0 :UInt32;
  poolCpuMask @1 :Data;
  poolMaxLeases @2 :UInt32;
  poolMaxLeasesPerAccount @3 :UInt32;
}

struct CpuIsolationPoolGrantBinding {
  boundAccountId @0 :UInt64;
  boundPoolId @1 :UInt32;
}

interface CpuIsolationGrantMinter {
  # Authority: make pool grants for the pairs of account and pool that the operator listed.

  info @0 () -> (info :CpuIsolationGrantMinterInfo);
    # How many pairs are listed.

  mintGrant @1 (boundAccountId :UInt64, boundPoolId :UInt32) -> (grantIndex :UInt16, result
      :CpuIsolationGrantMintResult, grantId :UInt64);
    # A grant as result capability 0, or a refusal with index 0xFFFF, grantId 0 and no
    # capability.

  revokeGrant @2 (grantId :UInt64) -> (result :CpuIsolationGrantRevokeResult);
    # Ends a grant and every lease made through it.
}

struct CpuIsolationGrantMinterInfo {
  allowedEntryCount @0 :UInt32;
}

enum CpuIsolationGrantMintResult {
  ok @0;
  unauthorized @1;
  invalidSpec @2;
  resourceExhausted @3;
}

enum CpuIsolationGrantRevokeResult {
  ok @0;
  unknownGrant @1;
  alreadyRevoked @2;
}

interface NetworkManager {
  # Authority: read the network configuration and open sockets. An address is 4 bytes (IPv4),
  # 16 bytes (IPv6) or none where that is allowed; each socket is one result capability owned
  # by the caller.

  getConfig @0 () -> (addr :Data, netmask :Data, gateway :Data, addressFamily :IpAddressFamily,
      ipv6Supported :Bool);
    # Addresses of the interface; all zeros: none.

  createTcpListener @1 (port :UInt16) -> (listenerIndex :UInt16);
    # A TcpListener on the port.

  connectTcp @2 (addr :Data, port :UInt16) -> (socketIndex :UInt16);
    # A TcpSocket, once connected.

  createUdpSocket @3 (localAddr :Data, localPort :UInt16) -> (socketIndex :UInt16);
    # A UdpSocket. No address: any; port 0: one is chosen.
}

enum IpAddressFamily {
  unspecified @0;
  ipv4 @1;
  ipv6 @2;
}

interface TcpListenAuthority {
  # Authority: listen on the one port fixed when it was granted (its badge).

  listen @0 () -> (listenerIndex :UInt16, port :UInt16);
    # The TcpListener.
}

interface TcpListener {
  # Authority: one listening socket.

  accept @0 () -> (socketIndex :UInt16, peerAddr :Data, peerPort :UInt16);
    # Waits for a connection; a TcpSocket and its peer.

  close @1 () -> ();
    # Stops listening.
}

interface TcpSocket {
  # Authority: one TCP connection.

  send @0 (data :Data) -> (bytesSent :UInt32);
    # Says how much was taken, which may be less than given.

  recv @1 (maxLen :UInt32) -> (data :Data);
    # Waits for data; no data: the peer has closed.

  close @2 () -> ();
    # Ends the connection.

  intoTerminalSession @3 () -> (terminalIndex :UInt16);
    # Turns the socket into a TerminalSession.
}

interface UdpSocket {
  # Authority: one bound datagram socket.

  sendTo @0 (addr :Data, port :UInt16, data :Data) -> (bytesSent :UInt32);
    # Sends one datagram.

  recvFrom @1 (maxLen :UInt32) -> (addr :Data, port :UInt16, data :Data);
    # Waits for one datagram. Ended by close: disconnected.

  close @2 () -> ();
    # Closes the socket.
}

interface Nic {
  # Authority: send and receive Ethernet frames of one network card. Every result ends with
  # the label triple.

  transmit @0 (frame :Data) -> (result :Text, reason :Text, sideEffect :Text);
    # Sends a frame.

  receive @1 () -> (frame :Data, observedEthertype :UInt16, result :Text, reason :Text,
      sideEffect :Text);
    # Waits for a frame.

  macAddress @2 () -> (addr :Data, result :Text, reason :Text, sideEffect :Text);
    # The 6 bytes of the hardware address.

  linkStatus @3 () -> (up :Bool, result :Text, reason :Text, sideEffect :Text);
    # Whether the link is up.

  receivePoll @4 () -> (frame :Data, observedEthertype :UInt16, framePresent :Bool, result
      :Text, reason :Text, sideEffect :Text);
    # A frame if one is there; never waits.
}

interface BlockDevice {
  # Authority: the blocks of one device. A range outside the device is invalidArgument.

  readBlocks @0 (startLba :UInt64, count :UInt32) -> (data :Data);
    # `count` whole blocks.

  writeBlocks @1 (startLba :UInt64, count :UInt32, data :Data) -> ();
    # data is exactly count blocks. Read-only device: failed.

  info @2 () -> (blockSize :UInt32, blockCount :UInt64, readOnly :Bool);
    # Geometry.

  flush @3 () -> ();
    # Empties the device's cache.
}

interface File {
  # Authority: one file. A read-only file is an object that refuses to change; there are no
  # rights flags.

  read @0 (offset :UInt64, length :UInt32) -> (data :Data);
    # Fewer bytes than asked for at the end of the file or when the reply is full.

  write @1 (offset :UInt64, data :Data) -> (written :UInt32);
    # Says how many bytes were written.

  stat @2 () -> (size :UInt64, created :UInt64, modified :UInt64);
    # Size, and times in nanoseconds since 1970 or 0.

  truncate @3 (length :UInt64) -> ();
    # Cuts, or extends with zeros.

  sync @4 () -> ();
    # Returns when everything written is durable.

  close @5 () -> ();
    # Ends the use of this file object.
}

interface Directory {
  # Authority: one directory and what is below it. There is no way up. Files and directories
  # come as result capability 0, owned by the caller.

  open @0 (name :Text, flags :UInt32) -> (file :File);
    # A File. flags: 1 create, 2 truncate, 4 append.

  list @1 () -> (entries :List(DirEntry));
    # All entries.

  mkdir @2 (name :Text) -> (dir :Directory);
    # A new Directory.

  remove @3 (name :Text) -> ();
    # Removes an entry.

  sub @4 (name :Text) -> (dir :Directory);
    # An existing Directory.

  create @5 (name :Text) -> ();
    # A new empty file, without opening it. An existing name: failed.

  rename @6 (from :Text, to :Text) -> ();
    # Renames within this directory. Missing source or existing target: failed.
}

struct DirEntry {
  name @0 :Text;
  size @1 :UInt64;
  isDir @2 :Bool;
}

interface Store {
  # Authority: immutable blobs under their SHA-256 (32 bytes).

  put @0 (data :Data) -> (hash :Data);
    # Stores a blob and returns its hash.

  get @1 (hash :Data) -> (data :Data);
    # The blob. Not there: failed.

  has @2 (hash :Data) -> (exists :Bool);
    # Whether it is there.

  delete @3 (hash :Data) -> ();
    # Deletes the blob, whoever stored it.
}

interface Namespace {
  # Authority: the names of one namespace, each bound to a hash.

  resolve @0 (name :Text) -> (hash :Data);
    # The hash of a name. Unbound: failed.

  bind @1 (name :Text, hash :Data) -> ();
    # Binds or rebinds a name.

  list @2 () -> (names :List(Text));
    # All names.

  sub @3 (prefix :Text) -> (ns :Namespace);
    # The namespace of all names with a prefix.
}

interface SessionManager {
  # Authority: make sessions for people and services after checking who they are. For trusted
  # login front ends. A refused login is failed.

  login @0 (method :Text, selector :LoginSelector, proof :Data, source :LoginSourceMetadata) ->
      (sessionIndex :UInt16);
    # Checks a proof. source describes the connection and is filled in by the front end.

  guest @1 () -> (sessionIndex :UInt16);
    # A session of the guest, if there is one.

  anonymous @2 () -> (sessionIndex :UInt16);
    # A session of nobody.

  sshPublicKey @3 (username :Text, algorithm :Text, publicKey :Data, authBytes :Data, signature
      :Data, sourceAddr :Data) -> (sessionIndex :UInt16);
    # Checks an SSH signature.
}

struct LoginSelector {
  kind @0 :LoginSelectorKind;
  value @1 :Data;
}

struct LoginSourceMetadata {
  terminalEventId @0 :Data;
  source @1 :Text;
  remoteAddr @2 :Data;
}

enum LoginSelectorKind {
  accountName @0;
  principalId @1;
}

interface UserSession {
  # Authority: proof of who the holder acts for, and ending that.

  info @0 () -> (info :SessionInfo);
    # Who, how strongly proven, and until when.

  auditContext @1 () -> (sessionId :Data, principalId :Data);
    # The opaque ids for audit records.

  logout @2 () -> () $voidResult(message);
    # Ends the session and what was derived from it.
}

struct SessionInfo {
  sessionId @0 :Data;
  principal @1 :PrincipalInfo;
  authStrength @2 :AuthStrength;
  createdAtMs @3 :UInt64;
  expiresAtMs @4 :UInt64;
  profile @5 :Text;
}

struct PrincipalInfo {
  id @0 :Data;
  kind @1 :PrincipalKind;
  displayName @2 :Text;
}

enum AuthStrength {
  none @0;
  localPresence @1;
  password @2;
  hardwareKey @3;
  multiParty @4;
  publicKey @5;
}

enum PrincipalKind {
  human @0;
  operator @1;
  service @2;
  guest @3;
  anonymous @4;
  pseudonymous @5;
}

interface AuthorityBroker {
  # Authority: get the capabilities that a profile allows for a session.

  shellBundle @0 (sessionCapId :UInt32, profile :Text) -> (launcherIndex :UInt16, sessionIndex
      :UInt16, systemInfoIndex :UInt16, serviceEndpoints :List(BundleEndpoint));
    # Launcher, session, system information and endpoints for a shell. sessionCapId names a
    # UserSession.

  remoteClientBundle @1 (sessionCapId :UInt32, profile :Text) -> (launcherIndex :UInt16,
      sessionIndex :UInt16, systemInfoIndex :UInt16, serviceEndpoints :List(BundleEndpoint));
    # The same for a remote client.
}

struct BundleEndpoint {
  name @0 :Text;
  capIndex @1 :UInt16;
}

interface RestrictedLauncher {
  # Authority: start the binaries of an allowlist with capabilities the caller holds. A binary
  # not on the list is failed.

  spawn @0 (name :Text, binaryName :Text, grants :List(CapGrant)) -> (handleIndex :UInt16);
    # Starts a binary; returns its ProcessHandle.

  listBinaries @1 () -> (names :List(Text));
    # The allowlist.

  spawnWorker @2 (name :Text, binaryName :Text, grants :List(CapGrant)) -> (handleIndex :UInt16);
    # As spawn, with an Endpoint to the worker as second capability.
}

interface RestrictedShellLauncher {
  # Authority: start the shell for a terminal and a session, nothing else.

  launchShell @0 (name :Text, terminalCapId :UInt32, sessionCapId :UInt32, profile :Text,
      grants :List(CapGrant)) -> (handleIndex :UInt16);
    # Starts the shell; returns its ProcessHandle.
}

interface CredentialStore {
  # Authority: check and first set the console password. The stored verifier never leaves.

  consolePasswordStatus @0 () -> (configured :Bool, volatile :Bool);
    # Whether a password is set, and whether it survives a restart.

  verifyConsolePassword @1 (password :Data) -> (status :CredentialCheckStatus, volatile :Bool);
    # More than 256 bytes or a mismatch: denied; none set: unavailable.

  consoleBootstrapPolicy @2 () -> (developmentShellAllowed :Bool);
    # Whether a shell without a password is allowed.

  createConsolePassword @3 (password :Data) -> (configured :Bool, volatile :Bool);
    # Sets the first password. Empty, longer than 256 bytes or already set: failed.
}

enum CredentialCheckStatus {
  success @0;
  denied @1;
  unavailable @2;
}

interface KeySource {
  # Authority: make private keys from one named source.

  mintPrivate @0 (algorithm :AsymmetricAlgorithm, purpose :KeyPurpose, createdAtEpochSeconds
      :UInt64, auditLabel :Text) -> (handle :KeyHandle, key :PrivateKey);
    # A new key, with a handle to reopen it.

  info @1 () -> (info :KeySourceInfo);
    # What this source is and may make.
}

enum AsymmetricAlgorithm {
  ed25519 @0;
  x25519 @1;
  p256 @2;
  p384 @3;
  rsa2048 @4;
  rsa3072 @5;
  rsa4096 @6;
  mlKem768 @7;
  mlDsa65 @8;
}

enum KeyPurpose {
  generic @0;
  blockVolume @1;
  objectStore @2;
  envelope @3;
  integrity @4;
  tls @5;
  codeSigning @6;
  instanceIdentity @7;
  authToken @8;
  webauthn @9;
  audit @10;
  oauthClientAssertion @11;
  oidcIdToken @12;
  dpopBinding @13;
  acmeAccount @14;
}

struct KeyHandle {
  identifier @0 :Data;
  generation @1 :UInt64;
}

struct KeySourceInfo {
  kind @0 :KeySourceKind;
  identifier @1 :Data;
  nonProductionLabel @2 :Text;
  allowedPurposes @3 :List(KeyPurpose);
}

enum KeySourceKind {
  developmentSoftware @0;
}

interface KeyVault {
  # Authority: make, reopen, list and destroy private keys in memory. An unknown or destroyed
  # handle is failed.

  generatePrivate @0 (algorithm :AsymmetricAlgorithm, purpose :KeyPurpose,
      createdAtEpochSeconds :UInt64, auditLabel :Text) -> (handle :KeyHandle, key :PrivateKey);
    # A new key, with a handle to reopen it.

  openPrivate @1 (handle :KeyHandle) -> (key :PrivateKey);
    # The key of a handle.

  list @2 (filter :KeyFilter) -> (entries :List(KeyEntry));
    # The keys that match all parts of the filter; an empty part matches everything.

  destroy @3 (handle :KeyHandle, reason :Text) -> ();
    # Destroys a key; objects given out for it stop working.
}

struct KeyFilter {
  purposes @0 :List(KeyPurpose);
  algorithms @1 :List(AsymmetricAlgorithm);
}

struct KeyEntry {
  handle @0 :KeyHandle;
  algorithm @1 :AsymmetricAlgorithm;
  purpose @2 :KeyPurpose;
  createdAtEpochSeconds @3 :UInt64;
  lastUsedEpochSeconds @4 :UInt64;
  source @5 :KeyMaterialSource;
  auditLabel @6 :Text;
}

enum KeyMaterialSource {
  ramGenerated @0;
  imported @1;
  keySource @2;
}

interface PrivateKey {
  # Authority: sign with one key for its purpose. The key material never leaves. A scheme or
  # purpose that does not fit is failed, never an empty signature.

  sign @0 (message :Data, scheme :SignatureScheme, purpose :KeyPurpose) -> (signature :Data);
    # Signs the message.

  public @1 () -> (pk :PublicKey);
    # The public key.

  info @2 () -> (algorithm :AsymmetricAlgorithm, purpose :KeyPurpose, identifier :Data);
    # Algorithm, purpose and identifier.
}

enum SignatureScheme {
  default @0;
  ecdsaSha256 @1;
  ecdsaSha384 @2;
  rsaPssSha256 @3;
  rsaPssSha512 @4;
  rsaPkcs1Sha256 @5;
}

interface PublicKey {
  # Authority: check signatures of one key and export it. Malformed input is failed.

  verify @0 (message :Data, signature :Data, scheme :SignatureScheme, purpose :KeyPurpose) ->
      (ok :Bool);
    # False: well formed, but not a signature of this message.

  export @1 (format :PublicKeyFormat) -> (encoded :Data);
    # The key in one of the formats.

  info @2 () -> (algorithm :AsymmetricAlgorithm, purpose :KeyPurpose, identifier :Data);
    # Algorithm, purpose and identifier.
}

enum PublicKeyFormat {
  spkiDer @0;
  jwk @1;
  opensshWire @2;
  pgpPacket @3;
}

interface SshHostKey {
  # Authority: the public half of the SSH host key and signatures with the private half.

  publicKey @0 () -> (algorithm :Text, publicKey :Data, fingerprint :Data);
    # The public key and its SHA-256 fingerprint.

  signExchangeHash @1 (algorithm :Text, exchangeHash :Data) -> (signature :Data);
    # Signs the hash of a key exchange.
}

interface AuthorizedKeyStore {
  # Authority: ask whether a public key may log in. The set of keys is not shown.

  checkPublicKey @0 (username :Text, algorithm :Text, publicKey :Data, sourceAddr :Data) ->
      (decision :SshAuthorizedKeyDecision);
    # The decision for one key, user and source address.
}

struct SshAuthorizedKeyDecision {
  accepted @0 :Bool;
  principalId @1 :Data;
  policyProfile @2 :Text;
  resourceProfile @3 :Text;
  keyFingerprint @4 :Data;
  auditReason @5 :Text;
  principalKind @6 :PrincipalKind;
  principalDisplayName @7 :Text;
  keyId @8 :Data;
}

interface Manual {
  # Authority: read the documentation pages. A page that does not exist is failed.

  page @0 (name :Text, section :UInt8) -> (page :ManPage);
    # One page; section 0: the lowest section that has it.

  apropos @1 (query :Text) -> (result :Apropos);
    # Pages that match a query.

  topics @2 () -> (topics :List(Topic));
    # All topics with their pages.

  section @3 (section :UInt8) -> (pages :List(PageRef));
    # All pages of a section.

  describe @4 (interfaceId :UInt64) -> (page :ManPage);
    # The page of an interface.

  buildInfo @5 () -> (commit :Text, builtAt :Text);
    # What this system was built from, and when.
}

struct ManPage {
  name @0 :Text;
  section @1 :UInt8;
  title @2 :Text;
  body @3 :Text;
  seeAlso @4 :List(PageRef);
  examples @5 :List(Text);
  source @6 :Source;
  lastReviewed @7 :Text;
  buildId @8 :Text;
}

struct Apropos {
  query @0 :Text;
  matches @1 :List(PageRef);
}

struct Topic {
  key @0 :Text;
  title @1 :Text;
  pages @2 :List(PageRef);
}

struct PageRef {
  name @0 :Text;
  section @1 :UInt8;
  siteOnly @2 :Bool;
}

struct ManualCorpus {
  # All pages in one message, as they lie in the boot package.

  commit @0 :Text;
  builtAt @1 :Text;
  pages @2 :List(ManPage);
  topics @3 :List(Topic);
  descriptors @4 :List(InterfaceDescriptor);
}

struct InterfaceDescriptor {
  interfaceId @0 :UInt64;
  pageName @1 :Text;
}

enum Source {
  schemaReflection @0;
  prose @1;
  runtime @2;
}

# ----------------------------------------------------------------------------
# Boot manifest
# ----------------------------------------------------------------------------

struct SystemManifest {
  # The root of the boot manifest: what the kernel is given to start the system with.
  # schemaVersion is 1.

  schemaVersion @0 :UInt32;
  binaries @1 :List(NamedBlob);
  initConfig @2 :CueValue;
  kernelParams @3 :SystemConfig;
  extensionPoints @4 :ManifestExtensionPoints;
}

struct NamedBlob {
  name @0 :Text;
  data @1 :Data;
}

struct CueValue {
  # A value of the configuration: a tree of records and lists.

  union {
    null @0 :Void;
    boolean @1 :Bool;
    intValue @2 :Int64;
    uintValue @3 :UInt64;
    text @4 :Text;
    bytes @5 :Data;
    list @6 :List(CueValue);
    fields @7 :List(CueField);
  }
}

struct CueField {
  # One named member of a record.

  name @0 :Text;
  value @1 :CueValue;
}

struct SystemConfig {
  logLevel @0 :LogLevel;
  consolePasswordVerifierPhc @1 :Text;
  allowLocalDevelopmentShell @2 :Bool;
  consoleUart @3 :UartConfig;
  terminalUart @4 :UartConfig;
  motd @5 :Text;
  seedAccounts @6 :List(ManifestSeedAccount);
  resourceProfiles @7 :List(ManifestResourceProfile);
  initialRoleBindings @8 :List(ManifestRoleBinding);
  sshDevelopmentHostKey @9 :SshDevelopmentHostKey;
  authorizedSshKeys @10 :List(AuthorizedSshKey);
  sessionLifetimes @11 :SessionLifetimeConfig;
  hostname @12 :Text;
  dmaBackendPolicy @13 :DmaBackendPolicy;
  cpuIsolationPools @14 :List(CpuIsolationPoolDescriptor);
  cpuIsolationPoolGrants @15 :List(CpuIsolationPoolGrantBinding);
  cpuIsolationGrantMinterAllowlist @16 :List(CpuIsolationPoolGrantBinding);
  keySourceBootstrap @17 :KeySourceBootstrapConfig;
  blockDeviceTarget @18 :BlockDeviceTargetSelector;
}

struct ManifestExtensionPoints {
  allowAdditionalServices @0 :Bool;
  maxAdditionalServices @1 :UInt32;
  allowedServiceCaps @2 :List(KernelCapSource);
  minOverlayEpoch @3 :UInt64;
  allowNetworkSettings @4 :Bool;
  allowRuntimeSettings @5 :Bool;
  allowAccountStoreLocation @6 :Bool;
}

struct SystemConfigOverlay {
  # A later change of the configuration, signed off by its hash and epoch.

  overlayVersion @0 :UInt32;
  epoch @1 :UInt64;
  contentHash @2 :Data;
  additionalServices @3 :List(OverlayService);
  networkSettings @4 :OverlayNetworkSettings;
  runtimeSettings @5 :OverlayRuntimeSettings;
  accountStoreLocation @6 :Text;
}

struct UartConfig {
  port @0 :UartPort;
  baud @1 :UInt32;
  dataBits @2 :UInt8;
  stopBits @3 :UInt8;
  parity @4 :UartParity;
}

struct ManifestSeedAccount {
  name @0 :Text;
  principalId @1 :Data;
  kind @2 :PrincipalKind;
  displayName @3 :Text;
  credentialRefs @4 :List(Data);
  resourceProfile @5 :Text;
  policyProfile @6 :Text;
  serviceBinary @7 :Text;
  directCaps @8 :List(KernelCapSource);
}

struct ManifestResourceProfile {
  name @0 :Text;
  homeQuotaBytes @1 :UInt64;
  tempQuotaBytes @2 :UInt64;
  processLimit @3 :UInt32;
  threadLimit @4 :UInt32;
  capLimit @5 :UInt32;
  memoryCommitLimitBytes @6 :UInt64;
  frameGrantLimitPages @7 :UInt64;
  endpointQueueLimit @8 :UInt32;
  inFlightCallLimit @9 :UInt32;
  retired10 @10 :UInt32;
  ringScratchLimitBytes @11 :UInt64;
  logQuotaBytesPerWindow @12 :UInt64;
  networkProfile @13 :Text;
  cpuBudgetUsPerWindow @14 :UInt64;
  cpuWindowUs @15 :UInt64;
  timerWaiterLimit @16 :UInt32;
  launcherProfile @17 :Text;
  replyScratchLimitBytes @18 :UInt64;
}

struct ManifestRoleBinding {
  principalId @0 :Data;
  role @1 :Text;
}

struct SshDevelopmentHostKey {
  nonProductionLabel @0 :Text;
  algorithm @1 :Text;
  privateKeySeed @2 :Data;
  publicKey @3 :Data;
  fingerprintSha256 @4 :Data;
}

struct AuthorizedSshKey {
  keyId @0 :Data;
  principalId @1 :Data;
  algorithm @2 :Text;
  publicKey @3 :Data;
  fingerprintSha256 @4 :Data;
  allowedShellProfiles @5 :List(Text);
  disabledAtMs @6 :UInt64;
  source @7 :Text;
  comment @8 :Text;
}

struct SessionLifetimeConfig {
  operatorMs @0 :UInt64;
  guestMs @1 :UInt64;
  anonymousMs @2 :UInt64;
}

enum DmaBackendPolicy {
  unspecified @0;
  enableIfVerified @1;
  enableUnsafe @2;
  bounceBuffer @3;
}

struct KeySourceBootstrapConfig {
  deploymentProfile @0 :KeySourceDeploymentProfile;
  developmentSoftware @1 :DevelopmentSoftwareKeySourceConfig;
}

struct BlockDeviceTargetSelector {
  pci @0 :PciDeviceSelector;
}

struct OverlayService {
  name @0 :Text;
  binary @1 :Text;
  caps @2 :List(OverlayServiceCap);
  restart @3 :OverlayRestartPolicy;
}

struct OverlayNetworkSettings {
  hostname @0 :Text;
}

struct OverlayRuntimeSettings {
  logLevel @0 :LogLevel;
}

enum UartPort {
  com1 @0;
  com2 @1;
}

enum UartParity {
  none @0;
  even @1;
  odd @2;
}

enum KeySourceDeploymentProfile {
  localDevelopment @0;
  production @1;
  publicIngress @2;
  billableCloudProof @3;
}

struct DevelopmentSoftwareKeySourceConfig {
  enabled @0 :Bool;
  identifier @1 :Data;
  nonProductionLabel @2 :Text;
  allowedPurposes @3 :List(KeyPurpose);
}

struct PciDeviceSelector {
  segment @0 :UInt16;
  bus @1 :UInt8;
  device @2 :UInt8;
  function @3 :UInt8;
}

struct OverlayServiceCap {
  name @0 :Text;
  source @1 :KernelCapSource;
  badge @2 :UInt64;
}

enum OverlayRestartPolicy {
  never @0;
  onFailure @1;
  always @2;
}

enum KernelCapSource {
  # What the kernel can make capabilities of for a new process. Further sources of this
  # implementation: schema/own_sources.h.

  console @0;
  endpoint @1;
  frameAllocator @2;
  virtualMemory @3;
  processSpawner @4;
  bootPackage @5;
  terminalSession @6;
  entropySource @7;
  credentialStore @8;
  sessionManager @9;
  authorityBroker @10;
  auditLog @11;
  systemInfo @12;
  null @13;
  parkBench @14;
  timer @15;
  threadControl @16;
  threadSpawner @17;
  parkSpace @18;
  networkManager @19;
  sshDevelopmentHostKey @20;
  tcpListenAuthority @21;
  authorizedKeyStore @22;
  restrictedShellLauncher @23;
  chatEndpoint @24;
  deviceMmio @25;
  interrupt @26;
  schedulingPolicy @27;
  dmaPool @28;
  hardwareAuditLog @29;
  schedulingContext @30;
  cpuIsolationLease @31;
  file @32;
  directory @33;
  store @34;
  namespace @35;
  wallClock @36;
  manual @37;
  logSink @38;
  logReader @39;
  blockDevice @40;
  readOnlyFsRoot @41;
  persistentStore @42;
  writableFsRoot @43;
  blockDeviceTarget @44;
  installableImageSource @45;
  cpuIsolationPoolGrant @46;
  cpuIsolationPoolGrantSecondary @47;
  cpuIsolationGrantMinter @48;
  nic @49;
}

# ----------------------------------------------------------------------------
# Tier 3: reserved names. The ids are fixed by the names; the methods are not part of
# this system yet, so every call is answered with "unimplemented".
# ----------------------------------------------------------------------------

interface AccountStoreReader {
  # Looks accounts up.
}

interface AccountStoreManager {
  # Creates and changes accounts.
}

interface ResourceProfileReader {
  # Looks quota profiles up.
}

interface ResourceProfileManager {
  # Creates and changes quota profiles.
}

interface Chat {
  # One participant of a chat.
}

interface Adventure {
  # One player of the text adventure.
}

interface PaperclipsGame {
  # One running paperclips game.
}

interface RemoteAuthFlow {
  # One remote login in several steps.
}

interface RemoteSessionGateway {
  # Where remote logins begin.
}

interface RemoteCapSet {
  # The capabilities of a remote session.
}

interface RemoteSession {
  # A remote session.
}

interface RemoteServiceCatalog {
  # The services a remote session can start.
}

interface RemoteServiceRunner {
  # Starts such services.
}

interface SshTerminalFactory {
  # Makes terminal sessions of SSH channels.
}

interface SshGateway {
  # State and end of the SSH server.
}

interface Certificate {
  # One X.509 certificate.
}

interface CertificateChain {
  # A list of certificates, leaf first.
}

interface TrustStore {
  # The trusted roots.
}

interface CertVerifier {
  # Judges certificate chains.
}

# ----------------------------------------------------------------------------
# Additions of this implementation. Programs written for other implementations do not know
# these; nothing above depends on them. None of the interfaces has an enumerant in
# KernelCapSource: the numbers of their sources are in schema/own_sources.h.
# ----------------------------------------------------------------------------

interface SystemMonitor {
  # Ours. Authority: read counters of the whole system: processes, quota ledgers, memory,
  # processors and capability holds. Changes nothing and gives out no capability. Long lists
  # are read in pages: start with cursor 0 and pass nextCursor back until it is 0.

  processes @0 (cursor :UInt32, maxRecords :UInt32)
      -> (records :List(ProcessRecord), nextCursor :UInt32);
    # One record per live or not yet reaped process, in the order of pids. maxRecords 0 means as
    # many as fit the reply.

  ledgers @1 (pid :UInt32) -> (records :List(LedgerRecord));
    # Use and limit of every quota of one process. Unknown pid: failed.

  memory @2 () -> (totalFrames :UInt64, freeFrames :UInt64, kernelFrames :UInt64,
      pageTableFrames :UInt64, objectFrames :UInt64, imageFrames :UInt64, ringFrames :UInt64,
      kernelObjects :UInt64);
    # Physical memory by use, in frames of 4096 bytes, and the number of live kernel objects.

  cpus @3 () -> (records :List(CpuRecord));
    # One record per processor the machine reported, whether it was started or not.

  holds @4 (pid :UInt32, cursor :UInt32, maxRecords :UInt32)
      -> (records :List(HoldRecord), nextCursor :UInt32);
    # The capability table of one process, in the order of slots. Unknown pid: failed.

  audit @5 (cursor :UInt64, maxRecords :UInt32)
      -> (records :List(AuditRecord), nextCursor :UInt64, dropped :UInt64);
    # The audit log from the record with number cursor on (0: the oldest), in order. Records that
    # are gone are skipped and counted in dropped. nextCursor is the number behind the last record
    # given; with none, that of the next one to come.
}

struct ProcessRecord {
  # One process. memoryPages counts image, stack and anonymous pages.

  pid @0 :UInt32;
  name @1 :Text;
  state @2 :ProcessRecordState;
  exitCode @3 :Int64;
  threads @4 :UInt32;
  cpuTimeNs @5 :UInt64;
  memoryPages @6 :UInt64;
  capCount @7 :UInt32;
  parentPid @8 :UInt32;
}

enum ProcessRecordState {
  # exitCode of a record counts only in the state exited.

  starting @0;
  running @1;
  blocked @2;
  exited @3;
}

struct LedgerRecord {
  # One quota of a process. A limit of all ones means unlimited.

  resource @0 :Text;
  used @1 :UInt64;
  limit @2 :UInt64;
}

struct CpuRecord {
  # One processor. currentPid is 0 while it idles; ticks counts timer interrupts.

  cpu @0 :UInt32;
  online @1 :Bool;
  currentPid @2 :UInt32;
  idleNs @3 :UInt64;
  busyNs @4 :UInt64;
  ticks @5 :UInt64;
}

struct HoldRecord {
  # One slot of a capability table. Holds with the same objectId name the same kernel object.

  capId @0 :UInt32;
  objectId @1 :UInt64;
  interfaceId @2 :UInt64;
  label @3 :Text;
  origin @4 :HoldOrigin;
  transferMode @5 :HoldTransferMode;
  transferScope @6 :HoldTransferScope;
  badge @7 :UInt64;
  revoked @8 :Bool;
  name @9 :Text;
  # What the holder's CapSet calls it; empty for capabilities that came later.
}

enum HoldOrigin {
  # How the holder got the capability.

  kernel @0;
  spawnGrant @1;
  ipcTransfer @2;
  resultCap @3;
  spawnerEndpoint @4;
}

enum HoldTransferMode {
  nonTransferable @0;
  copy @1;
  move @2;
}

enum HoldTransferScope {
  sameSession @0;
  crossSession @1;
  serviceRegrant @2;
}

struct AuditRecord {
  # One event. Fields that mean nothing for the kind are 0 or empty. Texts and ids are cut.

  sequence @0 :UInt64;
  # Counts from 1, without gaps while records are kept.
  monotonicNs @1 :UInt64;
  kind @2 :AuditKind;
  pid @3 :UInt32;
  # Who did it; 0 is the kernel itself, at boot.
  peerPid @4 :UInt32;
  # To whom.
  capId @5 :UInt32;
  objectId @6 :UInt64;
  interfaceId @7 :UInt64;
  code @8 :Int64;
  text @9 :Text;
  event @10 :AuditEvent;
}

enum AuditKind {
  grant @0;
  # peerPid started with the capability capId (its own number of it), named text.
  transfer @1;
  # A message of pid brought peerPid the capability capId; code 1: moved, 0: copied.
  revoke @2;
  # pid revoked capId of peerPid.
  spawn @3;
  # pid started peerPid, named text.
  exit @4;
  # pid, named text, ended with code.
  denial @5;
  # pid was refused: a spawn (text says why, code 0), or the use of capId (code: the result). Of the
  # latter only the 1st, 2nd, 4th, 8th ... of a process are recorded.
  program @6;
  # Appended by pid through AuditLog; event has what it said.
}

struct AuditEvent {
  # The params of AuditLog.record.

  eventType @0 :AuditEventType;
  resultClass @1 :AuditResultClass;
  reasonClass @2 :AuditReasonClass;
  terminalEventId @3 :Data;
  sessionId @4 :Data;
  principalId @5 :Data;
  profile @6 :Text;
  authMethod @7 :Text;
  volatile @8 :Bool;
}

interface PowerControl {
  # Ours. Authority: end the operation of the whole machine. Given to init only by default.

  powerOff @0 (status :Int32) -> ();
    # Stops all processors and switches the machine off; under an emulator status becomes its
    # exit status. Does not return when it works; failed if the machine cannot be switched off.

  reboot @1 () -> ();
    # Restarts the machine. Does not return when it works.
}

interface SessionMinter {
  # Ours. Authority: open sessions of the people in the boot manifest, on one's own word that they
  # are who they say. Only for the service that checks credentials.

  mint @0 (principalId :Data, authStrength :AuthStrength) -> (sessionIndex :UInt16);
    # An operator session of the seeded account with that principal, which must be a human's or an
    # operator's. The UserSession can be moved, once more and so on, but not copied. Every refusal
    # is one record in the audit log.
}
