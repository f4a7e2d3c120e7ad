/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * capnpc-c --layout: everything of a schema that other programs can depend on,
 * one fact a line, sorted. Two schemas agree when one's lines are all among
 * the other's.
 */
#include "emit.h"

#include <algorithm>
#include <iostream>

static std::string type_name(const Model &model, Kind kind, uint64_t id)
{
    static const char *const names[] = {
        "Void", "Bool", "UInt8", "UInt16", "UInt32", "UInt64", "Int8", "Int16", "Int32", "Int64",
        "", "Text", "Data", "", "List", "", "Other",
    };
    switch (kind) {
    case Kind::Enum: return model.enum_by_id(id).name;
    case Kind::Struct: return model.struct_by_id(id).name;
    case Kind::Interface: return model.interface_by_id(id).name;
    default: return names[static_cast<int>(kind)];
    }
}

static std::string location(const Field &field)
{
    if (field.type.kind == Kind::Void)
        return "-";
    const char *area = field.is_pointer() ? "p" : field.type.kind == Kind::Bool ? "b" : "d";
    return area + std::to_string(field.offset);
}

static void add_struct(const Model &model, const Struct &s, std::vector<std::string> &out)
{
    std::string line = "struct " + s.name + (s.implicit ? "" : " " + hex64(s.id));
    out.push_back(line + " S(" + std::to_string(s.data_words) + "," + std::to_string(s.pointer_words) + ")");
    if (s.has_union)
        out.push_back("union " + s.name + " tag d" + std::to_string(s.tag_offset));
    for (const Field &field : s.fields) {
        std::string type = field.type.kind == Kind::List
            ? "List(" + type_name(model, field.type.element, field.type.element_id) + ")"
            : type_name(model, field.type.kind, field.type.id);
        line = "field " + s.name + "." + field.name + " @" + std::to_string(field.ordinal) + " " + type + " " + location(field);
        out.push_back(field.tag < 0 ? line : line + " tag " + std::to_string(field.tag));
    }
}

static void add_interface(const Model &model, const Interface &i, std::vector<std::string> &out)
{
    out.push_back("interface " + i.name + " " + hex64(i.id));
    for (const Method &method : i.methods) {
        std::string name = i.name + "." + method.name;
        out.push_back("method " + name + " @" + std::to_string(method.ordinal));
        const Struct &params = model.struct_by_id(method.params);
        const Struct &results = model.struct_by_id(method.results);
        if (!params.implicit)
            out.push_back(name + ".params = " + params.name);
        if (!results.implicit)
            out.push_back(name + ".results = " + results.name);
    }
}

void print_layout(const Model &model)
{
    std::vector<std::string> lines;
    for (const Enum &e : model.enums) {
        lines.push_back("enum " + e.name + " " + hex64(e.id));
        for (size_t i = 0; i < e.enumerants.size(); i++)
            lines.push_back("enumerant " + e.name + "." + e.enumerants[i] + " @" + std::to_string(i));
    }
    for (const Struct &s : model.structs)
        add_struct(model, s, lines);
    for (const Interface &i : model.interfaces)
        add_interface(model, i, lines);
    std::sort(lines.begin(), lines.end());
    for (const std::string &line : lines)
        std::cout << line << '\n';
}
