// The audit: reruns some of a unit's pushes plainly, on values and in f64, and compares them with the replays on differences. The reference
// backend does it, on the same files. Of the f32 baseline it uses only the residual at the lowest site.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tugline/backend/f64_row.h"
#include "tugline/probe/unit.h"

namespace tugline {

// |found - exact| / scale; 1 where the scale is zero and the two differ, infinite where `found` is not finite.
[[nodiscard]] double disagreement(double found, double exact, double scale);

// Chooses the `count` pushes of a unit that are audited, or all if there are fewer; a function of seed and site alone. It chooses among
// pushes that f64 can judge: those with |epsilon| of at least 1e-6 (docs/method.md, "Audit").
[[nodiscard]] std::vector<PushIndex> choose_audited(const PushOptions& options, const UnitSite& site,
                                                    int64_t count);

// The number of pushes that are rerun at once. It limits the memory of their rows for every `count`.
inline constexpr int64_t kAuditedAtOnce = 8;

// Audits one example's units. All arguments must outlive it.
class Auditor {
 public:
  // `exact`: the model of `baseline` on the reference backend. Runs the transcript's first `tokens`, which must hold all audited rows, in f64
  // from the hook of the lowest of `layers` upwards. The baseline must have kept its residual there.
  Auditor(const Model& exact, const Model& model, const Baseline& baseline,
          std::span<const LayerIndex> layers, int64_t tokens, const ReadoutOptions& options = {});

  // Of a unit that was measured at `site` over `rows` with these options. What no push reaches is not audited.
  [[nodiscard]] AuditResult audit(const UnitMeasurement& unit, const ReplayRows& rows, const UnitSite& site,
                                  const PushOptions& options, int64_t count);

 private:
  // [pushes * rows.read()], push-major
  std::vector<F64Row> rerun(const std::vector<double>& vectors, const ReplayRows& rows, LayerIndex layer);

  // The base distributions of a span's rows. Kept for the next unit, which often has the same span.
  struct Base {
    ReplayRows rows;
    std::vector<double> final_normed;    // [rows.read(), hidden]
    std::vector<F64Base> distributions;  // [rows.read()]
    std::vector<int32_t> targets;
  };
  const Base& base_of(const ReplayRows& rows);

  const Model& exact_;
  const Baseline& audited_;  // the whole transcript, with the token after the last one that is rerun
  Baseline baseline_;
  ReadoutOptions options_;  // of the audited units
  double delta_bound_;      // of their differences: a flip within it of being another is a tie
  std::optional<Base> base_;
};

}  // namespace tugline
