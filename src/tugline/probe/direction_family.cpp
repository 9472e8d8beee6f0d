#include "tugline/probe/direction_family.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/philox.h"
#include "tugline/core/suggestion.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

struct NamedFamily {
  DirectionFamily family;
  std::string_view name;
  std::optional<Moments> moments;
};

constexpr std::array<NamedFamily, 6> kFamilies = {{
    {DirectionFamily::kIsotropic, "isotropic", std::nullopt},
    {DirectionFamily::kMeanCentred, "mean-centred", std::nullopt},
    {DirectionFamily::kCovarianceDiagonal, "covariance-diagonal", Moments::kVariances},
    {DirectionFamily::kCovariance, "covariance", Moments::kCovariance},
    {DirectionFamily::kDifference, "difference", Moments::kVariances},
    {DirectionFamily::kPrincipal, "principal", Moments::kCovariance},
}};

const NamedFamily& entry_of(DirectionFamily family) {
  return *std::find_if(kFamilies.begin(), kFamilies.end(),
                       [&](const NamedFamily& named) { return named.family == family; });
}

// How often another draw is made if two residuals are equal, as in the common beginning of two transcripts.
constexpr size_t kDraws = 64;

// Every purpose has its own stream, apart from the isotropic directions' too, which hash bytes of another
// length.
PhiloxStream stream_of(const DirectionKey& key, std::string_view purpose) {
  ContentHash hash;
  hash.add_text(purpose);
  hash.add_number(key.example_hash);
  for (const int64_t number : {key.span.begin, key.span.end, int64_t{key.layer.value}, int64_t{key.direction},
                               std::bit_cast<int64_t>(key.epsilon)})
    hash.add_number(static_cast<uint64_t>(number));
  return {.key = key.seed, .stream = hash.value()};
}

std::vector<double> normals(const DirectionKey& key, std::string_view purpose, size_t count) {
  std::vector<double> drawn(count);
  fill_normals(stream_of(key, purpose), drawn);
  return drawn;
}

std::vector<double> unit(std::vector<double> v) {
  scale(v, 1 / norm(v));
  return v;
}

std::vector<double> mean_centred(const DirectionKey& key, int64_t size) {
  std::vector<double> v = normals(key, "mean-centred", static_cast<size_t>(size));
  const double mean = std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(size);
  for (double& x : v) x -= mean;
  return unit(std::move(v));
}

std::vector<double> diagonal(const DirectionKey& key, const ResidualStatistics& residuals) {
  std::vector<double> v = normals(key, "covariance-diagonal", residuals.variance.size());
  for (size_t i = 0; i < v.size(); ++i) v[i] *= std::sqrt(residuals.variance[i]);
  return unit(std::move(v));
}

// sum_k sqrt(lambda_k) z_k u_k has the covariance sum_k lambda_k u_k u_k^T.
std::vector<double> covariance_matched(const DirectionKey& key, const ResidualStatistics& residuals) {
  const auto rank = static_cast<size_t>(residuals.factor_rank);
  const std::vector<double> z = normals(key, "covariance", rank);
  std::vector<double> v(residuals.mean.size());
  for (size_t k = 0; k < rank; ++k)
    add_scaled(residuals.components[k], z[k] * std::sqrt(residuals.component_variances[k]), v);
  return unit(std::move(v));
}

const RealResidual& picked(const ResidualStatistics& residuals, double uniform) {
  return residuals.sample[static_cast<size_t>(uniform * static_cast<double>(residuals.sample.size()))];
}

std::vector<double> real_difference(const DirectionKey& key, const ResidualStatistics& residuals) {
  std::vector<double> uniforms(2 * kDraws);
  fill_uniforms(stream_of(key, "difference"), uniforms);
  for (size_t draw = 0; draw < kDraws; ++draw) {
    const RealResidual& from = picked(residuals, uniforms[2 * draw]);
    const RealResidual& to = picked(residuals, uniforms[2 * draw + 1]);
    if (from.values != to.values) return unit(difference(to.values, from.values));
  }
  fail(ErrorCode::kInput, "layer {}: {} draws found no two residuals that differ; there are {} to draw from",
       key.layer.value, kDraws, residuals.sample.size());
}

std::vector<double> principal(const DirectionKey& key, const ResidualStatistics& residuals) {
  if (key.direction >= static_cast<int64_t>(residuals.components.size()))
    fail_setting(
        ErrorCode::kInput, "directions",
        "more are requested than the residuals of layer {} ({} tokens) have principal components: {}",
        key.layer.value, residuals.tokens, residuals.components.size());
  return residuals.components[static_cast<size_t>(key.direction)];
}

}  // namespace

std::string_view name_of(DirectionFamily family) { return entry_of(family).name; }

DirectionFamily parse_direction_family(std::string_view name) {
  std::vector<std::string> names;
  for (const NamedFamily& named : kFamilies) {
    if (named.name == name) return named.family;
    names.emplace_back(named.name);
  }
  refuse("direction_family", "'{}' is none of {}{}", name, fmt::join(names, ", "),
         suggestion_for(name, names));
}

std::optional<Moments> needed_moments(DirectionFamily family) { return entry_of(family).moments; }

std::vector<double> family_direction(DirectionFamily family, const DirectionKey& key, int64_t size,
                                     const ResidualStatistics* residuals) {
  assert(residuals != nullptr || !needed_moments(family));
  switch (family) {
    case DirectionFamily::kIsotropic:
      return isotropic_direction(key, size);
    case DirectionFamily::kMeanCentred:
      return mean_centred(key, size);
    case DirectionFamily::kCovarianceDiagonal:
      return diagonal(key, *residuals);
    case DirectionFamily::kCovariance:
      return covariance_matched(key, *residuals);
    case DirectionFamily::kDifference:
      return real_difference(key, *residuals);
    case DirectionFamily::kPrincipal:
      return principal(key, *residuals);
  }
  return {};
}

const RealResidual& another_residual(const DirectionKey& key, int64_t own_position,
                                     const std::vector<double>& own, const ResidualStatistics& residuals) {
  std::vector<double> uniforms(kDraws);
  fill_uniforms(stream_of(key, "interpolation"), uniforms);
  for (const double uniform : uniforms) {
    const RealResidual& other = picked(residuals, uniform);
    const bool is_own = other.example_hash == key.example_hash && other.position == own_position;
    if (!is_own && other.values != own) return other;
  }
  fail(ErrorCode::kInput,
       "layer {}: {} draws found no real residual other than the pushed one; there are {} to draw from",
       key.layer.value, kDraws, residuals.sample.size());
}

}  // namespace tugline
