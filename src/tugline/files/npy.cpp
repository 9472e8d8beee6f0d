// Layout: "\x93NUMPY", u8 major, u8 minor, u16 (version 1) or u32 (2, 3) length, the header's text, the
// elements. The text:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
#include "tugline/files/npy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/dequantise.h"

namespace tugline {
namespace {

struct Header {
  std::optional<std::string> descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<int64_t>> shape;
};

// The few forms of a Python literal that NumPy writes.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& label) : text_(text), label_(label) {}

  Header parse() {
    expect('{');
    while (!accept('}')) {
      read_field();
      if (accept('}')) break;
      expect(',');
    }
    skip_space();
    if (!rest().empty()) malformed();
    return std::move(header_);
  }

 private:
  [[noreturn]] void malformed() const {
    fail(ErrorCode::kInput, "{}: its header is malformed at character {}: '{}'", label_, at_,
         printable(text_));
  }

  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }

  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }

  bool accept(char c) {
    skip_space();
    const bool there = rest().starts_with(c);
    at_ += there ? 1 : 0;
    return there;
  }

  void expect(char c) {
    if (!accept(c)) malformed();
  }

  bool starts_with(char c) {
    skip_space();
    return rest().starts_with(c);
  }

  // The fields of a structured array, as text. No such array is read.
  std::string read_fields_of_records() {
    const size_t end = text_.find(']', at_);
    if (end == std::string_view::npos) malformed();
    std::string fields(text_.substr(at_, end + 1 - at_));
    at_ = end + 1;
    return fields;
  }

  std::string read_string() {
    expect('\'');
    const size_t end = text_.find('\'', at_);
    if (end == std::string_view::npos) malformed();
    std::string value(text_.substr(at_, end - at_));
    at_ = end + 1;
    return value;
  }

  bool read_bool() {
    skip_space();
    for (const auto& [word, value] : {std::pair(std::string_view("True"), true), {"False", false}}) {
      if (!rest().starts_with(word)) continue;
      at_ += word.size();
      return value;
    }
    malformed();
  }

  int64_t read_count() {
    skip_space();
    int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), value);
    if (error != std::errc() || value < 0) malformed();
    at_ += static_cast<size_t>(end - begin);
    return value;
  }

  std::vector<int64_t> read_tuple() {
    std::vector<int64_t> values;
    expect('(');
    while (!accept(')')) {
      values.push_back(read_count());
      if (accept(')')) break;
      expect(',');
    }
    return values;
  }

  void read_field() {
    const std::string name = read_string();
    expect(':');
    if (name == "descr" && !header_.descr) {
      header_.descr = starts_with('[') ? read_fields_of_records() : read_string();
    } else if (name == "fortran_order" && !header_.fortran_order) {
      header_.fortran_order = read_bool();
    } else if (name == "shape" && !header_.shape) {
      header_.shape = read_tuple();
    } else {
      fail(ErrorCode::kInput, "{}: its header has '{}', which is unknown or occurs twice", label_,
           printable(name));
    }
  }

  std::string_view text_;
  const std::string& label_;
  size_t at_ = 0;
  Header header_;
};

Header read_header(ByteReader& reader) {
  const auto magic = reader.take(6, "the magic number");
  if (!std::ranges::equal(magic, std::as_bytes(std::span("\x93NUMPY", 6)))) {
    fail(ErrorCode::kInput, "{}: does not begin as a .npy file does", reader.label());
  }
  const auto major = reader.read<uint8_t>("the version");
  static_cast<void>(reader.read<uint8_t>("the minor version"));
  if (major < 1 || major > 3) {
    fail(ErrorCode::kUnsupported, "{}: is .npy version {}, tugline reads 1 to 3", reader.label(), major);
  }
  const uint32_t length = major == 1 ? reader.read<uint16_t>("the header's length")
                                     : reader.read<uint32_t>("the header's length");
  const auto bytes = reader.take(length, "the header");
  return HeaderParser({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, reader.label()).parse();
}

// Bytes of one element; no value if the type is not floating-point.
std::optional<size_t> float_size(const std::string& type) {
  for (const auto& [name, size] : {std::pair("f2", size_t{2}), {"f4", size_t{4}}, {"f8", size_t{8}}})
    if (type == std::string("<") + name || type == std::string(">") + name) return size;
  return std::nullopt;
}

double float_at(const std::byte* at, size_t size, bool is_big_endian) {
  std::array<std::byte, sizeof(double)> bytes{};
  std::copy_n(at, size, bytes.begin());
  if (is_big_endian) std::reverse(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
  if (size == sizeof(uint16_t)) return load_half(bytes.data());
  return size == sizeof(float) ? load<float>(bytes.data()) : load<double>(bytes.data());
}

void check_size(const NpyArray& array, const std::string& label) {
  const auto element = float_size(array.type);
  if (!element) return;
  std::vector<int64_t> extents = array.shape;
  extents.push_back(static_cast<int64_t>(*element));
  const auto size = checked_product(extents);
  if (size && static_cast<uint64_t>(*size) == array.bytes.size()) return;
  fail(ErrorCode::kInput,
       "{}: its shape needs {} bytes, but {} follow the header; it is truncated or damaged", label,
       size ? std::to_string(*size) : "more than 2^63", array.bytes.size());
}

}  // namespace

bool NpyArray::is_float() const { return float_size(type).has_value(); }

std::vector<double> NpyArray::values() const {
  const size_t size = float_size(type).value();
  const bool is_big_endian = type.front() == '>';
  std::vector<double> values(bytes.size() / size);
  // Fortran order: in the file the first index varies fastest, in `values` the last.
  std::vector<size_t> steps(shape.size(), 1);
  for (size_t axis = 1; axis < shape.size(); ++axis)
    steps[axis] = steps[axis - 1] * static_cast<size_t>(shape[axis - 1]);
  for (size_t i = 0; i < values.size(); ++i) {
    size_t place = i;
    if (is_fortran_order) {
      place = 0;
      size_t rest = i;
      for (size_t axis = shape.size(); axis-- > 0;) {
        const auto extent = static_cast<size_t>(shape[axis]);
        place += rest % extent * steps[axis];
        rest /= extent;
      }
    }
    values[i] = float_at(bytes.data() + place * size, size, is_big_endian);
  }
  return values;
}

NpyArray parse_npy(std::span<const std::byte> bytes, const std::string& label) {
  ByteReader reader(bytes, label);
  Header header = read_header(reader);
  if (!header.descr || !header.fortran_order || !header.shape) {
    fail(ErrorCode::kInput, "{}: its header lacks descr, fortran_order or shape", label);
  }
  NpyArray array{.type = *std::move(header.descr),
                 .shape = *std::move(header.shape),
                 .is_fortran_order = *header.fortran_order,
                 .bytes = reader.take(reader.remaining(), "the elements")};
  check_size(array, label);
  return array;
}

}  // namespace tugline
