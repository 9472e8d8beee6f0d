// Regular expressions over UTF-8, through Oniguruma. The reference tokenizers use this engine too, so a
// pattern in a tokenizer file means here what it meant in training.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tugline {

class Regex {
 public:
  // Throws Error with the engine's message if the pattern is not
  // a regular expression; `where` names the file and the field.
  Regex(const std::string& pattern, const std::string& where);
  // A pattern that matches `text` and nothing else.
  static Regex literal(std::string_view text, const std::string& where);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Calls `found(begin, end)` for each match, left to right, without
  // overlap. Skips an empty match directly after the last match. `text` is
  // well-formed UTF-8. Throws Error if the engine gives up. Thread-safe.
  void each_match(std::string_view text, const std::function<void(size_t, size_t)>& found) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
