#include "tugline/store/push_grid.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace tugline {
namespace {

template <typename Number>
std::optional<std::vector<Number>> ascending_numbers(std::string_view text) {
  std::vector<Number> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    Number number{};
    const auto [rest, error] = std::from_chars(at, end, number);
    if (error != std::errc{} || !std::isfinite(static_cast<double>(number))) return std::nullopt;
    if (!numbers.empty() && !(numbers.back() < number)) return std::nullopt;
    numbers.push_back(number);
    at = rest;
    if (at == end) break;
    if (*at++ != ',' || at == end) return std::nullopt;
  }
  return numbers;
}

}  // namespace

bool PushGrid::holds(int32_t direction, double epsilon) const {
  return std::binary_search(directions.begin(), directions.end(), direction) &&
         std::find(epsilons.begin(), epsilons.end(), epsilon) != epsilons.end();
}

size_t PushGrid::place_of(int32_t direction, double epsilon) const {
  const auto row = std::lower_bound(directions.begin(), directions.end(), direction) - directions.begin();
  const auto column = std::find(epsilons.begin(), epsilons.end(), epsilon) - epsilons.begin();
  return static_cast<size_t>(row) * epsilons.size() + static_cast<size_t>(column);
}

bool PushGrid::shares_a_push(const PushGrid& other) const {
  return std::any_of(directions.begin(), directions.end(), [&](int32_t direction) {
    return std::any_of(epsilons.begin(), epsilons.end(),
                       [&](double epsilon) { return other.holds(direction, epsilon); });
  });
}

std::vector<PushGrid> missing_grids(const PushGrid& wanted, const UnitParts& parts) {
  const auto is_whole = [&](const MeasuredPart& part) { return part.grid == wanted; };
  if (std::any_of(parts.begin(), parts.end(), is_whole)) return {};
  std::map<std::vector<int32_t>, std::vector<double>> epsilons_by_directions;
  for (const double epsilon : wanted.epsilons) {
    std::vector<int32_t> missing;
    for (const int32_t direction : wanted.directions)
      if (std::none_of(parts.begin(), parts.end(),
                       [&](const MeasuredPart& part) { return part.grid.holds(direction, epsilon); }))
        missing.push_back(direction);
    if (!missing.empty()) epsilons_by_directions[std::move(missing)].push_back(epsilon);
  }
  std::vector<PushGrid> grids;
  for (auto& [directions, epsilons] : epsilons_by_directions)
    grids.push_back({.directions = directions, .epsilons = std::move(epsilons)});
  return grids;
}

std::string text_of(const std::vector<int32_t>& directions) {
  return fmt::format("{}", fmt::join(directions, ","));
}

std::string text_of(const std::vector<double>& epsilons) {
  return fmt::format("{}", fmt::join(epsilons, ","));
}

std::optional<PushGrid> parse_grid(std::string_view directions, std::string_view epsilons) {
  auto numbers = ascending_numbers<int32_t>(directions);
  auto sizes = ascending_numbers<double>(epsilons);
  if (!numbers || !sizes || numbers->empty() != sizes->empty()) return std::nullopt;
  return PushGrid{std::move(*numbers), std::move(*sizes)};
}

}  // namespace tugline
