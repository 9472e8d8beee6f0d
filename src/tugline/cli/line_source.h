// Where the lines of a session come from: a person at a terminal, or a file or pipe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tugline/cli/completion.h"

namespace tugline {

class LineSource {
 public:
  virtual ~LineSource() = default;
  // The next line, without its end; no value at the end of the input. Errors (kIo): it cannot be read.
  [[nodiscard]] virtual std::optional<std::string> next(const std::string& prompt) = 0;
  // Offers the line again in this session.
  virtual void remember(const std::string& /*line*/) {}
  // Whether a person gave up the line that next() returned.
  [[nodiscard]] virtual bool is_abandoned() const { return false; }
};

// Standard input, if it is no terminal.
[[nodiscard]] std::unique_ptr<LineSource> piped_lines();

// What fits in place of the last of these words.
using Completer = std::function<Completion(const std::vector<std::string>& words)>;

// A terminal, with line editing, the lines of earlier sessions, and completion. Ctrl-C gives up a line,
// Ctrl-D on an empty line ends the input. Errors (kIo): the terminal cannot be used.
[[nodiscard]] std::unique_ptr<LineSource> edited_lines(const std::vector<std::string>& earlier,
                                                       Completer completer);

}  // namespace tugline
