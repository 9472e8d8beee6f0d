// What a unit makes of its backend's responses: the errors of a sampled vocabulary, and responses that come
// late.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "probe/units.h"
#include "support/expect_error.h"
#include "tugline/backend/cpu/cpu_backend.h"

namespace tugline::test {
namespace {

// The tiny model's vocabulary is no larger than a tail's sample: all of it is computed, and the error is
// zero.
TEST_P(Units, SampledVocabulariesHaveAStandardError) {
  const auto read = [&](Vocabulary vocabulary) {
    return read_span(probe_.model, *probe_.baseline, {5, 9}, ReadoutKind::kPredicting, {0},
                     {.vocabulary = vocabulary, .seed = 42, .example_hash = 5});
  };
  if (GetParam() == BackendKind::kReference) {
    expect_error(ErrorCode::kUnsupported, {"vocabulary", "sampled"},
                 [&] { (void)read(Vocabulary::kSampled); });
    return;
  }
  const UnitContext context{.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}};
  for (const LayerIndex layer : {LayerIndex{1}, LayerIndex{2}}) {
    const auto measured = [&](Vocabulary vocabulary) {
      return measure_unit(probe_.model, *probe_.baseline, read(vocabulary), layer, options(), context);
    };
    const UnitMeasurement sampled = measured(Vocabulary::kSampled);
    const UnitMeasurement exact = measured(Vocabulary::kExact);
    expect_close(sampled, exact);
    for (const ResponseRecord& response : exact.responses)
      EXPECT_EQ(response.kl_standard_error, std::nullopt);
    for (const ResponseRecord& response : sampled.responses) {
      EXPECT_EQ(response.kl_standard_error, 0.0);
      EXPECT_EQ(response.kl_rows_standard_error, std::vector<double>(4));
    }
  }
}

// Says how far a row's KL moves without each replicate of a sampled tail: r + g^2 for row r of a push.
class DeviatingBackend final : public cpu::CpuBackend {
 public:
  explicit DeviatingBackend(size_t rows) : CpuBackend(cpu::DifferenceProducts::kF32, {}), rows_(rows) {}
  static double deviation(size_t row, size_t g) {
    return static_cast<double>(row) + static_cast<double>(g * g);
  }
  std::unique_ptr<PendingResponses> submit_divergence(const Head& head, const Readout& base,
                                                      const ConstMatrix& dx) override {
    std::vector<RowResponse> responses = CpuBackend::submit_divergence(head, base, dx)->collect();
    for (size_t r = 0; r < responses.size(); ++r)
      for (size_t g = 0; g < responses[r].kl_deviations.size(); ++g)
        responses[r].kl_deviations[g] = deviation(r % rows_, g);
    return std::make_unique<Ready>(std::move(responses));
  }

 private:
  class Ready final : public PendingResponses {
   public:
    explicit Ready(std::vector<RowResponse> responses) : responses_(std::move(responses)) {}
    std::vector<RowResponse> collect() override { return std::move(responses_); }

   private:
    std::vector<RowResponse> responses_;
  };
  size_t rows_;
};

// The jackknife's variance is 15 / 16 times the sum of squares about the mean. With deviations of r + g^2 it
// is the same for each row, and the unit's is that of the mean deviation over all four rows: at the last
// layer, where three of them have not moved, a quarter of one row's.
TEST(SamplingErrors, AreTheJackknifes) {
  double squares = 0;
  for (size_t g = 0; g < 16; ++g)
    squares += std::pow(static_cast<double>(g * g) - 1240.0 / 16, 2);  // 1240: the sum of g^2
  const double error = std::sqrt(15.0 / 16 * squares);
  for (const auto& [layer, moved] : {std::pair{LayerIndex{1}, size_t{4}}, {LayerIndex{2}, size_t{1}}}) {
    DeviatingBackend backend(moved);
    const Model model = load_tiny("llama", backend);
    const Baseline baseline(model, std::vector<int32_t>{3, 41, 5, 90, 17, 17, 0, 95, 62, 8},
                            std::vector<LayerIndex>{layer});
    const SpanBase base = read_span(model, baseline, {5, 9}, ReadoutKind::kPredicting, layer,
                                    {.vocabulary = Vocabulary::kSampled, .seed = 42, .example_hash = 5});
    const UnitMeasurement unit =
        measure_unit(model, baseline, base, layer, options({0.5}, 2),
                     {.example_hash = 5, .limits = {.memory = kPlenty}, .after_batch = {}});
    ASSERT_EQ(unit.responses.size(), 2U);
    for (const ResponseRecord& response : unit.responses) {
      for (size_t row = 0; row < 4; ++row)
        EXPECT_NEAR(response.kl_rows_standard_error.at(row), row < moved ? error : 0, kF32 * error);
      EXPECT_NEAR(response.kl_standard_error.value(), error * static_cast<double>(moved) / 4, 1e-12 * error);
    }
  }
}

// Computes divergences when they are collected, as late as a device may.
class LateBackend final : public cpu::CpuBackend {
 public:
  LateBackend() : CpuBackend(cpu::DifferenceProducts::kF32, {}) {}
  std::unique_ptr<PendingResponses> submit_divergence(const Head& head, const Readout& base,
                                                      const ConstMatrix& dx) override {
    return std::make_unique<Late>(
        [this, &head, &base, dx] { return CpuBackend::submit_divergence(head, base, dx)->collect(); });
  }

 private:
  class Late final : public PendingResponses {
   public:
    explicit Late(std::function<std::vector<RowResponse>()> compute) : compute_(std::move(compute)) {}
    std::vector<RowResponse> collect() override { return compute_(); }

   private:
    std::function<std::vector<RowResponse>()> compute_;
  };
};

// The next batch's vectors are made before a batch's responses are collected; they must not touch what a
// device still reads.
TEST(LateBackends, GiveTheSameUnits) {
  std::vector<UnitMeasurement> units;
  for (const bool late : {false, true}) {
    const std::unique_ptr<Backend> backend =
        late ? std::make_unique<LateBackend>() : make_backend(BackendKind::kCpu);
    const Model model = load_tiny("llama", *backend);
    const Baseline baseline(model, std::vector<int32_t>{3, 41, 5, 90, 17, 17, 0, 95, 62, 8},
                            std::vector<LayerIndex>{{1}});
    const SpanBase base = read_span(model, baseline, {5, 9}, ReadoutKind::kPredicting, {1});
    units.push_back(
        measure_unit(model, baseline, base, {1}, options({0.5, 2}, 5),
                     {.example_hash = 5, .limits = {.rows = 12, .memory = kPlenty}, .after_batch = {}}));
  }
  ASSERT_EQ(units[1].responses.size(), 10U);
  for (size_t i = 0; i < units[0].responses.size(); ++i)
    EXPECT_EQ(units[0].responses[i].rows, units[1].responses[i].rows);
}

}  // namespace
}  // namespace tugline::test
