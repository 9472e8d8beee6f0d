// A push moved away from its span, or on tokens of the span: what is read stays the span's, and every row is
// what a full rerun gives.
#include <gtest/gtest.h>

#include <array>

#include "probe/tiny_probe.h"
#include "tugline/probe/unit.h"

namespace tugline::test {
namespace {

constexpr TokenRange kSpan{5, 9};
constexpr double kEpsilon = 2;

class MovedPushes : public testing::TestWithParam<BackendKind> {
 protected:
  Probe probe_{"llama", GetParam()};
  Probe exact_{"llama", BackendKind::kReference};
  Rerun unpushed_ = rerun(exact_.model, exact_.ids, std::nullopt);

  [[nodiscard]] UnitMeasurement measure(LayerIndex layer, const ReadoutChoice& readout,
                                        PushPlace place) const {
    SpanBase base = read_rows(probe_.model, *probe_.baseline,
                              replay_rows(kSpan, readout, probe_.baseline->tokens(), place), LayerIndex{0});
    base.span = kSpan;
    const PushOptions options{.epsilons = {kEpsilon}, .directions = 2, .supplied = {}};
    return measure_unit(probe_.model, *probe_.baseline, base, layer, options,
                        {.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}});
  }

  // Each token by the same direction, epsilon and its own RMS.
  [[nodiscard]] Rerun pushed(TokenRange landed, LayerIndex layer, int32_t direction) const {
    const std::vector<double> v = isotropic_direction(
        {.seed = 42, .example_hash = 5, .span = kSpan, .layer = layer, .direction = direction}, 24);
    std::vector<double> vectors;
    for (int64_t token = landed.begin; token < landed.end; ++token)
      for (const double x : v) vectors.push_back(x * kEpsilon * exact_.rms(layer, {token}));
    return rerun(exact_.model, exact_.ids, Push{layer, {landed.begin}, vectors});
  }

  void expect_rerun(LayerIndex layer, const ReadoutChoice& readout, PushPlace place) {
    const UnitMeasurement unit = measure(layer, readout, place);
    const TokenRange read = readout_positions(kSpan, readout, probe_.baseline->tokens());
    TokenRange landed = landing(kSpan, place.at);
    landed = {landed.begin + place.offset, landed.end + place.offset};
    EXPECT_EQ(unit.position, landed.begin);
    expect_rms(unit, layer, landed);
    ASSERT_EQ(unit.rows.size(), static_cast<size_t>(read.size()));
    // docs/method.md: f32 replays are right to some 1e-5 of a row; the rerun's own logits to 1e-15.
    const double relative = GetParam() == BackendKind::kReference ? 1e-8 : 1e-4;
    for (const ResponseRecord& response : unit.responses) {
      const Rerun after = pushed(landed, layer, response.direction);
      double mean = 0;
      for (size_t i = 0; i < unit.rows.size(); ++i) {
        EXPECT_EQ(unit.rows[i], read.begin + static_cast<int64_t>(i));
        const double kl = compare(exact_.model, unpushed_, after, unit.rows[i], unit.row_tokens[i]).kl;
        EXPECT_NEAR(response.rows[kKl][i], kl, relative * kl + 1e-12) << "row " << unit.rows[i];
        mean += kl / static_cast<double>(unit.rows.size());
        if (unit.rows[i] < unit.position) {
          EXPECT_EQ(response.rows[kKl][i], 0);
        }
      }
      EXPECT_NEAR(response.kl(), mean, relative * mean + 1e-12);
      expect_own_and_after(unit, response, landed);
    }
  }

  // The root of the tokens' mean square.
  void expect_rms(const UnitMeasurement& unit, LayerIndex layer, TokenRange landed) const {
    double squares = 0;
    for (int64_t token = landed.begin; token < landed.end; ++token)
      squares += exact_.rms(layer, {token}) * exact_.rms(layer, {token});
    EXPECT_NEAR(unit.rms, std::sqrt(squares / static_cast<double>(landed.size())), 1e-6 * unit.rms);
  }

