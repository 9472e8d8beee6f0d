// Batches: equal shapes that cover a unit, limits that hold.
#include "tugline/probe/batches.h"

#include <gtest/gtest.h>

#include "probe/shapes.h"
#include "tugline/core/error.h"
#include "tugline/probe/memory_needs.h"

namespace tugline::test {
namespace {

constexpr int64_t kPlenty = int64_t{1} << 40;

ReplayRows rows_of(int64_t count) { return {.push = {10}, .count = count, .first_read = 0}; }

// As many batches as full ones would be, and no two sizes but the last's differ.
TEST(Batches, AreEqualAndCoverTheUnit) {
  for (int64_t pushes = 1; pushes < 200; ++pushes) {
    const int64_t each = batch_pushes(small_shape(), rows_of(25), pushes, {.rows = 400, .memory = kPlenty});
    const int64_t batches = (pushes + each - 1) / each;
    EXPECT_LE(each * 25, 400) << pushes;
    EXPECT_EQ(batches, (pushes + 15) / 16) << pushes;
    EXPECT_LT(batches * each - pushes, batches) << pushes << ": the last lacks fewer than one a batch";
  }
}

TEST(Batches, HoldOnePushAtLeast) {
  EXPECT_EQ(batch_pushes(small_shape(), rows_of(5000), 7, {.rows = 400, .memory = kPlenty}), 1);
}

TEST(Batches, StayWithinTheMemoryLimit) {
  const ModelConfig config = small_shape();
  int64_t limit = 0;
  const auto fits = [&](int64_t bytes) {
    try {
      check_memory_limit(config, rows_of(25), bytes);
      return true;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::kUsage);
      return false;
    }
  };
  for (int64_t step = int64_t{1} << 30; step > 0; step /= 2)
    if (!fits(limit + step)) limit += step;
  const int64_t one_push = limit + 1;
  EXPECT_GT(one_push, batch_bytes(config, rows_of(25), 1));
  EXPECT_EQ(batch_pushes(config, rows_of(25), 100, {.rows = 10'000, .memory = 3 * one_push}), 3);
  EXPECT_THROW((void)batch_pushes(config, rows_of(25), 100, {.rows = 10'000, .memory = one_push - 1}), Error);
}

}  // namespace
}  // namespace tugline::test
