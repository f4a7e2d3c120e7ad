/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Bounds-checked views of a message: see read.h. Pure save for the message's traversal budget. */
#include "core/capn/read.h"

#include "core/base/bytes.h"
#include "core/base/text.h"

enum pointer_kind { POINTER_STRUCT, POINTER_LIST, POINTER_FAR, POINTER_OTHER };

/* A pointer after its far pointers were followed: `word` describes the object, which begins at `target` (a word of
 * `segment`; outside the segment it may be anything, check_object judges it). */
struct object {
    uint64_t word;
    int64_t target;
    uint32_t segment;
};

static const uint8_t element_bits[] = { 0, 1, 8, 16, 32, 64, 0, 0 };

static enum pointer_kind kind_of(uint64_t word)
{
    return (enum pointer_kind)(word & 3);
}

/* Words between the pointer and its object, for structs and lists: bits 2 to 31, signed. */
static int64_t offset_of(uint64_t word)
{
    int64_t offset = (int64_t)((word >> 2) & 0x3fffffff);
    return offset < 0x20000000 ? offset : offset - 0x40000000;
}

static uint32_t struct_data_words(uint64_t word)
{
    return (uint32_t)(word >> 32) & 0xffff;
}

static uint16_t struct_pointer_count(uint64_t word)
{
    return (uint16_t)(word >> 48);
}

static const uint8_t *word_at(const struct capn_message *message, uint32_t segment, uint32_t word)
{
    return message->body + ((uint64_t)message->segments[segment].start + word) * CAPN_WORD;
}

static enum capn_error spend(struct capn_message *message, uint64_t words)
{
    if (words > message->words_left) {
        message->words_left = 0;
        return CAPN_TRAVERSAL;
    }
    message->words_left -= words;
    return CAPN_OK;
}

/* An object of `words` words at `target` lies inside its segment and the budget has that many words left. */
static enum capn_error check_object(struct capn_message *message, uint32_t segment, int64_t target, uint64_t words)
{
    uint64_t size = message->segments[segment].words;
    if (target < 0 || (uint64_t)target > size || words > size - (uint64_t)target)
        return words == 0 ? CAPN_EMPTY_OUT_OF_BOUNDS : CAPN_OUT_OF_BOUNDS;
    return spend(message, words);
}

/* Enters the landing pad that the far pointer `word` names. */
static enum capn_error enter_pad(struct capn_message *message, uint64_t word, uint32_t pad_words, uint32_t *segment,
                                 uint32_t *at)
{
    uint32_t number = (uint32_t)(word >> 32);
    if (number >= message->segment_count)
        return CAPN_UNKNOWN_SEGMENT;
    *segment = number;
    *at = (uint32_t)word >> 3;
    return check_object(message, number, *at, pad_words);
}

static enum capn_error follow_double_far(struct capn_message *message, const uint8_t *pad, struct object *out)
{
    uint64_t far = load_le64(pad);
    if ((uint32_t)(far >> 32) >= message->segment_count)
        return CAPN_UNKNOWN_SEGMENT;
    if (kind_of(far) != POINTER_FAR)
        return CAPN_BAD_FAR;
    *out = (struct object){
        .word = load_le64(pad + CAPN_WORD), .target = (uint32_t)far >> 3, .segment = (uint32_t)(far >> 32)
    };
    return CAPN_OK;
}

/* Finds the object of the non-null pointer at word `at` of `segment`; at most two hops. */
static enum capn_error resolve(struct capn_message *message, uint32_t segment, uint32_t at, struct object *out)
{
    uint64_t word = load_le64(word_at(message, segment, at));
    if (kind_of(word) == POINTER_FAR) {
        bool twice = (word & 4) != 0;
        enum capn_error error = enter_pad(message, word, twice ? 2 : 1, &segment, &at);
        if (error != CAPN_OK)
            return error;
        if (twice)
            return follow_double_far(message, word_at(message, segment, at), out);
        word = load_le64(word_at(message, segment, at));
    }
    *out = (struct object){ .word = word, .target = (int64_t)at + 1 + offset_of(word), .segment = segment };
    return CAPN_OK;
}

static enum capn_error expect_kind(uint64_t word, enum pointer_kind kind)
{
    if (kind_of(word) == kind)
        return CAPN_OK;
    return kind_of(word) == POINTER_OTHER ? CAPN_CAPABILITY : CAPN_WRONG_KIND;
}

static enum capn_error resolve_kind(struct capn_message *message, uint32_t segment, uint32_t at, enum pointer_kind kind,
                                    struct object *out)
{
    enum capn_error error = resolve(message, segment, at, out);
    return error != CAPN_OK ? error : expect_kind(out->word, kind);
}

