// A session of `tugline repl`: a loaded model, and options that are kept from line to line.
#pragma once

#include <string>
#include <vector>

#include "tugline/cli/completion.h"
#include "tugline/cli/push_arguments.h"
#include "tugline/cli/tug_job.h"
#include "tugline/language_model.h"

namespace tugline {

enum class SessionState { kGoesOn, kEnds };

class TugSession {
 public:
  // `loaded_with` has the precision and the threads with which the model was loaded.
  TugSession(TugModel facts, LanguageModel model, PushArguments loaded_with);

  // Runs one line, which split_words has read, and prints its result on standard output. Errors: kUsage for a
  // line that is not understood; those of a tug.
  SessionState run(const std::vector<std::string>& words);

  // What fits in place of the last word.
  [[nodiscard]] Completion complete(const std::vector<std::string>& words) const;

 private:
  // One option of a line with its values, as it was typed.
  using GivenOption = std::vector<std::string>;

  void tug(const std::vector<std::string>& words);
  void set(const std::vector<std::string>& words);
  void unset(const std::vector<std::string>& names);
  void show() const;

  TugModel facts_;
  LanguageModel model_;
  PushArguments loaded_with_;
  std::vector<GivenOption> kept_;
};

}  // namespace tugline
