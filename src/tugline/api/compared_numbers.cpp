#include "tugline/api/compared_numbers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "tugline/core/plural.h"
#include "tugline/store/audit_bounds.h"

namespace tugline {
namespace {

// The residual's RMS: f32 sums of other lengths.
constexpr double kRmsBound = 1e-4;
// E[log^2 q] of a distribution over up to 2^20 tokens is at most about (20 ln 2)^2.
constexpr double kLargestSurprisal = 14;

// What the rounding of a measure is relative to (docs/method.md, "Audit"). Two of these sizes are not stored;
// they are at most of the push's first order in the logits, whose variance is 2 KL.
double scale_of(size_t m, double value, double kl) {
  const double first_order = std::sqrt(2 * std::max(0.0, kl));
  if (m == measure_named("delta_logprob") || m == measure_named("answer_change"))
    return std::abs(value) + first_order;
  if (m == measure_named("entropy_change")) return std::abs(value) + kLargestSurprisal * first_order + kl;
  return std::abs(value);
}

double apart(const std::optional<double>& a, const std::optional<double>& b) {
  if (a.has_value() != b.has_value()) return std::numeric_limits<double>::infinity();
  return std::abs(a.value_or(0) - b.value_or(0));
}

struct Difference {
  double largest = 0;
  double relative = 0;  // the mean's and the rows' together, to the scale
};

// Rows by their sums: one row alone may be much smaller than the others.
Difference difference_of(size_t m, const ResponseRecord& a, const ResponseRecord& b) {
  Difference found{.largest = apart(a.means[m], b.means[m])};
  if (a.rows[m].size() != b.rows[m].size()) return {std::numeric_limits<double>::infinity(), 1};
  double scale = 0;
  double sum = 0;
  for (size_t r = 0; r < a.rows[m].size(); ++r) {
    const double value = a.rows[m][r];
    const double difference = std::abs(value - b.rows[m][r]);
    const bool is_token = kMeasures[m].type == RowType::kTokens && r % 2 == 0;
    if (is_token) continue;  // of two that changed as much, either may come first
    const double kl = r < a.rows[kKl].size() ? a.rows[kKl][r] : 0;
    found.largest = std::max(found.largest, difference);
    sum += difference;
    scale += kMeasures[m].has_mean() ? scale_of(m, value, kl) : std::abs(value);
  }
  const double mean_scale = a.means[m] ? scale_of(m, *a.means[m], a.kl()) : 0;
  const double of_mean = apart(a.means[m], b.means[m]);
  if (of_mean > 0)
    found.relative = mean_scale > 0 ? of_mean / mean_scale : std::numeric_limits<double>::infinity();
  if (sum > 0)
    found.relative =
        std::max(found.relative, scale > 0 ? sum / scale : std::numeric_limits<double>::infinity());
  return found;
}

bool is_same_measure(size_t m, const ResponseRecord& a, const ResponseRecord& b) {
  return a.means[m] == b.means[m] && a.rows[m] == b.rows[m];
}

}  // namespace

void ComparedNumbers::add(const UnitMeasurement& stored, const UnitMeasurement& again) {
  ++units_;
  const bool is_same_place = stored.position == again.position && stored.rows == again.rows &&
                             stored.row_tokens == again.row_tokens && stored.note == again.note;
  const bool is_same_size = std::abs(stored.rms - again.rms) <= kRmsBound * std::abs(stored.rms);
  if (!is_same_place || !is_same_size) ++different_units_;
  std::map<std::pair<int32_t, double>, const ResponseRecord*> others;
  for (const ResponseRecord& response : again.responses)
    others[{response.direction, response.epsilon}] = &response;
  for (const ResponseRecord& response : stored.responses) {
    const auto other = others.find({response.direction, response.epsilon});
    if (other == others.end()) {
      ++missing_;
      continue;
    }
    add(response, *other->second);
    others.erase(other);
  }
  missing_ += std::ssize(others);
}

void ComparedNumbers::add(const ResponseRecord& stored, const ResponseRecord& again) {
  ++responses_;
  if (stored == again) return;
  ++different_;
  // Each of the two is within the audit's bound of the right number. A flip of two tokens that are as likely
  // may be either way.
  const auto bounds = audit_bounds_of({stored}, precision_);
  bool is_beyond = !bounds || stored.set != again.set;
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    if (is_same_measure(m, stored, again)) continue;
    const Difference found = difference_of(m, stored, again);
    measures_[m].largest = std::max(measures_[m].largest, found.largest);
    ++measures_[m].responses;
    const bool is_judged = m != measure_named("top1_flips");
    if (!bounds || (is_judged && found.relative > 2 * (*bounds)[m])) {
      ++measures_[m].beyond;
      is_beyond = true;
    }
  }
  if (is_beyond) ++beyond_;
}

std::string ComparedNumbers::differences_text() const {
  std::vector<std::string> parts;
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (measures_[m].responses > 0)
      parts.push_back(fmt::format("{} {:.1e} ({})", kMeasures[m].name, measures_[m].largest,
                                  counted(measures_[m].responses, "response")));
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace tugline
