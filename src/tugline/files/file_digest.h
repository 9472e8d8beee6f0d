// A hash of all bytes of a file, for a run's provenance: SHA-256 over blocks that several threads read at
// once. Hashes of large files are kept in the user's cache.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

namespace tugline {

// How a digest is computed.
struct DigestCall {
  // Asked before each block, from any thread; if it returns false, the call ends with Error kInterrupted.
  std::function<bool()> keep_going = {};
  // Receives a sentence about an entry of the cache that is damaged. Called from the calling thread.
  std::function<void(const std::string& sentence)> warn = {};
  // The folder of the cache; empty: hashes are neither looked up nor kept.
  std::filesystem::path cache = {};
  // Smaller files are read each time.
  uint64_t smallest_cached = uint64_t{16} << 20;
};

// $XDG_CACHE_HOME/tugline/digests, else ~/.cache/tugline/digests; empty if the environment names neither.
[[nodiscard]] std::filesystem::path digest_cache_folder();

// The digest of a file: 64 lower-case hexadecimal digits, the SHA-256 of its blocks' SHA-256 digests (32
// bytes each) one after the other. Blocks are of 16 MiB, the last one of what is left; an empty file has
// none. The cache knows a file by its path, inode, size, and the times of its last change of content and of
// attributes. A file that changed in the last seconds is not kept there, because a further change could have
// the same time. Errors: kNotFound, kIo; kIo also if the file becomes shorter meanwhile.
[[nodiscard]] std::string file_digest(const std::filesystem::path& path, const DigestCall& call = {});

// The same of bytes in memory.
[[nodiscard]] std::string bytes_digest(std::span<const std::byte> bytes);

}  // namespace tugline
