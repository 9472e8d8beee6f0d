#include "tugline/probe/direction.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/philox.h"

namespace tugline {
namespace {

double norm(const std::vector<double>& v) {
  double squares = 0;
  for (const double x : v) squares += x * x;
  return std::sqrt(squares);
}

void scale(std::vector<double>& v, double factor) {
  for (double& x : v) x *= factor;
}

void scale_down(std::vector<double>& v, double divisor) {
  for (double& x : v) x /= divisor;
}

}  // namespace

std::vector<double> isotropic_direction(const DirectionKey& key, int64_t size) {
  const std::array<int64_t, 6> identity{
      static_cast<int64_t>(key.example_hash), key.span.begin, key.span.end, key.layer.value, key.direction,
      std::bit_cast<int64_t>(key.epsilon)};
  std::vector<double> direction(static_cast<size_t>(size));
  fill_normals({.key = key.seed, .stream = hash_bytes(std::as_bytes(std::span(identity)))}, direction);
  scale(direction, 1.0 / norm(direction));
  return direction;
}

std::vector<double> null_direction(uint64_t seed, int32_t number, int64_t size) {
  return isotropic_direction({.seed = seed,
                              .example_hash = hash_text("null direction"),
                              .span = {0, 0},
                              .layer = {0},
                              .direction = number},
                             size);
}

std::vector<std::vector<double>> unit_rows(const DirectionArray& array, int64_t size) {
  if (array.columns != size)
    fail(ErrorCode::kInput,
         "{}: is [{}, {}], expected directions of {} components, the width of what is pushed at the hook{}",
         array.name, array.rows, array.columns, size,
         array.rows == size ? "; is it transposed? Save the array's .T" : "");
  std::vector<std::vector<double>> rows;
  for (int64_t r = 0; r < array.rows; ++r) {
    const auto begin = array.values.begin() + r * size;
    std::vector<double> row(begin, begin + size);
    // By the largest component first: squares of very large or small ones would leave f64.
    const double largest = std::abs(*std::max_element(
        row.begin(), row.end(), [](double a, double b) { return std::abs(a) < std::abs(b); }));
    if (largest > 0 && std::isfinite(largest)) scale_down(row, largest);
    const double length = norm(row);
    if (!(length > 0) || !std::isfinite(length))
      fail(ErrorCode::kInput,
           "{}: row {} has length {}; a direction needs a length that is finite and not zero", array.name, r,
           length);
    scale(row, 1.0 / length);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace tugline
