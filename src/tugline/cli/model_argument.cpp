#include "tugline/cli/model_argument.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <utility>

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
    // The small files say nothing of the rate of those that are counted from now on.
    if (now.bytes_total != now_.bytes_total) {
      begun_ = Clock::now();
      received_before_ = now_.bytes_received;
    }
    now_ = now;
    if (now.bytes_received > 0 && line_.is_due()) show();
  }
  void say(const std::string& message) {
    line_.end();
    spdlog::info("{}", message);
  }
  // If anything was downloaded, says so.
  void finish() {
    if (now_.bytes_received > 0)
      say(fmt::format("fetched {} in {}", format_bytes(now_.bytes_received),
                      format_duration(seconds_since(start_))));
  }

 private:
  using Clock = std::chrono::steady_clock;
  static double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }
  void show() {
    const int64_t done = now_.bytes_kept + now_.bytes_received;
    const int64_t total = std::max(done, now_.bytes_total);
    std::string line =
        fmt::format("{} of {} ({:.0f} %)", format_bytes(done), format_bytes(total),
                    100.0 * static_cast<double>(done) / static_cast<double>(std::max<int64_t>(total, 1)));
    const double seconds = seconds_since(begun_);
    const auto received = static_cast<double>(now_.bytes_received - received_before_);
    constexpr double kEnough = 1;  // seconds, for an estimate
    if (seconds >= kEnough && received > 0)
      line += fmt::format(", {} a second, {} left", format_bytes(static_cast<int64_t>(received / seconds)),
                          format_duration(static_cast<double>(total - done) * seconds / received));
    line_.show(std::move(line));
  }

  FetchProgress now_ = {};
  int64_t received_before_ = 0;
  Clock::time_point start_ = Clock::now();
  Clock::time_point begun_ = start_;  // with the files that are counted now
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
  ModelSource source = obtain_model(argument, options_for(parts, progress));
  progress.finish();
  return source;
}

std::filesystem::path fetch_by_name(const std::string& argument) {
  const auto model = parse_hub_model(argument);
  if (!model)
    fail(ErrorCode::kUsage,
         "fetch: '{}' is no model's name on the hub; expected ORG/NAME or ORG/NAME@REVISION",
         excerpt(argument));
  DownloadProgress progress;
  std::filesystem::path folder = fetch_model(*model, options_for(ModelParts::kAll, progress));
  progress.finish();
  return folder;
}

}  // namespace tugline
