// Which pushes of a unit a run has, and which it lacks. A sweep measures what it lacks and stores it as a
// part of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tugline {

// Pushes that are measured together: every direction at every epsilon. A unit that grew has several grids,
// which share no push.
struct PushGrid {
  std::vector<int32_t> directions = {};  // ascending numbers
  std::vector<double> epsilons = {};     // distinct; in a store ascending

  [[nodiscard]] size_t size() const { return directions.size() * epsilons.size(); }
  [[nodiscard]] bool holds(int32_t direction, double epsilon) const;
  // The place of a push of the grid among its pushes, which are by direction, then epsilon.
  [[nodiscard]] size_t place_of(int32_t direction, double epsilon) const;
  [[nodiscard]] bool shares_a_push(const PushGrid& other) const;
  bool operator==(const PushGrid&) const = default;
};

// A part of a unit that a run has: what was measured at once.
struct MeasuredPart {
  PushGrid grid = {};   // empty if the unit needs no pushes: a control at a sink token
  int64_t audited = 0;  // of the grid's pushes
  bool operator==(const MeasuredPart&) const = default;
};
using UnitParts = std::vector<MeasuredPart>;  // in the order of measuring; empty if the run lacks the unit

// The pushes of `wanted` that no part has, as the fewest grids of whole directions' sets: epsilons that lack
// the same directions are one. Empty if nothing is missing.
[[nodiscard]] std::vector<PushGrid> missing_grids(const PushGrid& wanted, const UnitParts& parts);

// "0,1,2"; "0,0.5,1", which reads back to the same bits.
[[nodiscard]] std::string text_of(const std::vector<int32_t>& directions);
[[nodiscard]] std::string text_of(const std::vector<double>& epsilons);
// No value if it is not such a text of ascending numbers.
[[nodiscard]] std::optional<PushGrid> parse_grid(std::string_view directions, std::string_view epsilons);

}  // namespace tugline
