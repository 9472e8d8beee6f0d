// Memory that runs out in a parallel loop of a backend: an Error each time, and the backend goes on to the
// same numbers.
#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "support/failing_allocations.h"
#include "tugline/probe/audit.h"
#include "tugline/probe/unit.h"

namespace tugline::test {
namespace {

enum class Kind { kF32, kBf16, kPlainBf16, kReference };

std::unique_ptr<Backend> backend_of(Kind kind) {
  switch (kind) {
    case Kind::kF32:
      return make_cpu_backend();
    case Kind::kBf16:
      return make_cpu_backend({.precision = Precision::kBf16, .bf16_products = Bf16Products::kEmulated});
    case Kind::kPlainBf16:
      return make_cpu_backend({.precision = Precision::kPlainBf16});
    case Kind::kReference:
      break;
  }
  return make_reference_backend();
}

class AllocationFailures : public testing::TestWithParam<Kind> {
 protected:
  // A baseline, a span and a unit of pushes; the pushes' KLs.
  [[nodiscard]] static std::vector<double> measure(const Model& model, Vocabulary vocabulary) {
    const std::vector<LayerIndex> layers{{0}};
    const Baseline baseline(model, {3, 41, 5, 90, 17, 17, 0, 95}, layers);
    const SpanBase base =
        read_span(model, baseline, {4, 7}, ReadoutKind::kPredicting, {0}, {.vocabulary = vocabulary});
    const UnitMeasurement unit =
        measure_unit(model, baseline, base, {0}, {.epsilons = {1}, .directions = 2, .supplied = {}},
                     {.limits = {.memory = int64_t{1} << 30}, .after_batch = {}});
    std::vector<double> kl;
    for (const ResponseRecord& response : unit.responses) kl.push_back(response.kl());
    return kl;
  }
};

TEST_P(AllocationFailures, WhileWeightsAreLoaded) {
  const auto backend = backend_of(GetParam());
  const int64_t failures = fail_each_parallel_allocation([&] { (void)load_tiny("llama_biases", *backend); });
  if (GetParam() != Kind::kReference) {
    EXPECT_GT(failures, 0) << "the reference backend loads no matrices";
  }
}

TEST_P(AllocationFailures, WhilePushesAreMeasured) {
  const auto backend = backend_of(GetParam());
  const Model model = load_tiny("qwen3", *backend);
  const std::vector<double> expected = measure(model, Vocabulary::kExact);
  EXPECT_GT(fail_each_parallel_allocation([&] { (void)measure(model, Vocabulary::kExact); }), 0);
  EXPECT_EQ(measure(model, Vocabulary::kExact), expected);
}

// The reference backend has no sampling.
class SampledAllocationFailures : public AllocationFailures {};

TEST_P(SampledAllocationFailures, WhileAVocabularyIsSampled) {
  const auto backend = backend_of(GetParam());
  const Model model = load_tiny("llama", *backend);
  const std::vector<double> expected = measure(model, Vocabulary::kSampled);
  // A new model each time, since a head's norms are read once.
  EXPECT_GT(fail_each_parallel_allocation(
                [&] { (void)measure(load_tiny("llama", *backend), Vocabulary::kSampled); }, 20),
            0);
  EXPECT_EQ(measure(model, Vocabulary::kSampled), expected);
}

std::string name_of_kind(const testing::TestParamInfo<Kind>& each) {
  constexpr std::array kNames{"F32", "Bf16", "PlainBf16", "Reference"};
  return kNames[static_cast<size_t>(each.param)];
}

INSTANTIATE_TEST_SUITE_P(Backends, AllocationFailures,
                         testing::Values(Kind::kF32, Kind::kBf16, Kind::kPlainBf16, Kind::kReference),
                         name_of_kind);
INSTANTIATE_TEST_SUITE_P(Backends, SampledAllocationFailures,
                         testing::Values(Kind::kF32, Kind::kBf16, Kind::kPlainBf16), name_of_kind);

}  // namespace
}  // namespace tugline::test
