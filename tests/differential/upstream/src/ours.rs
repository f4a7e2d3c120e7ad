// SPDX-License-Identifier: MIT OR Apache-2.0
//
// The table of functions of ours.c and the structs they take: the C declarations once more, in the same order.
use std::ffi::{CString, c_char, c_int, c_void};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Segment {
    pub vaddr: u64,
    pub memsz: u64,
    pub offset: u64,
    pub filesz: u64,
    pub flags: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Tls {
    pub vaddr: u64,
    pub memsz: u64,
    pub offset: u64,
    pub filesz: u64,
    pub align: u64,
}

pub const SEGMENTS_MAX: usize = 32;

#[repr(C)]
pub struct Image {
    pub entry: u64,
    pub count: u32,
    pub has_tls: bool,
    pub segments: [Segment; SEGMENTS_MAX],
    pub tls: Tls,
}

#[repr(C)]
pub struct Frames {
    pub bits: *mut u8,
    pub total: usize,
    pub free: usize,
    pub hint: usize,
}

#[repr(C)]
pub struct Line {
    pub len: u32,
    pub limit: u32,
    pub hidden: bool,
    pub allow_empty: bool,
    pub after_cr: bool,
    pub bytes: [u8; 256],
}

#[repr(C)]
#[derive(Default)]
pub struct LineEcho {
    pub len: u32,
    pub bytes: [u8; 4],
}

#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Hold {
    pub object_id: u64,
    pub object_epoch: u64,
    pub interface_id: u64,
    pub badge: u64,
    pub disclosure_scope: u64,
    pub transfer_mode: u16,
    pub transfer_scope: u8,
    pub origin: u8,
}

#[repr(C)]
#[derive(Clone, Copy, Default, Debug, PartialEq)]
pub struct Seen {
    pub id: u32,
    pub object: u32,
    pub hold: Hold,
}

pub type World = *mut c_void;

#[repr(C)]
pub struct Ours {
    pub sqe: unsafe extern "C" fn(*const c_void) -> i32,
    pub sqe_measurement: unsafe extern "C" fn(*const c_void) -> i32,
    pub elf: unsafe extern "C" fn(*const u8, usize, *mut Image) -> u32,
    pub elf_text: unsafe extern "C" fn(u32) -> *const c_char,
    pub frames_init: unsafe extern "C" fn(*mut Frames, *mut u8, usize),
    pub frames_used: unsafe extern "C" fn(*const Frames, usize) -> bool,
    pub frames_mark_used: unsafe extern "C" fn(*mut Frames, usize),
    pub frames_mark_free: unsafe extern "C" fn(*mut Frames, usize),
    pub frames_alloc: unsafe extern "C" fn(*mut Frames, *mut usize) -> u32,
    pub frames_alloc_run: unsafe extern "C" fn(*mut Frames, usize, *mut usize) -> u32,
    pub frames_release: unsafe extern "C" fn(*mut Frames, usize) -> u32,
    pub line_init: unsafe extern "C" fn(*mut Line),
    pub line_begin: unsafe extern "C" fn(*mut Line, u32, bool, bool),
    pub line_feed: unsafe extern "C" fn(*mut Line, u8, *mut LineEcho) -> u32,
    pub phc: unsafe extern "C" fn(*const u8, u32) -> u32,
    pub world_new: unsafe extern "C" fn() -> World,
    pub world_reset: unsafe extern "C" fn(World, *const u32),
    pub world_live: unsafe extern "C" fn(World, u32, u32),
    pub insert: unsafe extern "C" fn(World, u32, u32, *const Hold, *mut Seen) -> u32,
    pub lookup: unsafe extern "C" fn(World, u32, u32, *mut Seen) -> u32,
    pub lookup_raw: unsafe extern "C" fn(World, u32, u32, *mut Seen) -> u32,
    pub remove: unsafe extern "C" fn(World, u32, u32, *mut Seen) -> u32,
    pub revoke: unsafe extern "C" fn(World, u32, u32, *mut u64) -> u32,
    pub prepare: unsafe extern "C" fn(World, u32, u32, u32, u32) -> u32,
    pub drop: unsafe extern "C" fn(World, u32),
    pub place: unsafe extern "C" fn(World, u32, u32, *mut u32) -> u32,
    pub commit: unsafe extern "C" fn(World, u32, u32, *mut u32) -> u32,
    pub rollback: unsafe extern "C" fn(World, u32, u32, *mut Seen) -> u32,
    pub unmove: unsafe extern "C" fn(World, u32, u32) -> u32,
    pub moved: unsafe extern "C" fn(World, u32, u32, *mut Seen) -> u32,
    pub preflight: unsafe extern "C" fn(World, u32, u32) -> u32,
    pub used: unsafe extern "C" fn(World, u32, u32) -> u64,
    pub reserve: unsafe extern "C" fn(World, u32, u32, u64) -> u32,
    pub release: unsafe extern "C" fn(World, u32, u32, u64),
    pub list: unsafe extern "C" fn(World, u32, u32, *mut Seen) -> u32,
    pub clear: unsafe extern "C" fn(World, u32) -> u32,
    pub session_ref: unsafe extern "C" fn(*const u8, u64, *const u8, usize, *mut [u64; 3]),
    pub facet: unsafe extern "C" fn(*const Hold, bool, *const [u64; 2], *mut [u64; 2]) -> u32,
    pub scope_allows: unsafe extern "C" fn(u8, bool, bool) -> bool,
    pub descriptors: unsafe extern "C" fn(*const c_void, u32) -> u32,
    pub telnet_step: unsafe extern "C" fn(*mut u32, u8) -> bool,
    pub telnet_data: unsafe extern "C" fn(*mut u32, *const u8, usize, *mut u8) -> usize,
    pub manifest: unsafe extern "C" fn(*const u8, usize, u32, *mut u8, usize) -> u32,
}

unsafe extern "C" {
    static ours_table: Ours;
    fn dlopen(path: *const c_char, mode: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

const RTLD_NOW: c_int = 2;

/// The linked sources, or those of a shared object: the wrong variants of the negative control.
pub fn table(variant: Option<&str>) -> &'static Ours {
    let Some(path) = variant else { return unsafe { &ours_table } };
    let path = CString::new(path).unwrap();
    let found = unsafe {
        let library = dlopen(path.as_ptr(), RTLD_NOW);
        assert!(!library.is_null(), "cannot load {path:?}");
        dlsym(library, c"ours_table".as_ptr())
    };
    assert!(!found.is_null(), "no ours_table in {path:?}");
    unsafe { &*found.cast() }
}
