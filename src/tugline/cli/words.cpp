#include "tugline/cli/words.h"

#include <cstdlib>

namespace tugline {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

class Splitter {
 public:
  explicit Splitter(std::string_view line) : line_(line) {}

  Words split() {
    while (true) {
      const size_t word_begin = at_;
      while (at_ < line_.size() && is_space(line_[at_])) ++at_;
      const bool is_after_word = at_ == word_begin && !words_.words.empty();
      if (!is_after_word) words_.last_begin = at_;
      if (at_ == line_.size() || line_[at_] == '#') return std::move(words_);
      words_.words.push_back(next_word());
    }
  }

 private:
  std::string next_word() {
    std::string word;
    const char* home = std::getenv("HOME");
    if (home != nullptr && line_.substr(at_).starts_with("~/")) {
      word = home;
      ++at_;
    }
    for (; at_ < line_.size() && !is_space(line_[at_]); ++at_) {
      if (line_[at_] == '\'' || line_[at_] == '"')
        add_quoted(line_[at_], word);
      else if (line_[at_] == '\\')
        add_escaped(word);
      else
        word += line_[at_];
    }
    return word;
  }

  // From the quote to the one that closes it.
  void add_quoted(char quote, std::string& word) {
    for (++at_; at_ < line_.size() && line_[at_] != quote; ++at_) {
      const bool escapes = quote == '"' && line_[at_] == '\\' && at_ + 1 < line_.size() &&
                           (line_[at_ + 1] == '"' || line_[at_ + 1] == '\\');
      if (escapes) ++at_;
      word += line_[at_];
    }
    if (at_ == line_.size()) {
      words_.is_open = true;
      --at_;  // the caller goes one on
    }
  }

  void add_escaped(std::string& word) {
    if (at_ + 1 == line_.size()) {
      words_.is_open = true;
      return;
    }
    ++at_;
    if (line_[at_] != '\n') word += line_[at_];  // else the line goes on on the next
  }

  std::string_view line_;
  size_t at_ = 0;
  Words words_;
};

}  // namespace

Words split_words(std::string_view line) { return Splitter(line).split(); }

std::string quoted_word(const std::string& word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=.,:/+%@";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace tugline
