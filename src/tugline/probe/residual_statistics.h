// Statistics of the residuals of a dataset's transcripts at one site: mean, variances, principal components,
// and a sample of real ones. Direction families use them (probe/direction_family). Sums are f64. The same
// transcripts in the same order give the same bits with any number of threads.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace tugline {

// A residual as the model computed it.
struct RealResidual {
  uint64_t example_hash = 0;  // Example::content_hash
  int64_t position = 0;
  std::vector<double> values;  // [hidden]
};

// The number of real residuals that are kept for a layer; the seed decides which ones.
inline constexpr int64_t kSampledResiduals = 1024;
// The share of the total variance that the components of the covariance's factor hold.
inline constexpr double kFactorVariance = 0.99;

struct ResidualStatistics {
  int64_t tokens = 0;            // that were counted
  int64_t sinks = 0;             // that were left out (probe/sinks)
  std::vector<double> mean;      // [hidden]
  std::vector<double> variance;  // [hidden], of each component, divided by tokens - 1
  // If the covariance was requested: its unit eigenvectors and eigenvalues, largest first, without those
  // below 1e-12 of the largest. Each vector's largest component is positive.
  std::vector<std::vector<double>> components;
  std::vector<double> component_variances;
  int64_t factor_rank = 0;  // components that hold kFactorVariance of the variance
  std::vector<RealResidual> sample;
  // A sentence if a residual of the layer is not finite; the layer has no statistics then.
  std::string not_finite = {};
};

enum class Moments { kVariances, kCovariance };

class ResidualAccumulator {
 public:
  // The seed decides the sample.
  ResidualAccumulator(int64_t hidden, uint64_t seed, Moments moments);
  ~ResidualAccumulator();
  ResidualAccumulator(ResidualAccumulator&&) noexcept;
  ResidualAccumulator& operator=(ResidualAccumulator&&) noexcept;

  // One transcript's residuals, [tokens * hidden].
  void add(uint64_t example_hash, std::span<const double> residuals);
  // Errors (kInput): fewer than two tokens that are not sinks.
  [[nodiscard]] ResidualStatistics finish() const;

 private:
  struct Sums;
  using SampleKey = std::tuple<double, uint64_t, int64_t>;  // priority, example, position

  void offer(uint64_t example_hash, int64_t position, std::span<const double> values);

  int64_t hidden_;
  uint64_t seed_;
  int64_t sinks_ = 0;
  std::unique_ptr<Sums> sums_;
  std::map<SampleKey, std::vector<double>> sample_;
};

}  // namespace tugline
