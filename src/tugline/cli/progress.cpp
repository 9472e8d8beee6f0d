#include "tugline/cli/progress.h"

#include <fmt/format.h>

#include "tugline/core/plural.h"

namespace tugline {

void ProgressLine::show(const CallProgress& progress) {
  const int64_t total = progress.all_pushes;
  // A unit's end comes after its last batch was told; what comes before the first push tells nothing of the
  // rate.
  if (progress.pushes == done_ || progress.work <= 0) return;
  done_ = progress.pushes;
  if (!line_.is_due() && done_ < total) return;
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = static_cast<double>(done_) / elapsed;
  const std::string rate_text = rate < 10 ? fmt::format("{:.2g}", rate) : fmt::format("{:.0f}", rate);
  line_.show(fmt::format("{} of {} ({:.0f} %), {} a second, {} left{}", done_, counted(total, "push"),
                         100.0 * static_cast<double>(done_) / static_cast<double>(total), rate_text,
                         format_duration((1 - progress.work) / progress.work * elapsed),
                         progress.unit.empty() ? "" : fmt::format("; {} done", progress.unit)));
}

}  // namespace tugline
