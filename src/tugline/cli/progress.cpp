#include "tugline/cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tugline/cli/terminal.h"
#include "tugline/core/plural.h"

namespace tugline {
namespace {

// A log that cannot be written (a full disk) is no reason to end a sweep.
void say(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace

std::string format_duration(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

Progress::Progress(int64_t total_pushes, double total_flops)
    : total_(total_pushes), total_flops_(total_flops), live_(isatty(STDERR_FILENO) != 0) {}

Progress::~Progress() {
  if (live_ && done_ > 0) say("\n");
}

void Progress::add(int64_t pushes, double flops) {
  done_ += pushes;
  done_flops_ += flops;
  if (done_ == 0) return;  // what comes before the first push tells nothing of the rate
  // A terminal can be rewritten often; a log should stay readable after hours.
  const auto pause = live_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10'000);
  if (Clock::now() - shown_ < pause && done_ < total_) return;
  shown_ = Clock::now();
  show();
}

void Progress::show() {
  const double elapsed = std::chrono::duration<double>(shown_ - start_).count();
  const double rate = static_cast<double>(done_) / elapsed;
  const double left = std::max(0.0, total_flops_ - done_flops_) / done_flops_ * elapsed;
  const std::string rate_text = rate < 10 ? fmt::format("{:.2g}", rate) : fmt::format("{:.0f}", rate);
  std::string line =
      fmt::format("{} of {} ({:.0f} %), {} a second, {} left{}{}", done_, counted(total_, "push"),
                  100.0 * static_cast<double>(done_) / static_cast<double>(total_), rate_text,
                  format_duration(left), what_.empty() ? "" : "; ", what_);
  if (live_) {
    // A line that wraps could not be rewritten.
    if (const size_t columns = columns_of_standard_error(); columns > 1 && line.size() >= columns)
      line.resize(columns - 1);
    say("\r\x1b[K" + line);
  } else {
    say(line + "\n");
  }
}

}  // namespace tugline
