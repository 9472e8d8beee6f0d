#include "tugline/stats/epsilon_nodes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tugline/stats/response_curve.h"

namespace tugline {
namespace {

std::vector<double> grid(double from, double to, int count) {
  std::vector<double> epsilons;
  for (int i = 0; i < count; ++i) epsilons.push_back(from + (to - from) * i / (count - 1));
  return epsilons;
}

// A KL that saturates and is not the same on both sides.
double response(double e) { return std::log1p(0.02 * e * e) * (1 + 0.01 * e); }

double largest_error(const std::vector<double>& nodes, const std::vector<double>& requested) {
  std::vector<double> epsilons = nodes;
  std::sort(epsilons.begin(), epsilons.end());
  std::vector<double> values;
  for (const double e : epsilons) values.push_back(response(e));
  const ResponseCurve curve(epsilons, values);
  double largest = 0;
  for (const double e : requested)
    if (e != 0) largest = std::max(largest, std::abs(curve.at(e) / response(e) - 1));
  return largest;
}

TEST(EpsilonNodes, BeginWithTheEndsAndHoldEveryEpsilonOnce) {
  const std::vector<double> requested = grid(0, 10, 21);
  std::vector<double> nodes = node_order(requested);
  ASSERT_EQ(nodes.size(), 20U) << "0 is no node";
  EXPECT_EQ(nodes[0], 10);
  EXPECT_EQ(nodes[1], 0.5);
  std::sort(nodes.begin(), nodes.end());
  EXPECT_TRUE(std::equal(nodes.begin(), nodes.end(), requested.begin() + 1));
  EXPECT_TRUE(node_order(std::vector<double>{0}).empty());
}

// Nine of the study's twenty predict the others.
TEST(EpsilonNodes, NinePredictTheStudysGrid) {
  for (const auto& [from, tolerance] : {std::pair(0.0, 1e-3), std::pair(-10.0, 4e-3)}) {
    const std::vector<double> requested = grid(from, 10, 21);
    std::vector<double> nodes = node_order(requested);
    nodes.resize(most_nodes(nodes));
    EXPECT_LT(largest_error(nodes, requested), tolerance) << from;
  }
}

TEST(EpsilonNodes, AreAtMostNineOfOneSideAndThirteenOfTwo) {
  EXPECT_EQ(most_nodes(node_order(grid(0, 10, 21))), 9U);
  EXPECT_EQ(most_nodes(node_order(grid(-10, 0, 101))), 9U);
  EXPECT_EQ(most_nodes(node_order(grid(-10, 10, 21))), 13U);
  EXPECT_EQ(most_nodes(node_order(grid(-1, 1, 5))), 4U) << "there are not more";
  EXPECT_EQ(most_nodes({}), 0U);
}

// The last two nodes are predicted by the others: by a quadratic exactly, by what saturates the better the
// more there are.
TEST(EpsilonNodes, TheLeftOutDifferenceFalls) {
  const std::vector<double> nodes = node_order(grid(0, 10, 21));
  std::vector<double> squares;
  std::vector<double> values;
  for (const double e : nodes) {
    squares.push_back(3 * e * e);
    values.push_back(response(e));
  }
  const auto difference = [&](const std::vector<double>& of, size_t n) {
    return left_out_difference(std::span(nodes).first(n), std::span(of).first(n));
  };
  EXPECT_LT(difference(squares, 5), 1e-12);
  EXPECT_GT(difference(values, 4), 1e-2);
  EXPECT_LT(difference(values, 9), 1e-3);
  EXPECT_EQ(difference(std::vector<double>(20, 0.0), 5), 0) << "a flat curve is known";
}

}  // namespace
}  // namespace tugline
