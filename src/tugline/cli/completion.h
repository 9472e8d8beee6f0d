// What can follow on a half-written command line, from the definitions that the parser has. Shells ask for it
// through the scripts of cli/completion_scripts, and so does the session of `tugline repl`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tugline {

struct Candidate {
  std::string text;         // in place of the word that is being written
  std::string description;  // one line; may be empty
};

struct Completion {
  std::vector<Candidate> candidates = {};
  bool files = false;  // names of files also fit
  // With `files`: what of the word comes before the file's name, such as "--output=".
  std::string before_file = {};
};

// `words` come after the program's name; the last one is being written, and may be empty. An empty answer if
// nothing is known to fit.
[[nodiscard]] Completion completion_of(const CLI::App& app, const std::vector<std::string>& words);

// The same for the arguments of one command.
[[nodiscard]] Completion completion_of_arguments(const CLI::App& command,
                                                 const std::vector<std::string>& words);

// As the scripts read it: one candidate a line, a tab, its description; last, if files fit, ":files" and what
// comes before them.
[[nodiscard]] std::string lines_of(const Completion& completion);

}  // namespace tugline
