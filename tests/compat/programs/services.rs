// SPDX-License-Identifier: MIT OR Apache-2.0
//! EntropySource, SystemInfo, LogSink, LogReader and AuditLog through their typed clients.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{format, string::String};
use capos_compat::{FOREVER, refused};
use capos_rt::{
    AuditEventType, AuditLogClient, AuditReasonClass, AuditRecord, AuditResultClass, ConsoleClient, EntropySourceClient,
    EntropyStatus, ExceptionType, LogReaderClient, LogSeverity, LogSinkClient, Runtime, RuntimeRingClient, SystemInfoClient,
};

fn entropy(source: &mut EntropySourceClient, ring: &mut RuntimeRingClient<'_>) {
    for size in [0u32, 1, 8, 32, 479, 480] {
        let filled = source.fill_wait(ring, size, FOREVER).unwrap();
        assert!(filled.status == EntropyStatus::Ok && filled.data.len() == size as usize);
    }
    let (first, second) = (source.fill_wait(ring, 32, FOREVER).unwrap(), source.fill_wait(ring, 32, FOREVER).unwrap());
    assert!(first.data != second.data && first.data.iter().any(|&byte| byte != 0));
    refused(source.fill_wait(ring, 481, FOREVER), ExceptionType::Failed);
}

fn log(sink: &mut LogSinkClient, reader: &mut LogReaderClient, ring: &mut RuntimeRingClient<'_>) {
    assert!(sink.write_wait(ring, LogSeverity::Warn, "compat", 77, "first", FOREVER).unwrap());
    for round in 0..40 {
        sink.write_wait(ring, LogSeverity::Error, "compat", round, &format!("record {round}"), FOREVER).unwrap();
    }
    let long: String = core::iter::repeat_n('x', 3000).collect();
    sink.write_wait(ring, LogSeverity::Error, "other", 1, &long, FOREVER).unwrap();

    let (mut cursor, mut seen, mut tick) = (0, 0, 0);
    loop {
        let read = reader.read_wait(ring, cursor, 16, LogSeverity::Error, "compat", FOREVER).unwrap();
        assert!(read.records.len() <= 16);
        for record in &read.records {
            assert!(record.component == "compat" && record.level == LogSeverity::Error && record.tick >= tick);
            assert!(record.message == format!("record {}", record.pid));
            tick = record.tick;
            seen += 1;
        }
        if read.next_cursor == cursor {
            break;
        }
        cursor = read.next_cursor;
    }
    assert!(seen == 40);
    assert!(reader.read_wait(ring, cursor, 0, LogSeverity::Debug, "", FOREVER).unwrap().records.is_empty());
}

fn audit(log: &mut AuditLogClient, ring: &mut RuntimeRingClient<'_>) {
    let id = [7u8; 16];
    for volatile in [false, true] {
        let record = AuditRecord {
            event_type: AuditEventType::ShellLaunch,
            result_class: AuditResultClass::Denied,
            reason_class: AuditReasonClass::Wait,
            terminal_event_id: &id,
            session_id: &id,
            principal_id: &[],
            profile: "operator",
            auth_method: "",
            volatile,
        };
        log.record_wait(ring, record, FOREVER).unwrap();
    }
}

fn main(mut runtime: Runtime) -> i64 {
    let set = runtime.capset();
    let mut console: ConsoleClient = set.get_client(b"console").unwrap();
    let mut source: EntropySourceClient = set.get_client(b"entropy_source").unwrap();
    let mut info: SystemInfoClient = set.get_client(b"system_info").unwrap();
    let mut sink: LogSinkClient = set.get_client(b"log_sink").unwrap();
    let mut reader: LogReaderClient = set.get_client(b"log_reader").unwrap();
    let mut audit_log: AuditLogClient = set.get_client(b"audit_log").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    entropy(&mut source, &mut ring);
    let (motd, name) = (info.motd_wait(&mut ring, FOREVER).unwrap(), info.hostname_wait(&mut ring, FOREVER).unwrap());
    console.write_line_wait(&mut ring, &format!("motd={motd:?} hostname={name:?}"), FOREVER).unwrap();
    log(&mut sink, &mut reader, &mut ring);
    audit(&mut audit_log, &mut ring);
    0
}

capos_rt::entry_point!(main);
