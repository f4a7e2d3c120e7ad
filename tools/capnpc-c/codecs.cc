/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* capnpc-c --codecs: a C table of all decoders and encoders, for the round-trip test (tests/schema/recode.h). */
#include "emit.h"

#include <iostream>

void print_codecs(const Model &model)
{
    std::ostringstream out, table;
    size_t count = 0;
    out << banner(model, "Every codec behind one type of function. Part of a test.")
        << "#include \"" << model.folder << "/" << model.prefix << ".h\"\n#include \"tests/schema/recode.h\"\n";
    for (const Struct &s : model.structs) {
        if (s.empty())
            continue;
        out << "\nstatic enum capn_error " << s.cname << "_decode_any(struct capn_struct from, void *out)\n{\n    return "
            << s.cname << "_decode(from, out);\n}\n"
            << "\nstatic enum capn_error " << s.cname
            << "_encode_any(struct capn_struct_builder to, const void *in)\n{\n    return " << s.cname << "_encode(to, in);\n}\n";
        table << "    { " << hex64(s.id) << "u, \"" << s.name << "\", sizeof(" << c_struct(s) << "), " << s.data_words << ", "
              << s.pointer_words << ", " << s.cname << "_decode_any, " << s.cname << "_encode_any },\n";
        count++;
    }
    out << "\nconst size_t codec_count = " << count << ";\nconst struct codec codecs[] = {\n" << table.str() << "};\n";
    std::cout << out.str();
}
