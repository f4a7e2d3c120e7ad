// SPDX-License-Identifier: MIT OR Apache-2.0
//
// core/capn against the official Cap'n Proto library: what one side writes the other reads with the same values, and for
// mutated messages both sides agree on refusal and on values, save for refusals that are stricter on purpose (ours.h).
// Everything is drawn from fixed seeds. Prints one line per test and a closing count.
#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#include "probe.capnp.h"
#include "tests/differential/capn/ours.h"

namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint64_t SEEDS = 2000;
// MUTATIONS=n in the environment; what CI does without.
const uint64_t MUTATIONS = std::getenv("MUTATIONS") == nullptr ? 200000 : std::strtoull(std::getenv("MUTATIONS"), nullptr, 10);
constexpr size_t SPACE = 1 << 17;

// Reading, in the order of ours.c.

template <typename List>
uint64_t digestNumbers(uint64_t digest, List list) {
  digest = digest_add(digest, list.size());
  for (auto value : list) digest = digest_add(digest, static_cast<uint64_t>(value));
  return digest;
}

template <typename List>
uint64_t digestBlobs(uint64_t digest, List list) {
  digest = digest_add(digest, list.size());
  for (auto value : list) digest = digest_bytes(digest, value.begin(), value.size());
  return digest;
}

uint64_t digestProbe(uint64_t digest, Probe::Reader probe) {
  digest = digest_add(digest, uint64_t(probe.getLow()) << 1 | probe.getHigh());
  digest = digest_add(digest, probe.getSmall());
  digest = digest_add(digest, probe.getMedium());
  digest = digest_add(digest, probe.getWide());
  digest = digest_add(digest, probe.getLong());
  digest = digest_add(digest, static_cast<uint64_t>(probe.getSigned()));
  auto text = probe.getText();
  digest = digest_bytes(digest, text.begin(), text.size());
  auto blob = probe.getBlob();
  digest = digest_bytes(digest, blob.begin(), blob.size());
  digest = digestNumbers(digest, probe.getBits());
  digest = digestNumbers(digest, probe.getBytes());
  digest = digestNumbers(digest, probe.getShorts());
  digest = digestNumbers(digest, probe.getWords());
  digest = digestNumbers(digest, probe.getLongs());
  digest = digestBlobs(digest, probe.getTexts());
  digest = digestBlobs(digest, probe.getBlobs());
  digest = digest_add(digest, probe.getVoids().size());
  auto children = probe.getChildren();
  digest = digest_add(digest, children.size());
  for (auto child : children) digest = digestProbe(digest, child);
  if (!probe.hasChild()) return digest;
  return digestProbe(digest_add(digest, 1), probe.getChild());
}

capnp::ReaderOptions limits() {
  capnp::ReaderOptions options;
  options.traversalLimitInWords = 16384;
  options.nestingLimit = 32;
  return options;
}

// Reads with the official library; the words must be aligned, so a copy is read.
bool theirsRead(const Bytes& bytes, uint64_t* digest) {
  std::vector<capnp::word> words(bytes.size() / 8);
  std::memcpy(static_cast<void*>(words.data()), bytes.data(), words.size() * 8);
  auto refused = kj::runCatchingExceptions([&]() {
    capnp::FlatArrayMessageReader reader(kj::arrayPtr(words.data(), words.size()), limits());
    *digest = digestProbe(0, reader.getRoot<Probe>());
  });
  return refused == nullptr;
}

// Writing, in the order of ours.c.

size_t randomText(uint64_t* state, char* out) {
  size_t len = draw_below(state, TEXT_MAX);
  for (size_t i = 0; i < len; i++) out[i] = static_cast<char>('a' + draw_below(state, 26));
  return len;
}

template <typename Init>
void buildNumbers(uint64_t* state, Init init) {
  uint64_t values[LIST_MAX];
  uint32_t count = draw_below(state, LIST_MAX);
  for (uint32_t i = 0; i < count; i++) values[i] = draw(state);
  if (count == 0) return;
  auto list = init(count);
  for (uint32_t i = 0; i < count; i++) {
    using Element = kj::Decay<decltype(list[0])>;
    if constexpr (kj::isSameType<Element, bool>()) {
      list.set(i, (values[i] & 1) != 0);
    } else {
      list.set(i, static_cast<Element>(values[i]));
    }
  }
}

template <typename Init, typename Set>
void buildBlobs(uint64_t* state, Init init, Set set) {
  char storage[LIST_MAX][TEXT_MAX];
  size_t lens[LIST_MAX];
  uint32_t count = draw_below(state, LIST_MAX);
  for (uint32_t i = 0; i < count; i++) lens[i] = randomText(state, storage[i]);
  if (count == 0) return;
  auto list = init(count);
  for (uint32_t i = 0; i < count; i++) {
    if (lens[i] != 0) set(list, i, storage[i], lens[i]);
  }
}

kj::ArrayPtr<const kj::byte> asBytes(const char* chars, size_t len) {
  return kj::arrayPtr(reinterpret_cast<const kj::byte*>(chars), len);
}

