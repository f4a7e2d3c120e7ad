/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PREFIX_client.h and .c: the client's side, one constant and one thin typed function per method. */
#include "emit.h"

#include <set>

static std::string call_head(const Model &model, const Interface &i, const Method &m)
{
    return "enum capos_status " + i.cname + "_" + snake_case(m.name) + "(struct capos_client *client, const " +
           c_struct(model.struct_by_id(m.params)) + " *in,\n    " + c_struct(model.struct_by_id(m.results)) + " *out)";
}

static void emit_header(const Model &model)
{
    std::ostringstream out;
    out << banner(model,
        "The client's side. Each function sends one call, waits for its answer and decodes the results;\n"
        " * capos_client_call (user/libcapos) says which statuses there are and how long the texts, data and\n"
        " * lists of the results stay valid. `in` may be NULL for a method without params, `out` for one\n"
        " * without results.");
    out << "#pragma once\n\n#include \"capos/client.h\"\n#include \"" << model.folder << "/" << model.prefix
        << ".h\"\n#include \"schema/method.h\"\n";
    for (const Interface &i : model.interfaces) {
        if (!i.methods.empty())
            out << "\n/* " << i.name << " */\n";
        for (const Method &m : i.methods)
            out << "extern const struct capos_method " << i.cname << "_" << snake_case(m.name) << "_method;\n"
                << call_head(model, i, m) << ";\n";
    }
    write_file(model.prefix + "_client.h", out.str());
}

/* The method constants hold untyped codecs; each typed one gets its thunk once. */
static void emit_thunks(const Struct &params, const Struct &results, std::set<uint64_t> &done, std::ostringstream &out)
{
    if (!params.empty() && done.insert(params.id).second)
        out << "\nstatic enum capn_error " << params.cname
            << "_encode_any(struct capn_struct_builder to, const void *in)\n{\n    return " << params.cname
            << "_encode(to, in);\n}\n";
    if (!results.empty() && done.insert(results.id).second)
        out << "\nstatic enum capn_error " << results.cname << "_decode_any(struct capn_struct from, void *out)\n{\n    return "
            << results.cname << "_decode(from, out);\n}\n";
}

static void emit_method(const Model &model, const Interface &i, const Method &m, std::set<uint64_t> &done,
                        std::ostringstream &out)
{
    const Struct &params = model.struct_by_id(m.params);
    const Struct &results = model.struct_by_id(m.results);
    std::string name = i.cname + "_" + snake_case(m.name);
    emit_thunks(params, results, done, out);
    out << "\nconst struct capos_method " << name << "_method = {\n"
        << "    " << upper_case(i.cname) << "_INTERFACE_ID, " << upper_case(name) << "_METHOD, " << reply_style(model, m) << ", "
        << params.data_words << ", " << params.pointer_words << ",\n    "
        << (params.empty() ? "NULL" : params.cname + "_encode_any") << ", "
        << (results.empty() ? "NULL" : results.cname + "_decode_any") << ",\n"
        << "    \"" << i.name << "." << m.name << "\",\n};\n\n"
        << call_head(model, i, m) << "\n{\n    return capos_client_call(client, &" << name << "_method, in, out);\n}\n";
}

void emit_client(const Model &model)
{
    emit_header(model);
    std::ostringstream out;
    std::set<uint64_t> done;
    out << banner(model, "Clients. What they promise: " + model.prefix + "_client.h.");
    out << "#include \"" << model.folder << "/" << model.prefix << "_client.h\"\n";
    for (const Interface &i : model.interfaces)
        for (const Method &m : i.methods)
            emit_method(model, i, m, done, out);
    write_file(model.prefix + "_client.c", out.str());
}
