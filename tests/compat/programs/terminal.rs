// SPDX-License-Identifier: MIT OR Apache-2.0
//! TerminalSession: lines typed by a person, seen, hidden, empty, edited, cancelled; the end of the input.
#![no_std]
#![no_main]
extern crate alloc;
use alloc::{format, string::String};
use capos_compat::{FOREVER, MS};
use capos_rt::{LineEcho, LineStatus, RingClientError, Runtime, RuntimeRingClient, TerminalSessionClient};

fn ask(terminal: &mut TerminalSessionClient, ring: &mut RuntimeRingClient<'_>, prompt: &str, echo: LineEcho) -> String {
    let read = terminal.read_line_wait(ring, prompt, 256, echo, false, FOREVER).unwrap();
    assert!(read.status == LineStatus::Submitted);
    String::from_utf8(read.line.into_vec()).unwrap()
}

fn main(mut runtime: Runtime) -> i64 {
    let mut terminal: TerminalSessionClient = runtime.capset().get_client(b"terminal_session").unwrap();
    let mut ring = runtime.ring_client().unwrap();
    terminal.write_wait(&mut ring, b"raw bytes\n", FOREVER).unwrap();
    for (prompt, echo) in [("name> ", LineEcho::Visible), ("word> ", LineEcho::Hidden), ("edit> ", LineEcho::Visible)] {
        let line = ask(&mut terminal, &mut ring, prompt, echo);
        terminal.write_line_wait(&mut ring, &format!("[{line}]"), FOREVER).unwrap();
    }
    let empty = terminal.read_line_wait(&mut ring, "none> ", 10, LineEcho::Visible, true, FOREVER).unwrap();
    assert!(empty.status == LineStatus::Submitted && empty.line.is_empty());
    let short = terminal.read_line_wait(&mut ring, "four> ", 4, LineEcho::Visible, false, FOREVER).unwrap();
    assert!(short.line[..] == *b"abcd");
    let cancelled = terminal.read_line_wait(&mut ring, "stop> ", 10, LineEcho::Visible, false, FOREVER).unwrap();
    assert!(cancelled.status == LineStatus::Cancelled && cancelled.line.is_empty());
    let last = terminal.read_line_wait(&mut ring, "last> ", 10, LineEcho::Visible, false, FOREVER).unwrap();
    assert!(last.status == LineStatus::Submitted && last.line[..] == *b"zz");
    let closed = terminal.read_line_wait(&mut ring, "shut> ", 10, LineEcho::Visible, false, FOREVER).unwrap();
    assert!(closed.status == LineStatus::Closed && closed.line.is_empty());
    let call = terminal.read_line(&mut ring, "wait> ", 10, LineEcho::Visible, false).unwrap();
    assert!(matches!(ring.wait(call, 20 * MS), Err(RingClientError::Timeout)));
    terminal.write_line_wait(&mut ring, "end", FOREVER).unwrap();
    0
}

capos_rt::entry_point!(main);
