// Cutting normalised text into the pieces that byte-pair merging never crosses: the steps of a tokenizer
// file's `pre_tokenizer`, in order, each applied to every piece that the one before left.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tugline/text/regex.h"

namespace tugline {

// What becomes of the matches of a pattern. The names are those of tokenizer files.
enum class SplitBehavior {
  kIsolated,            // each match is a piece of its own
  kRemoved,             // matches are dropped
  kMergedWithPrevious,  // a match is the end of the piece before it
  kMergedWithNext,      // a match is the beginning of the piece behind it
  kContiguous,          // neighbouring matches are one piece
};

struct RegexSplit {
  Regex regex;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // what lies between the matches takes their place
};

// Splits off number characters: each alone, or runs of them together.
struct DigitSplit {
  bool individual = false;
};

// GPT-2's own step, always the last: a space in front of pieces that do not begin with one, then GPT-2's
// pattern.
struct ByteLevelSplit {
  bool add_prefix_space = false;
  bool use_regex = true;
};

// A stretch of text: [begin, end) in bytes of the normalised text. Where prefix_space, a space that is not in
// the text stands before it.
struct Piece {
  size_t begin = 0;
  size_t end = 0;
  bool prefix_space = false;
};

class PreTokenizer {
 public:
  using Step = std::variant<RegexSplit, DigitSplit>;
  PreTokenizer(std::vector<Step> steps, ByteLevelSplit byte_level);

  // The pieces of `text`, in order, none of them empty. Thread-safe.
  [[nodiscard]] std::vector<Piece> split(std::string_view text) const;

 private:
  std::vector<Step> steps_;
  ByteLevelSplit byte_level_;
  Regex gpt2_;
};

}  // namespace tugline
