// Layout: "GGUF", u32 version, u64 tensors, u64 keys; keys (string, u32 type, value); tensor infos (string,
// u32 rank, u64 extents innermost first, u32 type, u64 offset); padding to general.alignment; the tensors'
// bytes.
#include "tugline/files/gguf_parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/foreign_content.h"
#include "tugline/files/byte_reader.h"
#include "tugline/files/gguf_tensor_types.h"

namespace tugline {
namespace {

constexpr uint64_t kDefaultAlignment = 32;
constexpr uint32_t kLargestRank = 4;
constexpr uint64_t kSmallestKey = 8 + 4 + 1;         // an empty name, a type, a one-byte value
constexpr uint64_t kSmallestTensor = 8 + 4 + 4 + 8;  // an empty name, rank 0, a type, an offset

// `content` is the whole file.
uint32_t read_version(ByteReader& reader, std::string_view content) {
  const auto magic = reader.take(4, "the magic number");
  if (!std::ranges::equal(magic, std::as_bytes(std::span("GGUF", 4)))) {
    refuse_foreign_content(content, reader.label());
    fail(ErrorCode::kInput, "{}: does not begin with 'GGUF': it is no GGUF file", reader.label());
  }
  const auto version = reader.read<uint32_t>("the version");
  if (version == 2 || version == 3) return version;
  if (version != 0 && (version & 0xffffU) == 0) {
    fail(ErrorCode::kUnsupported, "{}: is a big-endian GGUF; tugline reads little-endian ones: convert it",
         reader.label());
  }
  fail(ErrorCode::kUnsupported,
       "{}: is GGUF version {}; tugline reads versions 2 and 3: convert the model again", reader.label(),
       version);
}

GgufType read_type(ByteReader& reader, const std::string& what) {
  const auto number = reader.read<uint32_t>(what);
  if (number > static_cast<uint32_t>(GgufType::kF64)) {
    fail(ErrorCode::kInput, "{}: {} has the unknown value type {}", reader.label(), what, number);
  }
  return static_cast<GgufType>(number);
}

bool read_bool(ByteReader& reader, const std::string& what) {
  const auto byte = reader.read<uint8_t>(what);
  if (byte > 1) fail(ErrorCode::kInput, "{}: {} is a bool with the value {}", reader.label(), what, byte);
  return byte == 1;
}

GgufArray read_array(ByteReader& reader, const std::string& what) {
  GgufArray array;
  array.type = read_type(reader, what);
  if (array.type == GgufType::kArray) {
    fail(ErrorCode::kUnsupported, "{}: {} is an array of arrays, which tugline does not read", reader.label(),
         what);
  }
  array.count = reader.read<uint64_t>(what);
  if (array.type == GgufType::kString) {
    reader.expect_room(array.count, sizeof(uint64_t), what + " strings");
    array.strings.reserve(array.count);
    for (uint64_t i = 0; i < array.count; ++i) array.strings.push_back(reader.read_string(what));
    return array;
  }
  const uint64_t size = fixed_size(array.type);
  reader.expect_room(array.count, size, what + " elements");
  array.bytes = reader.take(array.count * size, what);
  return array;
}

GgufValue read_value(ByteReader& reader, GgufType type, const std::string& what) {
  switch (type) {
    case GgufType::kU8:
      return {type, uint64_t{reader.read<uint8_t>(what)}};
    case GgufType::kU16:
      return {type, uint64_t{reader.read<uint16_t>(what)}};
    case GgufType::kU32:
      return {type, uint64_t{reader.read<uint32_t>(what)}};
    case GgufType::kU64:
      return {type, reader.read<uint64_t>(what)};
    case GgufType::kI8:
      return {type, int64_t{reader.read<int8_t>(what)}};
    case GgufType::kI16:
      return {type, int64_t{reader.read<int16_t>(what)}};
    case GgufType::kI32:
      return {type, int64_t{reader.read<int32_t>(what)}};
    case GgufType::kI64:
      return {type, reader.read<int64_t>(what)};
    case GgufType::kF32:
      return {type, double{reader.read<float>(what)}};
    case GgufType::kF64:
      return {type, reader.read<double>(what)};
    case GgufType::kBool:
      return {type, read_bool(reader, what)};
    case GgufType::kString:
      return {type, reader.read_string(what)};
    case GgufType::kArray:
      return {type, read_array(reader, what)};
  }
  fail(ErrorCode::kInput, "{}: {} has an unknown value type", reader.label(), what);
}

void read_metadata(ByteReader& reader, uint64_t count, GgufContents& contents) {
  for (uint64_t i = 0; i < count; ++i) {
    const std::string_view key = reader.read_string("a metadata key");
    const std::string what = fmt::format("metadata '{}'", printable(key));
    const GgufType type = read_type(reader, what);
    if (!contents.metadata.emplace(key, read_value(reader, type, what)).second) {
      fail(ErrorCode::kInput, "{}: {} occurs twice", reader.label(), what);
    }
  }
}

uint64_t read_alignment(const GgufContents& contents, const std::string& label) {
  const auto found = contents.metadata.find("general.alignment");
  if (found == contents.metadata.end()) return kDefaultAlignment;
  const uint64_t* value = std::get_if<uint64_t>(&found->second.value);
  if (value == nullptr || *value == 0 || *value % 8 != 0 || *value > std::numeric_limits<uint32_t>::max()) {
    fail(ErrorCode::kInput, "{}: general.alignment is not a positive multiple of 8 in 32 bits", label);
  }
  return *value;
}

// A tensor as the file describes it, before its bytes are known to be there.
struct TensorInfo {
  TensorView tensor;
  uint64_t offset = 0;  // from the beginning of the tensors' bytes
  uint64_t size = 0;
  std::string unreadable;  // the type's name if tugline does not read it: dtype and size then mean nothing
};

std::vector<int64_t> read_shape(ByteReader& reader, const std::string& what) {
  const auto rank = reader.read<uint32_t>(what);
  if (rank > kLargestRank) {
    fail(ErrorCode::kInput, "{}: {} has {} dimensions, the format has at most {}", reader.label(), what, rank,
         kLargestRank);
  }
  std::vector<int64_t> shape(rank);
  for (int64_t& extent : shape) {
    const auto value = reader.read<uint64_t>(what);
    if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
      fail(ErrorCode::kInput, "{}: {} has a dimension of {}, beyond 2^63 - 1", reader.label(), what, value);
    }
    extent = static_cast<int64_t>(value);
  }
  std::ranges::reverse(shape);
  return shape;
}

uint64_t stored_size(const TensorView& tensor, const std::string& what, const std::string& label) {
  const BlockShape block = block_shape(tensor.dtype);
  std::vector<int64_t> extents = tensor.shape;
  const int64_t row = extents.empty() ? 1 : extents.back();
  if (row % block.elements != 0) {
    fail(ErrorCode::kInput, "{}: {} has rows of {} elements, expected a multiple of {}'s block of {}", label,
         what, row, name_of(tensor.dtype), block.elements);
  }
  extents.push_back(block.bytes);  // an upper bound of the size, so that both it and the element count fit
  const auto bound = checked_product(extents);
  if (!bound)
    fail(ErrorCode::kInput, "{}: {}: the product of its dimensions is beyond 2^63 - 1", label, what);
  return static_cast<uint64_t>(*bound / block.elements);
}

TensorInfo read_tensor(ByteReader& reader) {
  TensorInfo info;
  info.tensor.name = reader.read_string("a tensor's name");
  const std::string what = fmt::format("tensor '{}'", printable(info.tensor.name));
  info.tensor.shape = read_shape(reader, what);
  const auto type = reader.read<uint32_t>(what);
  const auto dtype = dtype_of_ggml(type);
  info.offset = reader.read<uint64_t>(what);
  if (!dtype) {
    info.unreadable = fmt::format("{} ({})", type, name_of_ggml(type));
    return info;
  }
  info.tensor.dtype = *dtype;
  info.size = stored_size(info.tensor, what, reader.label());
  return info;
}

// The tensors' bytes, after padding. A file without tensors may end before it.
std::span<const std::byte> data_section(ByteReader& reader, uint64_t alignment, bool any_tensor) {
  const uint64_t padding = (alignment - reader.offset() % alignment) % alignment;
  if (!any_tensor) return {};
  static_cast<void>(reader.take(padding, "the padding before the tensors"));
  return reader.take(reader.remaining(), "the tensors");
}

void check_place(const TensorInfo& info, uint64_t data_size, uint64_t alignment, const std::string& label) {
  const std::string name = printable(info.tensor.name);
  if (info.offset % alignment != 0) {
    fail(ErrorCode::kInput, "{}: tensor '{}' begins at byte {} of the data, expected a multiple of {}", label,
         name, info.offset, alignment);
  }
  if (info.offset > data_size || info.size > data_size - info.offset) {
    fail(ErrorCode::kInput,
         "{}: tensor '{}' has {} bytes from byte {} of the data, which has only {}; the file is truncated or "
         "damaged, "
         "fetch it again",
         label, name, info.size, info.offset, data_size);
  }
}

void check_overlaps(const std::vector<TensorInfo>& infos, const std::string& label) {
  std::vector<const TensorInfo*> order;
  order.reserve(infos.size());
  for (const TensorInfo& info : infos) order.push_back(&info);
  std::ranges::sort(order, {}, [](const TensorInfo* info) { return std::pair(info->offset, info->size); });
  for (size_t i = 1; i < order.size(); ++i) {
    if (order[i]->offset >= order[i - 1]->offset + order[i - 1]->size) continue;
    fail(ErrorCode::kInput, "{}: tensors '{}' and '{}' overlap", label, printable(order[i - 1]->tensor.name),
         printable(order[i]->tensor.name));
  }
}

}  // namespace

