// The cost model against sums made by counting each product of a small shape by hand.
#include "tugline/probe/cost.h"

#include <gtest/gtest.h>

#include "probe/shapes.h"
#include "tugline/probe/reach.h"

namespace tugline::test {
namespace {

// Multiplications and additions of one row's projections in one layer: q, k and v; output; gate, up and down.
constexpr double kRowLinear = 2.0 * (24 * (48 + 16 + 16) + 48 * 24 + 3 * 24 * 50);

Site after(int32_t layer) { return {{layer}, Hook::kResidPost}; }

// Every (row, key) pair that a causal mask lets through, met by `own` products a key of the push's own rows
// and by two of the prefix's.
double counted_attention(int64_t pushes, int64_t rows, int64_t prefix, int own) {
  double flops = 0;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t key = 0; key < prefix + row + 1; ++key) flops += (key < prefix ? 2 : own) * 2.0 * 6 * 8;
  return static_cast<double>(pushes) * flops;
}

TEST(Cost, OfALayerIsThatOfItsProducts) {
  const RowLayout layout{.pushes = 3, .rows = 7, .first_position = 11};
  const Work values = layer_work(small_shape(), layout);
  EXPECT_DOUBLE_EQ(values.linear, 21 * kRowLinear);
  EXPECT_DOUBLE_EQ(values.attention, counted_attention(3, 7, 11, 2));
  EXPECT_EQ(values.head, 0);
  const Work differences = layer_difference_work(small_shape(), layout);
  EXPECT_DOUBLE_EQ(differences.linear, values.linear);
  EXPECT_DOUBLE_EQ(differences.attention, counted_attention(3, 7, 11, 4));
}

TEST(Cost, OfPushesIsTheLayersAboveAndTheReadRowsOfTheHead) {
  const ReplayRows rows{.push = {11}, .count = 7, .first_read = 1};
  const Work work = push_work(small_shape(), rows, after(2), 3);
  EXPECT_DOUBLE_EQ(work.linear, 2 * 21 * kRowLinear);
  EXPECT_DOUBLE_EQ(work.attention, 2 * counted_attention(3, 7, 11, 4));
  EXPECT_DOUBLE_EQ(work.head, 3 * 6 * 2.0 * 24 * 100);
  EXPECT_DOUBLE_EQ(work.total(), work.linear + work.attention + work.head);
}

// A window leaves the prefix's last width - 1 rows to be seen.
TEST(Cost, OfALayerWithAWindowIsThatOfTheRowsItSees) {
  ModelConfig config = small_shape();
  config.sliding_window = SlidingWindow{.width = 5, .first_layer = 4};
  const ReplayRows rows{.push = {11}, .count = 7, .first_read = 1};
  EXPECT_DOUBLE_EQ(push_work(config, rows, after(2), 3).attention,
                   counted_attention(3, 7, 11, 4) + counted_attention(3, 7, 4, 4));
}

TEST(Cost, OfAHookIsTheBlocksAboveIt) {
  const ReplayRows rows{.push = {11}, .count = 7, .first_read = 0};
  const auto work = [&](Hook hook) { return push_work(small_shape(), rows, {{2}, hook}, 3); };
  const Work post = work(Hook::kResidPost);
  const Work mid = work(Hook::kResidMid);
  EXPECT_DOUBLE_EQ(mid.linear - post.linear, 21 * 2.0 * 3 * 24 * 50) << "its own layer's MLP block";
  EXPECT_DOUBLE_EQ(mid.attention, post.attention);
  const Work pre = work(Hook::kResidPre);
  EXPECT_DOUBLE_EQ(pre.linear, push_work(small_shape(), rows, after(1), 3).linear);
  EXPECT_DOUBLE_EQ(pre.attention, push_work(small_shape(), rows, after(1), 3).attention);
  EXPECT_FALSE(
      out_of_reach(small_shape(), {.push = {11}, .count = 8, .first_read = 1}, {{4}, Hook::kResidPre}));
  EXPECT_TRUE(
      out_of_reach(small_shape(), {.push = {11}, .count = 8, .first_read = 1}, {{4}, Hook::kResidMid}));
}

TEST(Cost, OfASampledVocabularyIsTheSamplesTokens) {
  const ReplayRows rows{.push = {11}, .count = 7, .first_read = 0};
  ModelConfig config = small_shape();
  const auto head = [&](Vocabulary vocabulary) {
    return push_work(config, rows, after(2), 1, vocabulary).head;
  };
  EXPECT_EQ(head(Vocabulary::kSampled), head(Vocabulary::kExact))
      << "a vocabulary that the sample holds whole";
  config.vocab_size = 1'000'000;
  EXPECT_DOUBLE_EQ(head(Vocabulary::kSampled), 7 * 2.0 * 24 * static_cast<double>(kMostHead + kTailTokens));
}

TEST(Cost, AtTheLastLayerIsThePushedRowsHead) {
  const ModelConfig config = small_shape();
  const ReplayRows rows{.push = {11}, .count = 7, .first_read = 0};
  EXPECT_EQ(replayed_rows(config, rows, after(3)), rows);
  const ReplayRows last = replayed_rows(config, rows, after(4));
  EXPECT_EQ(last.count, 1);
  EXPECT_EQ(last.push, rows.push);
  EXPECT_DOUBLE_EQ(push_work(config, last, after(4), 3).total(), 3 * 2.0 * 24 * 100);
  EXPECT_FALSE(out_of_reach(config, rows, after(4)));
  EXPECT_TRUE(out_of_reach(config, {.push = {11}, .count = 8, .first_read = 1}, after(4)));
}

TEST(Cost, OfASpanAndATextIsPaidOnce) {
  const ReplayRows rows{.push = {11}, .count = 7, .first_read = 0};
  const Work span = span_work(small_shape(), rows, after(1));
  EXPECT_DOUBLE_EQ(span.total(), 3 * (7 * kRowLinear + counted_attention(1, 7, 11, 2)) + 7 * 2.0 * 24 * 100);
  EXPECT_DOUBLE_EQ(baseline_work(small_shape(), 20).total(),
                   5 * (20 * kRowLinear + counted_attention(1, 20, 0, 2)));
}

}  // namespace
}  // namespace tugline::test
