#include "tugline/text/normalizer.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <optional>

#include "tugline/text/unicode.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// Characters below this have no canonical decomposition that NFC keeps, and never combine with a character
// before them.
constexpr char32_t kFirstCombining = 0x300;
// Longest full canonical decomposition of one character is four; utf8proc wants room for its intermediate
// steps.
constexpr size_t kDecompositionRoom = 16;

struct SourcedChar {
  char32_t code = 0;
  int combining_class = 0;
  ByteRange source;  // relative to the part
};

int combining_class(char32_t code) {
  return static_cast<int>(utf8proc_get_property(static_cast<utf8proc_int32_t>(code))->combining_class);
}

// Whether a character may combine with, or be reordered with, what stands before it. Marks may, and the few
// others that are second in a canonical composition: Hangul vowels and final consonants, and Kirat Rai's
// vowel signs.
bool may_join_previous(char32_t code) {
  if (code < kFirstCombining) return false;
  return (code >= 0x1160 && code <= 0x11FF) || (code >= 0x16D63 && code <= 0x16D6A) || is_unicode_mark(code);
}

void append_decomposed(std::vector<SourcedChar>& out, char32_t code, ByteRange source) {
  std::array<utf8proc_int32_t, kDecompositionRoom> parts{};
  int boundary_class = 0;
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(code), parts.data(), parts.size(),
                                             UTF8PROC_DECOMPOSE, &boundary_class);
  for (utf8proc_ssize_t i = 0; i < count; ++i) {
    const auto part = static_cast<char32_t>(parts[static_cast<size_t>(i)]);
    out.push_back({part, combining_class(part), source});
  }
}

// Canonical ordering: each run of characters with a non-zero class is sorted by class, equal ones as they
// stood.
void order_marks(std::vector<SourcedChar>& chars) {
  const auto is_starter = [](const SourcedChar& c) { return c.combining_class == 0; };
  for (auto run = chars.begin(); run != chars.end();) {
    run = std::find_if_not(run, chars.end(), is_starter);
    const auto run_end = std::find_if(run, chars.end(), is_starter);
    std::stable_sort(run, run_end, [](const SourcedChar& a, const SourcedChar& b) {
      return a.combining_class < b.combining_class;
    });
    run = run_end;
  }
}

// The primary composite of two characters, by asking utf8proc to compose just the two.
std::optional<char32_t> compose_pair(char32_t first, char32_t second) {
  std::array<utf8proc_int32_t, 3> pair{static_cast<utf8proc_int32_t>(first),
                                       static_cast<utf8proc_int32_t>(second), 0};
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  if (utf8proc_normalize_utf32(pair.data(), 2, options) != 1) return std::nullopt;
  return static_cast<char32_t>(pair[0]);
}

ByteRange cover(ByteRange a, ByteRange b) { return {std::min(a.begin, b.begin), std::max(a.end, b.end)}; }

// Canonical composition (Unicode 3.11, D117): a character joins the last starter unless another of its class
// or a higher one stands between.
std::vector<SourcedChar> composed(const std::vector<SourcedChar>& chars) {
  std::vector<SourcedChar> out;
  std::optional<size_t> starter;
  int last_class = -1;  // of the last character between the starter and the next one; -1 if there is none
  for (const SourcedChar& c : chars) {
    if (starter && last_class < c.combining_class) {
      SourcedChar& base = out[*starter];
      if (const auto code = compose_pair(base.code, c.code)) {
        base.code = *code;
        base.source = cover(base.source, c.source);
        continue;
      }
    }
    if (c.combining_class == 0) starter = out.size();
    last_class = c.combining_class == 0 ? -1 : c.combining_class;
    out.push_back(c);
  }
  return out;
}

// Marks that were reordered come from places that cross: then each character comes from the whole stretch, so
// that sources never go back in the text.
void keep_sources_in_order(std::vector<SourcedChar>& chars, ByteRange stretch) {
  const auto crosses = [](const SourcedChar& a, const SourcedChar& b) {
    return a.source != b.source && b.source.begin < a.source.end;
  };
  if (std::adjacent_find(chars.begin(), chars.end(), crosses) == chars.end()) return;
  for (SourcedChar& c : chars) c.source = stretch;
}

}  // namespace

// Writes normalised characters, and begins to store anything only at the first one that differs from the
// original.
class NfcWriter {
 public:
  explicit NfcWriter(NormalizedText& out) : out_(out) {}

  // Characters [begin, end) of the original, with which no character outside can combine.
  void add_stretch(size_t begin, size_t end) {
    const Utf8Char first = utf8_char_at(out_.original_, begin);
    if (first.code < kFirstCombining && begin + first.bytes == end) return keep(begin, end);
    chars_.clear();
    for (size_t at = begin; at < end;) {
      const Utf8Char c = utf8_char_at(out_.original_, at);
      append_decomposed(chars_, c.code, {static_cast<int64_t>(at), static_cast<int64_t>(at + c.bytes)});
      at += c.bytes;
    }
    order_marks(chars_);
    auto normal = composed(chars_);
    keep_sources_in_order(normal, {static_cast<int64_t>(begin), static_cast<int64_t>(end)});
    encoded_.clear();
    for (const SourcedChar& c : normal) append_utf8(encoded_, c.code);
    if (encoded_ == out_.original_.substr(begin, end - begin)) return keep(begin, end);
    start_storing(begin);
    for (const SourcedChar& c : normal) write(c);
  }

 private:
  void keep(size_t begin, size_t end) {
    if (!out_.changed_) return;
    out_.storage_.append(out_.original_.substr(begin, end - begin));
    for (auto at = static_cast<int64_t>(begin); at < static_cast<int64_t>(end); ++at) {
      out_.sources_.push_back({at, at + 1});
    }
  }

  void start_storing(size_t so_far) {
    if (out_.changed_) return;
    out_.changed_ = true;
    keep(0, so_far);
  }

  void write(const SourcedChar& c) {
    encoded_.clear();
    append_utf8(encoded_, c.code);
    const auto begin = static_cast<size_t>(c.source.begin);
    if (out_.original_.substr(begin, static_cast<size_t>(c.source.size())) == encoded_) {
      return keep(begin, begin + encoded_.size());
    }
    out_.storage_.append(encoded_);
    out_.sources_.insert(out_.sources_.end(), encoded_.size(), c.source);
  }

  NormalizedText& out_;
  std::vector<SourcedChar> chars_;
  std::string encoded_;
};

ByteRange NormalizedText::source(size_t begin, size_t end) const {
  if (!changed_) return {base_ + static_cast<int64_t>(begin), base_ + static_cast<int64_t>(end)};
  if (begin == end) {
    const int64_t at =
        begin < sources_.size() ? sources_[begin].begin : static_cast<int64_t>(original_.size());
    return {base_ + at, base_ + at};
  }
  ByteRange range = sources_[begin];
  for (size_t i = begin + 1; i < end; ++i) range = cover(range, sources_[i]);
  return {base_ + range.begin, base_ + range.end};
}

NormalizedText normalize(std::string_view part, int64_t base, Normalization form) {
  NormalizedText out;
  out.original_ = part;
  out.base_ = base;
  if (form == Normalization::kNone) return out;
  NfcWriter writer(out);
  for (size_t at = 0; at < part.size();) {
    size_t end = at + utf8_char_at(part, at).bytes;
    while (end < part.size()) {
      const Utf8Char next = utf8_char_at(part, end);
      if (!may_join_previous(next.code)) break;
      end += next.bytes;
    }
    writer.add_stretch(at, end);
    at = end;
  }
  return out;
}

}  // namespace tugline
