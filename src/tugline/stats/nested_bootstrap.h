// The nested bootstrap: examples are drawn with replacement, then within each drawn example its spans, then
// within each drawn span its directions. Gives the resampled means of many columns at once, so that contrasts
// between columns or groups come from the same resamples. The method and its sources: docs/statistics.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tugline {

struct BootstrapOptions {
  int64_t resamples = 10'000;
  uint64_t seed = 42;
};

struct NestedSpan {
  int64_t example = 0;
  int32_t group = 0;                    // such as the span's kind
  std::span<const double> values = {};  // [directions, columns]
};

struct NestedSample {
  int32_t groups = 1;
  int32_t directions = 0;              // of every span
  size_t columns = 0;                  // of every direction
  std::vector<NestedSpan> spans = {};  // sorted by example, then group; the draws depend on the order
};

// What has the same weight in a mean.
enum class NestedWeight {
  kSpan,     // each drawn span: the mean of the span means, as curves have it
  kExample,  // each drawn example: the mean over examples of their mean over spans
};

// Means of every resample: [resamples, groups, columns].
class BootstrapMeans {
 public:
  BootstrapMeans(int64_t resamples, int32_t groups, size_t columns)
      : resamples_(resamples), groups_(groups), columns_(columns) {
    means_.resize(static_cast<size_t>(resamples) * static_cast<size_t>(groups) * columns);
  }
  [[nodiscard]] int64_t resamples() const { return resamples_; }
  // [columns] of one group. NaN if the resample has no span of the group.
  [[nodiscard]] std::span<double> row(int64_t resample, int32_t group) {
    return std::span(means_).subspan(offset(resample, group), columns_);
  }
  [[nodiscard]] std::span<const double> row(int64_t resample, int32_t group) const {
    return std::span(means_).subspan(offset(resample, group), columns_);
  }
  // One value for each resample, in their order; resamples without a span of the group are left out.
  [[nodiscard]] std::vector<double> column(int32_t group, size_t column) const;

 private:
  [[nodiscard]] size_t offset(int64_t resample, int32_t group) const {
    return (static_cast<size_t>(resample) * static_cast<size_t>(groups_) + static_cast<size_t>(group)) *
           columns_;
  }
  int64_t resamples_;
  int32_t groups_;
  size_t columns_;
  std::vector<double> means_;
};

// Computes the means of all resamples, in parallel. Resample r draws from its own Philox stream, keyed by
// (seed, purpose, r), and sums in the order of the sample. The result therefore does not depend on threads.
[[nodiscard]] BootstrapMeans bootstrap_means(const NestedSample& sample, NestedWeight weight,
                                             const BootstrapOptions& options, std::string_view purpose);

// The percentile interval that holds kConfidence of the resampled values (Efron & Tibshirani, An introduction
// to the bootstrap, 1993, section 13.3). An end that is not finite is absent, and so is all of it if there
// are no values.
struct PercentileInterval {
  std::optional<double> low = {};
  std::optional<double> high = {};
  std::optional<double> standard_error = {};  // standard deviation of the values; absent if one is not finite
};
[[nodiscard]] PercentileInterval percentile_interval(std::vector<double> values);

}  // namespace tugline
