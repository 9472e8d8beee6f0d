#include "tugline/store/audit_bounds.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "tugline/core/error.h"

namespace tugline {

std::optional<ByMeasure<double>> audit_bounds(std::string_view precision) {
  if (precision == "plain-bf16") return std::nullopt;
  if (precision != "f32" && precision != "bf16")
    fail(ErrorCode::kInput, "precision '{}' has no bound for its audit; known are f32, bf16, plain-bf16",
         precision);
  ByMeasure<double> bounds{};
  for (size_t m = 0; m < kMeasures.size(); ++m)
    bounds[m] = precision == "f32" ? kMeasures[m].f32_bound : kMeasures[m].bf16_bound;
  return bounds;
}

std::optional<ByMeasure<double>> audit_bounds_of(const std::vector<ResponseRecord>& responses,
                                                 std::string_view precision) {
  std::optional<ByMeasure<double>> bounds = audit_bounds(precision);
  double largest = 0;
  bool is_sampled = false;
  for (const ResponseRecord& response : responses) {
    is_sampled = is_sampled || response.kl_standard_error.has_value();
    if (response.kl() > 0)
      largest = std::max(largest, response.kl_standard_error.value_or(0) / response.kl());
  }
  if (!bounds || !is_sampled) return bounds;
  constexpr double kFirstOrderInTail = 0.01;
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (m != measure_named("top1_flips")) (*bounds)[m] += 5 * largest;
  for (const size_t m : {measure_named("total_variation"), measure_named("entropy_change")})
    (*bounds)[m] += kFirstOrderInTail;
  return bounds;
}

std::vector<size_t> beyond_bounds(const AuditResult& audit, const ByMeasure<double>& bounds) {
  std::vector<size_t> beyond;
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (audit.disagreements[m].value_or(0) > bounds[m]) beyond.push_back(m);
  return beyond;
}

std::string disagreements_text(const ByMeasure<std::optional<double>>& disagreements) {
  std::vector<std::string> parts;
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (const auto found = disagreements[m])
      parts.push_back(fmt::format("{} {:.1e}", kMeasures[m].name, *found));
  return fmt::format("{}", fmt::join(parts, ", "));
}

void take_larger(ByMeasure<std::optional<double>>& largest, const ByMeasure<std::optional<double>>& other) {
  for (size_t m = 0; m < kMeasures.size(); ++m) largest[m] = std::max(largest[m], other[m]);
}

}  // namespace tugline
