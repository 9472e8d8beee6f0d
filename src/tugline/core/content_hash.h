// A stable 64-bit hash of content: the same bytes give the same number on every machine and in every version,
// so it may be stored and may seed random streams. Not cryptographic: it tells things apart, it does not
// resist forgery.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tugline {

// FNV-1a (Fowler, Noll, Vo), byte by byte: meant for strings and samples, about 1 GB/s.
class ContentHash {
 public:
  void add(std::span<const std::byte> bytes);
  // The length goes in first, so that "ab", "c" and "a", "bc" differ.
  void add_text(std::string_view text);
  // Eight bytes, least significant first.
  void add_number(uint64_t number);
  [[nodiscard]] uint64_t value() const { return state_; }

 private:
  uint64_t state_ = 0xcbf29ce484222325U;  // FNV's offset basis
};

[[nodiscard]] uint64_t hash_bytes(std::span<const std::byte> bytes);
[[nodiscard]] uint64_t hash_text(std::string_view text);  // of the bytes alone, equal to hash_bytes of them

// 16 lower-case hexadecimal digits.
[[nodiscard]] std::string hex(uint64_t number);

}  // namespace tugline
