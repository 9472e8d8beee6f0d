// Regular expressions over UTF-8, through Oniguruma: the engine that the reference tokenizers use, so that a
// pattern in a tokenizer file means here what it meant in training.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tugline {

class Regex {
 public:
  // Throws Error with the engine's complaint where the pattern is not a regular expression; `where` names the
  // file and field in it.
  Regex(const std::string& pattern, const std::string& where);
  // A pattern that matches `text` and nothing else.
  static Regex literal(std::string_view text, const std::string& where);

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  // Calls `found(begin, end)` for each match, left to right, without overlap; an empty match just behind the
  // last match is passed over. `text` is well-formed UTF-8. Thread-safe. Throws Error where the engine gives
  // up.
  void each_match(std::string_view text, const std::function<void(size_t, size_t)>& found) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