uint64_t fixed_size(GgufType type) {
  constexpr std::array<uint64_t, 13> kSizes{1, 1, 2, 2, 4, 4, 4,
                                            1, 0, 0, 8, 8, 8};  // by the format's numbers
  return kSizes[static_cast<size_t>(type)];
}

GgufContents parse_gguf(std::span<const std::byte> bytes, const std::string& label) {
  ByteReader reader(bytes, label);
  GgufContents contents;
  contents.version = read_version(reader, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  const auto tensor_count = reader.read<uint64_t>("the number of tensors");
  const auto key_count = reader.read<uint64_t>("the number of metadata keys");
  reader.expect_room(key_count, kSmallestKey, "metadata keys");
  reader.expect_room(tensor_count, kSmallestTensor, "tensors");
  read_metadata(reader, key_count, contents);
  contents.alignment = read_alignment(contents, label);
  reader.expect_room(tensor_count, kSmallestTensor, "tensors");
  std::vector<TensorInfo> infos;
  for (uint64_t i = 0; i < tensor_count; ++i) infos.push_back(read_tensor(reader));
  const auto data = data_section(reader, contents.alignment, tensor_count > 0);
  for (const TensorInfo& info : infos) check_place(info, data.size(), contents.alignment, label);
  check_overlaps(infos, label);
  for (TensorInfo& info : infos) {
    if (!info.unreadable.empty()) {
      contents.tensors.unreadable.push_back({std::move(info.tensor.name), std::move(info.unreadable)});
      continue;
    }
    info.tensor.bytes = data.subspan(info.offset, info.size);
    contents.tensors.readable.push_back(std::move(info.tensor));
  }
  return contents;
}

}  // namespace tugline
