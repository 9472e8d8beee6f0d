#include "tugline/stats/variance_components.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numeric>

#include "tugline/stats/intervals.h"

namespace tugline {
namespace {

struct Group {
  double count = 0;
  double sum = 0;
  [[nodiscard]] double mean() const { return sum / count; }
  void add(const Group& other) {
    count += other.count;
    sum += other.sum;
  }
};

// The nested layout's sums, in the letters of docs/statistics.md.
struct Layout {
  std::vector<Group> spans = {};
  std::vector<size_t> example_of = {};  // a span's place in `examples`
  std::vector<Group> examples = {};
  std::vector<double> spans_of = {};  // each example's number of spans
  Group all = {};
  double squares_within = 0;  // SS_C
};

Layout layout_of(std::span<const SpanResponses> spans) {
  Layout layout;
  for (size_t i = 0; i < spans.size(); ++i) {
    assert(!spans[i].values.empty());
    if (i == 0 || spans[i].example != spans[i - 1].example) {
      layout.examples.emplace_back();
      layout.spans_of.push_back(0);
    }
    Group span;
    for (const double value : spans[i].values) span.add({.count = 1, .sum = value});
    for (const double value : spans[i].values)
      layout.squares_within += (value - span.mean()) * (value - span.mean());
    layout.spans.push_back(span);
    layout.example_of.push_back(layout.examples.size() - 1);
    layout.examples.back().add(span);
    layout.spans_of.back() += 1;
    layout.all.add(span);
  }
  return layout;
}

// What the three mean squares and their expectations are made of.
struct Moments {
  double freedom_a = 0, freedom_b = 0, freedom_c = 0;
  double squares_a = 0, squares_b = 0, squares_c = 0;
  double k1 = 0;  // of the spans' variance in E[MS_B]
  double k2 = 0;  // of the spans' variance in E[MS_A]
  double k3 = 0;  // of the examples' variance in E[MS_A]
};

Moments moments_of(const Layout& layout) {
  const double a = static_cast<double>(layout.examples.size());
  const double b = static_cast<double>(layout.spans.size());
  const double n = layout.all.count;
  Moments moments{.freedom_a = a - 1, .freedom_b = b - a, .freedom_c = n - b};
  moments.squares_c = layout.squares_within;
  double within = 0;  // sum over spans of n_ij^2 / n_i.
  double over_all = 0;
  for (size_t i = 0; i < layout.spans.size(); ++i) {
    const Group& span = layout.spans[i];
    const Group& example = layout.examples[layout.example_of[i]];
    const double residual = span.mean() - example.mean();
    moments.squares_b += span.count * residual * residual;
    within += span.count * span.count / example.count;
    over_all += span.count * span.count / n;
  }
  double examples_over_all = 0;
  for (const Group& example : layout.examples) {
    const double residual = example.mean() - layout.all.mean();
    moments.squares_a += example.count * residual * residual;
    examples_over_all += example.count * example.count / n;
  }
  moments.k1 = (n - within) / moments.freedom_b;
  moments.k2 = (within - over_all) / moments.freedom_a;
  moments.k3 = (n - examples_over_all) / moments.freedom_a;
  return moments;
}

double example_weight_of(const Layout& layout) {
  const auto spans = static_cast<double>(layout.spans.size());
  return std::accumulate(layout.spans_of.begin(), layout.spans_of.end(), 0.0,
                         [spans](double sum, double n) { return sum + n * n / (spans * spans); });
}

double not_below_zero(const std::optional<double>& variance) { return std::max(0.0, variance.value_or(0)); }

}  // namespace

VarianceComponents variance_components(std::span<const SpanResponses> spans) {
  assert(!spans.empty());
  const Layout layout = layout_of(spans);
  const Moments m = moments_of(layout);
  VarianceComponents found{.span_count = static_cast<int64_t>(spans.size()),
                           .example_weight = example_weight_of(layout)};
  if (m.freedom_c > 0) found.directions = m.squares_c / m.freedom_c;
  const double directions = found.directions.value_or(0);
  if (m.freedom_b > 0) found.spans = (m.squares_b / m.freedom_b - directions) / m.k1;
  if (m.freedom_a > 0)
    found.examples = (m.squares_a / m.freedom_a - directions - m.k2 * found.spans.value_or(0)) / m.k3;
  return found;
}

PredictedError standard_error_for(const VarianceComponents& components, int64_t directions) {
  assert(directions > 0);
  const auto spans = static_cast<double>(components.span_count);
  const double of_directions =
      not_below_zero(components.directions) / (spans * static_cast<double>(directions));
  const double variance = not_below_zero(components.examples) * components.example_weight +
                          not_below_zero(components.spans) / spans + of_directions;
  return {.standard_error = std::sqrt(variance), .of_directions = std::sqrt(of_directions)};
}

std::optional<double> measured_direction_error(std::span<const SpanResponses> spans, int64_t directions) {
  assert(!spans.empty() && directions > 0);
  const auto size = static_cast<size_t>(directions);
  const size_t groups = spans.front().values.size() / size;
  if (groups < 2) return std::nullopt;
  std::vector<double> means(groups, 0.0);
  for (size_t group = 0; group < groups; ++group) {
    for (const SpanResponses& span : spans) {
      for (size_t i = 0; i < size; ++i) means[group] += span.values[group * size + i];
    }
    means[group] /= static_cast<double>(spans.size() * size);
  }
  return *mean_of_independent(means).standard_error * std::sqrt(static_cast<double>(groups));
}

}  // namespace tugline
