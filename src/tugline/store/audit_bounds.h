// The disagreements that an audit may find in a correct unit (docs/method.md, "Audit").
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

// For each measure the largest disagreement that is expected in a precision ("f32", "bf16"); no value for
// "plain-bf16", which has rounding noise. Errors: kInput for any other.
[[nodiscard]] std::optional<ByMeasure<double>> audit_bounds(std::string_view precision);

// The same for one unit. A sampled vocabulary adds five of the largest relative standard error of the unit's
// KLs to all measures but flips, and a hundredth to what is of first order in the push, whose part in the
// tail is larger than KL's.
[[nodiscard]] std::optional<ByMeasure<double>> audit_bounds_of(const std::vector<ResponseRecord>& responses,
                                                               std::string_view precision);

// The measures whose disagreement is beyond its bound.
[[nodiscard]] std::vector<size_t> beyond_bounds(const AuditResult& audit, const ByMeasure<double>& bounds);

// "kl 3.1e-06, kl_reverse 3.0e-06, ...": those that have a value.
[[nodiscard]] std::string disagreements_text(const ByMeasure<std::optional<double>>& disagreements);

// The larger of two, measure by measure.
void take_larger(ByMeasure<std::optional<double>>& largest, const ByMeasure<std::optional<double>>& other);

}  // namespace tugline
