#include "tugline/files/safetensors_writer.h"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

namespace tugline {
namespace {

void append_little_endian(uint64_t number, std::string& to) {
  for (int shift = 0; shift < 64; shift += 8) to.push_back(static_cast<char>((number >> shift) & 0xff));
}

// Padded with spaces, as the format allows, so that the data after it is aligned.
std::string header_of(const std::vector<NamedArray>& arrays,
                      const std::map<std::string, std::string>& metadata) {
  nlohmann::json header;
  header["__metadata__"] = metadata;
  size_t begin = 0;
  for (const NamedArray& array : arrays) {
    const size_t end = begin + array.values.size() * sizeof(double);
    header[array.name] = {
        {"dtype", "F64"}, {"shape", {array.rows, array.columns}}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

}  // namespace

std::string safetensors_bytes(std::vector<NamedArray> arrays,
                              const std::map<std::string, std::string>& metadata) {
  std::ranges::sort(arrays, {}, &NamedArray::name);
  const std::string header = header_of(arrays, metadata);
  std::string bytes;
  append_little_endian(header.size(), bytes);
  bytes += header;
  for (const NamedArray& array : arrays)
    for (const double value : array.values) append_little_endian(std::bit_cast<uint64_t>(value), bytes);
  return bytes;
}

}  // namespace tugline
