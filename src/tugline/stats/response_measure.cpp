#include "tugline/stats/response_measure.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/suggestion.h"

namespace tugline {
namespace {

struct Description {
  const char* label;
  const char* unit;
  bool is_divergence;
  bool is_quadratic;
};

// A measure that is not here is described by its name.
const std::map<std::string_view, Description>& descriptions() {
  static const std::map<std::string_view, Description> known{
      {"kl", {"KL", "nats", true, true}},
      {"kl_reverse", {"reverse KL", "nats", true, true}},
      {"js", {"Jensen-Shannon divergence", "nats", true, true}},
      {"top1_flips", {"fraction of rows whose likeliest token changed", "", true, false}},
      {"delta_logprob", {"change of the next token's log-probability", "nats", false, false}},
      {"total_variation", {"total variation", "", true, false}},
      {"entropy_change", {"change of entropy", "nats", false, false}},
      {"answer_change", {"change of the answers' logit difference", "logits", false, false}}};
  return known;
}

std::vector<ResponseMeasure> all_measures() {
  std::vector<ResponseMeasure> all;
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    if (!kMeasures[m].has_mean()) continue;
    const std::string name(kMeasures[m].name);
    const auto known = descriptions().find(name);
    const Description described =
        known == descriptions().end() ? Description{name.c_str(), "", false, false} : known->second;
    all.push_back({.name = name,
                   .label = described.label,
                   .unit = described.unit,
                   .is_divergence = described.is_divergence,
                   .is_quadratic = described.is_quadratic,
                   .measure = m});
  }
  using Rows = ResponseMeasure::Rows;
  all.push_back({.name = "kl_own_row",
                 .label = "KL on the pushed token's own row",
                 .unit = "nats",
                 .rows = Rows::kOwn});
  all.push_back({.name = "kl_after",
                 .label = "KL on the rows after the pushed token's",
                 .unit = "nats",
                 .rows = Rows::kAfter});
  all.push_back({.name = "kl_sum", .label = "sum of KL over the rows", .unit = "nats", .rows = Rows::kSum});
  return all;
}

}  // namespace

std::optional<double> ResponseMeasure::value(const ResponseRecord& response, size_t row_count) const {
  switch (rows) {
    case Rows::kMean:
      return response.means[measure];
    case Rows::kOwn:
      return response.kl_own_row;
    case Rows::kAfter:
      return response.kl_after;
    case Rows::kSum:
      break;
  }
  if (row_count == 0 || !response.means[measure]) return std::nullopt;
  return *response.means[measure] * static_cast<double>(row_count);
}

std::span<const ResponseMeasure> response_measures() {
  static const std::vector<ResponseMeasure> all = all_measures();
  return all;
}

const ResponseMeasure& response_measure_named(const std::string& name) {
  std::vector<std::string> names;
  for (const ResponseMeasure& measure : response_measures()) {
    if (measure.name == name) return measure;
    names.push_back(measure.name);
  }
  refuse("measure", "'{}' is not one of {}{}", excerpt(name, 40), fmt::join(names, ", "),
         suggestion_for(name, names));
}

std::vector<std::string> names_of_measures_in(const ResponseRecord& response) {
  std::vector<std::string> names;
  for (const ResponseMeasure& measure : response_measures())
    if (measure.value(response, 1)) names.push_back(measure.name);
  return names;
}

}  // namespace tugline
