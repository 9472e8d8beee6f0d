#include "tugline/files/hub/retries.h"

#include <algorithm>
#include <thread>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"

namespace tugline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kMostFailures = 5;
constexpr seconds kLongestPause{8};
constexpr seconds kMostPatience{120};

}  // namespace

void Retries::wait_after(const TransientFailure& failure) {
  ++failures_;
  if (failures_ >= kMostFailures)
    fail(ErrorCode::kIo, "{}; tried {} times. What was fetched is kept: the same command goes on from there",
         failure.what(), failures_);
  const seconds pause = failure.wait ? *failure.wait : std::min(kLongestPause, seconds(1 << (failures_ - 1)));
  if (pause > kMostPatience)
    fail(ErrorCode::kIo, "{}; the server asks to wait {}: run the same command then", failure.what(),
         counted(pause.count(), "second"));
  if (say_) say_(fmt::format("{}; trying again in {}", failure.what(), counted(pause.count(), "second")));
  const auto end = std::chrono::steady_clock::now() + pause;
  while (std::chrono::steady_clock::now() < end) {
    client_.check_interruption();
    std::this_thread::sleep_for(milliseconds(50));
  }
}

}  // namespace tugline
