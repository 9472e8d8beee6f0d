#include "tugline/report/analysis_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tugline/stats/quantile.h"

namespace tugline {
namespace {

std::string number(const std::optional<double>& value, const char* absent = "-") {
  return value ? fmt::format("{:.4g}", *value) : absent;
}

std::string interval(const PercentileInterval& found) {
  return fmt::format("[{}, {}]", number(found.low), number(found.high));
}

std::string short_interval(const PercentileInterval& found) {
  const auto end = [](const std::optional<double>& v) { return v ? fmt::format("{:.3g}", *v) : "-"; };
  return fmt::format("[{}, {}]", end(found.low), end(found.high));
}

// Right-aligned columns as wide as their widest cell; the first is left-aligned.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size(), 0);
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    std::string line = fmt::format("  {:<{}}", row[0], widths[0]);
    for (size_t i = 1; i < row.size(); ++i) line += fmt::format("  {:>{}}", row[i], widths[i]);
    text += line + '\n';
  }
  return text;
}

// Intervals from few examples are too narrow, whichever they are.
std::string few_examples(const Analysis& a) {
  constexpr int64_t kFew = 10;
  std::map<std::string, int64_t> kinds;
  for (const MeanPoint& p : a.means)
    if (p.examples < kFew) kinds[p.span_kind] = p.examples;
  std::vector<std::string> counts;
  for (const auto& [kind, examples] : kinds) counts.push_back(fmt::format("{} {}", kind, examples));
  return counts.empty() ? ""
                        : fmt::format(
                              "{:<15}{}: below {}, intervals (t and bootstrap) tend to be too narrow and "
                              "p-values too small\n",
                              "few examples", fmt::join(counts, ", "), kFew);
}

std::string header(const Analysis& a) {
  std::string text =
      fmt::format("{:<15}{} complete, {} incomplete and left out", "spans", a.spans, a.incomplete_spans);
  text +=
      a.spans_at_sinks > 0 ? fmt::format(", {} controls at sink tokens left out\n", a.spans_at_sinks) : "\n";
  if (!a.epsilons_left_out.empty())
    text += fmt::format("{:<15}{}: not at every layer, and left out\n", "epsilons",
                        fmt::join(a.epsilons_left_out, ", "));
  if (a.directions_left_out > 0)
    text += fmt::format("{:<15}{} not at every layer, and left out\n", "directions", a.directions_left_out);
  text += fmt::format(
      "{:<15}examples, then spans, then directions; {} resamples, seed {}; [95 % percentile interval]\n",
      "bootstrap", a.options.resamples, a.options.seed);
  text += a.fit_points >= 2 ? fmt::format("{:<15}a eps^2 + b eps on 0 < |eps| <= {:g} ({} epsilons)\n", "fit",
                                          a.fit_largest, a.fit_points)
                            : fmt::format("{:<15}none: fewer than two epsilons in 0 < |eps| <= {:g}\n", "fit",
                                          a.fit_largest);
  return text + few_examples(a);
}

std::string crossing(const std::optional<Crossing>& found, const PercentileInterval& ends) {
  if (!found) return "-";
  switch (found->place) {
    case Crossing::Place::kBefore:
      return "before the first";
    case Crossing::Place::kBeyond:
      return "beyond the last";
    case Crossing::Place::kWithin:
      break;
  }
  return fmt::format("{:.4g} {}", found->epsilon, short_interval(ends));
}

std::string curves_block(const Analysis& a) {
  std::vector<std::vector<std::string>> rows{
      {"spans", "layer", fmt::format("KL at eps {:g}, nats", a.epsilon), "a",
       fmt::format("eps where KL = {:g}", a.options.threshold),
       fmt::format("eps where {:g} % off the fit", 100 * kPlateauTolerance)}};
  for (const ShapeOfCurve& s : a.shapes) {
    const auto mean = std::find_if(a.means.begin(), a.means.end(), [&](const MeanPoint& p) {
      return p.span_kind == s.span_kind && p.layer == s.layer && p.epsilon == a.epsilon;
    });
    rows.push_back({s.span_kind, fmt::format("{}", s.layer),
                    fmt::format("{:.4g} {}", mean->kl, interval(mean->interval)),
                    s.fit ? fmt::format("{:.4g} {}", s.fit->a, short_interval(s.a)) : "-",
                    crossing(s.threshold, s.threshold_interval), crossing(s.plateau, s.plateau_interval)});
  }
  return "\nCurves\n" + aligned(rows);
}

// Of the spans of a kind at a layer that have it.
std::string median_of(const Analysis& a, const std::string& kind, int32_t layer,
                      std::optional<double> (*value)(const SpanMeasures&)) {
  std::vector<double> values;
  for (const SpanMeasures& m : a.span_measures) {
    if (m.unit.span_kind != kind || m.unit.layer != layer) continue;
    if (const auto found = value(m)) values.push_back(*found);
  }
  return values.empty() ? "-" : fmt::format("{:.3g}", median(std::move(values)));
}

std::string share(const std::optional<double>& component, double total) {
  if (!component) return "-";
  return total > 0 ? fmt::format("{:.1f} %", 100 * std::max(0.0, *component) / total) : "0";
}

