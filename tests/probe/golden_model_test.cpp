// Responses of SmolLM2, a real model; minutes on the reference backend.
#include <map>

#include "probe/golden_responses.h"
#include "tugline/probe/unit.h"

namespace tugline {
namespace {

INSTANTIATE_TEST_SUITE_P(Smol, GoldenResponses,
                         testing::Values(Setup{"smollm2", Precision::kF64}, Setup{"smollm2", Precision::kF32},
                                         Setup{"smollm2", Precision::kBf16},
                                         Setup{"smollm2", Precision::kBf16, Bf16Products::kNative}),
                         [](const auto& setup) { return name_of_setup(setup.param); });

// The golden pushes of a case over a sampled vocabulary.
UnitMeasurement measure_sampled(const Model& model, const test::GoldenCase& golden, uint64_t seed) {
  const Baseline baseline(model, golden.ids, std::span(&golden.layer, 1));
  const SpanBase base = read_span(model, baseline, golden.span, ReadoutKind::kPredicting, golden.layer,
                                  {.vocabulary = Vocabulary::kSampled, .seed = seed, .example_hash = 1});
  const PushOptions options{.epsilons = golden.epsilons,
                            .directions = static_cast<int32_t>(golden.directions.size()),
                            .supplied = {.rows = golden.directions}};
  return measure_unit(model, baseline, base, golden.layer, options,
                      {.limits = {.memory = int64_t{1} << 32}, .after_batch = {}});
}

// Over the goldens and two samples: the mean KL of a span, over the directions, is within 5e-3 of the exact
// one, each push's within six of its standard errors (of 16 replicates: Student's t with 15 degrees of
// freedom passes that once in 40,000); and errors are as large as their standard errors say.
TEST(SampledVocabulary, MeanKlOfASpanIsNearTheExactOne) {
  const auto shared = shared_dir();
  const auto path = cached_file("SmolLM2-135M-Instruct.Q4_1.gguf");
  if (!shared || !path)
    GTEST_SKIP() << "the goldens (TUGLINE_SHARED_DIR) or SmolLM2 (scripts/fetch_smollm2.py) are not here";
  const auto backend = make_cpu_backend();
  const Model model = Model::load(resolve_model(path->string()), *backend);
  double squares = 0;
  double worst_mean = 0;
  int pushes = 0;
  for (const test::GoldenCase& golden :
       test::load_golden(*shared / "golden", "smollm2", model.config().hidden_size)) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      std::map<double, std::pair<double, double>> sums;  // found, expected
      for (const ResponseRecord& response : measure_sampled(model, golden, seed).responses) {
        const auto e = std::find(golden.epsilons.begin(), golden.epsilons.end(), response.epsilon);
        const double expected = mean(golden.predicting.kl[static_cast<size_t>(response.direction)]
                                                         [static_cast<size_t>(e - golden.epsilons.begin())]);
        sums[response.epsilon].first += response.kl();
        sums[response.epsilon].second += expected;
        if (response.epsilon == 0) continue;
        EXPECT_NEAR(response.kl(), expected, 6 * response.kl_standard_error.value())
            << "layer " << golden.layer.value << " epsilon " << response.epsilon << " seed " << seed;
        squares += std::pow((response.kl() - expected) / response.kl_standard_error.value(), 2);
        ++pushes;
      }
      for (const auto& [epsilon, sum] : sums) {
        EXPECT_NEAR(sum.first, sum.second, 5e-3 * sum.second)
            << "layer " << golden.layer.value << " epsilon " << epsilon << " seed " << seed;
        if (sum.second > 0) worst_mean = std::max(worst_mean, std::abs(sum.first / sum.second - 1));
      }
    }
  }
  const double spread = std::sqrt(squares / pushes);
  std::printf("largest relative error of a span's mean KL: %.2e; errors over standard errors, rms: %.2f\n",
              worst_mean, spread);
  EXPECT_GT(spread, 0.6);
  EXPECT_LT(spread, 1.6);
}

// A push of a quarter RMS: plain bf16 finds rounding noise tens of times the effect.
TEST_P(GoldenPlainBf16, FindsNoiseWhereTheEffectIsSmall) {
  for (const MeanKl& one : at(0.25)) EXPECT_GT(one.found / one.expected, 20) << one.layer.value;
}

INSTANTIATE_TEST_SUITE_P(Smol, GoldenPlainBf16, testing::Values(Setup{"smollm2", Precision::kPlainBf16}),
                         [](const auto& setup) { return name_of_setup(setup.param); });

}  // namespace
}  // namespace tugline
