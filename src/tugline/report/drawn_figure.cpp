#include "tugline/report/drawn_figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

#include "tugline/core/error.h"
#include "tugline/report/figure_metadata.h"
#include "tugline/report/gnuplot.h"

namespace tugline {
namespace {

constexpr size_t npos = std::string_view::npos;

[[noreturn]] void fail_incomplete(size_t bytes) {
  fail(ErrorCode::kIo,
       "gnuplot's figure is incomplete ({} bytes arrived); is the disk for temporary files full?", bytes);
}

uint32_t big_endian(std::string_view bytes) {
  uint32_t number = 0;
  for (const char byte : bytes.substr(0, 4)) number = (number << 8) | static_cast<unsigned char>(byte);
  return number;
}

// SVG has no length and no checksum, so it is drawn a second time behind lines of padding. They move the
// borders of the blocks in which gnuplot writes, and the number of a block: the one that is missing from both
// drawings is not the same part of the figure.
std::string drawn_twice(const std::string& script) {
  constexpr size_t kLines = 7;     // gnuplot ends a block after each
  constexpr size_t kLength = 211;  // with the line ends 1,484 bytes: no part of a block of 4,096
  std::string padding = "set print '-'\n";
  for (size_t i = 0; i < kLines; ++i) padding += "print '" + std::string(kLength, '#') + "'\n";
  const std::string figure = run_gnuplot(script);
  const std::string moved = run_gnuplot(padding + "unset print\n" + script);
  const bool is_same = moved.size() == figure.size() + kLines * (kLength + 1) && moved.ends_with(figure);
  if (!is_same || figure.find("</svg>") == npos) fail_incomplete(figure.size());
  return figure;
}

// The number that `text` begins with, which is taken off it.
std::optional<size_t> take_number(std::string_view& text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return number;
}

bool take(std::string_view what, std::string_view& text) {
  if (!text.starts_with(what)) return false;
  text.remove_prefix(what.size());
  return true;
}

// "xref", as many entries of 20 bytes as it says, and a trailer that says the same number.
bool is_whole_table(std::string_view table) {
  if (!take("xref\n0 ", table)) return false;
  const std::optional<size_t> entries = take_number(table);
  if (!entries || !take("\n", table) || table.size() < 20 * *entries) return false;
  table.remove_prefix(20 * *entries);
  return table.starts_with("trailer\n<<") && table.ends_with(">>\n") &&
         table.find(fmt::format("/Size {}\n", *entries)) != npos && table.find("/Root ") != npos;
}

// PDF 1.5 keeps the table in a stream: "12 0 obj", its length, its bytes.
bool is_whole_table_stream(std::string_view table) {
  if (!take_number(table) || !take(" 0 obj", table)) return false;
  constexpr std::string_view kLength = "/Length ";
  constexpr std::string_view kStream = "stream\n";
  std::string_view length = table.substr(std::min(table.find(kLength), table.size()));
  const size_t stream = table.find(kStream);
  if (!take(kLength, length) || stream == npos) return false;
  const std::optional<size_t> bytes = take_number(length);
  const std::string_view data = table.substr(stream + kStream.size());
  return bytes && data.size() > *bytes && data.substr(*bytes).starts_with("\nendstream\nendobj\n");
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
  std::string_view end = bytes.substr(last + kPlace.size());
  const std::optional<size_t> place = take_number(end);
  if (!place || *place >= last || !end.starts_with("\n%%EOF")) return false;
  const std::string_view table = bytes.substr(*place, last - *place);
  return is_whole_table(table) || is_whole_table_stream(table);
}

std::string drawn_figure(const Figure& figure) {
  if (figure.format == FigureFormat::kSvg) return svg_with_metadata(drawn_twice(figure.script), figure);
  std::string drawn = run_gnuplot(figure.script);
  const bool is_png = figure.format == FigureFormat::kPng;
  if (!(is_png ? is_whole_png(drawn) : is_whole_pdf(drawn))) fail_incomplete(drawn.size());
  return is_png ? png_with_metadata(std::move(drawn), figure) : pdf_with_metadata(std::move(drawn), figure);
}

}  // namespace tugline
