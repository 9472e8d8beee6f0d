#include "tugline/files/gguf.h"

#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/gguf_parser.h"
#include "tugline/files/gguf_parts.h"
#include "tugline/files/gguf_tensor_types.h"

namespace tugline {
namespace {

// Integers up to here are doubles exactly.
constexpr double kExactIntegers = 0x1p53;

template <typename Out, typename In>
std::vector<Out> widen(const GgufArray& array) {
  std::vector<Out> out;
  out.reserve(array.count);
  for (uint64_t i = 0; i < array.count; ++i) {
    In value;
    std::memcpy(&value, array.bytes.data() + i * sizeof value, sizeof value);
    out.push_back(static_cast<Out>(value));
  }
  return out;
}

std::string described(const GgufValue& value) {
  const auto* array = std::get_if<GgufArray>(&value.value);
  if (array != nullptr) return fmt::format("an array of {} {} values", array->count, name_of(array->type));
  if (const auto* number = std::get_if<uint64_t>(&value.value))
    return fmt::format("{} {}", name_of(value.type), *number);
  if (const auto* number = std::get_if<int64_t>(&value.value))
    return fmt::format("{} {}", name_of(value.type), *number);
  if (const auto* number = std::get_if<double>(&value.value))
    return fmt::format("{} {}", name_of(value.type), *number);
  return std::string(name_of(value.type));
}

}  // namespace

std::string_view name_of(GgufType type) {
  constexpr std::array<std::string_view, 13> kNames{"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                    "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

GgufFile GgufFile::open(const std::filesystem::path& path) {
  const auto part = gguf_part_name(path);
  const auto paths = part ? gguf_part_paths(path, *part) : std::vector{path};
  std::vector<MappedFile> files;
  std::vector<GgufContents> contents;
  for (const std::filesystem::path& one : paths) {
    files.push_back(MappedFile::open(one));
    contents.push_back(parse_gguf(files.back().bytes(), one.string()));
  }
  if (part) return {std::move(files), join_gguf_parts(std::move(contents), paths), path.string()};
  refuse_unnamed_part(contents.front(), path.string());
  return {std::move(files), std::move(contents.front()), path.string()};
}

GgufFile GgufFile::parse(std::span<const std::byte> bytes, const std::string& label) {
  return {std::vector<MappedFile>{}, parse_gguf(bytes, label), label};
}

GgufFile::GgufFile(std::vector<MappedFile> files, GgufContents contents, std::string label)
    : files_(std::move(files)),
      label_(std::move(label)),
      version_(contents.version),
      alignment_(contents.alignment),
      metadata_(std::move(contents.metadata)),
      table_(std::move(contents.tensors), label_) {}

std::string GgufFile::readable_types() const { return readable_ggml_types(); }

std::vector<std::string> GgufFile::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : metadata_) keys.emplace_back(key);
  return keys;
}

const GgufValue* GgufFile::value_of(std::string_view key) const {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? nullptr : &found->second;
}

void GgufFile::wrong_type(std::string_view key, std::string_view expected, const GgufValue& found) const {
  fail(ErrorCode::kInput, "{}: metadata '{}' is {}, expected {}", label_, printable(key), described(found),
       expected);
}

void GgufFile::missing(std::string_view key) const {
  fail(ErrorCode::kInput, "{}: has no metadata '{}'; the file was made without it, convert the model again",
       label_, printable(key));
}

std::optional<uint64_t> GgufFile::optional_u64(std::string_view key) const {
  const GgufValue* found = value_of(key);
  if (found == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<uint64_t>(&found->value)) return *number;
  const auto* number = std::get_if<int64_t>(&found->value);
  if (number != nullptr && *number >= 0) return static_cast<uint64_t>(*number);
  wrong_type(key, "an integer that is not negative", *found);
}

std::optional<int64_t> GgufFile::optional_i64(std::string_view key) const {
  const GgufValue* found = value_of(key);
  if (found == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<int64_t>(&found->value)) return *number;
  const auto* number = std::get_if<uint64_t>(&found->value);
  if (number != nullptr && std::in_range<int64_t>(*number)) return static_cast<int64_t>(*number);
  wrong_type(key, "an integer within 64 signed bits", *found);
}

std::optional<double> GgufFile::optional_f64(std::string_view key) const {
  const GgufValue* found = value_of(key);
  if (found == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(&found->value)) return *number;
  double value = std::numeric_limits<double>::infinity();
  if (const auto* number = std::get_if<uint64_t>(&found->value)) value = static_cast<double>(*number);
  if (const auto* number = std::get_if<int64_t>(&found->value)) value = static_cast<double>(*number);
  if (value < kExactIntegers && value > -kExactIntegers) return value;
  wrong_type(key, "a number", *found);
}

std::optional<bool> GgufFile::optional_bool(std::string_view key) const {
  const GgufValue* found = value_of(key);
  if (found == nullptr) return std::nullopt;
  if (const auto* value = std::get_if<bool>(&found->value)) return *value;
  wrong_type(key, "a bool", *found);
}

std::optional<std::string_view> GgufFile::optional_string(std::string_view key) const {
  const GgufValue* found = value_of(key);
  if (found == nullptr) return std::nullopt;
  if (const auto* value = std::get_if<std::string_view>(&found->value)) return *value;
  wrong_type(key, "a string", *found);
}

const GgufArray* GgufFile::array_of(std::string_view key, std::string_view expected) const {
  const GgufValue* found = value_of(key);
  if (found == nullptr) return nullptr;
  const auto* array = std::get_if<GgufArray>(&found->value);
  if (array == nullptr) wrong_type(key, expected, *found);
  return array;
}

std::optional<std::span<const std::string_view>> GgufFile::optional_strings(std::string_view key) const {
  constexpr std::string_view kExpected = "an array of strings";
  const GgufArray* array = array_of(key, kExpected);
  if (array == nullptr) return std::nullopt;
  if (array->type != GgufType::kString) wrong_type(key, kExpected, *value_of(key));
  return std::span<const std::string_view>(array->strings);
}

std::optional<std::vector<int64_t>> GgufFile::optional_ints(std::string_view key) const {
  constexpr std::string_view kExpected = "an array of integers of at most 32 bits, or i64";
  const GgufArray* array = array_of(key, kExpected);
  if (array == nullptr) return std::nullopt;
  switch (array->type) {
    case GgufType::kU8:
      return widen<int64_t, uint8_t>(*array);
    case GgufType::kI8:
      return widen<int64_t, int8_t>(*array);
    case GgufType::kU16:
      return widen<int64_t, uint16_t>(*array);
    case GgufType::kI16:
      return widen<int64_t, int16_t>(*array);
    case GgufType::kU32:
      return widen<int64_t, uint32_t>(*array);
    case GgufType::kI32:
      return widen<int64_t, int32_t>(*array);
    case GgufType::kI64:
      return widen<int64_t, int64_t>(*array);
    default:
      wrong_type(key, kExpected, *value_of(key));
  }
}

std::optional<std::vector<double>> GgufFile::optional_floats(std::string_view key) const {
  constexpr std::string_view kExpected = "an array of f32 or f64";
  const GgufArray* array = array_of(key, kExpected);
  if (array == nullptr) return std::nullopt;
  if (array->type == GgufType::kF32) return widen<double, float>(*array);
  if (array->type == GgufType::kF64) return widen<double, double>(*array);
  wrong_type(key, kExpected, *value_of(key));
}

uint64_t GgufFile::require_u64(std::string_view key) const {
  if (const auto value = optional_u64(key)) return *value;
  missing(key);
}

int64_t GgufFile::require_i64(std::string_view key) const {
  if (const auto value = optional_i64(key)) return *value;
  missing(key);
}

double GgufFile::require_f64(std::string_view key) const {
  if (const auto value = optional_f64(key)) return *value;
  missing(key);
}

bool GgufFile::require_bool(std::string_view key) const {
  if (const auto value = optional_bool(key)) return *value;
  missing(key);
}

std::string_view GgufFile::require_string(std::string_view key) const {
  if (const auto value = optional_string(key)) return *value;
  missing(key);
}

std::span<const std::string_view> GgufFile::require_strings(std::string_view key) const {
  if (const auto value = optional_strings(key)) return *value;
  missing(key);
}

std::vector<int64_t> GgufFile::require_ints(std::string_view key) const {
  if (auto value = optional_ints(key)) return *std::move(value);
  missing(key);
}

std::vector<double> GgufFile::require_floats(std::string_view key) const {
  if (auto value = optional_floats(key)) return *std::move(value);
  missing(key);
}

}  // namespace tugline
