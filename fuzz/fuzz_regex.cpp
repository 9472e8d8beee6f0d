// A regular expression as a tokenizer file may carry it, on a text: an Error, or matches that lie in the
// text, in order. The input is the pattern, a line break, and the text. libFuzzer's time and memory limits
// catch a pattern that takes too much.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "attempt.h"
#include "tugline/text/regex.h"
#include "tugline/text/utf8.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const size_t end = input.find('\n');
  if (end == std::string::npos) return 0;
  const std::string text = input.substr(end + 1);
  if (tugline::first_malformed_byte(text)) return 0;
  attempt([&] {
    const tugline::Regex regex(input.substr(0, end), "fuzz");
    // A catastrophic pattern spends its whole budget, some tenths of a second. Only inputs that end in x have
    // the tokenizers' own.
    const uint64_t steps = input.back() == 'x' ? tugline::MatchBudget::kStepsAtLeast : 0;
    tugline::MatchBudget budget(text.size(), steps);
    size_t last = 0;
    regex.each_match(text, budget, [&](size_t match_begin, size_t match_end) {
      if (match_begin < last || match_begin > match_end || match_end > text.size()) std::abort();
      last = match_end;
    });
  });
  return 0;
}
