// Turns a direction and an epsilon into the vector that is added at the site, in f64 and without
// cancellation. Every kind of push ends as an added vector, so replays and audits do not depend on kinds
// (docs/method.md, "Kinds of push").
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "tugline/core/ids.h"
#include "tugline/probe/push_options.h"
#include "tugline/probe/residual_statistics.h"

namespace tugline {

// One push of a unit.
struct UnitPush {
  int32_t direction = 0;  // its number
  double epsilon = 0;
  bool operator==(const UnitPush&) const = default;
};

// The site of a unit, and the identity that keys its random numbers together with the seed.
struct UnitSite {
  uint64_t example_hash = 0;  // Example::content_hash
  TokenRange span;
  LayerIndex layer;
  Position position = {};
  std::vector<double> residual = {};              // [width]: what is pushed at the site, without a push
  const ResidualStatistics* residuals = nullptr;  // of the layer; null if the options need none
  std::vector<std::vector<double>> further =
      {};  // the same as `residual`, of the tokens after it that are pushed too
};
// The RMS of what is pushed: of all tokens' components together.
[[nodiscard]] double rms_at(const UnitSite& site);

struct PushVector {
  std::vector<double> vector;  // [width]: the vector that is added
  double cosine = 0;           // between the push's direction and the residual at the site
};

// The unit vector [width] along which a push goes. For an interpolation it points to the other residual; for
// a rotation it is the direction before its component along the residual is removed. Errors (kInput): a
// direction that lies in the subspace to which it must be orthogonal; those of family_direction and
// another_residual.
[[nodiscard]] std::vector<double> push_direction(const PushOptions& options, const UnitSite& site,
                                                 UnitPush push);

// Errors: those of push_direction; a rotation whose direction is parallel to the residual.
[[nodiscard]] PushVector push_vector(const PushOptions& options, const UnitSite& site, UnitPush push);

struct PushVectors {
  std::vector<double> vectors;  // [tokens * width]: what is added at each token
  double cosine = 0;            // the mean over the tokens
};
// Makes the vectors of a site's pushes. A direction is made once for all pushes along it that follow each
// other.
class PushMaker {
 public:
  // For pushes of the first `tokens` of the site's tokens, each of which has its own residual. `options` must
  // outlive the maker.
  PushMaker(const PushOptions& options, const UnitSite& site, int64_t tokens);

  // Errors: those of push_vector.
  [[nodiscard]] PushVectors vectors(UnitPush push);
  // The vectors of several pushes [pushes * tokens * width], push-major.
  [[nodiscard]] std::vector<double> vectors(std::span<const UnitPush> pushes);

 private:
  [[nodiscard]] bool is_made(UnitPush push) const;

  const PushOptions& options_;
  std::vector<UnitSite> sites_;  // of each token alone
  std::vector<std::vector<double>>
      ways_;  // of each token: what the push's epsilon is multiplied with, but for its length
  std::optional<UnitPush> made_;  // whose ways these are
};

// What the options need of the transcripts' residuals; no value if they need nothing.
[[nodiscard]] std::optional<Moments> needed_moments(const PushOptions& options);

// Checks the options. Errors (kUsage): interpolations outside [0, 1], rotations by more than half a turn,
// more principal components than dimensions, options that contradict each other.
void check_push_options(const PushOptions& options, int64_t width);

}  // namespace tugline
