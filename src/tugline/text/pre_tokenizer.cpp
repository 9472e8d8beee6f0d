#include "tugline/text/pre_tokenizer.h"

#include <algorithm>
#include <utility>

#include "tugline/text/unicode.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// GPT-2's pattern: contractions, words, numbers and other signs, each with one space before it, then white
// space.
constexpr const char* kGpt2Pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// A stretch of a text that a pattern matched, or one between two matches.
struct Stretch {
  size_t begin = 0;
  size_t end = 0;
  bool matched = false;
};

// Covers a text with stretches, from its matches in order.
class StretchList {
 public:
  void add_match(size_t begin, size_t end) {
    if (end_ != begin) list_.push_back({end_, begin, false});
    list_.push_back({begin, end, true});
    end_ = end;
  }
  std::vector<Stretch> finish(size_t text_size) {
    if (end_ != text_size) list_.push_back({end_, text_size, false});
    return std::move(list_);
  }

 private:
  std::vector<Stretch> list_;
  size_t end_ = 0;
};

std::vector<Stretch> stretches(const RegexSplit& split, std::string_view text, MatchBudget& budget) {
  StretchList list;
  split.regex.each_match(text, budget, [&](size_t begin, size_t end) { list.add_match(begin, end); });
  auto out = list.finish(text.size());
  if (split.invert) {
    for (Stretch& stretch : out) stretch.matched = !stretch.matched;
  }
  return out;
}

std::vector<Stretch> stretches(const DigitSplit&, std::string_view text, MatchBudget&) {
  StretchList list;
  for (size_t at = 0; at < text.size();) {
    const Utf8Char c = utf8_char_at(text, at);
    if (is_unicode_number(c.code)) list.add_match(at, at + c.bytes);
    at += c.bytes;
  }
  return list.finish(text.size());
}

SplitBehavior behavior_of(const RegexSplit& split) { return split.behavior; }
SplitBehavior behavior_of(const DigitSplit& split) {
  return split.individual ? SplitBehavior::kIsolated : SplitBehavior::kContiguous;
}

// A match joins the stretch before it, unless that was a match too: of several matches in a row only the
// first.
std::vector<Stretch> merged_with_previous(const std::vector<Stretch>& in) {
  std::vector<Stretch> out;
  bool previous_matched = false;
  for (const Stretch& stretch : in) {
    if (stretch.matched && !previous_matched && !out.empty()) {
      out.back().end = stretch.end;
    } else {
      out.push_back(stretch);
    }
    previous_matched = stretch.matched;
  }
  return out;
}

// The mirror image: of several matches in a row, only the last joins the text after it.
std::vector<Stretch> merged_with_next(const std::vector<Stretch>& in) {
  std::vector<Stretch> out;
  for (size_t i = 0; i < in.size(); ++i) {
    const bool joins = i > 0 && in[i - 1].matched && !in[i].matched;
    if (joins) {
      out.back().end = in[i].end;
    } else {
      out.push_back(in[i]);
    }
  }
  return out;
}

std::vector<Stretch> contiguous(const std::vector<Stretch>& in) {
  std::vector<Stretch> out;
  for (const Stretch& stretch : in) {
    if (!out.empty() && out.back().matched == stretch.matched) {
      out.back().end = stretch.end;
    } else {
      out.push_back(stretch);
    }
  }
  return out;
}

std::vector<Stretch> apply(SplitBehavior behavior, std::vector<Stretch> in) {
  switch (behavior) {
    case SplitBehavior::kIsolated:
      return in;
    case SplitBehavior::kRemoved:
      std::erase_if(in, [](const Stretch& s) { return s.matched; });
      return in;
    case SplitBehavior::kMergedWithPrevious:
      return merged_with_previous(in);
    case SplitBehavior::kMergedWithNext:
      return merged_with_next(in);
    case SplitBehavior::kContiguous:
      return contiguous(in);
  }
  return in;
}

// Replaces every piece by the pieces that `step` cuts it into.
std::vector<Piece> apply_step(const PreTokenizer::Step& step, std::string_view text, MatchBudget& budget,
                              const std::vector<Piece>& in) {
  std::vector<Piece> out;
  out.reserve(in.size());
  for (const Piece& piece : in) {
    const auto part = text.substr(piece.begin, piece.end - piece.begin);
    const auto found =
        std::visit([&](const auto& s) { return apply(behavior_of(s), stretches(s, part, budget)); }, step);
    for (const Stretch& s : found) {
      if (s.begin != s.end) out.push_back({piece.begin + s.begin, piece.begin + s.end, false});
    }
  }
  return out;
}

// Cuts a piece that has a space put before it by GPT-2's pattern. Offsets in the prefixed copy are one ahead
// of those in the piece.
void split_prefixed(const Regex& gpt2, std::string_view text, Piece piece, MatchBudget& budget,
                    std::vector<Piece>& out) {
  std::string prefixed(" ");
  prefixed += text.substr(piece.begin, piece.end - piece.begin);
  gpt2.each_match(prefixed, budget, [&](size_t begin, size_t end) {
    const bool has_prefix = begin == 0;
    out.push_back({piece.begin + (has_prefix ? 0 : begin - 1), piece.begin + end - 1, has_prefix});
  });
}

}  // namespace

PreTokenizer::PreTokenizer(std::vector<Step> steps, ByteLevelSplit byte_level)
    : steps_(std::move(steps)), byte_level_(byte_level), gpt2_(kGpt2Pattern, "ByteLevel") {}

std::vector<Piece> PreTokenizer::split(std::string_view text, MatchBudget& budget) const {
  if (text.empty()) return {};
  std::vector<Piece> pieces{{0, text.size(), false}};
  for (const Step& step : steps_) pieces = apply_step(step, text, budget, pieces);
  std::vector<Piece> out;
  for (Piece& piece : pieces) {
    piece.prefix_space = byte_level_.add_prefix_space && text[piece.begin] != ' ';
    if (!byte_level_.use_regex) {
      out.push_back(piece);
    } else if (piece.prefix_space) {
      split_prefixed(gpt2_, text, piece, budget, out);
    } else {
      const auto part = text.substr(piece.begin, piece.end - piece.begin);
      gpt2_.each_match(part, budget, [&](size_t begin, size_t end) {
        out.push_back({piece.begin + begin, piece.begin + end, false});
      });
    }
  }
  return out;
}

}  // namespace tugline
