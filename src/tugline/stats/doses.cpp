#include "tugline/stats/doses.h"

#include <array>
#include <map>
#include <set>
#include <utility>

namespace tugline {
namespace {

constexpr std::array kSides{DoseSide::kPositive, DoseSide::kNegative};

// The grid of some spans and directions, by their places. Spans without pushes stay out.
ResponseGrid part_of(const ResponseGrid& grid, const std::vector<size_t>& spans,
                     const std::vector<size_t>& directions) {
  ResponseGrid part{.layers = grid.layers,
                    .epsilons = grid.epsilons,
                    .directions = static_cast<int32_t>(directions.size())};
  for (const size_t direction : directions)
    part.direction_numbers.push_back(grid.direction_numbers[direction]);
  for (const size_t at : spans) {
    const GridSpan& span = grid.spans[at];
    GridSpan copy{.key = span.key, .tokens = span.tokens, .position = span.position, .rows = span.rows};
    for (const size_t direction : directions) {
      const auto row = std::span(span.values).subspan(direction * grid.points(), grid.points());
      copy.values.insert(copy.values.end(), row.begin(), row.end());
    }
    part.spans.push_back(std::move(copy));
  }
  return part;
}

std::vector<size_t> up_to(size_t count) {
  std::vector<size_t> places(count);
  for (size_t i = 0; i < count; ++i) places[i] = i;
  return places;
}

// The parts of the grid that have a curve each.
std::vector<ResponseGrid> parts_with_a_curve(const ResponseGrid& grid, DoseCurve curve) {
  const std::vector<size_t> all_directions = up_to(static_cast<size_t>(grid.directions));
  std::vector<std::vector<size_t>> spans;
  if (curve == DoseCurve::kSpan || curve == DoseCurve::kPush) {
    for (size_t span = 0; span < grid.spans.size(); ++span) spans.push_back({span});
  } else {
    for (const std::string& kind : grid.span_kinds()) {
      spans.emplace_back();
      for (size_t span = 0; span < grid.spans.size(); ++span)
        if (grid.spans[span].key.span_kind == kind) spans.back().push_back(span);
    }
  }
  std::vector<ResponseGrid> parts;
  for (const std::vector<size_t>& some : spans) {
    if (curve == DoseCurve::kAll || curve == DoseCurve::kSpan) {
      parts.push_back(part_of(grid, some, all_directions));
    } else {
      for (const size_t direction : all_directions) parts.push_back(part_of(grid, some, {direction}));
    }
  }
  return parts;
}

std::vector<double> mean_over_spans_of(const ResponseGrid& part) {
  std::vector<double> mean(part.points(), 0.0);
  for (const GridSpan& span : part.spans) {
    const std::vector<double> curve = part.mean_curve(span);
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += curve[i] / static_cast<double>(part.spans.size());
  }
  return mean;
}

int64_t examples_of(const ResponseGrid& part) {
  std::set<int64_t> examples;
  for (const GridSpan& span : part.spans) examples.insert(span.key.example);
  return std::ssize(examples);
}

// Nothing is resampled where a part has one of everything.
BootstrapMeans resampled_curves(const ResponseGrid& part, const BootstrapOptions& options) {
  NestedSample sample{.groups = 1, .directions = part.directions, .columns = part.points()};
  for (const GridSpan& span : part.spans)
    sample.spans.push_back({.example = span.key.example, .group = 0, .values = span.values});
  return bootstrap_means(sample, NestedWeight::kSpan, options, "dose");
}

void set_interval(const std::vector<ResponseCurve>& resamples, double target, DoseRow& row) {
  std::vector<double> sizes;
  int64_t beyond = 0;
  for (const ResponseCurve& curve : resamples) {
    const Dose dose = dose_without_error(curve, target, row.side);
    beyond += dose.place == Dose::Place::kBeyond ? 1 : 0;
    sizes.push_back(dose.size_on_extended_axis());
  }
  if (sizes.empty()) return;
  row.resamples_beyond = static_cast<double>(beyond) / static_cast<double>(sizes.size());
  row.interval = percentile_interval(std::move(sizes));
}

DoseRow row_of(const ResponseGrid& part, DirectionSet set, const DoseOptions& options) {
  const UnitKey& key = part.spans.front().key;
  DoseRow row{.span_kind = key.span_kind,
              .layer = part.layers.front(),
              .set = set,
              .spans = std::ssize(part.spans),
              .examples = examples_of(part),
              .directions = part.directions};
  if (options.curve == DoseCurve::kSpan || options.curve == DoseCurve::kPush) {
    row.example = key.example;
    row.chunk = key.chunk;
  }
  if (options.curve == DoseCurve::kDirection || options.curve == DoseCurve::kPush)
    row.direction = part.direction_numbers.front();
  return row;
}

void add_rows(const ResponseGrid& part, DirectionSet set, const DoseOptions& options,
              std::vector<DoseRow>& rows) {
  const ResponseCurve curve(part.epsilons, mean_over_spans_of(part));
  std::vector<ResponseCurve> resamples;
  if (options.bootstrap.resamples > 0 && (part.spans.size() > 1 || part.directions > 1)) {
    const BootstrapMeans means = resampled_curves(part, options.bootstrap);
    for (int64_t i = 0; i < means.resamples(); ++i) resamples.emplace_back(part.epsilons, means.row(i, 0));
  }
  for (const DoseSide side : kSides) {
    if (!has_side(part.epsilons, side)) continue;
    DoseRow row = row_of(part, set, options);
    row.side = side;
    row.dose = dose_of(curve, options.target, side);
    if (options.tangents && curve.points() > 0)
      row.tangent = tangent_of(curve, options.target, side, row.dose);
    set_interval(resamples, options.target, row);
    rows.push_back(std::move(row));
  }
}

}  // namespace

std::vector<DoseRow> doses_of(const ResponseGrid& grid, DirectionSet set, const DoseOptions& options) {
  std::vector<DoseRow> rows;
  for (const ResponseGrid& part : parts_with_a_curve(grid, options.curve)) add_rows(part, set, options, rows);
  return rows;
}

std::vector<RankRow> effective_ranks(const ResponseGrid& grid, int64_t dimensions) {
  std::map<std::string, std::vector<SpanCurvatures>> kinds;
  for (const GridSpan& span : grid.spans) {
    SpanCurvatures curvatures{.example = span.key.example};
    for (size_t direction = 0; direction < static_cast<size_t>(grid.directions); ++direction) {
      const ResponseCurve curve(grid.epsilons,
                                std::span(span.values).subspan(direction * grid.points(), grid.points()));
      if (curve.points() > 0) curvatures.values.push_back(curve.curvature());
    }
    if (curvatures.values.size() > 1) kinds[span.key.span_kind].push_back(std::move(curvatures));
  }
  std::vector<RankRow> rows;
  for (const auto& [kind, spans] : kinds)
    rows.push_back({.span_kind = kind,
                    .layer = grid.layers.front(),
                    .dimensions = dimensions,
                    .rank = effective_rank(spans, dimensions)});
  return rows;
}

}  // namespace tugline
