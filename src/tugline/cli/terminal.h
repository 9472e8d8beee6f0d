// What a terminal can show, and how text is made fit to be shown on one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tugline {

enum class Colour { kNo, kYes };

// True if NO_COLOR is set and not empty (no-color.org).
[[nodiscard]] bool refuses_colour();

// kYes where standard output is a terminal with colours and the environment does not refuse them.
[[nodiscard]] Colour colour_of_standard_output();

// Characters across the terminal that standard error writes to; 0 where it is none or does not say.
[[nodiscard]] size_t columns_of_standard_error();

// A token's bytes as text that stays on one line and does nothing to a terminal: line ends, tabs and other control characters become
// visible signs, bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string visible(std::string_view bytes);

// Background colours for numbers that span decades, such as KL: a step each half decade below the largest.
class HeatScale {
 public:
  explicit HeatScale(double largest) : largest_(largest) {}
  // 0 (no colour: a thousandth of the largest or less, or nothing) to kLevels.
  [[nodiscard]] int level(double value) const;
  // The text on its value's background.
  [[nodiscard]] std::string paint(std::string_view text, double value) const;
  // One swatch a level with the least value that gets it.
  [[nodiscard]] std::string legend() const;

  static constexpr int kLevels = 6;

 private:
  double largest_;
};

}  // namespace tugline
