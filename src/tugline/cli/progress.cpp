#include "tugline/cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

#include "tugline/core/plural.h"

namespace tugline {
Progress::Progress(int64_t total_pushes, double total_flops)
    : total_(total_pushes), total_flops_(total_flops) {}

void Progress::add(int64_t pushes, double flops) {
  done_ += pushes;
  done_flops_ += flops;
  if (done_ == 0) return;  // what comes before the first push tells nothing of the rate
  if (line_.is_due() || done_ >= total_) show();
}

void Progress::show() {
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  const double rate = static_cast<double>(done_) / elapsed;
  const double left = std::max(0.0, total_flops_ - done_flops_) / done_flops_ * elapsed;
  const std::string rate_text = rate < 10 ? fmt::format("{:.2g}", rate) : fmt::format("{:.0f}", rate);
  line_.show(fmt::format("{} of {} ({:.0f} %), {} a second, {} left{}{}", done_, counted(total_, "push"),
                         100.0 * static_cast<double>(done_) / static_cast<double>(total_), rate_text,
                         format_duration(left), what_.empty() ? "" : "; ", what_));
}

}  // namespace tugline
