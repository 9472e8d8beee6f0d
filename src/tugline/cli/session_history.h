// The lines of earlier sessions, in a file of the user's own.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace tugline {

// $XDG_STATE_HOME/tugline/history, or ~/.local/state/tugline/history; empty if neither variable is set.
[[nodiscard]] std::filesystem::path default_history_file();

class SessionHistory {
 public:
  // Keeps nothing if `file` is empty. A file that is there is read, and cut to its last 1000 lines if it has
  // twice as many. Errors (kIo): it cannot be read or made.
  explicit SessionHistory(std::filesystem::path file);

  // The oldest first.
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  // Appends the line to the file, which only its owner can read. Leaves out a line that begins with a space,
  // one of several lines, and one that equals the line before. Errors (kIo): it cannot be written; it is then
  // not tried again.
  void add(const std::string& line);

 private:
  std::filesystem::path file_;
  std::vector<std::string> lines_;
};

}  // namespace tugline
