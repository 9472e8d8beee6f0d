#include "tugline/stats/epsilon_nodes.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <utility>

#include "tugline/stats/response_curve.h"

namespace tugline {
namespace {

// A sum of logarithms, which a long grid does not overflow.
double log_distances(double epsilon, const std::vector<double>& nodes) {
  double sum = 0;
  for (const double node : nodes) sum += std::log(std::abs(epsilon - node));
  return sum;
}

}  // namespace

std::vector<double> node_order(std::span<const double> grid) {
  std::vector<double> left;
  for (const double epsilon : grid)
    if (epsilon != 0) left.push_back(epsilon);
  std::sort(left.begin(), left.end());
  std::vector<double> nodes;
  while (!left.empty()) {
    const auto next =
        nodes.empty() ? std::ranges::max_element(left, {}, [](double e) { return std::abs(e); })
                      : std::ranges::max_element(left, {}, [&](double e) { return log_distances(e, nodes); });
    nodes.push_back(*next);
    left.erase(next);
  }
  return nodes;
}

size_t most_nodes(std::span<const double> nodes) {
  constexpr size_t kOfOneSide = 9;
  constexpr size_t kOfTwoSides = 13;
  const bool has_negative = std::ranges::any_of(nodes, [](double epsilon) { return epsilon < 0; });
  const bool has_positive = std::ranges::any_of(nodes, [](double epsilon) { return epsilon > 0; });
  return std::min(nodes.size(), has_negative && has_positive ? kOfTwoSides : kOfOneSide);
}

double left_out_difference(std::span<const double> nodes, std::span<const double> responses) {
  assert(nodes.size() == responses.size() && nodes.size() >= 4);
  double largest = 0;
  for (size_t out = nodes.size() - 2; out < nodes.size(); ++out) {
    std::vector<std::pair<double, double>> others;
    for (size_t i = 0; i < nodes.size(); ++i)
      if (i != out) others.emplace_back(nodes[i], responses[i]);
    std::sort(others.begin(), others.end());
    std::vector<double> epsilons;
    std::vector<double> values;
    for (const auto& [epsilon, value] : others) {
      epsilons.push_back(epsilon);
      values.push_back(value);
    }
    const ResponseCurve curve(epsilons, values);
    if (curve.points() == 0) continue;  // nothing moves
    if (!(responses[out] > 0)) return std::numeric_limits<double>::infinity();
    largest = std::max(largest, std::abs(curve.at(nodes[out]) / responses[out] - 1));
  }
  return largest;
}

}  // namespace tugline
