#include "tugline/stats/contrasts.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "tugline/stats/fieller.h"

namespace tugline {
namespace {

// The two sides of each pair at one point, with the cluster that the pair belongs to.
struct Pair {
  int64_t example = 0;
  double first = 0;
  double second = 0;
  double first_rows = 0;
  double second_rows = 0;
};

void set_estimates(const std::vector<Pair>& pairs, Contrast& contrast) {
  std::vector<ClusteredValue> first;
  std::vector<ClusteredValue> second;
  std::vector<ClusteredValue> differences;
  for (const Pair& pair : pairs) {
    first.push_back({.cluster = pair.example, .value = pair.first});
    second.push_back({.cluster = pair.example, .value = pair.second});
    differences.push_back({.cluster = pair.example, .value = pair.first - pair.second});
    contrast.larger += pair.first > pair.second ? 1 : 0;
    contrast.rows += pair.first_rows / static_cast<double>(pairs.size());
    contrast.against_rows += pair.second_rows / static_cast<double>(pairs.size());
  }
  contrast.pairs = static_cast<int64_t>(pairs.size());
  contrast.difference = mean_over_spans(differences);
  contrast.p_value = p_value_of_zero(contrast.difference);
  const MeanEstimate of_first = mean_over_spans(first);
  const MeanEstimate of_second = mean_over_spans(second);
  contrast.first = of_first.mean;
  contrast.second = of_second.mean;
  if (of_second.mean <= 0 || of_first.mean < 0) return;
  if (!response_measure_named(contrast.measure).is_divergence) return;
  contrast.ratio = of_first.mean / of_second.mean;
  contrast.ratio_t = fieller_interval(of_first, of_second, contrast.difference);
}

// `first` and `second`: the two sides' means, one a resample.
void set_intervals(const std::vector<double>& first, const std::vector<double>& second, Contrast& contrast) {
  std::vector<double> differences(first.size());
  std::vector<double> ratios;
  for (size_t i = 0; i < first.size(); ++i) {
    differences[i] = first[i] - second[i];
    if (second[i] > 0 && contrast.ratio) ratios.push_back(first[i] / second[i]);
  }
  contrast.bootstrap = percentile_interval(std::move(differences));
  if (ratios.size() == first.size()) contrast.ratio_interval = percentile_interval(std::move(ratios));
}

bool same_place(const GridSpan& a, const GridSpan& b) {
  return a.tokens == b.tokens && a.position == b.position;
}

// The spans of one example that are compared.
struct Comparison {
  std::vector<const GridSpan*> anchors;
  std::vector<const GridSpan*> others;
};

// By example; only those that have both sides.
std::map<int64_t, Comparison> comparisons_with(const ResponseGrid& grid, const std::string& kind) {
  std::map<int64_t, Comparison> examples;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind == kAnchorKind) examples[span.key.example].anchors.push_back(&span);
  }
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != kind) continue;
    const auto found = examples.find(span.key.example);
    if (found == examples.end()) continue;
    const auto& anchors = found->second.anchors;
    const bool is_anchor =
        std::any_of(anchors.begin(), anchors.end(), [&](const GridSpan* a) { return same_place(*a, span); });
    if (!is_anchor) found->second.others.push_back(&span);
  }
  std::erase_if(examples, [](const auto& entry) { return entry.second.others.empty(); });
  return examples;
}

constexpr int32_t kAnchorGroup = 0;
constexpr int32_t kOtherGroup = 1;

NestedSample sample_of(const ResponseGrid& grid, const std::map<int64_t, Comparison>& examples) {
  NestedSample sample{.groups = 2, .directions = grid.directions, .columns = grid.points()};
  for (const auto& [example, sides] : examples) {
    for (const GridSpan* span : sides.anchors)
      sample.spans.push_back({.example = example, .group = kAnchorGroup, .values = span->values});
    for (const GridSpan* span : sides.others)
      sample.spans.push_back({.example = example, .group = kOtherGroup, .values = span->values});
  }
  return sample;
}

// Mean over spans of their mean curves: [layers, epsilons].
std::vector<double> mean_of(const ResponseGrid& grid, const std::vector<const GridSpan*>& spans) {
  std::vector<double> mean(grid.points(), 0.0);
  for (const GridSpan* span : spans) {
    const std::vector<double> curve = grid.mean_curve(*span);
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += curve[i];
  }
  for (double& value : mean) value /= static_cast<double>(spans.size());
  return mean;
}

double mean_rows(const std::vector<const GridSpan*>& spans) {
  double sum = 0;
  for (const GridSpan* span : spans) sum += static_cast<double>(span->rows);
  return sum / static_cast<double>(spans.size());
}

