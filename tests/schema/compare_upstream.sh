#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# Compares the wire facts of schema/capos.capnp with those of the published schema: fetches the
# crate named in tests/schema/upstream (version and checksum pinned by its Cargo.lock) into build/,
# compiles its schema, prints both layouts with capnpc-c --layout and compares them.
# Run from the root of the tree: compare_upstream.sh PLUGIN
set -eu

plugin=$1
out=build/schema-upstream
mkdir -p "$out"
cargo vendor --quiet --locked --versioned-dirs \
    --manifest-path tests/schema/upstream/Cargo.toml "$out/vendor" >"$out/vendor.log" 2>&1 ||
    { cat "$out/vendor.log" >&2; exit 1; }

layout() {
    capnp compile -o- "$1" >"$2.request"
    "$plugin" --layout <"$2.request" >"$2"
}
layout schema/capos.capnp "$out/ours.txt"
layout "$out/vendor/capos-config-0.1.0/schema/capos.capnp" "$out/upstream.txt"
python3 tests/schema/compare_layouts.py "$out/ours.txt" "$out/upstream.txt" 96
