#include "tugline/report/figure_metadata.h"

#include <fmt/format.h>
#include <utf8proc.h>
#include <zlib.h>

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace tugline {
namespace {

constexpr size_t npos = std::string::npos;

std::string xml_text(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else {
      escaped += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return escaped;
}

void replace_element(std::string& svg, const std::string& name, const std::string& text) {
  const size_t begin = svg.find("<" + name + ">");
  const std::string end = "</" + name + ">";
  const size_t stop = svg.find(end, begin);
  if (begin == npos || stop == npos) return;
  svg.replace(begin, stop + end.size() - begin, "<" + name + ">" + xml_text(text) + end);
}

std::string big_endian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((number >> shift) & 0xff);
  return bytes;
}

std::string png_text(const std::string& keyword, const std::string& text) {
  using namespace std::string_literals;
  const std::string content = "iTXt" + keyword + "\0\0\0\0\0"s + text;
  const uLong sum =
      crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
  return big_endian(static_cast<uint32_t>(content.size() - 4)) + content +
         big_endian(static_cast<uint32_t>(sum));
}

// A PDF text string: UTF-16 with its byte order mark, in hexadecimal digits.
std::string pdf_text(const std::string& text) {
  std::string hex = "<FEFF";
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  auto left = static_cast<utf8proc_ssize_t>(text.size());
  while (left > 0) {
    utf8proc_int32_t code = 0;
    const utf8proc_ssize_t read = utf8proc_iterate(bytes, left, &code);
    const utf8proc_ssize_t step = read > 0 ? read : 1;
    if (read <= 0) code = 0xfffd;
    if (code > 0xffff) {
      code -= 0x10000;
      hex += fmt::format("{:04X}{:04X}", 0xd800 + (code >> 10), 0xdc00 + (code & 0x3ff));
    } else {
      hex += fmt::format("{:04X}", code);
    }
    bytes += step;
    left -= step;
  }
  return hex + ">";
}

// The number after `name` in `text`.
std::optional<size_t> number_after(std::string_view text, std::string_view name) {
  const size_t at = text.rfind(name);
  if (at == npos) return std::nullopt;
  size_t number = 0;
  const char* begin = text.data() + at + name.size();
  const auto [end, error] = std::from_chars(begin, text.data() + text.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

// The bytes of an entry of a table of objects in a stream: kind 1, a place of four bytes, generation 0.
std::string stream_entry(size_t place) { return fmt::format("01{:08X}00", place); }

// An update appends the new information object, a table of the changed objects, and where the older table is.
std::string pdf_update(const std::string& pdf, const std::string& information, size_t info, size_t size,
                       size_t root, size_t previous, bool has_stream) {
  const size_t place = pdf.size();
  std::string text = fmt::format("{} 0 obj\n{}\nendobj\n", info, information);
  const size_t table = place + text.size();
  if (has_stream) {
    const std::string entries = stream_entry(place) + stream_entry(table) + ">";
    text += fmt::format(
        "{} 0 obj\n<< /Type /XRef /Size {} /W [ 1 4 1 ] /Index [ {} 1 {} 1 ] /Root {} 0 R /Info {} 0 R /Prev "
        "{} "
        "/Filter /ASCIIHexDecode /Length {} >>\nstream\n{}\nendstream\nendobj\n",
        size, size + 1, info, size, root, info, previous, entries.size(), entries);
  } else {
    text += fmt::format(
        "xref\n{} 1\n{:010} 00000 n \ntrailer\n<< /Size {} /Root {} 0 R /Info {} 0 R /Prev {} >>\n", info,
        place, size, root, info, previous);
  }
  return pdf + text + fmt::format("startxref\n{}\n%%EOF\n", table);
}

// The time of the drawing is nothing that the figure says.
void blank_date(std::string& pdf) {
  constexpr std::string_view kDate = "/CreationDate (D:";
  const size_t at = pdf.find(kDate);
  if (at == npos) return;
  for (size_t i = at + kDate.size(); i < pdf.size() && pdf[i] != ')'; ++i)
    if (pdf[i] >= '0' && pdf[i] <= '9') pdf[i] = '0';
}

}  // namespace

std::string svg_with_metadata(std::string svg, const Figure& figure) {
  replace_element(svg, "title", figure.title);
  replace_element(svg, "desc", figure.description);
  return svg;
}

std::string png_with_metadata(std::string png, const Figure& figure) {
  constexpr size_t kAfterHeader = 8 + 12 + 13;  // the signature, and the chunk IHDR
  return png.insert(kAfterHeader,
                    png_text("Title", figure.title) + png_text("Description", figure.description));
}

std::string pdf_with_metadata(std::string pdf, const Figure& figure) {
  blank_date(pdf);
  const std::optional<size_t> previous = number_after(pdf, "startxref\n");
  const std::optional<size_t> size = number_after(pdf, "/Size ");
  const std::optional<size_t> root = number_after(pdf, "/Root ");
  const std::optional<size_t> info = number_after(pdf, "/Info ");
  if (!previous || !size || !root) return pdf;
  const std::string information =
      fmt::format("<< /Title {} /Subject {} /Producer (tugline, gnuplot, cairo) >>", pdf_text(figure.title),
                  pdf_text(figure.description));
  const bool has_stream = pdf.compare(*previous, 4, "xref") != 0;
  return pdf_update(pdf, information, info.value_or(*size), *size + (info ? 0 : 1), *root, *previous,
                    has_stream);
}

}  // namespace tugline