std::string spread_block(const Analysis& a) {
  std::vector<std::vector<std::string>> rows{
      {"spans", "layer", "between examples", "between spans", "between directions", "max/min", "s/mean"}};
  for (const SpreadPoint& s : a.spread) {
    if (s.epsilon != a.epsilon) continue;
    const VarianceComponents& v = s.components;
    double total = 0;
    for (const auto& component : {v.examples, v.spans, v.directions})
      total += std::max(0.0, component.value_or(0));
    rows.push_back(
        {s.span_kind, fmt::format("{}", s.layer), share(v.examples, total), share(v.spans, total),
         share(v.directions, total),
         median_of(a, s.span_kind, s.layer, [](const SpanMeasures& m) { return m.anisotropy.max_over_min; }),
         median_of(a, s.span_kind, s.layer,
                   [](const SpanMeasures& m) { return m.anisotropy.coefficient_of_variation; })});
  }
  return fmt::format(
             "\nVariance of a push's KL at eps {:g}, and how uneven the directions of a span are (medians)\n",
             a.epsilon) +
         aligned(rows);
}

std::string directions_block(const Analysis& a) {
  std::map<std::pair<std::string, int32_t>, std::map<int64_t, const DirectionErrorPoint*>> curves;
  for (const DirectionErrorPoint& d : a.direction_errors) {
    if (d.epsilon == a.epsilon) curves[{d.span_kind, d.layer}][d.directions] = &d;
  }
  if (curves.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"spans", "layer"}};
  for (const auto& [directions, point] : curves.begin()->second)
    rows[0].push_back(fmt::format("{}", directions));
  for (const auto& [key, points] : curves) {
    std::vector<std::string> row{key.first, fmt::format("{}", key.second)};
    for (const auto& [directions, d] : points)
      row.push_back(fmt::format("{:.2g}/{:.2g}", d->predicted.of_directions, d->predicted.standard_error));
    rows.push_back(std::move(row));
  }
  return fmt::format(
             "\nStandard error of the mean KL at eps {:g} by number of directions: due to directions / "
             "total, nats\n",
             a.epsilon) +
         aligned(rows);
}

std::string contrasts_block(const Analysis& a) {
  std::vector<std::vector<std::string>> rows{
      {"contrast", "difference, nats [t]", "p (t)", "ratio [t]", "larger in"}};
  for (const Contrast& c : a.contrasts) {
    if (c.epsilon != a.epsilon) continue;
    const std::string what = c.span_kind != c.against_kind
                                 ? fmt::format("{} - {}, layer {}", c.span_kind, c.against_kind, c.layer)
                                 : fmt::format("layer {} - {}, {}", c.layer, c.against_layer, c.span_kind);
    rows.push_back({what,
                    fmt::format("{:.4g} [{}, {}]", c.difference.mean, number(c.difference.ci_low),
                                number(c.difference.ci_high)),
                    c.p_value ? fmt::format("{:.2g}", *c.p_value) : "-",
                    fmt::format("{} {}", number(c.ratio), short_interval(c.ratio_t)),
                    fmt::format("{} of {}", c.larger, c.pairs)});
  }
  return rows.size() == 1 ? "" : fmt::format("\nPaired contrasts at eps {:g}\n", a.epsilon) + aligned(rows);
}

std::string null_contrasts_block(const Analysis& a) {
  std::vector<std::vector<std::string>> rows{{"vector", "KL, nats", "random directions [95 % of them]",
                                              "difference [t]", "as large", "as small", "p (two-sided)"}};
  for (const NullContrast& c : a.null_contrasts) {
    if (c.epsilon != a.epsilon) continue;
    rows.push_back({fmt::format("{}, {} spans, layer {}", c.direction, c.span_kind, c.layer), number(c.kl),
                    fmt::format("{} [{}, {}]", number(c.null_kl), number(c.null_low), number(c.null_high)),
                    fmt::format("{} [{}, {}]", number(c.difference.mean), number(c.difference.ci_low),
                                number(c.difference.ci_high)),
                    fmt::format("{} of {}", c.null_as_large, c.null_directions),
                    fmt::format("{} of {}", c.null_as_small, c.null_directions),
                    fmt::format("{:.2g}", c.p_value)});
  }
  return rows.size() == 1
             ? ""
             : fmt::format("\nSupplied vectors against random directions at eps {:g}\n", a.epsilon) +
                   aligned(rows);
}

std::string test_text(const CorrelationTest& test) {
  if (!test.coefficient) return "-";
  return fmt::format("{:+.3f} ({}, {})", *test.coefficient, number(test.p_value), number(test.q_value));
}

std::string correlations_block(const Analysis& a) {
  if (a.correlations.empty()) return "";
  std::vector<std::vector<std::string>> rows{
      {"metric", "spans", "layer", "scaling", "Spearman", "Pearson", "n"}};
  for (const MetricCorrelation& c : a.correlations) {
    if (c.measure != "abs_a" || !c.spearman.coefficient) continue;
    rows.push_back({c.metric, c.span_kind, fmt::format("{}", c.layer), std::string(name_of(c.scaling)),
                    test_text(c.spearman), test_text(c.pearson), fmt::format("{}", c.spans)});
  }
  if (rows.size() == 1) return "";
  return "\nCorrelation of |a| with the dataset's metrics: coefficient (p by permutation within examples, "
         "q)\n" +
         aligned(rows) +
         "  The other measures' correlations are in the JSON and in the table analysis_correlations of the "
         "store.\n";
}

}  // namespace

std::string analysis_text(const Analysis& analysis) {
  return header(analysis) + curves_block(analysis) + spread_block(analysis) + directions_block(analysis) +
         contrasts_block(analysis) + null_contrasts_block(analysis) + correlations_block(analysis);
}

}  // namespace tugline
