#include "tugline/core/content_hash.h"

#include <fmt/format.h>

namespace tugline {
namespace {

constexpr uint64_t kPrime = 0x100000001b3U;  // FNV's prime for 64 bits

}  // namespace

void ContentHash::add(std::span<const std::byte> bytes) {
  for (const std::byte byte : bytes) state_ = (state_ ^ static_cast<uint64_t>(byte)) * kPrime;
}

void ContentHash::add_text(std::string_view text) {
  add_number(text.size());
  add(std::as_bytes(std::span(text)));
}

void ContentHash::add_number(uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) state_ = (state_ ^ ((number >> shift) & 0xff)) * kPrime;
}

uint64_t hash_bytes(std::span<const std::byte> bytes) {
  ContentHash hash;
  hash.add(bytes);
  return hash.value();
}

uint64_t hash_text(std::string_view text) { return hash_bytes(std::as_bytes(std::span(text))); }

std::string hex(uint64_t number) { return fmt::format("{:016x}", number); }

}  // namespace tugline
