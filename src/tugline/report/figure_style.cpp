#include "tugline/report/figure_style.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

namespace tugline {
namespace {

constexpr std::array<const char*, 7> kOkabeIto = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#000000"};

struct Rgb {
  double red, green, blue;
};

// Viridis at 0, 1/8 ... 7/8; its last, yellow eighth is left out.
constexpr std::array<Rgb, 8> kViridis = {{{68, 1, 84},
                                          {71, 45, 123},
                                          {59, 82, 139},
                                          {44, 114, 142},
                                          {33, 145, 140},
                                          {40, 174, 128},
                                          {94, 201, 98},
                                          {173, 220, 48}}};

std::string viridis(double fraction) {
  const double place = fraction * (kViridis.size() - 1);
  const auto low = std::min(static_cast<size_t>(place), kViridis.size() - 2);
  const double weight = place - static_cast<double>(low);
  const auto mixed = [&](double Rgb::*channel) {
    return static_cast<int>(
        std::lround(kViridis[low].*channel * (1 - weight) + kViridis[low + 1].*channel * weight));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", mixed(&Rgb::red), mixed(&Rgb::green), mixed(&Rgb::blue));
}

size_t characters_in(const std::string& text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// How many bytes the first `characters` characters of `text` take.
size_t bytes_of(const std::string& text, size_t characters) {
  size_t bytes = 0;
  for (size_t seen = 0; bytes < text.size(); ++bytes) {
    seen += (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80 ? 1 : 0;
    if (seen > characters) {
      break;
    }
  }
  return bytes;
}

}  // namespace

std::vector<std::string> curve_colours(size_t count) {
  if (count <= kOkabeIto.size()) {
    return {kOkabeIto.begin(), kOkabeIto.begin() + static_cast<ptrdiff_t>(count)};
  }
  std::vector<std::string> colours;
  for (size_t i = 0; i < count; ++i) {
    colours.push_back(viridis(static_cast<double>(i) / static_cast<double>(count - 1)));
  }
  return colours;
}

std::string viridis_palette() {
  std::vector<std::string> steps;
  for (size_t i = 0; i < kViridis.size(); ++i) {
    const double place = static_cast<double>(i) / static_cast<double>(kViridis.size() - 1);
    steps.push_back(fmt::format("{:.4f} '{}'", place, viridis(place)));
  }
  return fmt::format("set palette defined ({})", fmt::join(steps, ", "));
}

std::string terminal_line(FigureFormat format) {
  // Sizes of type are in units of the drawing in SVG, in points of 4/3 units elsewhere.
  switch (format) {
    case FigureFormat::kSvg:
      return "set terminal svg size 900,600 enhanced font 'sans-serif,14' background '#ffffff'\n";
    case FigureFormat::kPng:  // twice the pixels, for dense screens
      return "set terminal pngcairo size 1800,1200 enhanced font 'sans-serif,14' "
             "fontscale 1.5 linewidth 2 pointscale 2\n";
    case FigureFormat::kPdf:  // as wide as a text column and a half; 0.6 points a unit
      return "set terminal pdfcairo size 7.5in,5in enhanced font 'sans-serif,14' "
             "fontscale 0.45 linewidth 1.1 pointscale 0.5\n";
  }
  return {};
}

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines;
  const auto add = [&](const std::string& word) {
    if (!lines.empty() && characters_in(lines.back()) + 1 + characters_in(word) <= width) {
      lines.back() += " " + word;
    } else {
      lines.push_back(word);
    }
  };
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    for (size_t end = bytes_of(word, width); end < word.size(); end = bytes_of(word, width)) {
      lines.push_back(word.substr(0, end));
      word.erase(0, end);
    }
    add(word);
  }
  return lines;
}

}  // namespace tugline
