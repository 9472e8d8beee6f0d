// Loops over threads: every index once, and an exception comes out as out of a plain loop.
#include "tugline/core/parallel_for.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tugline/core/error.h"

namespace tugline {
namespace {

constexpr int64_t kCount = 1000;

template <Schedule schedule>
void expect_every_index_once(Team team) {
  std::vector<std::atomic<int>> calls(kCount);
  parallel_for<schedule>(
      kCount, [&](int64_t i) { ++calls[static_cast<size_t>(i)]; }, team);
  for (const std::atomic<int>& count : calls) EXPECT_EQ(count, 1);
}

TEST(ParallelFor, CallsEveryIndexOnce) {
  for (const Team team : {Team::kAll, Team::kOne}) {
    expect_every_index_once<Schedule::kStatic>(team);
    expect_every_index_once<Schedule::kInterleaved>(team);
    expect_every_index_once<Schedule::kDynamic>(team);
  }
  parallel_for(0, [](int64_t) { FAIL() << "there is nothing to call it for"; });
}

TEST(ParallelFor, ThrowsTheFirstExceptionAndBeginsNoFurtherCall) {
  std::atomic<int64_t> calls = 0;
  try {
    parallel_for<Schedule::kDynamic>(kCount, [&](int64_t i) {
      ++calls;
      if (i == 0) throw std::runtime_error("at 0");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the others are not done when 0 throws
    });
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_EQ(error.what(), std::string("at 0"));
  }
  EXPECT_LT(calls, kCount);
}

TEST(ParallelFor, MemoryThatRunsOutIsAnError) {
  const auto expect_out_of_memory = [](const auto& loop) {
    try {
      loop();
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kIo);
      EXPECT_STREQ(error.what(), kOutOfMemory);
    }
  };
  expect_out_of_memory([] { parallel_for(kCount, [](int64_t) { throw std::bad_alloc(); }); });
  // A thread that cannot make its state runs none of its indices.
  expect_out_of_memory([] {
    parallel_for_with(
        kCount, []() -> int { throw std::bad_alloc(); },
        [](int, int64_t) { FAIL() << "there is no state to run with"; });
  });
}

TEST(ParallelFor, GivesEachThreadAStateOfItsOwn) {
  std::atomic<int64_t> sum = 0;
  parallel_for_with(
      kCount, [] { return std::vector<int64_t>(); },
      [&](std::vector<int64_t>& mine, int64_t i) {
        mine.push_back(i);
        sum += mine.back();
      });
  EXPECT_EQ(sum, kCount * (kCount - 1) / 2);
}

}  // namespace
}  // namespace tugline
