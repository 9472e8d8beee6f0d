// Model files built byte by byte, well-formed or lying, and what the tests of their readers share.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"
#include "tugline/core/error.h"

namespace tugline {

class Bytes {
 public:
  template <typename T>
  Bytes& put(T value) {
    const auto raw = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    return *this;
  }
  Bytes& put_raw(std::string_view text) {
    const auto raw = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), raw.begin(), raw.end());
    return *this;
  }
  // As GGUF has strings: u64 length, then the bytes.
  Bytes& put_string(std::string_view text) { return put<uint64_t>(text.size()).put_raw(text); }
  Bytes& put_zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }
  Bytes& pad_to(size_t multiple) { return put_zeros((multiple - bytes_.size() % multiple) % multiple); }

  [[nodiscard]] std::span<const std::byte> span() const { return bytes_; }
  [[nodiscard]] size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::byte> bytes_;
};

inline Bytes safetensors_bytes(std::string_view header, size_t data_size) {
  Bytes bytes;
  bytes.put<uint64_t>(header.size()).put_raw(header);
  for (size_t i = 0; i < data_size; ++i) bytes.put(static_cast<uint8_t>(i));
  return bytes;
}

// Every proper prefix of a valid file is an Error. Each is copied to a buffer of its own size, so that a
// sanitizer sees a read past its end.
inline void expect_every_truncation_fails(std::span<const std::byte> whole,
                                          const std::function<void(std::span<const std::byte>)>& parse) {
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(parse(part), Error) << "cut to " << size << " of " << whole.size() << " bytes";
  }
}

// No change of one byte makes the reader do anything but succeed or throw Error.
inline void expect_every_damage_is_survived(std::span<const std::byte> whole,
                                            const std::function<void(std::span<const std::byte>)>& parse) {
  std::vector<std::byte> damaged(whole.begin(), whole.end());
  for (std::byte& byte : damaged) {
    const std::byte before = byte;
    for (const int value : {0, 1, 0x7f, 0x80, 0xff}) {
      byte = static_cast<std::byte>(value);
      try {
        parse(damaged);
      } catch (const Error&) {  // the other allowed outcome
      }
    }
    byte = before;
  }
}

inline std::filesystem::path fixture(std::string_view name) {
  return std::filesystem::path(TUGLINE_FIXTURES) / "files" / name;
}

}  // namespace tugline
