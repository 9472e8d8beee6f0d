#include "tugline/api/unit_faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace tugline {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Sums over the vocabulary are f64 of up to 2^20 terms: their rounding is below this part of a term, and a
// divergence near zero may be as far below it.
constexpr double kSumRounding = 1e-9;
// Rows are rounded after their mean is made (kept_row_value): to f32, or to 17 bits.
constexpr double row_rounding(RowType type) {
  if (type == RowType::kFlag) return 1e-12;
  return type == RowType::kF32 ? 1.0 / (1 << 23) : 1.0 / (1 << 16);
}

struct Range {
  double low = -kInfinity;
  double high = kInfinity;
};

Range range_of(size_t m, bool is_estimated) {
  if (is_estimated && m != measure_named("top1_flips")) return {};
  if (m == kKl || m == measure_named("kl_reverse")) return {-kSumRounding, kInfinity};
  if (m == measure_named("js")) return {-kSumRounding, std::numbers::ln2 * (1 + 1e-6)};
  if (m == measure_named("total_variation")) return {-kSumRounding, 1 + 1e-6};
  if (m == measure_named("top1_flips")) return {0, 1};
  if (m == measure_named("rose")) return {0, 1};
  if (m == measure_named("fell")) return {-1, 0};
  return {};
}

class PartCheck {
 public:
  PartCheck(const StoredPart& part, const UnitMeasurement& measured, const UnitExpectations& expected,
            const std::function<void(std::string)>& fault)
      : part_(part), measured_(measured), expected_(expected), fault_(fault) {}

  void run() const {
    check_place();
    if (measured_.responses.size() != part_.grid.size())
      say("", "has {} responses, and its directions and epsilons make {}", measured_.responses.size(),
          part_.grid.size());
    for (const ResponseRecord& response : measured_.responses) check(response);
  }

 private:
  template <typename... Args>
  void say(const std::string& push, fmt::format_string<Args...> format, Args&&... args) const {
    fault_(fmt::format("unit {} ({}){}: {}", part_.unit, described(part_.record.key), push,
                       fmt::format(format, std::forward<Args>(args)...)));
  }

  void check_place() const {
    const UnitRecord& unit = part_.record;
    if (unit.span.size() <= 0) say("", "its span [{}, {}) is empty", unit.span.begin, unit.span.end);
    if (!std::isfinite(measured_.rms) || measured_.rms < 0) say("", "rms is {}", measured_.rms);
    if (!(measured_.seconds >= 0)) say("", "seconds is {}", measured_.seconds);
    const bool has_responses = part_.grid.size() > 0;
    const bool reads_span = expected_.readout == "predicting" || expected_.readout == "following";
    if (has_responses && reads_span && std::ssize(measured_.rows) != unit.span.size())
      say("", "has {} readout rows, and the span {} tokens", measured_.rows.size(), unit.span.size());
    if (!std::is_sorted(measured_.rows.begin(), measured_.rows.end()))
      say("", "its readout positions are not ascending");
    for (const int32_t token : measured_.row_tokens)
      if (token < -1 || (token >= 0 && !expected_.tokens.contains(token)))
        say("", "token {} is not in the table tokens", token);
  }

  void check(const ResponseRecord& response) const {
    const std::string push = fmt::format(", direction {}, epsilon {}", response.direction, response.epsilon);
    if (!part_.grid.holds(response.direction, response.epsilon))
      say(push, "is not among the unit's directions and epsilons");
    check_number(push, "cosine", response.cosine.value_or(0), {-1 - 1e-6, 1 + 1e-6});
    check_number(push, "kl_standard_error", response.kl_standard_error.value_or(0), {0, kInfinity});
    check_number(push, "kl_own_row", response.kl_own_row.value_or(0), range_of(kKl, expected_.is_estimated));
    check_number(push, "kl_after", response.kl_after.value_or(0), range_of(kKl, expected_.is_estimated));
    for (const double error : response.kl_rows_standard_error)
      check_number(push, "a row's kl_standard_error", error, {0, kInfinity});
    for (size_t m = 0; m < kMeasures.size(); ++m) check_measure(push, response, m);
  }

  void check_number(const std::string& push, std::string_view name, double value, Range range) const {
    if (!std::isfinite(value))
      say(push, "{} is not finite", name);
    else if (value < range.low || value > range.high)
      say(push, "{} is {}, outside [{:.6g}, {:.6g}]", name, value, range.low, range.high);
  }

  void check_measure(const std::string& push, const ResponseRecord& response, size_t m) const {
    const Measure& measure = kMeasures[m];
    if (measure.type == RowType::kTokens) return check_tokens(push, response.rows[m], m);
    check_number(push, measure.name, response.means[m].value_or(0), range_of(m, expected_.is_estimated));
    const std::vector<double>& rows = response.rows[m];
    const Range range = range_of(m, expected_.is_estimated);
    const auto faults = std::count_if(rows.begin(), rows.end(), [&](double value) {
      return !std::isfinite(value) || value < range.low || value > range.high;
    });
    if (faults > 0)
      say(push, "{} of {} rows are not finite or out of range: {}", faults, rows.size(), measure.row_name);
    if (response.epsilon == 0 && std::any_of(rows.begin(), rows.end(), [](double v) { return v != 0; }))
      say(push, "nothing was pushed, and a row's {} is not zero", measure.row_name);
    check_mean(push, response, m);
  }

  // The rows that have a value are all of them, or those with a next token.
  void check_mean(const std::string& push, const ResponseRecord& response, size_t m) const {
    const Measure& measure = kMeasures[m];
    const std::vector<double>& rows = response.rows[m];
    if (!response.means[m] || rows.size() != measured_.row_tokens.size()) return;
    double sum = 0;
    double size = 0;
    double count = 0;
    for (size_t r = 0; r < rows.size(); ++r) {
      if (measure.rows == RowsWithValue::kWithNextToken && measured_.row_tokens[r] < 0) continue;
      sum += rows[r];
      size += std::abs(rows[r]);
      ++count;
    }
    if (count == 0) return;
    if (std::abs(sum / count - *response.means[m]) > row_rounding(measure.type) * (size / count) + 1e-40)
      say(push, "{} is {}, and the mean of its rows {}", measure.name, *response.means[m], sum / count);
  }

  // Pairs of a token and its change, the largest first; a short list ends in -1 and 0.
  void check_tokens(const std::string& push, const std::vector<double>& numbers, size_t m) const {
    for (size_t i = 0; i + 1 < numbers.size(); i += 2) {
      const auto token = static_cast<int32_t>(numbers[i]);
      if (token >= 0 && !expected_.tokens.contains(token))
        say(push, "{}: token {} is not in the table tokens", kMeasures[m].name, token);
      check_number(push, kMeasures[m].name, numbers[i + 1], range_of(m, expected_.is_estimated));
    }
  }

  const StoredPart& part_;
  const UnitMeasurement& measured_;
  const UnitExpectations& expected_;
  const std::function<void(std::string)>& fault_;
};

}  // namespace

void find_unit_faults(const StoredPart& part, const UnitMeasurement& measured,
                      const UnitExpectations& expected, const std::function<void(std::string)>& fault) {
  PartCheck(part, measured, expected, fault).run();
}

}  // namespace tugline
