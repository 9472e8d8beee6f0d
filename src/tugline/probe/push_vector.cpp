#include "tugline/probe/push_vector.h"

#include <algorithm>
#include <cmath>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/suggestion.h"
#include "tugline/probe/direction.h"
#include "tugline/probe/vectors.h"

namespace tugline {
namespace {

// If less of a unit vector is left than this, its direction is only rounding.
constexpr double kNothingLeft = 1e-6;

DirectionKey key_of(const PushOptions& options, const UnitSite& site, UnitPush push) {
  const bool common = options.sharing == DirectionSharing::kCommon;
  return {.seed = options.seed,
          .example_hash = site.example_hash,
          .span = site.span,
          .layer = site.layer,
          .direction = push.direction,
          .epsilon = common ? 0 : push.epsilon};
}

std::vector<double> unit_residual(const UnitSite& site) {
  std::vector<double> unit = site.residual;
  scale(unit, 1 / norm(unit));
  return unit;
}

// What is left of a unit vector outside of an orthonormal basis, as a unit vector. `what` is what the basis
// spans.
std::vector<double> orthogonal_part(std::vector<double> v, std::span<const std::vector<double>> basis,
                                    const UnitSite& site, UnitPush push, std::string_view what) {
  remove_components(basis, v);
  const double left = norm(v);
  if (left < kNothingLeft)
    fail(ErrorCode::kInput,
         "layer {}, position {}: direction {} lies in {}, so no part orthogonal to it is left",
         site.layer.value, site.position.value, push.direction, what);
  scale(v, 1 / left);
  return v;
}

std::vector<double> made_orthogonal(std::vector<double> v, const PushOptions& options, const UnitSite& site,
                                    UnitPush push) {
  switch (options.orthogonal) {
    case Orthogonal::kToNothing:
      return v;
    case Orthogonal::kToResidual: {
      const std::vector<std::vector<double>> basis{unit_residual(site)};
      return orthogonal_part(std::move(v), basis, site, push, "the residual's direction");
    }
    case Orthogonal::kToSubspace:
      return orthogonal_part(std::move(v), options.subspace, site, push,
                             "the subspace to which directions are made orthogonal");
  }
  return v;
}

// Before it is made orthogonal to anything.
std::vector<double> raw_direction(const PushOptions& options, const UnitSite& site, UnitPush push) {
  const auto hidden = static_cast<int64_t>(site.residual.size());
  if (options.supplied.empty())
    return family_direction(options.family, key_of(options, site, push), hidden, site.residuals);
  if (set_of(options, push.direction) == DirectionSet::kNull)
    return null_direction(options.seed, push.direction - options.directions, hidden);
  return options.supplied.at(site.layer)[static_cast<size_t>(push.direction)];
}

std::vector<double> way_to_other(const PushOptions& options, const UnitSite& site, UnitPush push) {
  const DirectionKey key = key_of(options, site, push);
  return difference(another_residual(key, site.position.value, site.residual, *site.residuals).values,
                    site.residual);
}

// The turn by theta in the plane of h and u, u a unit vector orthogonal to it, is (cos theta - 1) h + sin
// theta |h| u. It moves h by 2 |h| sin(theta / 2), which is to be what an addition moves it by, epsilon rms =
// epsilon |h| / sqrt(d): with s = sin(theta / 2) = epsilon / (2 sqrt(d)), cos theta - 1 = -2 s^2 and sin
// theta = 2 s sqrt(1 - s^2): nothing cancels.
std::vector<double> turned(const std::vector<double>& v, double epsilon, const UnitSite& site,
                           UnitPush push) {
  const std::vector<std::vector<double>> basis{unit_residual(site)};
  std::vector<double> moved = orthogonal_part(v, basis, site, push, "the residual's direction");
  const double s = epsilon / (2 * std::sqrt(static_cast<double>(site.residual.size())));
  scale(moved, 2 * s * std::sqrt(1 - s * s) * norm(site.residual));
  add_scaled(site.residual, -2 * s * s, moved);
  return moved;
}

double cosine(const std::vector<double>& v, const std::vector<double>& residual) {
  const double norms = norm(v) * norm(residual);
  return norms > 0 ? dot(v, residual) / norms : 0;  // a residual of zeros has no direction
}

// What a push goes along: the way to the other residual for an interpolation, otherwise a unit vector.
std::vector<double> way_of(const PushOptions& options, const UnitSite& site, UnitPush push) {
  return options.kind == PushKind::kInterpolation
             ? way_to_other(options, site, push)
             : made_orthogonal(raw_direction(options, site, push), options, site, push);
}

PushVector vector_along(std::vector<double> way, const PushOptions& options, const UnitSite& site,
                        UnitPush push) {
  const double to_residual = cosine(way, site.residual);
  switch (options.kind) {
    case PushKind::kAdditive:
      scale(way, push.epsilon * rms(site.residual));
      break;
    case PushKind::kRotation:
      way = turned(way, push.epsilon, site, push);
      break;
    case PushKind::kInterpolation:
      scale(way, push.epsilon);
      break;
  }
  return {.vector = std::move(way), .cosine = to_residual};
}

void check_interpolation(const PushOptions& options) {
  for (const double epsilon : options.epsilons)
    if (epsilon < 0 || epsilon > 1)
      refuse("push",
             "in an interpolation, epsilon is the fraction of the way to another residual, from 0 to 1; {} "
             "is not",
             epsilon);
  if (!options.supplied.empty() || options.family != DirectionFamily::kIsotropic ||
      options.orthogonal != Orthogonal::kToNothing)
    refuse("push",
           "an interpolation goes towards real residuals: leave out vectors of your own, the direction "
           "family and what "
           "directions are made orthogonal to");
}

void check_rotation(const PushOptions& options, int64_t hidden) {
  const double most = 2 * std::sqrt(static_cast<double>(hidden));
  for (const double epsilon : options.epsilons)
    if (std::abs(epsilon) > most)
      refuse("push",
             "a rotation by epsilon {} would turn the residual by more than half a turn; at width {} the "
             "most is {:.4f}",
             epsilon, hidden, most);
}

void check_directions(const PushOptions& options, int64_t hidden) {
  const bool fixed = !options.supplied.empty() || options.family == DirectionFamily::kPrincipal;
  if (!options.supplied.empty() && options.family != DirectionFamily::kIsotropic)
    refuse("direction_family", "{} has no meaning for vectors of your own", name_of(options.family));
  if (fixed && options.sharing == DirectionSharing::kIndependent)
    refuse("direction_sharing", "independent has no meaning for {}",
           options.supplied.empty() ? "principal components" : "vectors of your own");
  if (options.supplied.empty() && options.null_directions > 0)
    refuse("null_directions",
           "they are pushed beside vectors of your own; without such vectors, compare runs of several "
           "direction families");
  if (options.family == DirectionFamily::kPrincipal && options.directions > hidden)
    refuse("directions",
           "what is pushed has {} components, so there are no more principal components; {} are requested",
           hidden, options.directions);
  if (options.orthogonal == Orthogonal::kToSubspace &&
      static_cast<int64_t>(options.subspace.size()) >= hidden)
    refuse("orthogonal_to", "the rows span all {} dimensions; no direction is left", hidden);
}

}  // namespace

std::string_view name_of(PushKind kind) {
  switch (kind) {
    case PushKind::kAdditive:
      return "additive";
    case PushKind::kRotation:
      return "rotation";
    case PushKind::kInterpolation:
      return "interpolation";
  }
  return "additive";
}

PushKind parse_push_kind(std::string_view name) {
  for (const PushKind kind : {PushKind::kAdditive, PushKind::kRotation, PushKind::kInterpolation})
    if (name_of(kind) == name) return kind;
  refuse("push", "'{}' is none of additive, rotation, interpolation{}", name,
         suggestion_for(name, {"additive", "rotation", "interpolation"}));
}

PushGrid whole_grid(const PushOptions& options) {
  PushGrid grid{.directions = {}, .epsilons = options.epsilons};
  for (int32_t d = 0; d < all_directions(options); ++d) grid.directions.push_back(d);
  return grid;
}

std::string orthogonal_text(const PushOptions& options) {
  switch (options.orthogonal) {
    case Orthogonal::kToNothing:
      return "nothing";
    case Orthogonal::kToResidual:
      return "residual";
    case Orthogonal::kToSubspace:
      return "file " + hash_of_rows(options.subspace);
  }
  return "nothing";
}

std::vector<double> push_direction(const PushOptions& options, const UnitSite& site, UnitPush push) {
  std::vector<double> way = way_of(options, site, push);
  if (options.kind == PushKind::kInterpolation) scale(way, 1 / norm(way));
  return way;
}

PushVector push_vector(const PushOptions& options, const UnitSite& site, UnitPush push) {
  return vector_along(way_of(options, site, push), options, site, push);
}

PushMaker::PushMaker(const PushOptions& options, const UnitSite& site, int64_t tokens) : options_(options) {
  for (int64_t token = 0; token < tokens; ++token) {
    UnitSite& one = sites_.emplace_back(site);
    one.further.clear();
    one.position.value += token;
    if (token > 0) one.residual = site.further[static_cast<size_t>(token - 1)];
  }
}

bool PushMaker::is_made(UnitPush push) const {
  return made_ && made_->direction == push.direction &&
         (options_.sharing == DirectionSharing::kCommon || made_->epsilon == push.epsilon);
}

PushVectors PushMaker::vectors(UnitPush push) {
  if (!is_made(push)) {
    made_.reset();
    ways_.clear();
    for (const UnitSite& site : sites_) ways_.push_back(way_of(options_, site, push));
    made_ = push;
  }
  PushVectors made;
  for (size_t token = 0; token < sites_.size(); ++token) {
    const PushVector of_token = vector_along(ways_[token], options_, sites_[token], push);
    made.vectors.insert(made.vectors.end(), of_token.vector.begin(), of_token.vector.end());
    made.cosine += of_token.cosine / static_cast<double>(sites_.size());
  }
  return made;
}

std::vector<double> PushMaker::vectors(std::span<const UnitPush> pushes) {
  std::vector<double> all;
  for (const UnitPush push : pushes) {
    const PushVectors one = vectors(push);
    all.insert(all.end(), one.vectors.begin(), one.vectors.end());
  }
  return all;
}

double rms_at(const UnitSite& site) {
  std::vector<double> all = site.residual;
  for (const std::vector<double>& row : site.further) all.insert(all.end(), row.begin(), row.end());
  return rms(all);
}

std::optional<Moments> needed_moments(const PushOptions& options) {
  if (options.kind == PushKind::kInterpolation) return Moments::kVariances;
  if (!options.supplied.empty()) return std::nullopt;
  return needed_moments(options.family);
}

void check_push_options(const PushOptions& options, int64_t hidden) {
  check_directions(options, hidden);
  if (options.kind == PushKind::kInterpolation) check_interpolation(options);
  if (options.kind == PushKind::kRotation) check_rotation(options, hidden);
}

}  // namespace tugline
