/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PREFIX_encode.c: from plain structs to a message. A struct that can contain
 * itself through lists gets an inner encoder that counts its depth, so that
 * no input makes the encoders recurse without bound.
 */
#include "emit.h"

static std::string setter(Kind kind)
{
    switch (kind) {
    case Kind::Bool: return "capn_set_bool";
    case Kind::U8: case Kind::I8: return "capn_set_u8";
    case Kind::U16: case Kind::I16: case Kind::Enum: return "capn_set_u16";
    case Kind::U32: case Kind::I32: return "capn_set_u32";
    case Kind::U64: return "capn_set_u64";
    case Kind::I64: return "capn_set_i64";
    case Kind::Text: return "capn_set_text";
    default: return "capn_set_data";
    }
}

static std::string cast(Kind kind)
{
    switch (kind) {
    case Kind::I8: return "(uint8_t)";
    case Kind::I16: case Kind::Enum: return "(uint16_t)";
    case Kind::I32: return "(uint32_t)";
    default: return "";
    }
}

static std::string words(const Struct &s)
{
    return std::to_string(s.data_words) + ", " + std::to_string(s.pointer_words);
}

/* Writes one struct value into a new builder expression. */
static std::string encode_call(const Model &model, const Struct &s, const std::string &to, const std::string &value, bool within)
{
    if (within && model.is_recursive(s))
        return s.cname + "_encode_within(" + to + ", " + value + ", depth - 1);\n";
    return "(void)" + s.cname + "_encode(" + to + ", " + value + ");\n";
}

static std::string struct_list_code(const Model &model, const Field &f, const std::string &indent, bool within)
{
    const Struct &s = model.struct_by_id(f.type.element_id);
    std::string list = "in->" + f.cname;
    std::ostringstream out;
    out << indent << "list = capn_set_struct_list(&to, " << f.offset << ", capn_list_len(&" << list << "), " << words(s) << ");\n"
        << indent << "for (uint32_t i = 0; i < capn_list_len(&" << list << "); i++) {\n"
        << indent << "    " << c_struct(s) << " element;\n"
        << indent << "    enum capn_error error = " << s.cname << "_list_get(&" << list << ", i, &element);\n"
        << indent << "    if (error != CAPN_OK) {\n"
        << indent << "        capn_builder_fail(to.builder, error);\n"
        << indent << "        break;\n"
        << indent << "    }\n"
        << indent << "    " << encode_call(model, s, "capn_list_builder_at(&list, i)", "&element", within)
        << indent << "}\n";
    return out.str();
}

static std::string list_code(const Model &model, const Field &f, const std::string &indent, bool within)
{
    std::string slot = "(&to, " + std::to_string(f.offset) + ", ";
    switch (f.type.element) {
    case Kind::Struct: return struct_list_code(model, f, indent, within);
    case Kind::Enum: return indent + "capn_set_number_list" + slot + "CAPN_ELEMENT_TWO_BYTES, &in->" + f.cname + ");\n";
    case Kind::Text: return indent + "capn_set_text_list" + slot + "&in->" + f.cname + ");\n";
    default: return indent + "capn_set_data_list" + slot + "&in->" + f.cname + ");\n";
    }
}

static std::string field_code(const Model &model, const Field &f, const std::string &indent, bool within)
{
    std::string place = "(&to, " + std::to_string(f.offset) + ", ";
    switch (f.type.kind) {
    case Kind::Void: case Kind::Interface: case Kind::Other:
        return "";
    case Kind::List:
        return list_code(model, f, indent, within);
    case Kind::Struct: {
        const Struct &s = model.struct_by_id(f.type.id);
        return indent + "if (in->has_" + snake_case(f.name) + ")\n" + indent + "    " +
               encode_call(model, s, "capn_set_struct" + place + words(s) + ")", "&in->" + f.cname, within);
    }
    default:
        return indent + setter(f.type.kind) + place + cast(f.type.kind) + "in->" + f.cname + ");\n";
    }
}

static std::string body(const Model &model, const Struct &s, bool within)
{
    std::ostringstream out;
    bool members = s.has_union;
    for (const Field &f : s.fields) {
        members = members || !c_type(model, f).empty();
        if (f.type.kind == Kind::List && f.type.element == Kind::Struct && out.str().empty())
            out << "    struct capn_list_builder list;\n\n";
    }
    if (!members)
        out << "    (void)in;\n";
    if (s.has_union)
        out << "    capn_set_u16(&to, " << s.tag_offset << ", (uint16_t)in->which);\n";
    for (const Field &f : s.fields)
        if (f.tag < 0)
            out << field_code(model, f, "    ", within);
    if (s.has_union) {
        out << "    switch (in->which) {\n";
        for (const Field &f : s.fields)
            if (f.tag >= 0)
                out << "    case " << upper_case(s.cname + "_" + snake_case(f.name)) << ":\n"
                    << field_code(model, f, "        ", within) << "        break;\n";
        out << "    }\n";
    }
    return out.str();
}

static std::string within_head(const Struct &s)
{
    return "static void " + s.cname + "_encode_within(struct capn_struct_builder to, const " + c_struct(s) +
           " *in, uint32_t depth)";
}

static void emit_struct(const Model &model, const Struct &s, std::ostringstream &out)
{
    bool within = model.is_recursive(s);
    if (within)
        out << "\n" << within_head(s) << "\n{\n"
               "    if (depth == 0) {\n"
               "        capn_builder_fail(to.builder, CAPN_TOO_DEEP);\n"
               "        return;\n"
               "    }\n"
            << body(model, s, true) << "}\n";
    out << "\nenum capn_error " << s.cname << "_encode(struct capn_struct_builder to, const " << c_struct(s) << " *in)\n{\n";
    if (within)
        out << "    " << s.cname << "_encode_within(to, in, DEPTH_MAX);\n";
    else
        out << body(model, s, false);
    out << "    return capn_builder_error(to.builder);\n}\n";
}

void emit_encode(const Model &model)
{
    std::ostringstream out, heads;
    out << banner(model,
        "Encoders. They return the builder's error so far; with CAPN_NO_SPACE the builder goes on counting,\n"
        " * and capn_builder_finish tells the size that the message needs.");
    out << "#include <stddef.h>\n\n#include \"" << model.folder << "/" << model.prefix << ".h\"\n";
    for (const Struct &s : model.structs)
        if (model.is_recursive(s))
            heads << within_head(s) << ";\n";
    if (!heads.str().empty())
        out << "\n/* Levels of structs that contain themselves. */\n#define DEPTH_MAX 64u\n\n" << heads.str();
    for (const Struct &s : model.structs)
        if (!s.empty())
            emit_struct(model, s, out);
    write_file(model.prefix + "_encode.c", out.str());
}
