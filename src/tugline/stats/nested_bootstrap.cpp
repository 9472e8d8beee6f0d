#include "tugline/stats/nested_bootstrap.h"

#include <Eigen/Dense>
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <limits>

#include "tugline/core/parallel_for.h"
#include "tugline/stats/intervals.h"
#include "tugline/stats/quantile.h"
#include "tugline/stats/resampling.h"

namespace tugline {
namespace {

// Spans [begin, end) of the sample: those of one example and one group.
struct SpanBlock {
  size_t begin = 0;
  size_t end = 0;
  int32_t group = 0;
};

std::vector<std::vector<SpanBlock>> blocks_of_examples(const NestedSample& sample) {
  std::vector<std::vector<SpanBlock>> examples;
  for (size_t i = 0; i < sample.spans.size(); ++i) {
    const NestedSpan& span = sample.spans[i];
    const bool is_new_example = i == 0 || span.example != sample.spans[i - 1].example;
    if (is_new_example) examples.emplace_back();
    if (is_new_example || span.group != sample.spans[i - 1].group)
      examples.back().push_back({.begin = i, .end = i, .group = span.group});
    examples.back().back().end = i + 1;
  }
  return examples;
}

// How often a resample holds each direction of each span.
struct Counts {
  std::vector<uint32_t> directions = {};  // [spans, directions]
  std::vector<uint32_t> spans = {};
  std::vector<int64_t> groups = {};  // drawn spans of each
};

class Resampler {
 public:
  Resampler(const NestedSample& sample, NestedWeight weight)
      : sample_(sample), weight_(weight), examples_(blocks_of_examples(sample)) {
    for (const auto& blocks : examples_)
      for (const SpanBlock& block : blocks)
        for (size_t i = block.begin; i < block.end; ++i) siblings_.push_back(block.end - block.begin);
  }

  [[nodiscard]] Counts empty_counts() const {
    return {
        .directions = std::vector<uint32_t>(sample_.spans.size() * static_cast<size_t>(sample_.directions)),
        .spans = std::vector<uint32_t>(sample_.spans.size()),
        .groups = std::vector<int64_t>(static_cast<size_t>(sample_.groups))};
  }

  void draw(PhiloxSequence random, Counts& counts) const {
    std::fill(counts.directions.begin(), counts.directions.end(), 0U);
    std::fill(counts.spans.begin(), counts.spans.end(), 0U);
    std::fill(counts.groups.begin(), counts.groups.end(), 0);
    for (size_t slot = 0; slot < examples_.size(); ++slot) {
      const auto& blocks = examples_[random.below(static_cast<uint32_t>(examples_.size()))];
      for (const SpanBlock& block : blocks) draw_spans(random, block, counts);
    }
  }

  // The means of what was drawn, into `means` [groups, columns].
  void average(const Counts& counts, std::span<double> means) const {
    std::fill(means.begin(), means.end(), 0.0);
    const auto directions = static_cast<size_t>(sample_.directions);
    for (size_t span = 0; span < sample_.spans.size(); ++span) {
      if (counts.spans[span] == 0) continue;
      const NestedSpan& nested = sample_.spans[span];
      double* sum = means.data() + static_cast<size_t>(nested.group) * sample_.columns;
      for (size_t direction = 0; direction < directions; ++direction) {
        const uint32_t count = counts.directions[span * directions + direction];
        if (count > 0)
          add_row(weight_of(span, count), nested.values.data() + direction * sample_.columns, sum);
      }
    }
    for (size_t group = 0; group < counts.groups.size(); ++group) {
      const double total = total_weight(counts.groups[group]);
      for (double& mean : means.subspan(group * sample_.columns, sample_.columns)) mean /= total;
    }
  }

 private:
  void draw_spans(PhiloxSequence& random, const SpanBlock& block, Counts& counts) const {
    const auto directions = static_cast<uint32_t>(sample_.directions);
    const auto spans = static_cast<uint32_t>(block.end - block.begin);
    counts.groups[static_cast<size_t>(block.group)] += spans;
    for (uint32_t slot = 0; slot < spans; ++slot) {
      const size_t span = block.begin + random.below(spans);
      ++counts.spans[span];
      uint32_t* drawn = counts.directions.data() + span * directions;
      for (uint32_t i = 0; i < directions; ++i) ++drawn[random.below(directions)];
    }
  }

  [[nodiscard]] double weight_of(size_t span, uint32_t count) const {
    return weight_ == NestedWeight::kSpan ? count : count / static_cast<double>(siblings_[span]);
  }

  // The sum of a group's weights, which makes its sum a mean. Not a number if nothing was drawn.
  [[nodiscard]] double total_weight(int64_t drawn_spans) const {
    if (drawn_spans == 0) return std::numeric_limits<double>::quiet_NaN();
    return static_cast<double>(sample_.directions) *
           static_cast<double>(weight_ == NestedWeight::kSpan ? drawn_spans
                                                              : static_cast<int64_t>(examples_.size()));
  }

  void add_row(double weight, const double* row, double* sum) const {
    const auto columns = static_cast<Eigen::Index>(sample_.columns);
    Eigen::Map<Eigen::ArrayXd>(sum, columns) += weight * Eigen::Map<const Eigen::ArrayXd>(row, columns);
  }

  const NestedSample& sample_;
  NestedWeight weight_;
  std::vector<std::vector<SpanBlock>> examples_;
  std::vector<size_t> siblings_;  // spans in each span's example and group, itself included
};

}  // namespace

std::vector<double> BootstrapMeans::column(int32_t group, size_t column) const {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(resamples_));
  for (int64_t resample = 0; resample < resamples_; ++resample) {
    const double value = row(resample, group)[column];
    if (!std::isnan(value)) values.push_back(value);
  }
  return values;
}

BootstrapMeans bootstrap_means(const NestedSample& sample, NestedWeight weight,
                               const BootstrapOptions& options, std::string_view purpose) {
  assert(!sample.spans.empty() && sample.directions > 0);
  const Resampler resampler(sample, weight);
  BootstrapMeans means(options.resamples, sample.groups, sample.columns);
  parallel_for_with(
      options.resamples, [&] { return resampler.empty_counts(); },
      [&](Counts& counts, int64_t resample) {
        resampler.draw(resampling_numbers(options.seed, purpose, resample), counts);
        const std::span<double> first = means.row(resample, 0);
        resampler.average(counts, {first.data(), first.size() * static_cast<size_t>(sample.groups)});
      });
  return means;
}

PercentileInterval percentile_interval(std::vector<double> values) {
  constexpr std::array<double, 2> kTails{(1 - kConfidence) / 2, (1 + kConfidence) / 2};
  PercentileInterval interval;
  if (values.size() < 2) return interval;
  const bool all_finite =
      std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  if (all_finite) {
    // n - 1 in the variance: mean_of_independent's s, without the root of n.
    const MeanEstimate mean = mean_of_independent(values);
    interval.standard_error = *mean.standard_error * std::sqrt(static_cast<double>(values.size()));
  }
  const std::vector<double> ends = quantiles(std::move(values), kTails);
  if (std::isfinite(ends[0])) interval.low = ends[0];
  if (std::isfinite(ends[1])) interval.high = ends[1];
  return interval;
}

}  // namespace tugline
