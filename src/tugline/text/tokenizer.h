// Byte-level BPE: text to token ids with byte offsets into the original text, and back. Built from a
// tokenizer.json (text/tokenizer_json) or from GGUF metadata (text/tokenizer_gguf). Parts that tugline does
// not have are refused by name when the tokenizer is built.
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
  // Of each id, in bytes of the original text: the bytes that it stands for, white space included. Where NFC
  // changed a character, every byte that went into it. A BOS has [0, 0).
  std::vector<ByteRange> offsets;
};

enum class BosPolicy { kAuto, kAlways, kNever };  // kAuto: as the tokenizer's own template says

class GgufFile;
struct TokenizerParts;

class Tokenizer {
 public:
  // Errors name the file and the field. Throws Error.
  // A tokenizer.json. Its template decides whether kAuto adds a BOS; if the tokenizer_config.json beside it says otherwise,
  // a note says so. If the template adds no BOS, `bos_token` of that file says which token kAlways puts in front.
  static Tokenizer from_json_file(const std::filesystem::path& path);
  // The same from memory, without a file beside it; `where` is what messages call it.
  static Tokenizer from_json_text(std::string_view json, const std::string& where);
  static Tokenizer from_gguf(const GgufFile& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Errors: malformed UTF-8 (names the byte's offset); kAlways where the tokenizer has no BOS. Thread-safe.
  [[nodiscard]] Encoding encode(std::string_view text, BosPolicy bos) const;
  // Special tokens are kept. Bytes that are not UTF-8 become U+FFFD, and ids that no token has (a padded
  // vocabulary's) give nothing, as in the reference decoder.
  [[nodiscard]] std::string decode(std::span<const int32_t> ids) const;
  // The raw bytes that one id stands for (not lossy); none for an id that no token has.
  [[nodiscard]] std::string token_bytes(int32_t id) const;
  [[nodiscard]] std::optional<int32_t> token_to_id(std::string_view token) const;
  [[nodiscard]] std::optional<int32_t> bos_id() const;
  // Whether ids that were run begin with the BOS twice: a text that holds it already, with another put in front.
  [[nodiscard]] bool begins_with_two_bos(std::span<const int32_t> ids) const;
  // Where the files contradict each other, and which of them rules: a sentence each, for whoever runs the tokenizer.
  [[nodiscard]] const std::vector<std::string>& notes() const;
  // One more than the largest id that a token has. A model's embedding table may be longer.
  [[nodiscard]] int64_t vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(TokenizerParts parts);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
