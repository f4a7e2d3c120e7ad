#!/bin/sh
# SPDX-License-Identifier: MIT OR Apache-2.0
#
# What the plugin must refuse, because the C code cannot express it, and what it must accept.
# Run from the root of the tree: plugin_test.sh PLUGIN. Prints a line per case (tools/run_tests).
set -u

plugin=$(realpath "$1")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# name, accepted or refused, schema text
try() {
    mkdir -p "$folder/out"
    printf '@0xbf5147cbbecf40c1;\n%s\n' "$3" >"$folder/t.capnp"
    if capnp compile -o"$plugin:$folder/out" "$folder/t.capnp" >"$folder/log" 2>&1; then got=accepted; else got=refused; fi
    # A refusal is the plugin's own message, not a crash or a mistake in the schema.
    if [ "$got" = refused ] && ! grep -q '^capnpc-c: ' "$folder/log"; then got=broken; fi
    if [ "$got" = "$2" ]; then
        echo "ok schema/plugin:$1 0"
    else
        echo "not ok schema/plugin:$1 0 $got instead of $2"
        failed=1
    fi
}

try plain accepted 'struct S { a @0 :UInt32; }'
try union accepted 'struct S { union { a @0 :UInt32; b @1 :Text; } }'
try recursive-list accepted 'struct S { a @0 :List(S); }'
try mutual-recursion accepted 'struct S { a @0 :List(T); } struct T { b @0 :S; }'
try recursive-struct refused 'struct S { a @0 :S; }'
try group refused 'struct S { g :group { a @0 :UInt32; } }'
try named-union refused 'struct S { u :union { a @0 :UInt32; b @1 :Text; } }'
try default-value refused 'struct S { a @0 :UInt32 = 5; }'
try float refused 'struct S { a @0 :Float64; }'
try any-pointer refused 'struct S { a @0 :AnyPointer; }'
try list-of-numbers refused 'struct S { a @0 :List(UInt32); }'
try nested-list refused 'struct S { a @0 :List(List(Text)); }'
try constant refused 'const c :UInt32 = 4;'
try inheritance refused 'interface A { } interface B extends(A) { }'
exit $failed
