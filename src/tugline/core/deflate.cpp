#include "tugline/core/deflate.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>

namespace tugline {

std::vector<std::byte> deflated(std::span<const std::byte> bytes, int level) {
  uLongf size = compressBound(bytes.size());
  std::vector<std::byte> out(size);
  const auto* in = reinterpret_cast<const Bytef*>(bytes.data());
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, in, bytes.size(), level) != Z_OK)
    throw std::bad_alloc();  // there is room, and the level is one of zlib's
  out.resize(size);
  return out;
}

std::optional<std::vector<std::byte>> inflated(std::span<const std::byte> bytes, size_t most,
                                               DeflateFrame frame) {
  constexpr size_t kFirstPart = 1 << 16;
  constexpr size_t kMostAtOnce = std::numeric_limits<uInt>::max();
  if (bytes.size() > kMostAtOnce) return std::nullopt;
  z_stream stream{};
  if (inflateInit2(&stream, frame == DeflateFrame::kZlib ? MAX_WBITS : -MAX_WBITS) != Z_OK)
    throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> end(&stream, &inflateEnd);
  // zlib's pointer to its input is not const, but it writes nothing there.
  stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::vector<std::byte> out;
  int status = Z_OK;
  while (status == Z_OK && stream.avail_out == 0) {
    const size_t done = out.size();
    if (done > most) return std::nullopt;
    // One byte more than may come, so that more than that is seen.
    out.resize(std::min({most + 1, std::max(kFirstPart, 2 * done), done + kMostAtOnce}));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + done);
    stream.avail_out = static_cast<uInt>(out.size() - done);
    status = inflate(&stream, Z_SYNC_FLUSH);
  }
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  if (status != Z_STREAM_END || stream.avail_in != 0 || stream.total_out > most) return std::nullopt;
  out.resize(stream.total_out);
  return out;
}

}  // namespace tugline
