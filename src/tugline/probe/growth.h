// What a sweep still has to do at a unit of which the run has some parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tugline/probe/audit.h"
#include "tugline/probe/sweep.h"

namespace tugline {

struct MissingWork {
  std::vector<PushGrid> grids;  // to measure, each as a part of its own
  struct Audit {
    size_t part = 0;  // of those that the run has
    AuditedRange range;
  };
  std::vector<Audit> audits;  // of parts that were audited less than the sweep asks for
  [[nodiscard]] bool empty() const { return grids.empty() && audits.empty(); }
};

// `is_reached`: false if no push of the unit reaches a row that is read, so that there is nothing to audit.
// Parts that share no push with the sweep stay as they are.
[[nodiscard]] MissingWork missing_work(const SweepOptions& options, const UnitParts& parts, bool is_reached);

}  // namespace tugline
