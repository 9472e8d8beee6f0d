#include "tugline/files/byte_reader.h"

#include "tugline/core/error.h"

namespace tugline {

std::optional<int64_t> checked_product(std::span<const int64_t> extents) {
  int64_t product = 1;
  bool overflow = false;
  for (const int64_t extent : extents) {
    if (extent == 0) return 0;  // whatever the others are
    overflow = overflow || __builtin_mul_overflow(product, extent, &product);
  }
  return overflow ? std::nullopt : std::optional(product);
}

std::string_view ByteReader::read_string(std::string_view what) {
  const auto length = read<uint64_t>(what);
  const auto bytes = take(length, what);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> ByteReader::take(uint64_t count, std::string_view what) {
  if (count > remaining()) {
    fail(ErrorCode::kInput,
         "{}: at byte {}, {} needs {} bytes, but the file has only {} more; it is truncated or damaged, "
         "fetch it again",
         label_, offset_, what, count, remaining());
  }
  const auto taken = bytes_.subspan(offset_, count);
  offset_ += count;
  return taken;
}

void ByteReader::expect_room(uint64_t count, uint64_t smallest, std::string_view what) const {
  if (count > remaining() / smallest) {
    fail(ErrorCode::kInput,
         "{}: at byte {}, it claims {} {}, at least {} bytes each, but has only {} more bytes; it is "
         "truncated or "
         "damaged, fetch it again",
         label_, offset_, count, what, smallest, remaining());
  }
}

}  // namespace tugline
