/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The plugin's picture of one schema file: what the capnp compiler hands over,
 * reduced to what the C code needs and with C names worked out. Built once by
 * load_model() and only read afterwards. What the C code cannot express ends
 * the run with a message (class unsupported): what the model cannot hold in
 * load_model(), the rest in check_supported().
 */
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

struct unsupported : std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class Kind {
    Void, Bool, U8, U16, U32, U64, I8, I16, I32, I64, Enum, /* in the data section */
    Text, Data, Struct, List, Interface,                    /* behind a pointer */
    Other                                                   /* anything that C code is not made for */
};

struct Type {
    Kind kind = Kind::Void;
    uint64_t id = 0;                /* Enum, Struct, Interface */
    Kind element = Kind::Void;      /* List */
    uint64_t element_id = 0;        /* List of Enum or Struct */
};

struct Field {
    std::string name;       /* as in the schema */
    std::string cname;      /* member of the C struct */
    uint16_t ordinal = 0;
    Type type;
    uint32_t offset = 0;    /* byte; bit for Bool; slot for pointers */
    int tag = -1;           /* union member: its tag value */

    bool is_pointer() const { return type.kind >= Kind::Text; }
};

struct Struct {
    uint64_t id = 0;
    std::string name;       /* Timer.sleep.params for implicit structs */
    std::string cname;      /* capos_timer_sleep_params, without the word struct */
    bool implicit = false;  /* params or results of one method */
    uint32_t data_words = 0;
    uint32_t pointer_words = 0;
    bool has_union = false;
    uint32_t tag_offset = 0; /* bytes */
    std::vector<Field> fields; /* in the order of ordinals */

    bool empty() const { return fields.empty(); }
};

struct Enum {
    uint64_t id = 0;
    std::string name;
    std::string cname;
    std::vector<std::string> enumerants;
};

struct Method {
    std::string name;
    std::string cname;
    uint16_t ordinal = 0;
    uint64_t params = 0;
    uint64_t results = 0;
    bool empty_message = false; /* a result without fields is still a message */
};

struct Interface {
    uint64_t id = 0;
    std::string name;
    std::string cname;
    std::vector<Method> methods; /* in the order of ordinals */
};

struct Model {
    std::string prefix;             /* capos */
    std::string source;             /* path of the schema, as given to the compiler */
    std::string folder;             /* of the generated files in their includes: schema/generated, or CAPNPC_C_FOLDER */
    std::vector<Enum> enums;        /* each list in the order of the schema */
    std::vector<Struct> structs;    /* so ordered that members by value come first */
    std::vector<Interface> interfaces;

    bool is_main() const { return prefix == "capos"; }
    const Struct &struct_by_id(uint64_t id) const;
    const Enum &enum_by_id(uint64_t id) const;
    const Interface &interface_by_id(uint64_t id) const;
    /* Structs that can contain themselves through lists. */
    bool is_recursive(const Struct &s) const;
};

/* Reads a CodeGeneratorRequest from standard input. */
Model load_model();
/* Throws for types that can be listed but not turned into C. */
void check_supported(const Model &model);

std::string snake_case(const std::string &camel);
std::string upper_case(const std::string &text);
std::string member_name(const std::string &camel); /* snake_case, never a C keyword */
