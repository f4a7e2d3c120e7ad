// SPDX-License-Identifier: MIT OR Apache-2.0
//! Compiles the production C for the checker. CAPOS_ROOT is the tree; CAPOS_MUTANT, when set, a folder whose files stand in
//! for those of the same path.
use std::path::PathBuf;

/// Files under check, from the root of the tree.
const SOURCES: &[&str] = &["user/libcapos/src/sync.c"];

fn main() {
    let root = PathBuf::from(std::env::var("CAPOS_ROOT").expect("CAPOS_ROOT: started by tests/loom/run"));
    let mutant = std::env::var("CAPOS_MUTANT").ok().filter(|path| !path.is_empty()).map(PathBuf::from);
    let mut build = cc::Build::new();
    build.std("c17").flag("-fexceptions").define("MODEL_CHECK", None).warnings(false).debug(false);
    for base in mutant.iter().chain([&root]) {
        build.include(base);
        build.include(base.join("user/libcapos/include"));
    }
    build.include(root.join("user/libcapos/src"));
    for source in SOURCES {
        let changed = mutant.as_ref().map(|folder| folder.join(source)).filter(|path| path.exists());
        build.file(changed.unwrap_or_else(|| root.join(source)));
        println!("cargo:rerun-if-changed={}", root.join(source).display());
    }
    println!("cargo:rerun-if-changed={}", root.join("abi/atomic.h").display());
    println!("cargo:rerun-if-env-changed=CAPOS_MUTANT");
    println!("cargo:rerun-if-env-changed=CAPOS_ROOT");
    build.compile("checked");
}
