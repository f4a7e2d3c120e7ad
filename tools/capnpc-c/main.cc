/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * capnpc-c: plugin of the standard capnp compiler. Reads the compiled schema
 * from standard input and writes C files into the current folder:
 *
 *     capnp compile -o build/capnpc-c:OUTDIR schema/capos.capnp
 *     capnp compile -o- schema/capos.capnp | build/capnpc-c --layout
 *     capnp compile -o- schema/capos.capnp | build/capnpc-c --codecs
 *
 * The second form prints the schema's wire facts as text instead, the third a
 * table for the round-trip test.
 */
#include "emit.h"

#include <iostream>
#include <kj/exception.h>

static void run(const std::string &mode)
{
    Model model = load_model();
    if (mode == "--layout") {
        print_layout(model);
        return;
    }
    check_supported(model);
    if (mode == "--codecs") {
        print_codecs(model);
        return;
    }
    if (!mode.empty())
        throw unsupported("unknown option " + mode);
    emit_types(model);
    emit_decode(model);
    emit_encode(model);
    emit_dispatch(model);
    emit_client(model);
    emit_names(model);
}

int main(int argc, char **argv)
{
    try {
        run(argc > 1 ? argv[1] : "");
    } catch (const std::exception &problem) {
        std::cerr << "capnpc-c: " << problem.what() << '\n';
        return 1;
    } catch (const kj::Exception &problem) {
        std::cerr << "capnpc-c: " << problem.getDescription().cStr() << '\n';
        return 1;
    }
    return 0;
}