static enum capn_error read_struct(struct capn_message *message, uint32_t segment, uint32_t at, uint32_t nesting,
                                   struct capn_struct *out)
{
    struct object object;
    if (nesting == 0)
        return CAPN_TOO_DEEP;
    enum capn_error error = resolve_kind(message, segment, at, POINTER_STRUCT, &object);
    if (error != CAPN_OK)
        return error;
    uint32_t data_words = struct_data_words(object.word);
    uint16_t pointer_count = struct_pointer_count(object.word);
    error = check_object(message, object.segment, object.target, (uint64_t)data_words + pointer_count);
    if (error != CAPN_OK)
        return error;
    *out = (struct capn_struct){
        .message = message,
        .data = word_at(message, object.segment, (uint32_t)object.target),
        .data_bytes = data_words * CAPN_WORD,
        .pointers = (uint32_t)object.target + data_words,
        .pointer_count = pointer_count,
        .segment = (uint16_t)object.segment,
        .nesting = (uint16_t)(nesting - 1),
    };
    return CAPN_OK;
}

enum capn_error capn_root(struct capn_message *message, struct capn_struct *out)
{
    enum capn_error error = check_object(message, 0, 0, 1);
    if (error != CAPN_OK)
        return error;
    if (load_le64(message->body) == 0) {
        *out = (struct capn_struct){ 0 };
        return CAPN_OK;
    }
    return read_struct(message, 0, 0, message->nesting, out);
}

static bool has_bytes(const struct capn_struct *from, uint32_t at, uint32_t size)
{
    return at <= from->data_bytes && size <= from->data_bytes - at;
}

uint8_t capn_get_u8(const struct capn_struct *from, uint32_t at)
{
    return has_bytes(from, at, 1) ? from->data[at] : 0;
}

uint16_t capn_get_u16(const struct capn_struct *from, uint32_t at)
{
    return has_bytes(from, at, 2) ? load_le16(from->data + at) : 0;
}

uint32_t capn_get_u32(const struct capn_struct *from, uint32_t at)
{
    return has_bytes(from, at, 4) ? load_le32(from->data + at) : 0;
}

uint64_t capn_get_u64(const struct capn_struct *from, uint32_t at)
{
    return has_bytes(from, at, 8) ? load_le64(from->data + at) : 0;
}

int64_t capn_get_i64(const struct capn_struct *from, uint32_t at)
{
    return (int64_t)capn_get_u64(from, at);
}

bool capn_get_bool(const struct capn_struct *from, uint32_t bit)
{
    return ((capn_get_u8(from, bit / 8) >> (bit % 8)) & 1) != 0;
}

bool capn_has(const struct capn_struct *from, uint32_t slot)
{
    return slot < from->pointer_count && load_le64(word_at(from->message, from->segment, from->pointers + slot)) != 0;
}

enum capn_error capn_get_struct(const struct capn_struct *from, uint32_t slot, struct capn_struct *out)
{
    if (!capn_has(from, slot)) {
        *out = (struct capn_struct){ 0 };
        return CAPN_OK;
    }
    return read_struct(from->message, from->segment, from->pointers + slot, from->nesting, out);
}

/* The byte list at `slot`, which is not null. */
static enum capn_error read_bytes(const struct capn_struct *from, uint32_t slot, struct capn_data *out)
{
    struct object object;
    enum capn_error error =
        resolve_kind(from->message, from->segment, from->pointers + slot, POINTER_LIST, &object);
    if (error != CAPN_OK)
        return error;
    if (((object.word >> 32) & 7) != CAPN_ELEMENT_BYTE)
        return CAPN_BAD_LIST;
    uint32_t len = (uint32_t)(object.word >> 35);
    error = check_object(from->message, object.segment, object.target, ((uint64_t)len + 7) / 8);
    if (error != CAPN_OK)
        return error;
    *out = (struct capn_data){ .bytes = word_at(from->message, object.segment, (uint32_t)object.target), .len = len };
    return CAPN_OK;
}

enum capn_error capn_get_data(const struct capn_struct *from, uint32_t slot, struct capn_data *out)
{
    if (!capn_has(from, slot)) {
        *out = (struct capn_data){ 0 };
        return CAPN_OK;
    }
    return read_bytes(from, slot, out);
}

