/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * capnpc-c: plugin of the standard capnp compiler. Reads the compiled schema
 * from standard input and writes C files into the current folder:
 *
 *     capnp compile -o build/capnpc-c:OUTDIR schema/capos.capnp
 *     capnp compile -o - schema/capos.capnp | build/capnpc-c --layout
 *
 * The second form prints the schema's wire facts as text instead.
 */
#include "emit.h"

#include <cstring>
#include <iostream>
#include <kj/exception.h>

static void run(bool layout)
{
    Model model = load_model();
    if (layout) {
        print_layout(model);
        return;
    }
    check_supported(model);
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
        run(argc == 2 && std::strcmp(argv[1], "--layout") == 0);
    } catch (const std::exception &problem) {
        std::cerr << "capnpc-c: " << problem.what() << '\n';
        return 1;
    } catch (const kj::Exception &problem) {
        std::cerr << "capnpc-c: " << problem.getDescription().cStr() << '\n';
        return 1;
    }
    return 0;
}
