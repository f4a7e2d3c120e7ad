// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Compiles the production sources named in `sources`, unchanged, and the glue into one archive. The wrong variants of the
// negative control are linked from the same archive by `run`, which learns from `archive` where it is.
use std::{env, fs, path::PathBuf};

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
    let root = here.join("../../..").canonicalize().unwrap();
    let list = fs::read_to_string(here.join("sources")).unwrap();
    let mut build = cc::Build::new();
    build.compiler("gcc").std("c17").opt_level(2).pic(true).include(&root).warnings(true).extra_warnings(true);
    for name in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        build.file(root.join(name));
    }
    for folder in ["core", "abi", "schema/generated"] {
        println!("cargo:rerun-if-changed={}", root.join(folder).display());
    }
    for file in ["sources", "ours.c", "ours_manifest.c", "build.rs"] {
        println!("cargo:rerun-if-changed={}", here.join(file).display());
    }
    build.compile("ours");
    let archive = PathBuf::from(env::var("OUT_DIR").unwrap()).join("libours.a");
    println!("cargo:rustc-env=OURS_ARCHIVE={}", archive.display());
}
