#include "tugline/report/figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/report/gnuplot.h"
#include "tugline/report/output_file.h"

namespace tugline {

namespace {

std::string_view last_mark_of(FigureFormat format) {
  switch (format) {
    case FigureFormat::kSvg:
      return "</svg>";
    case FigureFormat::kPng:
      return "IEND";
    case FigureFormat::kPdf:
      return "%%EOF";
  }
  return {};
}

void check_is_whole(const std::string& figure, FigureFormat format) {
  constexpr size_t kTail = 32;  // the mark, a check sum or line ends
  const std::string_view tail =
      std::string_view(figure).substr(figure.size() - std::min(figure.size(), kTail));
  if (tail.find(last_mark_of(format)) == std::string_view::npos) {
    fail(ErrorCode::kIo,
         "gnuplot's figure is cut short after {} bytes; is the disk for temporary files full?",
         figure.size());
  }
}

}  // namespace

FigureFormat figure_format_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".svg") {
    return FigureFormat::kSvg;
  }
  if (extension == ".png") {
    return FigureFormat::kPng;
  }
  if (extension == ".pdf") {
    return FigureFormat::kPdf;
  }
  fail(ErrorCode::kUsage, "{}: the name of a figure ends in .svg, .png or .pdf, this one in \"{}\"",
       path.string(), extension);
}

std::string span_kind_to_draw(const RunView& view, const std::string& wanted) {
  std::set<std::string> kinds;
  for (const CurvePoint& point : view.curves) {
    kinds.insert(point.span_kind);
  }
  if (kinds.empty()) {
    fail(ErrorCode::kNothingToMeasure, "the run has nothing to draw: no unit is measured");
  }
  if (wanted.empty()) {
    return *kinds.begin();  // "anchor" sorts before "chunk"
  }
  if (!kinds.contains(wanted)) {
    fail(ErrorCode::kUsage, "the run has no spans of kind \"{}\"; it has {}", wanted, fmt::join(kinds, ", "));
  }
  return wanted;
}

void draw_script(const std::string& script, const std::filesystem::path& path) {
  OutputFile file(path);
  const std::string figure = run_gnuplot(script);
  check_is_whole(figure, figure_format_of(path));
  file.write(figure);
  file.commit();
}

void draw_figure(const RunView& view, const std::string& span_kind, const std::filesystem::path& path) {
  draw_script(figure_script(view, span_kind, figure_format_of(path)), path);
}

}  // namespace tugline
