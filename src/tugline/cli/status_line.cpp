#include "tugline/cli/status_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>

#include "tugline/cli/terminal.h"

namespace tugline {
namespace {

// A log that cannot be written (a full disk) is no reason to end the work.
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

StatusLine::StatusLine() : is_live_(isatty(STDERR_FILENO) != 0) {}

StatusLine::~StatusLine() { end(); }

bool StatusLine::is_due() const {
  const auto pause = is_live_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10'000);
  return Clock::now() - shown_ >= pause;
}

void StatusLine::show(std::string line) {
  shown_ = Clock::now();
  if (!is_live_) return say(line + "\n");
  // A line that wraps could not be rewritten.
  if (const size_t columns = columns_of_standard_error(); columns > 1 && line.size() >= columns)
    line.resize(columns - 1);
  say("\r\x1b[K" + line);
  is_open_ = true;
}

void StatusLine::end() {
  if (is_open_) say("\n");
  is_open_ = false;
}

}  // namespace tugline