void buildProbe(Probe::Builder to, uint64_t* state, uint32_t depth) {
  char storage[TEXT_MAX + 1] = {};
  to.setLow(draw(state) & 1);
  to.setHigh(draw(state) & 1);
  to.setSmall(static_cast<uint8_t>(draw(state)));
  to.setMedium(static_cast<uint16_t>(draw(state)));
  to.setWide(static_cast<uint32_t>(draw(state)));
  to.setLong(draw(state));
  to.setSigned(static_cast<int64_t>(draw(state)));
  size_t len = randomText(state, storage);
  storage[len] = 0;
  if (len != 0) to.setText(kj::StringPtr(storage, len));
  len = randomText(state, storage);
  if (len != 0) to.setBlob(asBytes(storage, len));
  buildNumbers(state, [&](uint32_t n) { return to.initBits(n); });
  buildNumbers(state, [&](uint32_t n) { return to.initBytes(n); });
  buildNumbers(state, [&](uint32_t n) { return to.initShorts(n); });
  buildNumbers(state, [&](uint32_t n) { return to.initWords(n); });
  buildNumbers(state, [&](uint32_t n) { return to.initLongs(n); });
  buildBlobs(state, [&](uint32_t n) { return to.initTexts(n); },
             [](auto list, uint32_t i, const char* chars, size_t size) {
               auto text = list.init(i, static_cast<uint32_t>(size));
               std::memcpy(text.begin(), chars, size);
             });
  buildBlobs(state, [&](uint32_t n) { return to.initBlobs(n); },
             [](auto list, uint32_t i, const char* chars, size_t size) { list.set(i, asBytes(chars, size)); });
  if (depth == DEPTH_MAX) return;
  uint32_t count = draw_below(state, 3);
  if (count != 0) {
    auto children = to.initChildren(count);
    for (uint32_t i = 0; i < count; i++) buildProbe(children[i], state, depth + 1);
  }
  if (draw(state) & 1) buildProbe(to.initChild(), state, depth + 1);
}

Bytes flatten(capnp::MessageBuilder& message) {
  auto words = capnp::messageToFlatArray(message);
  auto bytes = words.asBytes();
  return Bytes(bytes.begin(), bytes.end());
}

Bytes theirsBuild(uint64_t seed, uint32_t firstWords, capnp::AllocationStrategy strategy) {
  capnp::MallocMessageBuilder message(firstWords, strategy);
  buildProbe(message.initRoot<Probe>(), &seed, 0);
  return flatten(message);
}

Bytes oursBuild(uint64_t seed) {
  Bytes bytes(SPACE);
  size_t len = 0;
  if (ours_build(seed, bytes.data(), bytes.size(), &len) != 0) len = 0;
  bytes.resize(len);
  return bytes;
}

uint32_t segmentsOf(const Bytes& bytes) {
  uint32_t count;
  std::memcpy(&count, bytes.data(), 4);
  return count + 1;
}

// The message with segments of about `words` words, or larger ones where those would be more than 64.
Bytes manySegments(uint64_t seed, uint32_t words) {
  for (;; words *= 2) {
    Bytes bytes = theirsBuild(seed, words, capnp::AllocationStrategy::FIXED_SIZE);
    if (segmentsOf(bytes) <= 64) return bytes;
  }
}

bool complain(const char* what, uint64_t number) {
  std::printf("# %s at %llu\n", what, static_cast<unsigned long long>(number));
  return false;
}

// Reads from an odd address whose bytes end where the message ends, so that a sanitizer sees a read too far.
struct verdict oursRead(const Bytes& bytes) {
  Bytes shifted(bytes.size() + 1);
  if (!bytes.empty()) std::memcpy(shifted.data() + 1, bytes.data(), bytes.size());
  return ours_read(shifted.data() + 1, bytes.size());
}

bool sameBytes() {
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    if (oursBuild(seed) != theirsBuild(seed, SPACE / 8, capnp::AllocationStrategy::FIXED_SIZE))
      return complain("the builders wrote different bytes", seed);
  }
  return true;
}

bool sameCanonicalForm() {
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    Bytes bytes = oursBuild(seed), other = manySegments(seed, 8);
    std::vector<capnp::word> first(bytes.size() / 8), second(other.size() / 8);
    std::memcpy(static_cast<void*>(first.data()), bytes.data(), bytes.size());
    std::memcpy(static_cast<void*>(second.data()), other.data(), other.size());
    capnp::FlatArrayMessageReader ours(kj::arrayPtr(first.data(), first.size()));
    capnp::FlatArrayMessageReader theirs(kj::arrayPtr(second.data(), second.size()));
    auto a = capnp::canonicalize(ours.getRoot<Probe>()), b = capnp::canonicalize(theirs.getRoot<Probe>());
    if (a.asBytes() != b.asBytes())
      return complain("canonical forms differ", seed);
  }
  return true;
}

bool theirsReadOurs() {
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    Bytes bytes = oursBuild(seed);
    uint64_t digest = 0;
    struct verdict mine = oursRead(bytes);
    if (mine.error != 0 || !theirsRead(bytes, &digest) || digest != mine.digest)
      return complain("a message of ours was read differently", seed);
  }
  return true;
}

