/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Builds the model from the compiler's request. */
#include "model.h"

#include <algorithm>
#include <capnp/schema-loader.h>
#include <capnp/schema.capnp.h>
#include <capnp/serialize.h>
#include <cstdlib>
#include <map>
#include <set>

namespace schema = capnp::schema;

namespace {

struct Loader {
    capnp::SchemaLoader loader;
    Model model;
    std::map<uint64_t, Struct> found; /* all structs before ordering */
    std::vector<uint64_t> order;      /* their ids in the order of the schema */
    std::set<uint64_t> of_annotations; /* enums that only annotate */

    Field load_field(schema::Field::Reader field, const std::string &where);
    void load_struct(schema::Node::Reader node, const std::string &name, const std::string &cname, bool implicit);
    void load_enum(schema::Node::Reader node, const std::string &name);
    void load_interface(schema::Node::Reader node, const std::string &name);
    uint64_t load_method_struct(uint64_t id, const Interface &owner, const Method &method, bool results);
    void order_structs();
    void place(uint64_t id, std::set<uint64_t> &placed, std::set<uint64_t> &open);
    /* The interface that a schema is named after has the bare prefix: adder_add, not adder_adder_add. */
    std::string prefixed(const std::string &name) const
    {
        std::string snake = snake_case(name);
        return snake == model.prefix ? snake : model.prefix + "_" + snake;
    }
};

Kind plain_kind(schema::Type::Which which)
{
    switch (which) {
    case schema::Type::VOID: return Kind::Void;
    case schema::Type::BOOL: return Kind::Bool;
    case schema::Type::UINT8: return Kind::U8;
    case schema::Type::UINT16: return Kind::U16;
    case schema::Type::UINT32: return Kind::U32;
    case schema::Type::UINT64: return Kind::U64;
    case schema::Type::INT8: return Kind::I8;
    case schema::Type::INT16: return Kind::I16;
    case schema::Type::INT32: return Kind::I32;
    case schema::Type::INT64: return Kind::I64;
    case schema::Type::ENUM: return Kind::Enum;
    case schema::Type::TEXT: return Kind::Text;
    case schema::Type::DATA: return Kind::Data;
    case schema::Type::STRUCT: return Kind::Struct;
    case schema::Type::LIST: return Kind::List;
    case schema::Type::INTERFACE: return Kind::Interface;
    default: return Kind::Other;
    }
}

uint32_t byte_size(Kind kind)
{
    switch (kind) {
    case Kind::U8: case Kind::I8: return 1;
    case Kind::U16: case Kind::I16: case Kind::Enum: return 2;
    case Kind::U32: case Kind::I32: return 4;
    case Kind::U64: case Kind::I64: return 8;
    default: return 1; /* Bool counts bits, pointers count slots */
    }
}

uint64_t type_id(schema::Type::Reader type)
{
    switch (type.which()) {
    case schema::Type::ENUM: return type.getEnum().getTypeId();
    case schema::Type::STRUCT: return type.getStruct().getTypeId();
    case schema::Type::INTERFACE: return type.getInterface().getTypeId();
    default: return 0;
    }
}

Type load_type(schema::Type::Reader type)
{
    Type out;
    out.kind = plain_kind(type.which());
    out.id = type_id(type);
    if (out.kind != Kind::List)
        return out;
    auto element = type.getList().getElementType();
    out.element = plain_kind(element.which());
    out.element_id = type_id(element);
    return out;
}

Field Loader::load_field(schema::Field::Reader field, const std::string &where)
{
    Field out;
    out.name = field.getName().cStr();
    out.cname = member_name(out.name);
    std::string name = where + "." + out.name;
    if (!field.isSlot() || !field.getOrdinal().isExplicit())
        throw unsupported(name + ": groups and named unions");
    if (field.getSlot().getHadExplicitDefault())
        throw unsupported(name + ": default value");
    out.ordinal = field.getOrdinal().getExplicit();
    out.type = load_type(field.getSlot().getType());
    out.offset = field.getSlot().getOffset() * byte_size(out.type.kind);
    if (field.getDiscriminantValue() != schema::Field::NO_DISCRIMINANT)
        out.tag = field.getDiscriminantValue();
    return out;
}

void Loader::load_struct(schema::Node::Reader node, const std::string &name, const std::string &cname, bool implicit)
{
    auto body = node.getStruct();
    Struct out;
    out.id = node.getId();
    out.name = name;
    out.cname = cname;
    out.implicit = implicit;
    out.data_words = body.getDataWordCount();
    out.pointer_words = body.getPointerCount();
    out.has_union = body.getDiscriminantCount() != 0;
    out.tag_offset = body.getDiscriminantOffset() * 2;
    for (auto field : body.getFields())
        out.fields.push_back(load_field(field, name));
    std::sort(out.fields.begin(), out.fields.end(), [](const Field &a, const Field &b) { return a.ordinal < b.ordinal; });
    order.push_back(out.id);
    found.emplace(out.id, std::move(out));
}

void Loader::load_enum(schema::Node::Reader node, const std::string &name)
{
    Enum out;
    out.id = node.getId();
    out.name = name;
    out.cname = prefixed(name);
    for (auto enumerant : node.getEnum().getEnumerants())
        out.enumerants.push_back(enumerant.getName().cStr());
    model.enums.push_back(std::move(out));
}

/* Implicit structs have no place in the file's list of types and are loaded with their method. */
uint64_t Loader::load_method_struct(uint64_t id, const Interface &owner, const Method &method, bool results)
{
    auto node = loader.get(id).getProto();
    if (node.getScopeId() == 0) {
        const char *part = results ? "results" : "params";
        load_struct(node, owner.name + "." + method.name + "." + part,
                    owner.cname + "_" + snake_case(method.name) + "_" + part, true);
    }
    return id;
}

void Loader::load_interface(schema::Node::Reader node, const std::string &name)
{
    Interface out;
    out.id = node.getId();
    out.name = name;
    out.cname = prefixed(name);
    if (node.getInterface().getSuperclasses().size() != 0)
        throw unsupported(name + ": inheritance");
    uint16_t ordinal = 0;
    for (auto proto : node.getInterface().getMethods()) {
        Method method;
        method.name = proto.getName().cStr();
        method.cname = member_name(method.name);
        method.ordinal = ordinal++;
        for (auto annotation : proto.getAnnotations()) {
            auto note = loader.get(annotation.getId()).getProto();
            std::string full = note.getDisplayName().cStr();
            if (full.substr(note.getDisplayNamePrefixLength()) == "voidResult")
                method.empty_message = annotation.getValue().getEnum() == 1;
        }
        method.params = load_method_struct(proto.getParamStructType(), out, method, false);
        method.results = load_method_struct(proto.getResultStructType(), out, method, true);
        out.methods.push_back(std::move(method));
    }
    model.interfaces.push_back(std::move(out));
}

void Loader::place(uint64_t id, std::set<uint64_t> &placed, std::set<uint64_t> &open)
{
    if (placed.count(id) != 0)
        return;
    const Struct &s = found.at(id);
    if (!open.insert(id).second)
        throw unsupported(s.name + ": contains itself other than through a list");
    for (const Field &field : s.fields)
        if (field.type.kind == Kind::Struct)
            place(field.type.id, placed, open);
    placed.insert(id);
    model.structs.push_back(s);
}

void Loader::order_structs()
{
    std::set<uint64_t> placed, open;
    for (uint64_t id : order)
        place(id, placed, open);
}

bool reaches(const Model &model, uint64_t from, uint64_t goal, std::set<uint64_t> &seen)
{
    if (!seen.insert(from).second)
        return false;
    for (const Field &field : model.struct_by_id(from).fields) {
        uint64_t next = field.type.kind == Kind::Struct ? field.type.id
            : field.type.kind == Kind::List && field.type.element == Kind::Struct ? field.type.element_id : 0;
        if (next != 0 && (next == goal || reaches(model, next, goal, seen)))
            return true;
    }
    return false;
}

template <typename T> const T &find(const std::vector<T> &all, uint64_t id)
{
    for (const T &one : all)
        if (one.id == id)
            return one;
    throw unsupported("a type of another file");
}

} /* namespace */

