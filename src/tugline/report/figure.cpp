#include "tugline/report/figure.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "tugline/core/error.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/output_file.h"

namespace tugline {

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
    refuse("spans", "the run has none of kind \"{}\"; it has {}", wanted, fmt::join(kinds, ", "));
  }
  return wanted;
}

void draw_script(const std::string& script, const std::filesystem::path& path) {
  OutputFile file(path);
  file.write(drawn_figure(script, figure_format_of(path)));
  file.commit();
}

void draw_figure(const RunView& view, const std::string& span_kind, const std::filesystem::path& path) {
  draw_script(figure_script(view, span_kind, figure_format_of(path)), path);
}

}  // namespace tugline
