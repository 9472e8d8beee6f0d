// Finds out what a terminal can show, and makes text safe to show on one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tugline {

enum class Colour { kNo, kYes };

// True if NO_COLOR is set and not empty (no-color.org).
[[nodiscard]] bool refuses_colour();

// kYes if standard output is a terminal with colours and the environment does not refuse them.
[[nodiscard]] Colour colour_of_standard_output();

// The width of standard output's terminal in characters; 0 if it is not a terminal or does not say.
[[nodiscard]] size_t columns_of_standard_output();
// The width of standard error's terminal in characters; 0 if it is not a terminal or does not say.
[[nodiscard]] size_t columns_of_standard_error();

// A token's bytes as text on one line that cannot control a terminal: line ends, tabs and other control
// characters become visible signs, and bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string visible(std::string_view bytes);

// Background colours for numbers that span decades, such as KL: one step for each half decade below the
// largest.
class HeatScale {
 public:
  explicit HeatScale(double largest) : largest_(largest) {}
  // From 0 (no colour: a thousandth of the largest or less) to kLevels.
  [[nodiscard]] int level(double value) const;
  // The text on its value's background.
  [[nodiscard]] std::string paint(std::string_view text, double value) const;
  // One swatch for each level, with its lowest value.
  [[nodiscard]] std::string legend() const;

  static constexpr int kLevels = 6;

 private:
  double largest_;
};

}  // namespace tugline
