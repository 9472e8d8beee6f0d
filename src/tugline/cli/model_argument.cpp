#include "tugline/cli/model_argument.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

#include "tugline/cli/interrupt.h"
#include "tugline/cli/status_line.h"
#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"

namespace tugline {
namespace {

// "1.53 GB": as the hub's pages count.
std::string format_bytes(int64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (value >= 1e9) return fmt::format("{:.2f} GB", value / 1e9);
  if (value >= 1e6) return fmt::format("{:.1f} MB", value / 1e6);
  if (value >= 1e3) return fmt::format("{:.1f} kB", value / 1e3);
  return fmt::format("{} bytes", bytes);
}

class DownloadProgress {
 public:
  void update(const FetchProgress& now) {
    if (now.bytes_received == 0) return;
    const int64_t done = now.bytes_kept + now.bytes_received;
    if (!line_.is_due()) return;
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    const double rate = static_cast<double>(now.bytes_received) / std::max(seconds, 1e-3);
    const int64_t left = std::max<int64_t>(0, now.bytes_total - done);
    line_.show(fmt::format(
        "{} of {} ({:.0f} %), {} a second, {} left", format_bytes(done),
        format_bytes(std::max(done, now.bytes_total)),
        100.0 * static_cast<double>(done) / static_cast<double>(std::max(done, now.bytes_total)),
        format_bytes(static_cast<int64_t>(rate)), format_duration(static_cast<double>(left) / rate)));
  }
  void say(const std::string& message) {
    line_.end();
    spdlog::info("{}", message);
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
  StatusLine line_ = {};
};

FetchOptions options_for(ModelParts parts, DownloadProgress& progress) {
  return {.parts = parts,
          .on_progress = [&progress](const FetchProgress& now) { progress.update(now); },
          .on_message = [&progress](const std::string& message) { progress.say(message); },
          .keep_going = [] { return !interrupted(); }};
}

}  // namespace

ModelSource find_model(const std::string& argument, ModelParts parts) {
  DownloadProgress progress;
  return obtain_model(argument, options_for(parts, progress));
}

std::filesystem::path fetch_by_name(const std::string& argument) {
  const auto model = parse_hub_model(argument);
  if (!model)
    fail(ErrorCode::kUsage,
         "fetch: '{}' is no model's name on the hub; expected ORG/NAME or ORG/NAME@REVISION",
         excerpt(argument));
  DownloadProgress progress;
  return fetch_model(*model, options_for(ModelParts::kAll, progress));
}

}  // namespace tugline
