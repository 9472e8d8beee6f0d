// Regular expressions over UTF-8, through Oniguruma. The reference tokenizers use this engine too, so a
// pattern in a tokenizer file means here what it meant in training. A file from elsewhere may carry any
// pattern: what one takes is bounded, in time and in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tugline {

// What all patterns together may still take on one text. A tokenizer cuts a text into many pieces and gives
// each to its patterns, so that a budget for each piece would bound nothing. Not thread-safe: for one text,
// in the thread that made it.
class MatchBudget {
 public:
  static constexpr uint64_t kStepsAtLeast = 10'000'000;

  // `steps_at_least`: of backtracking, however short the text is.
  explicit MatchBudget(size_t text_bytes, uint64_t steps_at_least = kStepsAtLeast);

 private:
  friend class Regex;
  friend class Searcher;
  [[nodiscard]] bool is_spent();

  size_t text_bytes_;
  uint64_t steps_;        // of backtracking that are left
  double deadline_;       // in the thread's processor time
  double looked_at_ = 0;  // when that was last asked for
};

class Regex {
 public:
  // Throws Error with the engine's message if the pattern is not a regular expression, is longer
  // than 8192 bytes, calls its own groups (\g<name>) or has callouts; `where` names the file and the field.
  Regex(const std::string& pattern, const std::string& where);
  // A pattern that matches `text` and nothing else.
  static Regex literal(std::string_view text, const std::string& where);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Calls `found(begin, end)` for each match, left to right, without overlap. Skips an empty match directly
  // after the last match. `text` is well-formed UTF-8, and the text of `budget` or a piece of it. Throws
  // Error if the budget is spent. Thread-safe.
  void each_match(std::string_view text, MatchBudget& budget,
                  const std::function<void(size_t, size_t)>& found) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
