// Byte-level BPE: text to token ids with byte offsets into the original text, and back. Built from a tokenizer.json
// (text/tokenizer_json) or from GGUF metadata (text/tokenizer_gguf). Parts that tugline does not have are refused
// by name when the tokenizer is built.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/core/ids.h"

namespace tugline {

struct Encoding {
  std::vector<int32_t> ids;
  std::vector<ByteRange> offsets;  // of each id, in bytes of the original text; a BOS has [0, 0)
};

enum class BosPolicy { kAuto, kAlways, kNever };  // kAuto: as the tokenizer's own template says

class GgufFile;

class Tokenizer {
 public:
  // Errors name the file and the field. Throws Error.
  static Tokenizer from_json_file(const std::filesystem::path& path);
  static Tokenizer from_gguf(const GgufFile& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Errors: malformed UTF-8 (names the byte's offset); kAlways where the tokenizer has no BOS. Thread-safe.
  [[nodiscard]] Encoding encode(std::string_view text, BosPolicy bos) const;
  // Special tokens are kept. Bytes that are not UTF-8 become U+FFFD, as the reference decoder does.
  [[nodiscard]] std::string decode(std::span<const int32_t> ids) const;
  // The raw bytes that one id stands for (not lossy).
  [[nodiscard]] std::string token_bytes(int32_t id) const;
  [[nodiscard]] std::optional<int32_t> token_to_id(std::string_view token) const;
  [[nodiscard]] std::optional<int32_t> bos_id() const;
  // One more than the largest id.
  [[nodiscard]] int64_t vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
