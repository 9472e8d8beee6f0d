// Reads little-endian numbers, strings and runs of bytes from a buffer, never past its end. The binary
// readers parse with it. Internal to files/.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "tugline/core/printable.h"

namespace tugline {

static_assert(std::endian::native == std::endian::little,
              "model files are little-endian, and read as they lie");

// The product of extents that are not negative; no value if it is beyond int64.
[[nodiscard]] std::optional<int64_t> checked_product(std::span<const int64_t> extents);

class ByteReader {
 public:
  // `label` is the file's name for messages. The buffer outlives the reader.
  ByteReader(std::span<const std::byte> bytes, std::string label) : bytes_(bytes), label_(std::move(label)) {}

  // `what` names the thing being read for the message: "the number of tensors".
  template <typename T>
  [[nodiscard]] T read(std::string_view what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }
  // u64 length, then that many bytes.
  [[nodiscard]] std::string_view read_string(std::string_view what);
  [[nodiscard]] std::span<const std::byte> take(uint64_t count, std::string_view what);
  // Throws Error unless the rest of the buffer has room for `count` items of at least `smallest` bytes each.
  // Call it before allocating memory for a number of items that a file claims to hold.
  void expect_room(uint64_t count, uint64_t smallest, std::string_view what) const;

  [[nodiscard]] uint64_t offset() const { return offset_; }
  [[nodiscard]] uint64_t remaining() const { return bytes_.size() - offset_; }
  [[nodiscard]] const std::string& label() const { return label_; }

 private:
  std::span<const std::byte> bytes_;
  std::string label_;
  uint64_t offset_ = 0;
};

}  // namespace tugline