  // The mean over the rows that are pushed, and over those after them.
  static void expect_own_and_after(const UnitMeasurement& unit, const ResponseRecord& response,
                                   TokenRange landed) {
    std::array<double, 2> sums{};
    std::array<double, 2> counts{};
    for (size_t i = 0; i < unit.rows.size(); ++i) {
      if (unit.rows[i] < landed.begin) continue;
      const size_t part = unit.rows[i] < landed.end ? 0 : 1;
      sums[part] += response.rows[kKl][i];
      ++counts[part];
    }
    const double f32 = std::ldexp(1, -24);  // what rows keep is rounded, and the means are not
    ASSERT_EQ(response.kl_own_row.has_value(), counts[0] > 0);
    ASSERT_EQ(response.kl_after.has_value(), counts[1] > 0);
    if (counts[0] > 0) {
      EXPECT_NEAR(*response.kl_own_row, sums[0] / counts[0], f32 * *response.kl_own_row);
    }
    if (counts[1] > 0) {
      EXPECT_NEAR(*response.kl_after, sums[1] / counts[1], f32 * *response.kl_after);
    }
  }
};

TEST_P(MovedPushes, UnitsEqualTheFullRerun) {
  for (const LayerIndex layer : probe_.all_layers())
    for (const ReadoutChoice& readout :
         {ReadoutChoice(ReadoutKind::kPredicting), ReadoutChoice(ReadoutKind::kFollowing),
          ReadoutChoice(ReadoutKind::kDownstream), ReadoutChoice(ReadoutKind::kDownstream, 2)})
      for (const int64_t offset : {-4, -2, -1, 0, 1, 2, 3}) expect_rerun(layer, readout, {.offset = offset});
}

TEST_P(MovedPushes, UnitsOnTokensOfTheSpanEqualTheFullRerun) {
  for (const LayerIndex layer : probe_.all_layers())
    for (const ReadoutChoice& readout :
         {ReadoutChoice(ReadoutKind::kPredicting), ReadoutChoice(ReadoutKind::kFollowing),
          ReadoutChoice(ReadoutKind::kDownstream, 3)})
      for (const PushAt at : {PushAt::kFirst, PushAt::kLast, PushAt::kEvery})
        for (const int64_t offset : {-2, -1, 0, 1}) {
          const bool is_seen = landing(kSpan, at).begin + offset < readout_positions(kSpan, readout, 13).end;
          if (is_seen) expect_rerun(layer, readout, {.at = at, .offset = offset});
        }
}

// At the last layer a push moves its own row only: none of the readout where it lands before it.
TEST_P(MovedPushes, TheLastLayerIsOutOfReachBeforeTheReadout) {
  const LayerIndex last{2};
  EXPECT_NE(measure(last, ReadoutKind::kPredicting, {.offset = -1}).note, "");
  const UnitMeasurement unit = measure(last, ReadoutKind::kPredicting, {.offset = 2});
  EXPECT_EQ(unit.note, "");
  for (const ResponseRecord& response : unit.responses) {
    EXPECT_GT(response.rows[kKl][2], 0);
    EXPECT_EQ(response.rows[kKl][1], 0);
    EXPECT_EQ(response.rows[kKl][3], 0);
  }
}

// Lists of tokens are those of the rows that moved; the row before the push has none.
TEST_P(MovedPushes, ListsOfTokensAreAtTheirRows) {
  SpanBase base = read_rows(probe_.model, *probe_.baseline,
                            replay_rows(kSpan, ReadoutKind::kPredicting, 13, {.at = PushAt::kFirst}),
                            LayerIndex{0}, {.asked = {.moved = 2}});
  base.span = kSpan;
  const UnitMeasurement unit = measure_unit(
      probe_.model, *probe_.baseline, base, {0}, {.epsilons = {kEpsilon}, .directions = 2, .supplied = {}},
      {.example_hash = 5, .limits = {.memory = int64_t{1} << 30}, .after_batch = {}});
  for (const ResponseRecord& response : unit.responses)
    for (const size_t m : {measure_named("rose"), measure_named("fell")}) {
      const std::vector<double>& numbers = response.rows[m];
      ASSERT_EQ(numbers.size(), 4U * 2 * 2);
      for (size_t row = 0; row < 4; ++row)
        for (size_t k = 0; k < 2; ++k) {
          EXPECT_EQ(numbers[(row * 2 + k) * 2] >= 0, row > 0) << kMeasures[m].name << ", row " << row;
          EXPECT_EQ(numbers[(row * 2 + k) * 2 + 1] != 0, row > 0);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Backends, MovedPushes, testing::Values(BackendKind::kReference, BackendKind::kCpu),
                         [](const auto& kind) {
                           return kind.param == BackendKind::kCpu ? "cpu" : "reference";
                         });

}  // namespace
}  // namespace tugline::test
