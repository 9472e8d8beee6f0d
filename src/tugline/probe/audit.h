// The audit: reruns some of a unit's pushes plainly, on values and in f64, and compares them with the replays
// on differences. The reference backend does it, on the same files. From the f32 baseline it takes the
// residual at the site, the keys and values of the rows before the pushed one, and the base distributions,
// which it checks.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tugline/backend/f64_row.h"
#include "tugline/probe/unit.h"

namespace tugline {

// |found - exact| / scale; 1 where the scale is zero and the two differ, infinite where `found` is not
// finite.
[[nodiscard]] double disagreement(double found, double exact, double scale);

// The pushes that f64 can judge: those with |epsilon| of at least 1e-6 (docs/method.md, "Audit").
[[nodiscard]] int64_t auditable_pushes(const PushGrid& grid);
// Chooses `count` of these, or all if there are fewer; a function of the grid, the seed and the site alone.
// More begin with the same ones.
[[nodiscard]] std::vector<UnitPush> choose_audited(const PushGrid& grid, uint64_t seed, const UnitSite& site,
                                                   int64_t count);

// A range [begin, end) of the chosen pushes, in their order. Those before `begin` are audited already.
struct AuditedRange {
  int64_t begin = 0;
  int64_t end = 0;
};

// The number of pushes that are rerun at once. It limits the memory of their rows for every `count`.
inline constexpr int64_t kAuditedAtOnce = 8;

// Audits one example's units. All arguments must outlive it.
class Auditor {
 public:
  // `exact`: the model of `baseline` on the reference backend. The transcript's first `tokens` must hold all
  // audited rows.
  Auditor(const Model& exact, const Model& model, const Baseline& baseline, int64_t tokens,
          const ReadoutOptions& options = {});

  // Audits a unit, or a part of it, that was measured at `site` over `rows` with these options. What no push
  // reaches is not audited. Errors: NotFinite if the rerun is not finite.
  [[nodiscard]] AuditResult audit(const UnitMeasurement& unit, const ReplayRows& rows, const UnitSite& site,
                                  const PushOptions& options, AuditedRange range);

 private:
  struct Rerun {
    std::vector<F64Row> rows;  // [pushes * rows.read()], push-major
    // How far the f32 baseline's final rows are from those that f64 computes from the site upwards: the
    // largest row's relative distance.
    double base_error = 0;
  };
  Rerun rerun(const std::vector<double>& vectors, const ReplayRows& rows, LayerIndex layer);

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