bool oursReadSegments(uint32_t words) {
  uint64_t segments = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    Bytes bytes = manySegments(seed, words);
    struct verdict wanted = oursRead(oursBuild(seed)), mine = oursRead(bytes);
    segments += segmentsOf(bytes);
    if (mine.error != 0 || wanted.error != 0 || mine.digest != wanted.digest)
      return complain("a message of many segments was read differently", seed);
  }
  if (segments < SEEDS * 3) return complain("too few segments to show anything", segments);
  return true;
}

// A pointer that is likely to lead somewhere, or a word that is likely not to.
uint64_t randomPointer(uint64_t* state) {
  uint64_t kind = draw_below(state, 8), offset = draw_below(state, 40);
  uint64_t low = (offset < 30 ? offset : uint64_t(0) - (offset - 29)) << 2 & 0xffffffff;
  switch (kind) {
    case 0: case 1: return low | uint64_t(draw_below(state, 4)) << 32 | uint64_t(draw_below(state, 13)) << 48;
    case 2: case 3: case 4:
      return low | 1 | uint64_t(draw_below(state, 8)) << 32 | uint64_t(draw_below(state, 20)) << 35;
    case 5: return 2 | offset << 3 | uint64_t(draw_below(state, 2)) << 2 | uint64_t(draw_below(state, 4)) << 32;
    case 6: return low | 1 | uint64_t(draw_below(state, 8)) << 32 | uint64_t(draw_below(state, 1u << 29)) << 35;
    default: return low | 3;
  }
}

void mutate(Bytes* bytes, uint64_t* state) {
  uint32_t size = static_cast<uint32_t>(bytes->size()), at = draw_below(state, size);
  uint64_t word = draw(state);
  switch (draw_below(state, 8)) {
    case 0: (*bytes)[at] = static_cast<uint8_t>(word); break;
    case 1: (*bytes)[at] ^= static_cast<uint8_t>(1u << (word & 7)); break;
    case 2: bytes->resize(8 + (at & ~7u)); break;
    case 3: (*bytes)[draw_below(state, 8)] = static_cast<uint8_t>(word & 3); break;
    case 4:  // a word of the message again, somewhere else
      std::memmove(bytes->data() + (at & ~7u), bytes->data() + (draw_below(state, size) & ~7u), 8);
      break;
    default:
      word = randomPointer(state);
      std::memcpy(bytes->data() + (at & ~7u), &word, 8);
  }
}

bool mutated(uint64_t start) {
  std::vector<Bytes> corpus;
  for (uint64_t seed = 0; corpus.size() < 400; seed++) {
    Bytes bytes = seed % 2 ? manySegments(seed, 8u << seed % 5) : oursBuild(seed);
    if (bytes.size() < 4000) corpus.push_back(bytes);
  }
  uint64_t accepted = 0, refused = 0, stricter = 0;
  for (uint64_t i = 0; i < MUTATIONS; i++) {
    uint64_t state = start + i, digest = 0;
    Bytes bytes = corpus[draw_below(&state, static_cast<uint32_t>(corpus.size()))];
    for (uint32_t n = 1 + draw_below(&state, 4); n > 0; n--) mutate(&bytes, &state);
    struct verdict mine = oursRead(bytes);
    bool theirs = theirsRead(bytes, &digest);
    if (theirs && ours_is_stricter(mine.error, bytes.data(), bytes.size())) {
      stricter++;
      continue;
    }
    if (theirs != (mine.error == 0)) {
      std::printf("# ours: %s, theirs: %s\n", ours_error_text(mine.error), theirs ? "accepted" : "refused");
      return complain("verdicts differ", start + i);
    }
    if (theirs && digest != mine.digest) return complain("values differ", start + i);
    (theirs ? accepted : refused)++;
  }
  std::printf("# %llu accepted, %llu refused, %llu stricter\n", static_cast<unsigned long long>(accepted),
              static_cast<unsigned long long>(refused), static_cast<unsigned long long>(stricter));
  return accepted > MUTATIONS / 10 && refused > MUTATIONS / 10;
}

}  // namespace

int main() {
  const struct {
    const char* name;
    std::function<bool()> run;
  } tests[] = {
      {"same-bytes", sameBytes},
      {"same-canonical-form", sameCanonicalForm},
      {"theirs-read-ours", theirsReadOurs},
      {"ours-read-tiny-segments", [] { return oursReadSegments(1); }},
      {"ours-read-small-segments", [] { return oursReadSegments(24); }},
      {"mutated-messages", [] { return mutated(1); }},
  };
  int passed = 0, failed = 0;
  for (auto& test : tests) {
    auto start = std::chrono::steady_clock::now();
    bool good = test.run();
    std::chrono::duration<double> used = std::chrono::steady_clock::now() - start;
    std::printf("%s differential/capn:%s %.3f\n", good ? "ok" : "not ok", test.name, used.count());
    std::fflush(stdout);
    (good ? passed : failed)++;
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed != 0;
}
