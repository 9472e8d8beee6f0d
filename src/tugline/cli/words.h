// A line of a session as words, as a shell would read it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tugline {

struct Words {
  std::vector<std::string> words = {};
  bool is_open = false;  // a quote is not closed, or the line ends in a backslash: the next line goes on
  // Where the word that is being written begins in the line; the line's end after white space.
  size_t last_begin = 0;
};

// '...' keeps everything; "..." keeps everything but \" and \\; outside of quotes \ keeps the next character,
// ~/ at the beginning of a word is the home directory, and # at the beginning of a word begins a comment.
[[nodiscard]] Words split_words(std::string_view line);

// As it has to be typed for split_words to read it.
[[nodiscard]] std::string quoted_word(const std::string& word);

}  // namespace tugline