enum capn_error capn_get_text(const struct capn_struct *from, uint32_t slot, struct capn_text *out)
{
    struct capn_data raw;
    if (!capn_has(from, slot)) {
        *out = (struct capn_text){ 0 };
        return CAPN_OK;
    }
    enum capn_error error = read_bytes(from, slot, &raw);
    if (error != CAPN_OK)
        return error;
    if (raw.len == 0 || raw.bytes[raw.len - 1] != 0)
        return CAPN_NO_NUL;
    if (!utf8_valid((const char *)raw.bytes, raw.len - 1))
        return CAPN_BAD_UTF8;
    *out = (struct capn_text){ .bytes = (const char *)raw.bytes, .len = raw.len - 1 };
    return CAPN_OK;
}

/* A list of structs: `object` names its size without the tag word in front of the elements. */
static enum capn_error read_struct_list(struct capn_message *message, const struct object *object, struct capn_list *out)
{
    uint64_t words = object->word >> 35;
    enum capn_error error = check_object(message, object->segment, object->target, words + 1);
    if (error != CAPN_OK)
        return error;
    uint32_t first = (uint32_t)object->target + 1;
    uint64_t tag = load_le64(word_at(message, object->segment, first - 1));
    uint32_t count = (uint32_t)tag >> 2;
    uint64_t element_words = (uint64_t)struct_data_words(tag) + struct_pointer_count(tag);
    if (kind_of(tag) != POINTER_STRUCT || count * element_words > words)
        return CAPN_BAD_LIST;
    /* Elements of no words would be a long loop for a short message: they cost a word each. */
    error = element_words == 0 ? spend(message, count) : CAPN_OK;
    if (error != CAPN_OK)
        return error;
    out->elements = word_at(message, object->segment, first);
    out->count = count;
    out->step = (uint32_t)element_words * 64;
    out->data_bytes = struct_data_words(tag) * CAPN_WORD;
    out->pointers = first + struct_data_words(tag);
    out->pointer_count = struct_pointer_count(tag);
    return CAPN_OK;
}

static enum capn_error read_plain_list(struct capn_message *message, const struct object *object, struct capn_list *out)
{
    enum capn_element element = (enum capn_element)((object->word >> 32) & 7);
    out->count = (uint32_t)(object->word >> 35);
    out->step = element == CAPN_ELEMENT_POINTER ? 64 : element_bits[element];
    enum capn_error error = check_object(message, object->segment, object->target, ((uint64_t)out->count * out->step + 63) / 64);
    if (error == CAPN_OK && out->step == 0)
        error = spend(message, out->count);
    if (error != CAPN_OK)
        return error;
    out->elements = word_at(message, object->segment, (uint32_t)object->target);
    out->data_bytes = element_bits[element] / 8u;
    out->pointers = (uint32_t)object->target;
    out->pointer_count = element == CAPN_ELEMENT_POINTER ? 1 : 0;
    return CAPN_OK;
}

/* May a list of element size `found`, which is not bits, be read as one of `expected`, which is not bits either? */
static bool elements_fit(const struct capn_list *list, enum capn_element expected)
{
    switch (expected) {
    case CAPN_ELEMENT_POINTER:
        return list->pointer_count != 0;
    case CAPN_ELEMENT_STRUCT:
    case CAPN_ELEMENT_VOID:
        return true;
    case CAPN_ELEMENT_BIT:
        return false;
    case CAPN_ELEMENT_BYTE:
    case CAPN_ELEMENT_TWO_BYTES:
    case CAPN_ELEMENT_FOUR_BYTES:
    case CAPN_ELEMENT_EIGHT_BYTES:
        return list->data_bytes >= element_bits[expected] / 8u;
    }
    return false;
}

enum capn_error capn_get_list(const struct capn_struct *from, uint32_t slot, enum capn_element expected,
                              struct capn_list *out)
{
    struct object object;
    if (!capn_has(from, slot)) {
        *out = (struct capn_list){ 0 };
        return CAPN_OK;
    }
    if (from->nesting == 0)
        return CAPN_TOO_DEEP;
    enum capn_error error =
        resolve_kind(from->message, from->segment, from->pointers + slot, POINTER_LIST, &object);
    if (error != CAPN_OK)
        return error;
    enum capn_element found = (enum capn_element)((object.word >> 32) & 7);
    struct capn_list list = { .message = from->message, .segment = (uint16_t)object.segment,
                              .nesting = (uint16_t)(from->nesting - 1) };
    error = found == CAPN_ELEMENT_STRUCT ? read_struct_list(from->message, &object, &list)
                                         : read_plain_list(from->message, &object, &list);
    if (error != CAPN_OK)
        return error;
    if (expected == CAPN_ELEMENT_BIT && found != CAPN_ELEMENT_BIT)
        return CAPN_NOT_BITS;
    if (found != expected && (found == CAPN_ELEMENT_BIT || !elements_fit(&list, expected)))
        return CAPN_BAD_LIST;
    *out = list;
    return CAPN_OK;
}
