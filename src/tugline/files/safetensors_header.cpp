// Format: u64 length N, N bytes of JSON {"name": {"dtype", "shape", "data_offsets": [begin, end]},
// "__metadata__": {...}}, then the tensors' bytes, which the offsets tile from first to last without a gap.
#include "tugline/files/safetensors_header.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/foreign_content.h"
#include "tugline/core/strict_json.h"
#include "tugline/files/byte_reader.h"

namespace tugline {
namespace {

using Json = nlohmann::json;

// The format's own bound on a header's length.
constexpr uint64_t kLongestHeader = 100'000'000;

struct Entry {
  TensorView tensor;
  std::string unreadable;  // the dtype's name if tugline does not read it: tensor.dtype then means nothing
  int64_t begin = 0;       // of its bytes, counted from the end of the header
  int64_t end = 0;
};

// The place of an error: the file and the tensor.
struct Place {
  const std::string& file;
  std::string tensor;
};

std::optional<DType> dtype_named(std::string_view name) {
  for (const DType dtype : {DType::kF64, DType::kF32, DType::kF16, DType::kBF16}) {
    if (name == name_of(dtype)) return dtype;
  }
  return std::nullopt;
}

const Json& field(const Json& entry, const char* name, const Place& place) {
  const auto found = entry.find(name);
  if (found == entry.end()) {
    fail(ErrorCode::kInput, "{}: tensor '{}' has no '{}' in the header", place.file, place.tensor, name);
  }
  return *found;
}

const std::string& read_dtype(const Json& entry, const Place& place) {
  const Json& value = field(entry, "dtype", place);
  if (!value.is_string()) {
    fail(ErrorCode::kInput, "{}: tensor '{}': 'dtype' is {}, expected a string", place.file, place.tensor,
         value.type_name());
  }
  return value.get_ref<const std::string&>();
}

std::vector<int64_t> read_counts(const Json& entry, const char* name, const Place& place) {
  const Json& list = field(entry, name, place);
  if (!list.is_array()) {
    fail(ErrorCode::kInput, "{}: tensor '{}': '{}' is {}, expected a list", place.file, place.tensor, name,
         list.type_name());
  }
  std::vector<int64_t> counts;
  for (const Json& item : list) {
    const bool fits =
        item.is_number_unsigned() && item.get<uint64_t>() <= std::numeric_limits<int64_t>::max();
    if (!fits) {
      fail(ErrorCode::kInput, "{}: tensor '{}': '{}' holds {}, expected whole numbers from 0 to 2^63 - 1",
           place.file, place.tensor, name,
           printable(item.dump(-1, ' ', true, Json::error_handler_t::replace)));
    }
    counts.push_back(item.get<int64_t>());
  }
  return counts;
}

int64_t byte_size(const TensorView& tensor, const Place& place) {
  std::vector<int64_t> extents = tensor.shape;
  extents.push_back(block_shape(tensor.dtype).bytes);
  const auto size = checked_product(extents);
  if (!size) {
    fail(ErrorCode::kInput, "{}: tensor '{}': the product of its shape is beyond 2^63 - 1 bytes", place.file,
         place.tensor);
  }
  return *size;
}

void check_fields(const Json& entry, const Place& place) {
  if (!entry.is_object()) {
    fail(ErrorCode::kInput, "{}: tensor '{}' is {} in the header, expected an object", place.file,
         place.tensor, entry.type_name());
  }
  for (const auto& [name, value] : entry.items()) {
    if (name == "dtype" || name == "shape" || name == "data_offsets") continue;
    fail(ErrorCode::kInput, "{}: tensor '{}' has the unknown field '{}' in the header", place.file,
         place.tensor, printable(name));
  }
}

Entry read_entry(const std::string& name, const Json& value, const std::string& label) {
  const Place place{label, printable(name)};
  check_fields(value, place);
  Entry entry;
  entry.tensor.name = name;
  const std::string& dtype = read_dtype(value, place);
  if (const auto known = dtype_named(dtype)) {
    entry.tensor.dtype = *known;
  } else {
    entry.unreadable = fmt::format("'{}'", printable(dtype));
  }
  entry.tensor.shape = read_counts(value, "shape", place);
  const auto offsets = read_counts(value, "data_offsets", place);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    fail(ErrorCode::kInput, "{}: tensor '{}': 'data_offsets' is not [begin, end] with begin <= end", label,
         place.tensor);
  }
  entry.begin = offsets[0];
  entry.end = offsets[1];
  if (!entry.unreadable.empty()) return entry;
  const int64_t expected = byte_size(entry.tensor, place);
  if (entry.end - entry.begin != expected) {
    fail(ErrorCode::kInput, "{}: tensor '{}': its shape and dtype {} need {} bytes, its data_offsets span {}",
         label, place.tensor, name_of(entry.tensor.dtype), expected, entry.end - entry.begin);
  }
  return entry;
}

void check_metadata(const Json& metadata, const std::string& label) {
  const bool strings = metadata.is_object() && std::ranges::all_of(metadata, &Json::is_string);
  if (!strings) {
    fail(ErrorCode::kInput, "{}: '__metadata__' in the header is not a map of strings to strings", label);
  }
}

// `content` is the whole file.
Json parse_header(ByteReader& reader, std::string_view content) {
  const auto length = reader.read<uint64_t>("the header's length");
  if (length > kLongestHeader) {
    refuse_foreign_content(content, reader.label());
    fail(ErrorCode::kInput, "{}: its header claims {} bytes, the format allows {}; is it a safetensors file?",
         reader.label(), length, kLongestHeader);
  }
  const auto bytes = reader.take(length, "the header");
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  Json header = parse_strict_json(text, reader.label() + ": header");
  if (!header.is_object()) {
    fail(ErrorCode::kInput, "{}: its header is {}, expected an object", reader.label(), header.type_name());
  }
  return header;
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The format's own rule: sorted by offset, each tensor begins where the one before ends, the last ends with
// the file.
void check_tiling(const std::vector<Entry>& entries, int64_t data_size, const std::string& label) {
  std::vector<const Entry*> order;
  order.reserve(entries.size());
  for (const Entry& entry : entries) order.push_back(&entry);
  std::ranges::sort(order, {}, [](const Entry* entry) { return std::pair(entry->begin, entry->end); });
  int64_t end = 0;
  for (const Entry* entry : order) {
    const std::string name = printable(entry->tensor.name);
    if (entry->begin != end) {
      fail(ErrorCode::kInput, "{}: tensor '{}' begins at byte {} of the data, expected {}: the tensors {}",
           label, name, entry->begin, end, entry->begin < end ? "overlap" : "leave a hole");
    }
    if (entry->end > data_size) {
      fail(ErrorCode::kInput,
           "{}: tensor '{}' ends at byte {} of the data, which has only {}; the file is truncated or "
           "damaged, fetch it "
           "again",
           label, name, entry->end, data_size);
    }
    end = entry->end;
  }
  if (end != data_size) {
    fail(ErrorCode::kInput, "{}: {} bytes follow the last tensor; the file is damaged, fetch it again", label,
         data_size - end);
  }
}

}  // namespace

FileTensors read_safetensors_header(std::span<const std::byte> file, const std::string& label) {
  ByteReader reader(file, label);
  const Json header = parse_header(reader, text_of(file));
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {  // in ascending order of names
    if (name == "__metadata__") {
      check_metadata(value, label);
    } else {
      entries.push_back(read_entry(name, value, label));
    }
  }
  check_tiling(entries, static_cast<int64_t>(reader.remaining()), label);
  const auto data = file.subspan(reader.offset());
  FileTensors tensors;
  for (Entry& entry : entries) {
    if (!entry.unreadable.empty()) {
      tensors.unreadable.push_back({std::move(entry.tensor.name), std::move(entry.unreadable)});
      continue;
    }
    entry.tensor.bytes =
        data.subspan(static_cast<size_t>(entry.begin), static_cast<size_t>(entry.end - entry.begin));
    tensors.readable.push_back(std::move(entry.tensor));
  }
  return tensors;
}

std::map<std::string, std::string> read_safetensors_metadata(std::span<const std::byte> file,
                                                             const std::string& label) {
  ByteReader reader(file, label);
  const Json header = parse_header(reader, text_of(file));
  const auto metadata = header.find("__metadata__");
  if (metadata == header.end()) return {};
  check_metadata(*metadata, label);
  return metadata->get<std::map<std::string, std::string>>();
}

}  // namespace tugline
