// The audit: some of a unit's pushes once more, plainly, on values and in f64, from the site upwards. What replays on differences make of
// them must agree. The reference backend does it, on the same files; nothing of f32 enters but what lies below the lowest site.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tugline/probe/unit.h"

namespace tugline {

// The disagreement that a unit of this precision ("f32", "bf16") stays below; nothing for "plain-bf16", which is known to be noise.
[[nodiscard]] std::optional<double> audit_bound(std::string_view precision);

// The same for one unit: where its vocabulary was sampled, five of the largest relative standard error of its responses are added.
[[nodiscard]] std::optional<double> audit_bound_of(const UnitRecord& unit, std::string_view precision);

// |kl - exact| / exact; 1 where the exact one is zero and the other is not.
[[nodiscard]] double disagreement(double kl, double exact);

// Which `count` of a unit's pushes are audited, all of them where there are fewer: a function of seed and site alone. Only such as f64
// can judge: those whose |epsilon| is 1e-6 at least (docs/method.md, "Audit").
[[nodiscard]] std::vector<PushIndex> choose_audited(const PushOptions& options, const UnitSite& site,
                                                    int64_t count);

// Pushes that are rerun at once, so that their rows take little memory whatever `count` is.
inline constexpr int64_t kAuditedAtOnce = 8;

// Audits one example's units. All arguments must outlive it.
class Auditor {
 public:
  // `exact`: the model of `baseline` on the reference backend. Runs the transcript's first `tokens`, which hold all rows that will be
  // audited, in f64 from the hook of the lowest of `layers` up; the baseline kept its residual there.
  Auditor(const Model& exact, const Model& model, const Baseline& baseline,
          std::span<const LayerIndex> layers, int64_t tokens, double temperature = 1);

  // Fills in `audited` and `audit_disagreement` of a unit that was measured at `site` over `rows` with these options. What no push reaches is
  // not audited.
  void audit(UnitRecord& unit, const ReplayRows& rows, const UnitSite& site, const PushOptions& options,
             int64_t count);

 private:
  // The responses' means over the rows.
  std::vector<double> rerun(const std::vector<double>& vectors, const ReplayRows& rows, LayerIndex layer);

  // What the rows of a span predict without a push. Kept for the next unit, which often is of the same span.
  struct Base {
    ReplayRows rows;
    std::vector<double> final_normed;  // [rows.read(), hidden]
    std::unique_ptr<Readout> readout;
  };
  const Base& base_of(const ReplayRows& rows);

  const Model& exact_;
  Baseline baseline_;
  double temperature_;
  std::optional<Base> base_;
};

}  // namespace tugline
