#include "tugline/report/figure.h"

#include <algorithm>
#include <cctype>

#include "tugline/core/error.h"
#include "tugline/report/drawn_figure.h"
#include "tugline/report/output_file.h"

namespace tugline {

FigureFormat figure_format_of(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".svg") return FigureFormat::kSvg;
  if (extension == ".png") return FigureFormat::kPng;
  if (extension == ".pdf") return FigureFormat::kPdf;
  fail(ErrorCode::kUsage, "{}: the name of a figure ends in .svg, .png or .pdf, this one in \"{}\"",
       path.string(), extension);
}

void draw_figure(const Figure& figure, const std::filesystem::path& path) {
  OutputFile file(path);
  file.write(drawn_figure(figure));
  file.commit();
}

}  // namespace tugline
