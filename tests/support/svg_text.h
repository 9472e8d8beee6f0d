// The texts of an SVG that gnuplot drew, with the boxes that they fill.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>
#include <vector>

namespace tugline {

struct SvgText {
  std::string text = {};
  double left = 0, right = 0, top = 0, bottom = 0;
};

inline std::vector<SvgText> texts_of(const std::string& svg) {
  constexpr double kEms =
      0.5;  // of a character: narrower than most, so that what overlaps does so in every face
  static const std::regex kGroup(
      "<g transform=\"translate\\(([-0-9.]+),([-0-9.]+)\\)( "
      "rotate\\(([-0-9.]+)\\))?\"[^>]*font-size=\"([0-9.]+)\""
      "[^>]*text-anchor=\"([a-z]+)\">\\s*<text>((.|\\n)*?)</text>");
  static const std::regex kTag("<[^>]*>");
  std::vector<SvgText> texts;
  for (std::sregex_iterator at(svg.begin(), svg.end(), kGroup), end; at != end; ++at) {
    SvgText found{.text = std::regex_replace((*at)[7].str(), kTag, "")};
    const auto letters = static_cast<double>(std::count_if(found.text.begin(), found.text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
    const double size = std::stod((*at)[5]);
    const double width = kEms * size * letters;
    const double before = (*at)[6] == "middle" ? width / 2 : (*at)[6] == "end" ? width : 0;
    const double x = std::stod((*at)[1]);
    const double y = std::stod((*at)[2]);
    constexpr double kAscent = 0.7;  // of the type's size, above the line it stands on
    if ((*at)[4].matched && std::stod((*at)[4]) != 0) {
      found = {found.text, x - kAscent * size, x, y - (width - before), y + before};
    } else {
      found = {found.text, x - before, x - before + width, y - kAscent * size, y};
    }
    if (letters > 0) texts.push_back(found);
  }
  return texts;
}

// Nor is any text cut by the figure's edges.
inline void expect_no_text_overlaps(const std::string& svg) {
  const std::vector<SvgText> texts = texts_of(svg);
  std::smatch found;
  ASSERT_TRUE(std::regex_search(svg, found, std::regex("viewBox=\"0 0 ([0-9.]+) ")));
  const double width = std::stod(found[1]);
  EXPECT_GT(texts.size(), 5U);
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_GE(texts[i].left, 0) << texts[i].text;
    EXPECT_LE(texts[i].right, width) << texts[i].text;
    for (size_t j = 0; j < i; ++j) {
      const SvgText &a = texts[i], &b = texts[j];
      const bool is_apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
      EXPECT_TRUE(is_apart) << a.text << "\n" << b.text;
    }
  }
}

}  // namespace tugline
