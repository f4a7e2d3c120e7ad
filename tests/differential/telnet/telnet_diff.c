/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * core/telnet against libtelnet: the same streams, cut at the same places,
 * give the same data after every piece. From a fixed seed, or SEED. Two
 * differences are meant (docs/verification/differential.md): streams keep out
 * of the compression option, which libtelnet obeys, and are compared up to a
 * command inside a subnegotiation, which libtelnet takes for the end of it.
 * Then three wrong filters, each of which must be noticed. One line per
 * comparison in the protocol of tools/run_tests.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/telnet/telnet.h"
#include "tests/differential/capn/ours.h"
#include "tests/differential/telnet/theirs.h"

#define STREAMS 1500000u
#define CONTROL_STREAMS 20000u
#define LONGEST 512u
#define COMPRESS2 86u

typedef bool step_fn(struct telnet_filter *filter, uint8_t byte);

struct stream {
    uint8_t bytes[LONGEST];
    size_t len;
};

static struct {
    uint64_t bytes, data, pieces, cut_short;
} figures;

static void put(struct stream *stream, uint32_t byte)
{
    if (stream->len < LONGEST)
        stream->bytes[stream->len++] = (uint8_t)byte;
}

static uint32_t any_byte(uint64_t *rng)
{
    return draw_below(rng, 3) == 0 ? 238 + draw_below(rng, 18) : draw_below(rng, 256);
}

/* An event of the protocol, now and then a broken one. */
static void put_event(struct stream *stream, uint64_t *rng)
{
    uint32_t kind = draw_below(rng, 6);
    if (kind >= 4) {
        for (uint32_t left = 1 + draw_below(rng, 6); left > 0; left--)
            put(stream, any_byte(rng));
        return;
    }
    put(stream, 255);
    if (kind == 0) {
        put(stream, any_byte(rng));
    } else if (kind == 1) {
        put(stream, 251 + draw_below(rng, 4));
        put(stream, any_byte(rng));
    } else if (kind == 2) {
        put(stream, 255);
    } else {
        put(stream, 250);
        put(stream, any_byte(rng));
        for (uint32_t left = draw_below(rng, 12); left > 0; left--) {
            uint32_t byte = any_byte(rng);
            put(stream, byte);
            if (byte == 255 && draw_below(rng, 16) != 0)
                put(stream, byte);
        }
        put(stream, 255);
        put(stream, 240);
    }
}

/* How much of the stream may be compared. Takes the compression option out. */
static size_t comparable(struct stream *stream)
{
    struct telnet_filter filter;
    telnet_filter_init(&filter);
    for (size_t i = 0; i < stream->len; i++) {
        uint8_t *byte = &stream->bytes[i];
        if (filter.state == TELNET_SB && *byte == COMPRESS2)
            (*byte)++;
        if (filter.state == TELNET_SB_IAC && *byte != 240 && *byte != 255)
            return i;
        (void)telnet_filter_step(&filter, *byte);
    }
    return stream->len;
}

static void make(struct stream *stream, uint64_t *rng)
{
    stream->len = 0;
    uint32_t events = 1 + draw_below(rng, draw_below(rng, 32) == 0 ? 60 : 6);
    bool noise = draw_below(rng, 4) == 0;
    for (; events > 0; events--) {
        if (noise)
            put(stream, any_byte(rng));
        else
            put_event(stream, rng);
    }
    size_t len = comparable(stream);
    figures.cut_short += len < stream->len;
    stream->len = len;
}

static bool same(const struct stream *stream, step_fn *step, uint64_t *rng)
{
    struct telnet_filter filter;
    uint8_t out[LONGEST];
    size_t count = 0, theirs = 0;
    bool equal = true;
    uint32_t longest = 1 + draw_below(rng, 12);
    telnet_filter_init(&filter);
    theirs_open();
    for (size_t at = 0; equal && at < stream->len;) {
        size_t piece = 1 + draw_below(rng, longest);
        piece = piece < stream->len - at ? piece : stream->len - at;
        theirs = theirs_feed(stream->bytes + at, piece);
        for (size_t i = at; i < at + piece; i++) {
            if (step(&filter, stream->bytes[i]))
                out[count++] = stream->bytes[i];
        }
        at += piece;
        figures.pieces++;
        equal = count == theirs && memcmp(out, theirs_data, count) == 0;
    }
    theirs_close();
    figures.bytes += stream->len;
    figures.data += count;
    return equal;
}

/* The index of the first stream that differs, or `streams`. */
static uint32_t first_difference(step_fn *step, uint64_t seed, uint32_t streams, struct stream *stream)
{
    uint64_t rng = seed;
    memset(&figures, 0, sizeof figures);
    for (uint32_t i = 0; i < streams; i++) {
        make(stream, &rng);
        if (!same(stream, step, &rng))
            return i;
    }
    return streams;
}

static bool loses_escaped(struct telnet_filter *filter, uint8_t byte)
{
    bool in_data = filter->state == TELNET_DATA;
    return telnet_filter_step(filter, byte) && in_data;
}

static bool escapes_in_the_option(struct telnet_filter *filter, uint8_t byte)
{
    bool wrong = filter->state == TELNET_SB && byte == 255;
    bool given = telnet_filter_step(filter, byte);
    if (wrong)
        filter->state = TELNET_SB_IAC;
    return given;
}

static bool ends_at_a_bare_se(struct telnet_filter *filter, uint8_t byte)
{
    bool wrong = filter->state == TELNET_SB_DATA && byte == 240;
    bool given = telnet_filter_step(filter, byte);
    if (wrong)
        filter->state = TELNET_DATA;
    return given;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

int main(void)
{
    static const struct {
        const char *name;
        step_fn *step;
    } controls[] = {
        { "an-escaped-255-is-lost", loses_escaped },
        { "an-option-255-begins-an-escape", escapes_in_the_option },
        { "SE-without-IAC-ends", ends_at_a_bare_se },
    };
    const char *asked = getenv("SEED"), *many = getenv("LONG");
    uint64_t seed = asked != NULL ? strtoull(asked, NULL, 0) : 20240607;
    uint32_t streams = many != NULL && strcmp(many, "1") == 0 ? 20 * STREAMS : STREAMS;
    struct stream stream;
    double start = now();
    uint32_t at = first_difference(telnet_filter_step, seed, streams, &stream);
    bool good = at == streams;
    printf("%s differential-telnet:libtelnet %.1f\n", good ? "ok" : "not ok", now() - start);
    printf("#   seed %llu, %u streams, %llu bytes in %llu pieces, %llu of data, %llu streams compared in part\n",
           (unsigned long long)seed, at, (unsigned long long)figures.bytes, (unsigned long long)figures.pieces,
           (unsigned long long)figures.data, (unsigned long long)figures.cut_short);
    for (size_t i = 0; !good && i < stream.len; i++)
        printf("%s%02x%s", i == 0 ? "#   " : " ", stream.bytes[i], i + 1 == stream.len ? "\n" : "");
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        start = now();
        bool noticed = first_difference(controls[i].step, seed, CONTROL_STREAMS, &stream) < CONTROL_STREAMS;
        printf("%s differential-telnet:control:%s %.1f\n", noticed ? "ok" : "not ok", controls[i].name, now() - start);
        good &= noticed;
    }
    return good ? 0 : 1;
}
