/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PREFIX.h: ids, ordinals, enums, structs and the prototypes of their codecs. */
#include "emit.h"

static void emit_ids(const Model &model, std::ostringstream &out)
{
    out << "\n/* Interface ids and method ordinals. */\n";
    for (const Interface &i : model.interfaces) {
        std::string upper = upper_case(i.cname);
        out << "\n#define " << upper << "_INTERFACE_ID UINT64_C(" << hex64(i.id) << ")\n";
        for (const Method &m : i.methods)
            out << "#define " << upper << "_" << upper_case(snake_case(m.name)) << "_METHOD " << m.ordinal << "u\n";
    }
}

static void emit_enum(const Enum &e, std::ostringstream &out)
{
    std::string upper = upper_case(e.cname);
    out << "\nenum " << e.cname << " {\n";
    for (size_t i = 0; i < e.enumerants.size(); i++)
        out << "    " << upper << "_" << upper_case(snake_case(e.enumerants[i])) << " = " << i << ",\n";
    out << "};\n#define " << upper << "_COUNT " << e.enumerants.size() << "u\n\n"
        << "static inline bool " << e.cname << "_known(enum " << e.cname << " value)\n{\n"
        << "    return (uint32_t)value < " << upper << "_COUNT;\n}\n";
}

static void emit_which(const Struct &s, std::ostringstream &out)
{
    size_t count = 0;
    out << "\nenum " << s.cname << "_which {\n";
    for (const Field &f : s.fields) {
        if (f.tag < 0)
            continue;
        out << "    " << upper_case(s.cname + "_" + snake_case(f.name)) << " = " << f.tag << ",\n";
        count++;
    }
    out << "};\n\nstatic inline bool " << s.cname << "_which_known(enum " << s.cname << "_which which)\n{\n"
        << "    return (uint32_t)which < " << count << "u;\n}\n";
}

static std::string note(const Model &model, const Field &f)
{
    if (f.type.kind != Kind::List)
        return "";
    switch (f.type.element) {
    case Kind::Struct: return " /* of struct " + model.struct_by_id(f.type.element_id).cname + " */";
    case Kind::Enum: return " /* of enum " + model.enum_by_id(f.type.element_id).cname + " */";
    case Kind::Text: return " /* of struct capn_text */";
    default: return " /* of struct capn_data */";
    }
}

static void emit_struct(const Model &model, const Struct &s, std::ostringstream &out)
{
    if (s.has_union)
        emit_which(s, out);
    out << "\n" << c_struct(s) << " {\n";
    size_t members = 0;
    if (s.has_union) {
        out << "    enum " << s.cname << "_which which;\n";
        members++;
    }
    for (const Field &f : s.fields) {
        std::string type = c_type(model, f);
        if (type.empty())
            continue;
        if (f.type.kind == Kind::Struct)
            out << "    bool has_" << snake_case(f.name) << ";\n";
        out << "    " << type << " " << f.cname << ";" << note(model, f) << "\n";
        members++;
    }
    if (members == 0)
        out << "    uint8_t unused; /* C has no empty structs */\n";
    out << "};\n";
}

static void emit_prototypes(const Struct &s, std::ostringstream &out)
{
    std::string upper = upper_case(s.cname);
    out << "#define " << upper << "_DATA_WORDS " << s.data_words << "u\n"
        << "#define " << upper << "_POINTER_WORDS " << s.pointer_words << "u\n";
    if (s.empty())
        return;
    out << "enum capn_error " << s.cname << "_decode(struct capn_struct from, " << c_struct(s) << " *out);\n"
        << "enum capn_error " << s.cname << "_encode(struct capn_struct_builder to, const " << c_struct(s) << " *in);\n";
}

static void emit_list_prototypes(const Model &model, std::ostringstream &out)
{
    out << "\n/*\n * Elements of lists, by index. A list is a view of a message or of a C array of the element\n"
           " * type (capn_list_of_array); both are read alike.\n */\n";
    for (const Struct *s : list_element_structs(model))
        out << "enum capn_error " << s->cname << "_list_get(const struct capn_list *list, uint32_t index, "
            << c_struct(*s) << " *out);\n";
    for (const Enum *e : list_element_enums(model))
        out << "enum capn_error " << e->cname << "_list_get(const struct capn_list *list, uint32_t index, enum "
            << e->cname << " *out);\n";
}

void emit_types(const Model &model)
{
    std::ostringstream out;
    out << banner(model,
        "One plain C struct for each struct of the schema. Values that decode hands out (texts, data,\n"
        " * lists) are views of the message and live as long as its bytes. decode checks every bound and\n"
        " * leaves unknown enum and union values as the numbers they are; X_known() tells them apart.\n"
        " * A missing struct pointer leaves has_MEMBER false and the member all zeros. encode\n"
        " * writes into a struct that the caller made with X_DATA_WORDS and X_POINTER_WORDS.\n"
        " * Interface-typed fields have no member: they stay null on the wire.");
    out << "#pragma once\n\n#include <stdbool.h>\n#include <stdint.h>\n\n"
           "#include \"core/capn/build.h\"\n#include \"core/capn/read.h\"\n";
    emit_ids(model, out);
    out << "\n/* Enums. Values outside the list are possible in decoded structs. */\n";
    for (const Enum &e : model.enums)
        emit_enum(e, out);
    out << "\n/* Structs. */\n";
    for (const Struct &s : model.structs) {
        emit_struct(model, s, out);
        emit_prototypes(s, out);
    }
    emit_list_prototypes(model, out);
    write_file(model.prefix + ".h", out.str());
}
