// What an analysis says to the questions that people ask of a run: sentences with their numbers. `tugline
// analyze` prints them first, and its JSON, the Python module and the report page have the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/stats/analysis.h"
#include "tugline/store/result_table.h"

namespace tugline {

struct Answer {
  // "anchor", "length", "layers", "quadratic", "directions", "vectors", "metrics", "audit"
  std::string name = {};
  std::string question = {};
  std::vector<std::string> sentences = {};  // plain text; never empty
  // The numbers that the sentences rest on, mostly rows of the analysis' tables; no columns if there are
  // none.
  ResultTable numbers = {};
  std::string table = {};  // the table of the analysis that has more; empty if none has
};

// What the answers need of a run beside its analysis.
struct RunFacts {
  // How its directions were chosen: drawn at random for each site; the principal components, which are the
  // same everywhere; or given.
  enum class Directions { kRandom, kPrincipal, kSupplied };
  Directions directions = Directions::kRandom;
  bool is_rounding_noise = false;  // it was measured in plain-bf16
  int64_t units = 0;
  int64_t audited = 0;                            // pushes that were also rerun in f64
  std::optional<double> worst_disagreement = {};  // of a KL, relative
  UnitKey worst_unit = {};                        // its unit
  std::vector<UnitKey> beyond_bound = {};  // units whose audit found more than a correct unit should have
};

// In the order in which they are read. A question that the run cannot answer has a sentence that says what is
// missing; one that does not arise, such as about layers in a run of one layer, is left out.
[[nodiscard]] std::vector<Answer> answers_of(const Analysis& analysis, const RunFacts& facts);

// Intervals from fewer examples tend to be too narrow; what prints them says so.
inline constexpr int64_t kFewExamples = 10;
// The note about the spans of few examples; empty if no kind of span has fewer than kFewExamples.
[[nodiscard]] std::string note_of_few_examples(const Analysis& analysis);

// The table "answers": name, question, answer, table.
[[nodiscard]] ResultTable answers_table(const std::vector<Answer>& answers);

}  // namespace tugline
