/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random values of every struct of the schema, written by the official C++ library, decoded and
 * encoded again by the generated C code, and read back by the official library: the value must be
 * the same. A field that either side misplaces loses its value on the way. Then the same messages
 * with damaged bytes, which must be refused or read without a finding of the sanitizers.
 *
 * usage: round_trip REQUEST    (the compiled schema: capnp compile -o- schema/capos.capnp)
 * Prints one line per struct that fails and `ok NAME SECONDS` / `not ok NAME SECONDS REASON` at the end.
 */
#include "tests/schema/recode.h"

#include <capnp/any.h>
#include <capnp/dynamic.h>
#include <capnp/message.h>
#include <capnp/schema-loader.h>
#include <capnp/schema.capnp.h>
#include <capnp/serialize.h>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <kj/io.h>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int ROUNDS = 20;
constexpr int DAMAGED = 40;
constexpr int DEPTH = 5;

std::mt19937 generator(20240607);

uint64_t bits() { return static_cast<uint64_t>(generator()) << 32 | generator(); }
unsigned below(unsigned n) { return static_cast<unsigned>(generator()) % n; }

std::string random_text()
{
    static const char *const pieces[] = { "a", "Z", "0", " ", "-", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x90\xa2" };
    std::string out;
    for (unsigned i = 0, n = 1 + below(20); i < n; i++)
        out += pieces[below(8)];
    return out;
}

kj::Array<capnp::byte> random_data()
{
    auto out = kj::heapArray<capnp::byte>(1 + below(20));
    for (auto &byte : out)
        byte = static_cast<capnp::byte>(generator());
    return out;
}

/* Mostly values of the schema, sometimes numbers that nobody knows. */
capnp::DynamicEnum random_enum(capnp::EnumSchema schema)
{
    unsigned known = schema.getEnumerants().size();
    return capnp::DynamicEnum(schema, static_cast<uint16_t>(below(8) == 0 ? generator() : below(known)));
}

void fill(capnp::DynamicStruct::Builder to, int depth);

void fill_list(capnp::DynamicList::Builder list, int depth)
{
    auto type = list.getSchema().getElementType();
    for (unsigned i = 0; i < list.size(); i++) {
        switch (type.which()) {
        case capnp::schema::Type::STRUCT: fill(list[i].as<capnp::DynamicStruct>(), depth - 1); break;
        case capnp::schema::Type::ENUM: list.set(i, random_enum(type.asEnum())); break;
        case capnp::schema::Type::TEXT: list.set(i, capnp::Text::Reader(random_text().c_str())); break;
        default: { auto data = random_data(); list.set(i, capnp::Data::Reader(data)); break; }
        }
    }
}

void fill_field(capnp::DynamicStruct::Builder to, capnp::StructSchema::Field field, int depth)
{
    auto type = field.getType();
    switch (type.which()) {
    case capnp::schema::Type::VOID: to.set(field, capnp::VOID); break;
    case capnp::schema::Type::BOOL: to.set(field, (generator() & 1) != 0); break;
    case capnp::schema::Type::INT8: to.set(field, static_cast<int8_t>(bits())); break;
    case capnp::schema::Type::INT16: to.set(field, static_cast<int16_t>(bits())); break;
    case capnp::schema::Type::INT32: to.set(field, static_cast<int32_t>(bits())); break;
    case capnp::schema::Type::INT64: to.set(field, static_cast<int64_t>(bits())); break;
    case capnp::schema::Type::UINT8: to.set(field, static_cast<uint8_t>(bits())); break;
    case capnp::schema::Type::UINT16: to.set(field, static_cast<uint16_t>(bits())); break;
    case capnp::schema::Type::UINT32: to.set(field, static_cast<uint32_t>(bits())); break;
    case capnp::schema::Type::UINT64: to.set(field, bits()); break;
    case capnp::schema::Type::ENUM: to.set(field, random_enum(type.asEnum())); break;
    case capnp::schema::Type::TEXT: to.set(field, capnp::Text::Reader(random_text().c_str())); break;
    case capnp::schema::Type::DATA: { auto data = random_data(); to.set(field, capnp::Data::Reader(data)); break; }
    case capnp::schema::Type::STRUCT:
        if (depth > 0)
            fill(to.init(field).as<capnp::DynamicStruct>(), depth - 1);
        break;
    case capnp::schema::Type::LIST:
        if (depth > 0)
            fill_list(to.init(field, 1 + below(3)).as<capnp::DynamicList>(), depth);
        break;
    default: break; /* interfaces stay null */
    }
}

void fill(capnp::DynamicStruct::Builder to, int depth)
{
    for (auto field : to.getSchema().getNonUnionFields())
        if (below(8) != 0)
            fill_field(to, field, depth);
    auto members = to.getSchema().getUnionFields();
    if (members.size() != 0)
        fill_field(to, members[below(members.size())], depth);
}

const uint8_t *bytes_of(const kj::Array<capnp::word> &words) { return reinterpret_cast<const uint8_t *>(words.begin()); }

/* What is wrong with one message, or an empty text. */
std::string round_trip(size_t index, const kj::Array<capnp::word> &message)
{
    std::vector<capnp::word> back(message.size() + 64);
    long len = recode(index, bytes_of(message), message.size() * 8, reinterpret_cast<uint8_t *>(back.data()), back.size() * 8);
    if (len < 0)
        return "refused with error " + std::to_string(-len);
    capnp::FlatArrayMessageReader original(message);
    capnp::FlatArrayMessageReader result(kj::arrayPtr(back.data(), static_cast<size_t>(len) / 8));
    bool same = original.getRoot<capnp::AnyStruct>() == result.getRoot<capnp::AnyStruct>();
    return same ? "" : "another value came back";
}

void damage(size_t index, const kj::Array<capnp::word> &message)
{
    static uint8_t out[1 << 16];
    for (int i = 0; i < DAMAGED; i++) {
        size_t len = message.size() * 8;
        std::vector<uint8_t> copy(bytes_of(message), bytes_of(message) + len);
        for (unsigned n = 1 + below(4); n > 0; n--)
            copy[below(static_cast<unsigned>(len))] = static_cast<uint8_t>(generator());
        if (below(4) == 0)
            copy.resize(below(static_cast<unsigned>(len)));
        copy.shrink_to_fit();
        (void)recode(index, copy.data(), copy.size(), out, sizeof out);
    }
}

std::string check_struct(capnp::SchemaLoader &loader, size_t index)
{
    auto schema = loader.get(codec_id(index)).asStruct();
    auto proto = schema.getProto().getStruct();
    if (proto.getDataWordCount() != codec_data_words(index) || proto.getPointerCount() != codec_pointer_words(index))
        return "another size";
    for (int i = 0; i < ROUNDS; i++) {
        capnp::MallocMessageBuilder builder;
        fill(builder.initRoot<capnp::DynamicStruct>(schema), DEPTH);
        auto message = capnp::messageToFlatArray(builder);
        std::string problem = round_trip(index, message);
        if (!problem.empty())
            return problem;
        damage(index, message);
    }
    return "";
}

} /* namespace */

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    kj::AutoCloseFd file(open(argv[1], O_RDONLY));
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 1u << 26;
    capnp::StreamFdMessageReader reader(file.get(), options);
    capnp::SchemaLoader loader;
    for (auto node : reader.getRoot<capnp::schema::CodeGeneratorRequest>().getNodes())
        loader.load(node);
    size_t failed = 0;
    for (size_t i = 0; i < codec_count; i++) {
        std::string problem = check_struct(loader, i);
        if (problem.empty())
            continue;
        failed++;
        std::printf("# %s: %s\n", codec_name(i), problem.c_str());
    }
    if (failed == 0)
        std::printf("ok schema/round-trip-of-%zu-structs 0\n", codec_count);
    else
        std::printf("not ok schema/round-trip 0 %zu of %zu structs\n", failed, codec_count);
    return failed == 0 ? 0 : 1;
}
