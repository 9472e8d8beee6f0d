#include "tugline/probe/growth.h"

#include <algorithm>

namespace tugline {

MissingWork missing_work(const SweepOptions& options, const UnitParts& parts, bool is_reached) {
  MissingWork work;
  PushGrid wanted = whole_grid(options.pushes);
  if (parts.empty()) {
    work.grids.push_back(std::move(wanted));
    return work;
  }
  const bool needs_pushes = parts.front().grid.size() > 0;
  if (!needs_pushes) return work;
  std::sort(wanted.epsilons.begin(), wanted.epsilons.end());
  work.grids = missing_grids(wanted, parts);
  for (size_t part = 0; part < parts.size() && is_reached; ++part) {
    const int64_t most = std::min(options.audit, auditable_pushes(parts[part].grid));
    if (parts[part].audited < most && parts[part].grid.shares_a_push(wanted))
      work.audits.push_back({.part = part, .range = {.begin = parts[part].audited, .end = most}});
  }
  return work;
}

}  // namespace tugline
