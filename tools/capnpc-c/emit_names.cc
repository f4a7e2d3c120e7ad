/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PREFIX_names.h and .c: names for reports, the shell and error messages. */
#include "emit.h"

static std::string enum_head(const Enum &e)
{
    return "const char *" + e.cname + "_name(enum " + e.cname + " value)";
}

static void emit_header(const Model &model)
{
    std::ostringstream out;
    out << banner(model, "Names as in the schema. All strings are constants; NULL means: no such thing.");
    out << "#pragma once\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
        << "#include \"" << model.folder << "/" << model.prefix << ".h\"\n\n"
        << "struct capos_interface_names {\n    uint64_t id;\n    const char *name;\n"
           "    const char *const *methods; /* by ordinal */\n"
           "    uint16_t method_count;\n};\n\n"
        << "#define CAPOS_INTERFACE_COUNT " << model.interfaces.size() << "u\n"
        << "/* In the order of the schema. */\n"
           "extern const struct capos_interface_names capos_interfaces[CAPOS_INTERFACE_COUNT];\n\n"
        << "const char *capos_interface_name(uint64_t interface_id);\n"
           "const char *capos_method_name(uint64_t interface_id, uint16_t ordinal);\n\n";
    for (const Enum &e : model.enums)
        out << enum_head(e) << ";\n";
    write_file(model.prefix + "_names.h", out.str());
}

static void emit_tables(const Model &model, std::ostringstream &out)
{
    for (const Interface &i : model.interfaces) {
        if (i.methods.empty())
            continue;
        out << "\nstatic const char *const " << i.cname << "_methods[] = {\n";
        for (const Method &m : i.methods)
            out << "    \"" << m.name << "\",\n";
        out << "};\n";
    }
    out << "\nconst struct capos_interface_names capos_interfaces[CAPOS_INTERFACE_COUNT] = {\n";
    for (const Interface &i : model.interfaces)
        out << "    { " << upper_case(i.cname) << "_INTERFACE_ID, \"" << i.name << "\", "
            << (i.methods.empty() ? "NULL" : i.cname + "_methods") << ", " << i.methods.size() << " },\n";
    out << "};\n";
}

static const char lookups[] =
    "\nstatic const struct capos_interface_names *find(uint64_t interface_id)\n{\n"
    "    for (size_t i = 0; i < CAPOS_INTERFACE_COUNT; i++)\n"
    "        if (capos_interfaces[i].id == interface_id)\n"
    "            return &capos_interfaces[i];\n"
    "    return NULL;\n}\n"
    "\nconst char *capos_interface_name(uint64_t interface_id)\n{\n"
    "    const struct capos_interface_names *found = find(interface_id);\n\n"
    "    return found != NULL ? found->name : NULL;\n}\n"
    "\nconst char *capos_method_name(uint64_t interface_id, uint16_t ordinal)\n{\n"
    "    const struct capos_interface_names *found = find(interface_id);\n\n"
    "    return found != NULL && ordinal < found->method_count ? found->methods[index_nospec(ordinal, found->method_count)] : NULL;\n}\n";

static void emit_enum(const Enum &e, std::ostringstream &out)
{
    out << "\n" << enum_head(e) << "\n{\n    static const char *const names[] = {\n";
    for (const std::string &name : e.enumerants)
        out << "        \"" << name << "\",\n";
    out << "    };\n\n    return " << e.cname << "_known(value) ? names[index_nospec((uint32_t)value, " << e.enumerants.size() << ")] : NULL;\n}\n";
}

void emit_names(const Model &model)
{
    emit_header(model);
    std::ostringstream out;
    out << banner(model, "Tables of names and their lookups.");
    out << "#include \"" << model.folder << "/" << model.prefix << "_names.h\"\n\n#include \"core/base/nospec.h\"\n";
    emit_tables(model, out);
    out << lookups;
    for (const Enum &e : model.enums)
        emit_enum(e, out);
    write_file(model.prefix + "_names.c", out.str());
}
