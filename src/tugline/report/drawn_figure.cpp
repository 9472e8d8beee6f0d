#include "tugline/report/drawn_figure.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "tugline/core/error.h"
#include "tugline/report/gnuplot.h"

namespace tugline {
namespace {

constexpr size_t npos = std::string_view::npos;

[[noreturn]] void fail_incomplete(size_t bytes) {
  fail(ErrorCode::kIo,
       "gnuplot's figure is not whole ({} bytes arrived); is the disk for temporary files full?", bytes);
}

uint32_t big_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) number = (number << 8) | static_cast<unsigned char>(byte);
  return number;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// SVG has no length and no checksum, so it is drawn a second time behind a line of padding, which moves the borders of the blocks
// in which gnuplot writes. A block that is missing from both drawings is not the same part of the figure.
std::string drawn_twice(const std::string& script) {
  constexpr size_t kPadding = 1499;  // with its line end less than half a block, and no divisor of one
  const std::string padding(kPadding, '#');
  const std::string figure = run_gnuplot(script);
  const std::string moved = run_gnuplot("set print '-'\nprint '" + padding + "'\nunset print\n" + script);
  const bool is_same = moved.size() == figure.size() + kPadding + 1 && moved.ends_with(figure);
  if (!is_same || figure.find("</svg>") == npos) fail_incomplete(figure.size());
  return figure;
}

}  // namespace

bool is_whole_png(std::string_view bytes) {
  constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
  constexpr size_t kAround = 12;  // a chunk's length, type and checksum
  if (!bytes.starts_with(kSignature)) return false;
  bytes.remove_prefix(kSignature.size());
  while (bytes.size() >= kAround) {
    const size_t size = big_endian(bytes) + kAround;
    if (bytes.substr(4, 4) == "IEND") return size == bytes.size();
    if (size > bytes.size()) return false;
    bytes.remove_prefix(size);
  }
  return false;
}

bool is_whole_pdf(std::string_view bytes) {
  constexpr std::string_view kPlace = "startxref\n";
  const size_t last = bytes.rfind(kPlace);
  if (!bytes.starts_with("%PDF-") || last == npos) return false;
  const std::string_view number = bytes.substr(last + kPlace.size());
  size_t place = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), place);
  if (error != std::errc() || place >= last ||
      !number.substr(static_cast<size_t>(end - number.data())).starts_with("\n%%EOF"))
    return false;
  const std::string_view table = bytes.substr(place, last - place);
  if (table.starts_with("xref\n")) return table.find("\ntrailer") != npos;
  // PDF 1.5 keeps the table in a stream: "12 0 obj".
  const auto digits = std::find_if_not(table.begin(), table.end(), is_digit) - table.begin();
  return digits > 0 && table.substr(static_cast<size_t>(digits)).starts_with(" 0 obj") &&
         table.find("endstream") != npos;
}

std::string drawn_figure(const std::string& script, FigureFormat format) {
  if (format == FigureFormat::kSvg) return drawn_twice(script);
  std::string figure = run_gnuplot(script);
  if (!(format == FigureFormat::kPng ? is_whole_png(figure) : is_whole_pdf(figure)))
    fail_incomplete(figure.size());
  return figure;
}

}  // namespace tugline