// Without `options` there are no bootstrap intervals.
void add_contrasts_with(const ResponseGrid& grid, const std::string& kind, const BootstrapOptions* options,
                        std::vector<Contrast>& contrasts) {
  const std::map<int64_t, Comparison> examples = comparisons_with(grid, kind);
  if (examples.empty()) return;
  std::optional<BootstrapMeans> means;
  if (options != nullptr)
    means =
        bootstrap_means(sample_of(grid, examples), NestedWeight::kExample, *options, "contrast with " + kind);
  std::vector<std::vector<Pair>> pairs(grid.points());
  for (const auto& [example, sides] : examples) {
    const std::vector<double> anchors = mean_of(grid, sides.anchors);
    const std::vector<double> others = mean_of(grid, sides.others);
    for (size_t i = 0; i < pairs.size(); ++i)
      pairs[i].push_back({.example = example,
                          .first = anchors[i],
                          .second = others[i],
                          .first_rows = mean_rows(sides.anchors),
                          .second_rows = mean_rows(sides.others)});
  }
  for (size_t i = 0; i < pairs.size(); ++i) {
    const int32_t layer = grid.layers[i / grid.epsilons.size()];
    Contrast contrast{.span_kind = kAnchorKind,
                      .against_kind = kind,
                      .layer = layer,
                      .against_layer = layer,
                      .epsilon = grid.epsilons[i % grid.epsilons.size()],
                      .measure = grid.measure.name};
    set_estimates(pairs[i], contrast);
    if (means) set_intervals(means->column(kAnchorGroup, i), means->column(kOtherGroup, i), contrast);
    contrasts.push_back(std::move(contrast));
  }
}

std::vector<Contrast> contrasts_with_all(const ResponseGrid& grid, const BootstrapOptions* options) {
  std::vector<Contrast> contrasts;
  for (const std::string& kind : grid.span_kinds()) {
    if (kind != kAnchorKind) add_contrasts_with(grid, kind, options, contrasts);
  }
  return contrasts;
}

// The mean curves of the spans of one kind, with their examples.
struct KindCurves {
  std::vector<int64_t> examples = {};
  std::vector<std::vector<double>> curves = {};  // each [layers, epsilons]
};

KindCurves curves_of_kind(const ResponseGrid& grid, const std::string& kind) {
  KindCurves found;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != kind) continue;
    found.examples.push_back(span.key.example);
    found.curves.push_back(grid.mean_curve(span));
  }
  return found;
}

std::vector<Pair> pairs_at(const KindCurves& kind, size_t first, size_t second) {
  std::vector<Pair> pairs;
  for (size_t i = 0; i < kind.curves.size(); ++i) {
    pairs.push_back(
        {.example = kind.examples[i], .first = kind.curves[i][first], .second = kind.curves[i][second]});
  }
  return pairs;
}

}  // namespace

Verdict verdict_of(const Contrast& contrast) {
  if (!contrast.difference.standard_error) return Verdict::kUnknown;
  if (!contrast.p_value) return Verdict::kIdentical;
  if (*contrast.p_value > 1 - kConfidence) return Verdict::kUnclear;
  return contrast.difference.mean > 0 ? Verdict::kLarger : Verdict::kSmaller;
}

std::vector<AnchorPair> anchor_pairs(const ResponseGrid& grid, const std::string& kind, size_t point) {
  std::vector<AnchorPair> pairs;
  for (const auto& [example, sides] : comparisons_with(grid, kind))
    pairs.push_back({.example = example,
                     .anchor = mean_of(grid, sides.anchors)[point],
                     .other = mean_of(grid, sides.others)[point]});
  return pairs;
}

std::vector<Contrast> kind_contrasts(const ResponseGrid& grid, const BootstrapOptions& options) {
  return contrasts_with_all(grid, &options);
}

std::vector<Contrast> kind_contrasts(const ResponseGrid& grid) { return contrasts_with_all(grid, nullptr); }

std::vector<Contrast> layer_contrasts(const ResponseGrid& grid, const KindBootstrap& bootstrap) {
  std::vector<Contrast> contrasts;
  for (size_t kind = 0; kind < bootstrap.kinds.size(); ++kind) {
    const auto group = static_cast<int32_t>(kind);
    const KindCurves curves = curves_of_kind(grid, bootstrap.kinds[kind]);
    for (size_t low = 0; low < grid.layers.size(); ++low) {
      for (size_t high = low + 1; high < grid.layers.size(); ++high) {
        for (size_t epsilon = 0; epsilon < grid.epsilons.size(); ++epsilon) {
          const size_t first = grid.point(low, epsilon);
          const size_t second = grid.point(high, epsilon);
          Contrast contrast{.span_kind = bootstrap.kinds[kind],
                            .against_kind = bootstrap.kinds[kind],
                            .layer = grid.layers[low],
                            .against_layer = grid.layers[high],
                            .epsilon = grid.epsilons[epsilon],
                            .measure = grid.measure.name};
          set_estimates(pairs_at(curves, first, second), contrast);
          set_intervals(bootstrap.means.column(group, first), bootstrap.means.column(group, second),
                        contrast);
          contrasts.push_back(std::move(contrast));
        }
      }
    }
  }
  return contrasts;
}

}  // namespace tugline
