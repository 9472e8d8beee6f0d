// Cuts normalised text into pieces, whose borders byte-pair merging never crosses. It applies the steps of a
// tokenizer file's `pre_tokenizer` in order, each to every piece that the step before made.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tugline/text/regex.h"

namespace tugline {

// What happens to the matches of a pattern. The names are those of tokenizer files.
enum class SplitBehavior {
  kIsolated,            // each match is a piece of its own
  kRemoved,             // matches are dropped
  kMergedWithPrevious,  // a match ends the piece before it
  kMergedWithNext,      // a match begins the piece after it
  kContiguous,          // neighbouring matches are one piece
};

struct RegexSplit {
  Regex regex;
  SplitBehavior behavior = SplitBehavior::kIsolated;
  bool invert = false;  // the text between the matches is used as the matches
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

// A part of the text: [begin, end) in bytes of the normalised text. If prefix_space is set, a space that is
// not in the text stands before it.
struct Piece {
  size_t begin = 0;
  size_t end = 0;
  bool prefix_space = false;
};

class PreTokenizer {
 public:
  using Step = std::variant<RegexSplit, DigitSplit>;
  PreTokenizer(std::vector<Step> steps, ByteLevelSplit byte_level);

  // The pieces of `text`, in order, none of them empty. `text` is the text of `budget` or a part of it.
  // Throws Error if the budget is spent. Thread-safe.
  [[nodiscard]] std::vector<Piece> split(std::string_view text, MatchBudget& budget) const;

 private:
  std::vector<Step> steps_;
  ByteLevelSplit byte_level_;
  Regex gpt2_;
};

}  // namespace tugline
