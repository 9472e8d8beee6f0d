// The numbers of a push's response by which a run can be analysed and drawn, by name: every measure of
// core/measures.h that has a mean over the rows, and KL over other rows.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

struct ResponseMeasure {
  enum class Rows { kMean, kOwn, kAfter, kSum };

  std::string name = {};   // "kl", "js", ...; "kl_own_row", "kl_after", "kl_sum"
  std::string label = {};  // in sentences and on axes: "KL", "KL on the pushed token's own row"
  std::string unit = {};   // "nats"; empty for a plain number
  // False if it may be negative, as a change of a log-probability may: then ratios have no meaning.
  bool is_divergence = true;
  // It grows as epsilon squared at small epsilons, so that a fit and the departure from it have a meaning.
  bool is_quadratic = true;
  size_t measure = kKl;  // the place in kMeasures
  Rows rows = Rows::kMean;

  // `row_count` is the number of the unit's readout rows. No value if the response has none.
  [[nodiscard]] std::optional<double> value(const ResponseRecord& response, size_t row_count) const;
};

// In a fixed order; the first is "kl".
[[nodiscard]] std::span<const ResponseMeasure> response_measures();

// Errors (kUsage, the setting "measure"): there is none of that name; the message lists all.
[[nodiscard]] const ResponseMeasure& response_measure_named(const std::string& name);

// Those that a response has.
[[nodiscard]] std::vector<std::string> names_of_measures_in(const ResponseRecord& response);

}  // namespace tugline
