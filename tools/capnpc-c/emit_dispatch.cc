/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PREFIX_dispatch.h and .c: the server's side of the interfaces that have methods. */
#include "emit.h"

static std::string serve_head(const Interface &i)
{
    return "enum capn_outcome " + i.cname + "_serve(const void *ops, void *object, struct capn_call_context *call)";
}

static std::string dispatch_head(const Interface &i)
{
    return "enum capn_outcome " + i.cname + "_dispatch(const struct " + i.cname +
           "_ops *ops, void *object,\n    struct capn_call_context *call)";
}

static void emit_ops(const Model &model, const Interface &i, std::ostringstream &out)
{
    out << "\n/* " << i.name << " */\nstruct " << i.cname << "_ops {\n";
    for (const Method &m : i.methods)
        out << "    enum capn_outcome (*" << m.cname << ")(void *env, void *object, const "
            << c_struct(model.struct_by_id(m.params)) << " *in,\n        " << c_struct(model.struct_by_id(m.results))
            << " *out);\n";
    out << "};\n";
    for (const Method &m : i.methods)
        out << "extern const struct capos_method_reply " << i.cname << "_" << snake_case(m.name) << "_reply;\n";
    out << dispatch_head(i) << ";\n" << serve_head(i) << ";\n";
}

/* Once, with the main schema; the other ones use it. */
static const char reply_encode_head[] =
    "\n/* Encodes results (ignored for methods without any) into call->reply as the method's style asks. */\n"
    "enum capn_outcome capos_reply_encode(struct capn_call_context *call, const struct capos_method_reply *reply,\n"
    "    const void *results);\n";

static void emit_header(const Model &model)
{
    std::ostringstream out;
    out << banner(model,
        "The server's side. An object fills a table of typed handlers; X_dispatch runs one call on it: finds\n"
        " * the method, decodes the params, calls the handler with call->env and the object, and encodes the\n"
        " * results on CAPN_DONE. An unknown method and a missing handler are answered with \"unimplemented\"\n"
        " * before the params are looked at. `in` and what it points to are valid until the handler returns;\n"
        " * `out` is all zeros at the start, and what the handler makes it point to must live until the\n"
        " * dispatch returns. X_METHOD_reply serves calls that are completed later. X_serve is X_dispatch for\n"
        " * tables of objects of any kind: `ops` must be a struct X_ops.");
    out << "#pragma once\n\n#include \"core/capn/dispatch.h\"\n#include \"" << model.folder << "/" << model.prefix
        << ".h\"\n#include \"schema/method.h\"\n"
        << (model.is_main() ? reply_encode_head : "#include \"schema/generated/capos_dispatch.h\"\n");
    for (const Interface &i : model.interfaces)
        if (!i.methods.empty())
            emit_ops(model, i, out);
    write_file(model.prefix + "_dispatch.h", out.str());
}

static void emit_reply(const Model &model, const Interface &i, const Method &m, std::ostringstream &out)
{
    const Struct &results = model.struct_by_id(m.results);
    std::string name = i.cname + "_" + snake_case(m.name);
    if (results.empty()) {
        out << "\nconst struct capos_method_reply " << name << "_reply = { " << reply_style(model, m) << ", 0, 0, NULL };\n";
        return;
    }
    out << "\nstatic enum capn_error " << name << "_encode_reply(struct capn_struct_builder to, const void *results)\n{\n"
        << "    return " << results.cname << "_encode(to, results);\n}\n\n"
        << "const struct capos_method_reply " << name << "_reply = { " << reply_style(model, m) << ", "
        << results.data_words << ", " << results.pointer_words << ", " << name << "_encode_reply };\n";
}

static void emit_run(const Model &model, const Interface &i, const Method &m, std::ostringstream &out)
{
    const Struct &params = model.struct_by_id(m.params);
    std::string name = i.cname + "_" + snake_case(m.name);
    out << "\nstatic enum capn_outcome " << name << "_run(const struct " << i.cname
        << "_ops *ops, void *object,\n    struct capn_call_context *call)\n{\n"
        << "    struct capn_message message;\n"
        << "    struct capn_struct root;\n"
        << "    " << c_struct(params) << " in" << (params.empty() ? " = { 0 }" : "") << ";\n"
        << "    " << c_struct(model.struct_by_id(m.results)) << " out = { 0 };\n"
        << "    enum capn_outcome outcome;\n\n"
        << "    if (ops->" << m.cname << " == NULL)\n        return capn_call_unknown_method(call);\n"
        << "    if (" << (params.empty() ? "" : "call->params_len == 0 || ")
        << "capn_call_params(call, &message, &root) != CAPN_OK";
    if (!params.empty())
        out << " || " << params.cname << "_decode(root, &in) != CAPN_OK";
    out << ")\n        return capn_call_params_refused(call);\n"
        << "    outcome = ops->" << m.cname << "(call->env, object, &in, &out);\n"
        << "    return outcome == CAPN_DONE ? capos_reply_encode(call, &" << name << "_reply, &out) : outcome;\n}\n";
}

static void emit_switch(const Interface &i, std::ostringstream &out)
{
    out << "\n" << dispatch_head(i) << "\n{\n    switch (call->method) {\n";
    for (const Method &m : i.methods)
        out << "    case " << upper_case(i.cname + "_" + snake_case(m.name)) << "_METHOD:\n        return " << i.cname << "_"
            << snake_case(m.name) << "_run(ops, object, call);\n";
    out << "    default:\n        return capn_call_unknown_method(call);\n    }\n}\n"
        << "\n" << serve_head(i) << "\n{\n    return " << i.cname << "_dispatch(ops, object, call);\n}\n";
}

static const char reply_encode[] =
    "\nenum capn_outcome capos_reply_encode(struct capn_call_context *call, const struct capos_method_reply *reply,\n"
    "    const void *results)\n{\n"
    "    struct capn_builder builder;\n"
    "    struct capn_struct_builder root;\n\n"
    "    if (reply->style == CAPOS_REPLY_NONE)\n"
    "        return capn_call_reply_none(call);\n"
    "    if (reply->style == CAPOS_REPLY_EMPTY_MESSAGE)\n"
    "        return capn_call_reply_empty_message(call);\n"
    "    root = capn_call_reply_begin(call, &builder, reply->data_words, reply->pointer_words);\n"
    "    (void)reply->encode(root, results); /* the builder keeps the error */\n"
    "    return capn_call_reply_end(call, &builder);\n}\n";

void emit_dispatch(const Model &model)
{
    emit_header(model);
    std::ostringstream out;
    out << banner(model, "Dispatchers. What they promise: " + model.prefix + "_dispatch.h.");
    out << "#include \"" << model.folder << "/" << model.prefix << "_dispatch.h\"\n" << (model.is_main() ? reply_encode : "");
    for (const Interface &i : model.interfaces) {
        for (const Method &m : i.methods) {
            emit_reply(model, i, m, out);
            emit_run(model, i, m, out);
        }
        if (!i.methods.empty())
            emit_switch(i, out);
    }
    write_file(model.prefix + "_dispatch.c", out.str());
}
