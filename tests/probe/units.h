// What the tests of units share: a tiny model on either backend, and a unit of its transcript's span [5, 9).
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "probe/tiny_probe.h"
#include "tugline/probe/unit.h"

namespace tugline::test {

inline constexpr int64_t kPlenty = int64_t{1} << 30;
inline constexpr double kF32 = 0x1p-24;  // the rounding of what rows keep, relative

class Units : public testing::TestWithParam<BackendKind> {
 protected:
  Probe probe_{"llama", GetParam()};

  [[nodiscard]] UnitMeasurement measure(const PushOptions& options, LayerIndex layer = {1},
                                        ReadoutKind readout = ReadoutKind::kPredicting,
                                        int64_t memory_limit = kPlenty) const {
    const SpanBase base = probe_.base({5, 9}, readout);
    return measure_unit(probe_.model, *probe_.baseline, base, layer, options,
                        {.example_hash = 5, .limits = {.memory = memory_limit}, .after_batch = {}});
  }
  // Between the rounding of one batch shape and another's.
  static void expect_close(const UnitMeasurement& found, const UnitMeasurement& expected) {
    ASSERT_EQ(found.responses.size(), expected.responses.size());
    for (size_t i = 0; i < found.responses.size(); ++i)
      EXPECT_NEAR(found.responses[i].kl(), expected.responses[i].kl(), 1e-5 * expected.responses[i].kl());
  }
};

inline PushOptions options(std::vector<double> epsilons = {0, 0.5, 2}, int32_t directions = 3) {
  return {.epsilons = std::move(epsilons),
          .directions = directions,
          .seed = 42,
          .sharing = DirectionSharing::kCommon,
          .supplied = {}};
}

}  // namespace tugline::test
