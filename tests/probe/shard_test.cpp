// Shards of a plan: nothing lost, nothing twice, and no other deal has a cheaper costliest shard.
#include "tugline/probe/shard.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <limits>

#include "probe/shapes.h"
#include "tugline/probe/plan.h"

namespace tugline::test {
namespace {

SweepOptions made_options(int32_t directions = 5) {
  SweepOptions options;
  options.layers = {{1}, {3}};
  options.pushes.epsilons = {0, 1, 2};
  options.pushes.directions = directions;
  return options;
}

// Examples with so many chunks each, of lengths that differ; their spans are told apart by their tokens and
// example.
struct MadePlan {
  explicit MadePlan(const std::vector<int64_t>& lengths, size_t spans_an_example, int64_t first_prompt = 10)
      : examples(lengths.size()), prompt(first_prompt) {
    for (size_t i = 0; i < lengths.size(); ++i) {
      if (i % spans_an_example == 0) add_example();
      PlannedExample& planned = plan.examples.back();
      const auto begin = static_cast<int64_t>(planned.ids.size());
      planned.ids.resize(planned.ids.size() + static_cast<size_t>(lengths[i]));
      planned.spans.push_back({.kind = Span::Kind::kChunk,
                               .chunk = static_cast<int64_t>(planned.spans.size()),
                               .tokens = {begin, begin + lengths[i]},
                               .text = {}});
    }
  }
  void add_example() {
    const size_t index = plan.examples.size();
    examples[index].index = static_cast<int64_t>(index);
    plan.examples.emplace_back();
    plan.examples.back().example = &examples[index];
    plan.examples.back().ids.assign(static_cast<size_t>(index == 0 ? prompt : 10), 0);
  }
  std::vector<Example> examples;
  int64_t prompt;  // tokens before the first example's spans; the others have 10
  SweepPlan plan;
};

std::vector<UnitKey> keys_of(const SweepPlan& plan) {
  std::vector<UnitKey> keys;
  for (const PlannedExample& planned : plan.examples)
    for (const Span& span : planned.spans) keys.push_back(unit_key(planned, span, {0}));
  return keys;
}

double flops_of(const SweepPlan& plan, const SweepOptions& options) {
  return cost_of(small_shape(), plan, options, no_parts).flops();
}

// Spans [begin, end) of the plan, counted over all its examples.
SweepPlan slice(SweepPlan plan, size_t begin, size_t end) {
  size_t at = 0;
  for (PlannedExample& planned : plan.examples) {
    std::vector<Span> kept;
    for (const Span& span : planned.spans) {
      if (at >= begin && at < end) kept.push_back(span);
      ++at;
    }
    planned.spans = kept;
  }
  return plan;
}

// The costliest shard's FLOPs in the best deal of the spans from `begin` on, by trying all.
double least_bottleneck(const SweepPlan& plan, const SweepOptions& options, size_t begin, int64_t count) {
  const size_t spans = keys_of(plan).size();
  if (count == 1) return flops_of(slice(plan, begin, spans), options);
  double best = std::numeric_limits<double>::infinity();
  for (size_t end = begin; end <= spans; ++end)
    best = std::min(best, std::max(flops_of(slice(plan, begin, end), options),
                                   least_bottleneck(plan, options, end, count - 1)));
  return best;
}

// With few pushes, what a span's pushes share and the baseline of an example count for as much as the pushes.
RC_GTEST_PROP(Shards, HoldEachSpanOnceInThePlansOrderAndAreAsEvenAsCanBe, ()) {
  const auto lengths = *rc::gen::resize(
      8, rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(rc::gen::inRange<int64_t>(1, 40))));
  const MadePlan made(lengths, *rc::gen::inRange<size_t>(1, 4), *rc::gen::inRange<int64_t>(2, 150));
  const auto count = *rc::gen::inRange<int64_t>(1, 4);
  const SweepOptions options = made_options(*rc::gen::element(1, 5));
  std::vector<UnitKey> dealt;
  double costliest = 0;
  for (int64_t number = 1; number <= count; ++number) {
    const SweepPlan part = plan_of_shard(small_shape(), made.plan, options, {number, count});
    RC_ASSERT(part.examples.size() == made.plan.examples.size());
    for (const UnitKey& key : keys_of(part)) dealt.push_back(key);
    costliest = std::max(costliest, flops_of(part, options));
  }
  RC_ASSERT(dealt == keys_of(made.plan));
  // The deal's limit is found to 2^-40 of the whole.
  RC_ASSERT(costliest <=
            least_bottleneck(made.plan, options, 0, count) + 1e-9 * flops_of(made.plan, options));
}

TEST(Shards, AreEmptyWhereThereAreMoreThanSpans) {
  const MadePlan made({5, 5, 5}, 2);
  int64_t empty = 0;
  for (int64_t number = 1; number <= 5; ++number) {
    const SweepPlan part = plan_of_shard(small_shape(), made.plan, made_options(), {number, 5});
    EXPECT_LE(part.spans(), 1);
    empty += part.spans() == 0 ? 1 : 0;
  }
  EXPECT_EQ(empty, 2);
}

TEST(Shards, KeepWholeExamplesWhereThatIsAsCheap) {
  const MadePlan made({20, 20, 20, 20}, 2);
  for (const int64_t number : {1, 2}) {
    const SweepPlan part = plan_of_shard(small_shape(), made.plan, made_options(), {number, 2});
    EXPECT_EQ(part.examples.at(static_cast<size_t>(number - 1)).spans.size(), 2U);
    EXPECT_EQ(part.spans(), 2);
  }
}

// The last span's pushes alone cost less than the first example, so that the second would stay whole. With
// what its pushes share, the last span costs more.
TEST(Shards, CountWhatASpansPushesShare) {
  const MadePlan made({1, 1, 5, 20}, 2, 40);
  const SweepOptions options = made_options(1);
  EXPECT_EQ(plan_of_shard(small_shape(), made.plan, options, {1, 2}).spans(), 3);
  EXPECT_EQ(plan_of_shard(small_shape(), made.plan, options, {2, 2}).spans(), 1);
}

TEST(Shards, KeepWhatWasSkipped) {
  MadePlan made({5, 5}, 1);
  made.plan.examples[0].skipped = "no anchor";
  made.plan.examples[0].spans.clear();
  made.plan.examples[1].skipped_spans = {
      {.example = 1, .span_kind = "chunk", .chunk = 7, .reason = "not found"}};
  for (const int64_t number : {1, 2}) {
    const SweepPlan part = plan_of_shard(small_shape(), made.plan, made_options(), {number, 2});
    EXPECT_EQ(part.examples.at(0).skipped, "no anchor");
    EXPECT_EQ(part.examples.at(1).skipped, "");
    EXPECT_EQ(part.examples.at(1).skipped_spans.size(), 1U);
  }
}

// Every shard needs the statistics of all transcripts, or its directions would be others.
TEST(Shards, CountTheStatisticsOfAllTranscripts) {
  const MadePlan made({20, 20}, 1);
  SweepOptions options = made_options();
  const SweepPlan part = plan_of_shard(small_shape(), made.plan, options, {2, 2});
  const auto shared = [&] { return cost_of(small_shape(), part, options, no_parts).shared_work.total(); };
  const double without = shared();
  options.pushes.family = DirectionFamily::kDifference;
  EXPECT_NEAR(shared() - without, 2 * residual_pass_work(small_shape(), 30, 4).total(), 1e-9 * without);
}

}  // namespace
}  // namespace tugline::test
