#include "tugline/probe/sinks.h"

#include <gtest/gtest.h>

namespace tugline::test {
namespace {

TEST(MedianSize, OfOddAndEvenNumbers) {
  EXPECT_EQ(median_size({3}), 3);
  EXPECT_EQ(median_size({9, 1, 4}), 4);
  EXPECT_EQ(median_size({9, 1, 4, 2}), 3);
}

TEST(SinkTokens, AreTheFirstAndTheVeryLong) {
  EXPECT_EQ(sink_tokens(std::vector<double>{1, 1, 1, 10, 10.5, 1, 1}),
            (std::vector<bool>{true, false, false, false, true, false, false}));
  EXPECT_TRUE(sink_tokens({}).empty());
}

}  // namespace
}  // namespace tugline::test
