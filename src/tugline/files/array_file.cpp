#include "tugline/files/array_file.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/gguf.h"
#include "tugline/files/mapped_file.h"
#include "tugline/files/npy.h"
#include "tugline/files/safetensors.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

// Files of named tensors.
constexpr std::string_view kSafetensors = ".safetensors";
constexpr std::string_view kGguf = ".gguf";

struct FileAndTensor {
  std::string file;
  std::optional<std::string> tensor;
};

// "F.safetensors:case0" is a file and a tensor, unless a file has that whole name.
FileAndTensor split_argument(const std::string& argument) {
  std::error_code ignored;
  if (fs::exists(argument, ignored)) return {argument, std::nullopt};
  for (const std::string_view suffix : {kSafetensors, kGguf}) {
    const size_t colon = argument.rfind(std::string(suffix) + ":");
    if (colon == std::string::npos) continue;
    const size_t end = colon + suffix.size();
    return {argument.substr(0, end), argument.substr(end + 1)};
  }
  return {argument, std::nullopt};
}

std::unique_ptr<TensorSource> open_tensors(const std::string& file) {
  if (file.ends_with(kGguf)) return std::make_unique<GgufFile>(GgufFile::open(file));
  return open_safetensors(file);
}

std::string listed(const std::vector<std::string>& names) {
  constexpr size_t kMost = 10;
  std::string list;
  for (size_t i = 0; i < names.size() && i < kMost; ++i) list += (i == 0 ? "" : ", ") + printable(names[i]);
  return names.size() > kMost ? list + ", ..." : list;
}

const TensorView& chosen_tensor(const TensorSource& source, const FileAndTensor& from) {
  const std::vector<std::string> names = source.names();
  if (!from.tensor && names.size() == 1) return *source.find(names.front());
  if (!from.tensor) {
    fail(ErrorCode::kUsage, "{}: holds {} tensors ({}), expected one; say which as {}:TENSOR", from.file,
         names.size(), listed(names), from.file);
  }
  const TensorView* tensor = source.find(*from.tensor);
  if (const UnreadableTensor* other = find_unreadable(source, *from.tensor))
    fail(ErrorCode::kUnsupported, "{}: tensor '{}' is {}, expected F32 or F64: convert it", from.file,
         printable(other->name), other->type);
  if (tensor == nullptr) {
    fail(ErrorCode::kNotFound, "{}: has no tensor '{}'; it holds {}", from.file, printable(*from.tensor),
         names.empty() ? "none" : listed(names));
  }
  return *tensor;
}

template <typename T>
std::vector<double> widen(std::span<const std::byte> bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
    values[i] = static_cast<double>(value);
  }
  return values;
}

// `what` names the file and the tensor for messages.
DirectionArray to_array(const TensorView& tensor, const std::string& what) {
  const size_t rank = tensor.shape.size();
  if (rank != 1 && rank != 2) {
    fail(ErrorCode::kInput, "{}: has {} dimensions, expected [directions, d] or [d]", what, rank);
  }
  if (tensor.dtype != DType::kF32 && tensor.dtype != DType::kF64) {
    fail(ErrorCode::kUnsupported, "{}: is {}, expected F32 or F64: convert it", what, name_of(tensor.dtype));
  }
  if (tensor.bytes.empty()) fail(ErrorCode::kInput, "{}: is empty, expected at least one direction", what);
  DirectionArray array;
  array.rows = rank == 2 ? tensor.shape[0] : 1;
  array.columns = tensor.shape.back();
  array.values = tensor.dtype == DType::kF32 ? widen<float>(tensor.bytes) : widen<double>(tensor.bytes);
  return array;
}

void check_finite(const DirectionArray& array, const std::string& what) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    if (std::isfinite(array.values[i])) continue;
    const auto columns = static_cast<size_t>(array.columns);
    fail(ErrorCode::kInput, "{}: row {}, column {} is {}, expected a finite number", what, i / columns,
         i % columns, array.values[i]);
  }
}

DirectionArray read_tensor_array(const FileAndTensor& from) {
  if (fs::is_directory(from.file)) {
    fail(ErrorCode::kUsage, "{}: expected a .npy, .safetensors or .gguf file, found a directory", from.file);
  }
  const auto source = open_tensors(from.file);
  const TensorView& tensor = chosen_tensor(*source, from);
  const std::string what = fmt::format("{}: tensor '{}'", from.file, printable(tensor.name));
  DirectionArray array = to_array(tensor, what);
  check_finite(array, what);
  return array;
}

}  // namespace

DirectionArray read_direction_array(const std::string& argument) {
  const FileAndTensor from = split_argument(argument);
  if (from.file.ends_with(kSafetensors) || from.file.ends_with(kGguf)) return read_tensor_array(from);
  if (!from.file.ends_with(".npy")) {
    fail(ErrorCode::kUsage,
         "{}: expected a file named .npy, .safetensors or .gguf, or F.safetensors:TENSOR, F.gguf:TENSOR",
         argument);
  }
  const MappedFile file = MappedFile::open(from.file);
  DirectionArray array = to_array(parse_npy(file.bytes(), from.file), from.file);
  check_finite(array, from.file);
  return array;
}

}  // namespace tugline