const Struct &Model::struct_by_id(uint64_t id) const { return find(structs, id); }
const Enum &Model::enum_by_id(uint64_t id) const { return find(enums, id); }
const Interface &Model::interface_by_id(uint64_t id) const { return find(interfaces, id); }

bool Model::is_recursive(const Struct &s) const
{
    std::set<uint64_t> seen;
    return reaches(*this, s.id, s.id, seen);
}

static void check_field(const std::string &where, const Type &type)
{
    bool ok = type.kind != Kind::Other;
    if (type.kind == Kind::List)
        ok = type.element == Kind::Struct || type.element == Kind::Enum || type.element == Kind::Text ||
             type.element == Kind::Data;
    if (!ok)
        throw unsupported(where + ": no C code for this type (lists: of struct, enum, Text and Data)");
}

void check_supported(const Model &model)
{
    for (const Struct &s : model.structs)
        for (const Field &f : s.fields)
            check_field(s.name + "." + f.name, f.type);
}

static std::string file_stem(std::string path)
{
    path = path.substr(path.rfind('/') + 1);
    return path.substr(0, path.find('.'));
}

Model load_model()
{
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 1u << 26;
    capnp::StreamFdMessageReader message(0, options);
    auto request = message.getRoot<schema::CodeGeneratorRequest>();
    if (request.getRequestedFiles().size() != 1)
        throw unsupported("exactly one schema file");
    Loader load;
    for (auto node : request.getNodes()) {
        load.loader.load(node);
        if (node.isAnnotation())
            load.of_annotations.insert(type_id(node.getAnnotation().getType()));
    }
    auto file = request.getRequestedFiles()[0];
    const char *folder = std::getenv("CAPNPC_C_FOLDER");
    load.model.source = file.getFilename().cStr();
    load.model.prefix = file_stem(load.model.source);
    load.model.folder = folder != nullptr ? folder : "schema/generated";
    for (auto nested : load.loader.get(file.getId()).getProto().getNestedNodes()) {
        auto node = load.loader.get(nested.getId()).getProto();
        std::string name = nested.getName().cStr();
        if (load.of_annotations.count(node.getId()) != 0)
            continue;
        if (node.isStruct())
            load.load_struct(node, name, load.prefixed(name), false);
        else if (node.isEnum())
            load.load_enum(node, name);
        else if (node.isInterface())
            load.load_interface(node, name);
        else if (!node.isAnnotation())
            throw unsupported(name + ": only structs, enums, interfaces and annotations");
    }
    load.order_structs();
    return std::move(load.model);
}
