#include "tugline/stats/quadratic_fit.h"

#include <Eigen/Dense>
#include <algorithm>
#include <cassert>
#include <cmath>

namespace tugline {
namespace {

constexpr size_t kFewestPoints = 3;       // two coefficients and one to spare
constexpr double kPartOfTheRange = 0.25;  // of the largest epsilon, if that range has more points

double default_largest(std::span<const double> epsilons) {
  std::vector<double> sizes;
  for (const double epsilon : epsilons) {
    if (epsilon != 0) sizes.push_back(std::abs(epsilon));
  }
  if (sizes.empty()) return 0;
  std::sort(sizes.begin(), sizes.end());
  const double by_range = kPartOfTheRange * sizes.back();
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  return std::max(by_range, sizes[std::min(kFewestPoints, sizes.size()) - 1]);
}

}  // namespace

QuadraticFitter::QuadraticFitter(std::span<const double> epsilons, std::optional<double> largest)
    : largest_(largest.value_or(default_largest(epsilons))), a_(epsilons.size()), b_(epsilons.size()) {
  std::vector<size_t> range;
  for (size_t i = 0; i < epsilons.size(); ++i) {
    if (epsilons[i] != 0 && std::abs(epsilons[i]) <= largest_) range.push_back(i);
  }
  points_ = static_cast<int64_t>(range.size());
  if (!is_determined()) return;
  // Row i of y / eps^2 = a + b / eps.
  Eigen::MatrixXd design(points_, 2);
  for (Eigen::Index row = 0; row < points_; ++row) {
    design(row, 0) = 1;
    design(row, 1) = 1 / epsilons[range[static_cast<size_t>(row)]];
  }
  const Eigen::MatrixXd solution = design.completeOrthogonalDecomposition().pseudoInverse();
  for (Eigen::Index row = 0; row < points_; ++row) {
    const size_t i = range[static_cast<size_t>(row)];
    const double square = epsilons[i] * epsilons[i];
    a_[i] = solution(0, row) / square;
    b_[i] = solution(1, row) / square;
  }
}

Quadratic QuadraticFitter::fit(std::span<const double> responses) const {
  assert(is_determined() && responses.size() == a_.size());
  Quadratic quadratic;
  for (size_t i = 0; i < responses.size(); ++i) {
    quadratic.a += a_[i] * responses[i];
    quadratic.b += b_[i] * responses[i];
  }
  return quadratic;
}

}  // namespace tugline
