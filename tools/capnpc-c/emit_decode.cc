/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PREFIX_decode.c: from views of a message to plain structs. */
#include "emit.h"

static std::string scalar(const Model &model, const Field &f)
{
    std::string at = "(&from, " + std::to_string(f.offset) + ")";
    switch (f.type.kind) {
    case Kind::Bool: return "capn_get_bool" + at;
    case Kind::U8: return "capn_get_u8" + at;
    case Kind::U16: return "capn_get_u16" + at;
    case Kind::U32: return "capn_get_u32" + at;
    case Kind::U64: return "capn_get_u64" + at;
    case Kind::I8: return "(int8_t)capn_get_u8" + at;
    case Kind::I16: return "(int16_t)capn_get_u16" + at;
    case Kind::I32: return "(int32_t)capn_get_u32" + at;
    case Kind::I64: return "capn_get_i64" + at;
    default: return "(" + c_type(model, f) + ")capn_get_u16" + at;
    }
}

static std::string element_size(Kind element)
{
    switch (element) {
    case Kind::Struct: return "CAPN_ELEMENT_STRUCT";
    case Kind::Enum: return "CAPN_ELEMENT_TWO_BYTES";
    default: return "CAPN_ELEMENT_POINTER";
    }
}

static std::string checked(const std::string &call, const std::string &indent)
{
    return indent + "if ((error = " + call + ") != CAPN_OK)\n" + indent + "    return error;\n";
}

static std::string field_code(const Model &model, const Field &f, const std::string &indent)
{
    std::string slot = "(&from, " + std::to_string(f.offset);
    std::string target = "&out->" + f.cname;
    switch (f.type.kind) {
    case Kind::Void: case Kind::Interface: case Kind::Other:
        return "";
    case Kind::Text:
        return checked("capn_get_text" + slot + ", " + target + ")", indent);
    case Kind::Data:
        return checked("capn_get_data" + slot + ", " + target + ")", indent);
    case Kind::List:
        return checked("capn_get_list" + slot + ", " + element_size(f.type.element) + ", " + target + ")", indent);
    case Kind::Struct:
        return indent + "out->has_" + snake_case(f.name) + " = capn_has" + slot + ");\n" +
               checked("capn_get_struct" + slot + ", &child)", indent) +
               checked(model.struct_by_id(f.type.id).cname + "_decode(child, " + target + ")", indent);
    default:
        return indent + "out->" + f.cname + " = " + scalar(model, f) + ";\n";
    }
}

static std::string union_code(const Model &model, const Struct &s)
{
    std::ostringstream out;
    out << "    switch (out->which) {\n";
    for (const Field &f : s.fields) {
        if (f.tag < 0)
            continue;
        out << "    case " << upper_case(s.cname + "_" + snake_case(f.name)) << ":\n"
            << field_code(model, f, "        ") << "        break;\n";
    }
    out << "    }\n";
    return out.str();
}

static void emit_struct(const Model &model, const Struct &s, std::ostringstream &out)
{
    bool pointers = false, children = false;
    for (const Field &f : s.fields) {
        pointers = pointers || (f.is_pointer() && f.type.kind != Kind::Interface);
        children = children || f.type.kind == Kind::Struct;
    }
    out << "\nenum capn_error " << s.cname << "_decode(struct capn_struct from, " << c_struct(s) << " *out)\n{\n";
    if (children)
        out << "    struct capn_struct child;\n";
    if (pointers)
        out << "    enum capn_error error;\n";
    if (children || pointers)
        out << "\n";
    bool members = s.has_union;
    if (s.has_union)
        out << "    *out = (" << c_struct(s) << "){ .which = (enum " << s.cname << "_which)capn_get_u16(&from, "
            << s.tag_offset << ") };\n";
    for (const Field &f : s.fields) {
        members = members || !c_type(model, f).empty();
        if (f.tag < 0)
            out << field_code(model, f, "    ");
    }
    if (s.has_union)
        out << union_code(model, s);
    if (!members)
        out << "    (void)from;\n    out->unused = 0;\n";
    out << "    return CAPN_OK;\n}\n";
}

static void emit_struct_list(const Struct &s, std::ostringstream &out)
{
    out << "\nenum capn_error " << s.cname << "_list_get(const struct capn_list *list, uint32_t index, " << c_struct(s)
        << " *out)\n{\n"
           "    const void *element = capn_list_array_at(list, index);\n"
           "    struct capn_struct from;\n"
           "    enum capn_error error;\n\n"
           "    if (element != NULL) {\n"
        << "        *out = *(const " << c_struct(s) << " *)element;\n"
        << "        return CAPN_OK;\n"
           "    }\n"
        << checked("capn_list_struct_at(list, index, &from)", "    ")
        << "    return " << s.cname << "_decode(from, out);\n}\n";
}

static void emit_enum_list(const Enum &e, std::ostringstream &out)
{
    out << "\nenum capn_error " << e.cname << "_list_get(const struct capn_list *list, uint32_t index, enum " << e.cname
        << " *out)\n{\n"
           "    if (index >= capn_list_len(list))\n"
           "        return CAPN_BAD_INDEX;\n"
        << "    *out = (enum " << e.cname << ")capn_list_u16_at(list, index);\n"
        << "    return CAPN_OK;\n}\n";
}

void emit_decode(const Model &model)
{
    std::ostringstream out;
    out << banner(model, "Decoders: pure functions of the view they are given. What they promise: " + model.prefix + ".h.");
    out << "#include <stddef.h>\n\n#include \"" << model.folder << "/" << model.prefix << ".h\"\n";
    for (const Struct &s : model.structs)
        if (!s.empty())
            emit_struct(model, s, out);
    for (const Struct *s : list_element_structs(model))
        emit_struct_list(*s, out);
    for (const Enum *e : list_element_enums(model))
        emit_enum_list(*e, out);
    write_file(model.prefix + "_decode.c", out.str());
}
