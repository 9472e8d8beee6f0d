// Operations on vectors of the residual stream, in f64 on the host, from which directions and pushes are
// computed.
#pragma once

#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

namespace tugline {

[[nodiscard]] inline double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

[[nodiscard]] inline double norm(std::span<const double> v) { return std::sqrt(dot(v, v)); }

// sqrt(mean(v_i^2)). The RMS of a residual is the unit of epsilon.
[[nodiscard]] inline double rms(std::span<const double> v) {
  return std::sqrt(dot(v, v) / static_cast<double>(v.size()));
}

inline void scale(std::vector<double>& v, double factor) {
  for (double& x : v) x *= factor;
}

// to += factor * v
inline void add_scaled(std::span<const double> v, double factor, std::vector<double>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * v[i];
}

// a - b
[[nodiscard]] inline std::vector<double> difference(std::span<const double> a, std::span<const double> b) {
  std::vector<double> d(a.begin(), a.end());
  add_scaled(b, -1, d);
  return d;
}

// Removes from v its components along the orthonormal rows of `basis`. It does so twice, because the first
// pass leaves rounding errors relative to what it removed (Giraud, Langou, Rozloznik 2005, "twice is
// enough").
inline void remove_components(std::span<const std::vector<double>> basis, std::vector<double>& v) {
  for (int pass = 0; pass < 2; ++pass)
    for (const std::vector<double>& row : basis) add_scaled(row, -dot(row, v), v);
}

// An orthonormal basis of the span of unit vectors. A row whose new part is below 1e-10 is left out.
[[nodiscard]] inline std::vector<std::vector<double>> orthonormal_basis(
    std::span<const std::vector<double>> rows) {
  constexpr double kNothingNew = 1e-10;
  std::vector<std::vector<double>> basis;
  for (std::vector<double> row : rows) {
    remove_components(basis, row);
    const double length = norm(row);
    if (length < kNothingNew) continue;
    scale(row, 1 / length);
    remove_components(basis, row);  // exactly orthogonal again after a small remainder was scaled up
    scale(row, 1 / norm(row));
    basis.push_back(std::move(row));
  }
  return basis;
}

}  // namespace tugline
