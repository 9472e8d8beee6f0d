// Collects, token by token, the tokens whose probability rose and fell most.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "tugline/core/measures.h"

namespace tugline {

class MostMoved {
 public:
  explicit MostMoved(int64_t count) : count_(static_cast<size_t>(count)) {}

  // change: p - q. Tokens come in ascending order; of equal changes the lower token is kept.
  void add(int32_t token, double change) {
    if (change > least_rise_) insert(rose_, {token, change}, least_rise_);
    if (-change > least_fall_) insert(fell_, {token, change}, least_fall_);
  }
  // Below these a rise, or the size of a fall, changes nothing.
  [[nodiscard]] double least_rise() const { return least_rise_; }
  [[nodiscard]] double least_fall() const { return least_fall_; }

  // Those that moved most first; fewer than asked for if no more moved.
  [[nodiscard]] std::vector<MovedToken> take_rose() { return std::move(rose_); }
  [[nodiscard]] std::vector<MovedToken> take_fell() { return std::move(fell_); }

 private:
  void insert(std::vector<MovedToken>& list, MovedToken moved, double& least) const {
    const auto place = std::upper_bound(
        list.begin(), list.end(), moved,
        [](const MovedToken& a, const MovedToken& b) { return std::abs(a.change) > std::abs(b.change); });
    list.insert(place, moved);
    if (list.size() > count_) list.pop_back();
    if (list.size() == count_) least = std::abs(list.back().change);
  }

  size_t count_;
  double least_rise_ = 0;
  double least_fall_ = 0;
  std::vector<MovedToken> rose_;
  std::vector<MovedToken> fell_;
};

}  // namespace tugline
