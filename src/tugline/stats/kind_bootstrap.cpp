#include "tugline/stats/kind_bootstrap.h"

#include <algorithm>
#include <set>

#include "tugline/stats/analysis_options.h"

namespace tugline {
namespace {

int32_t group_of(const std::vector<std::string>& kinds, const std::string& kind) {
  return static_cast<int32_t>(std::lower_bound(kinds.begin(), kinds.end(), kind) - kinds.begin());
}

// One span kind's mean curves, and what they are means of.
struct KindMeans {
  std::vector<double> kl = {};  // [layers, epsilons]
  int64_t spans = 0;
  int64_t examples = 0;
};

KindMeans means_of_kind(const ResponseGrid& grid, const std::string& kind) {
  KindMeans means{.kl = std::vector<double>(grid.points(), 0.0)};
  std::set<int64_t> examples;
  for (const GridSpan& span : grid.spans) {
    if (span.key.span_kind != kind) continue;
    const std::vector<double> curve = grid.mean_curve(span);
    for (size_t i = 0; i < curve.size(); ++i) means.kl[i] += curve[i];
    examples.insert(span.key.example);
    ++means.spans;
  }
  for (double& value : means.kl) value /= static_cast<double>(means.spans);
  means.examples = static_cast<int64_t>(examples.size());
  return means;
}

// One value a resample that has the group: `value_of` its curve at `layer`.
template <typename ValueOf>
PercentileInterval interval_of(const ResponseGrid& grid, const BootstrapMeans& means, int32_t group,
                               size_t layer, ValueOf value_of) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(means.resamples()));
  for (int64_t resample = 0; resample < means.resamples(); ++resample) {
    const auto curve = means.row(resample, group).subspan(grid.point(layer, 0), grid.epsilons.size());
    if (curve.front() == curve.front()) values.push_back(value_of(curve));  // not NaN
  }
  return percentile_interval(std::move(values));
}

ShapeOfCurve shape_of(const ResponseGrid& grid, std::span<const double> curve, const QuadraticFitter& fitter,
                      double threshold) {
  ShapeOfCurve shape;
  shape.threshold = threshold_crossing(grid.epsilons, curve, threshold);
  if (fitter.is_determined()) {
    shape.fit = fitter.fit(curve);
    shape.plateau = plateau_end(grid.epsilons, curve, *shape.fit, kPlateauTolerance);
  }
  return shape;
}

}  // namespace

KindBootstrap bootstrap_by_kind(const ResponseGrid& grid, const BootstrapOptions& options) {
  const std::vector<std::string> kinds = grid.span_kinds();
  NestedSample sample{
      .groups = static_cast<int32_t>(kinds.size()), .directions = grid.directions, .columns = grid.points()};
  for (const GridSpan& span : grid.spans) {
    sample.spans.push_back(
        {.example = span.key.example, .group = group_of(kinds, span.key.span_kind), .values = span.values});
  }
  return {.kinds = kinds, .means = bootstrap_means(sample, NestedWeight::kSpan, options, "bootstrap")};
}

std::vector<MeanPoint> mean_points(const ResponseGrid& grid, const KindBootstrap& bootstrap) {
  std::vector<MeanPoint> points;
  for (size_t group = 0; group < bootstrap.kinds.size(); ++group) {
    const KindMeans means = means_of_kind(grid, bootstrap.kinds[group]);
    for (size_t i = 0; i < grid.points(); ++i) {
      points.push_back(
          {.span_kind = bootstrap.kinds[group],
           .layer = grid.layers[i / grid.epsilons.size()],
           .epsilon = grid.epsilons[i % grid.epsilons.size()],
           .kl = means.kl[i],
           .interval = percentile_interval(bootstrap.means.column(static_cast<int32_t>(group), i)),
           .spans = means.spans,
           .examples = means.examples});
    }
  }
  return points;
}

std::vector<ShapeOfCurve> shapes_of_curves(const ResponseGrid& grid, const KindBootstrap& bootstrap,
                                           const QuadraticFitter& fitter, double threshold) {
  std::vector<ShapeOfCurve> shapes;
  for (size_t kind = 0; kind < bootstrap.kinds.size(); ++kind) {
    const std::vector<double> means = means_of_kind(grid, bootstrap.kinds[kind]).kl;
    for (size_t layer = 0; layer < grid.layers.size(); ++layer) {
      const auto over_resamples = [&](auto value_of) {
        return interval_of(grid, bootstrap.means, static_cast<int32_t>(kind), layer, value_of);
      };
      const auto curve = std::span(means).subspan(grid.point(layer, 0), grid.epsilons.size());
      ShapeOfCurve shape = shape_of(grid, curve, fitter, threshold);
      shape.span_kind = bootstrap.kinds[kind];
      shape.layer = grid.layers[layer];
      shape.threshold_interval = over_resamples([&](std::span<const double> resampled) {
        return threshold_crossing(grid.epsilons, resampled, threshold).on_extended_axis();
      });
      if (shape.fit) {
        shape.a = over_resamples([&](std::span<const double> y) { return fitter.fit(y).a; });
        shape.b = over_resamples([&](std::span<const double> y) { return fitter.fit(y).b; });
        shape.plateau_interval = over_resamples([&](std::span<const double> y) {
          return plateau_end(grid.epsilons, y, fitter.fit(y), kPlateauTolerance).on_extended_axis();
        });
      }
      shapes.push_back(std::move(shape));
    }
  }
  return shapes;
}

}  // namespace tugline
