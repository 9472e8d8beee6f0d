// What a readout asks the backend for: the key of a vocabulary's sample, which rows and how they are
// compared.
#include "tugline/probe/readout.h"

#include <gtest/gtest.h>

#include "probe/tiny_probe.h"
#include "tugline/backend/cpu/cpu_backend.h"

namespace tugline::test {
namespace {

// Keeps the settings of the last readout.
class KeepingBackend final : public cpu::CpuBackend {
 public:
  KeepingBackend() : CpuBackend(cpu::DifferenceProducts::kF32, {}) {}
  std::unique_ptr<Readout> make_readout(const Head& head, const ConstMatrix& x,
                                        std::span<const int32_t> targets,
                                        const ReadoutSettings& settings) override {
    kept = settings;
    return CpuBackend::make_readout(head, x, targets, settings);
  }
  ReadoutSettings kept;
};

class SampledReadouts : public testing::Test {
 protected:
  KeepingBackend backend_;
  Model model_ = load_tiny("llama", backend_);
  Baseline baseline_{model_, {3, 41, 5, 90, 17, 17, 0, 95, 62, 8, 33, 54, 2}, std::vector<LayerIndex>{{0}}};
  ReadoutOptions options_{.vocabulary = Vocabulary::kSampled, .seed = 42, .example_hash = 5};

  [[nodiscard]] PhiloxStream stream_of(TokenRange span, const ReadoutChoice& readout = {},
                                       PushPlace place = {}) {
    (void)read_baseline(model_, baseline_, replay_rows(span, readout, baseline_.tokens(), place), options_);
    return backend_.kept.sampling.value().stream;
  }
};

TEST_F(SampledReadouts, AreKeyedBySeedExampleAndTheRowsThatAreRead) {
  const PhiloxStream first = stream_of({5, 9});
  EXPECT_EQ(first.key, 42U);
  EXPECT_EQ(stream_of({5, 9}).stream, first.stream);
  EXPECT_NE(stream_of({4, 9}).stream, first.stream);
  EXPECT_NE(stream_of({5, 10}).stream, first.stream);
  EXPECT_NE(stream_of({5, 9}, ReadoutKind::kFollowing).stream, first.stream);
  // The same rows, read of another span.
  EXPECT_EQ(stream_of({4, 8}, ReadoutKind::kFollowing).stream, first.stream);
  options_.seed = 43;
  EXPECT_EQ(stream_of({5, 9}).key, 43U);
  options_.example_hash = 6;
  EXPECT_NE(stream_of({5, 9}).stream, first.stream);
}

TEST_F(SampledReadouts, HaveTheSizesThatTheIdentityNames) {
  (void)stream_of({5, 9});
  const TailSampling sampling = backend_.kept.sampling.value();
  EXPECT_EQ(sampling.head_remainder, kHeadRemainder);
  EXPECT_EQ(sampling.most_head, kMostHead);
  EXPECT_EQ(sampling.tail_tokens, kTailTokens);
  options_.vocabulary = Vocabulary::kExact;
  (void)read_baseline(model_, baseline_, replay_rows({5, 9}, ReadoutKind::kPredicting, 13), options_);
  EXPECT_EQ(backend_.kept.sampling, std::nullopt);
}

}  // namespace
}  // namespace tugline::test
