// Byte-level BPE: turns text into token ids with byte offsets into the original text, and ids into text.
// Built from a tokenizer.json (text/tokenizer_json) or from GGUF metadata (text/tokenizer_gguf). Parts that
// tugline does not support are refused by name when the tokenizer is built.
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
  // For each id, the bytes of the original text for which it stands, white space included. If NFC changed a
  // character, all bytes that went into it. A BOS has [0, 0).
  std::vector<ByteRange> offsets;
};

enum class BosPolicy { kAuto, kAlways, kNever };  // kAuto: as the tokenizer's own template says

class GgufFile;
struct TokenizerParts;

class Tokenizer {
 public:
  // Errors name the file and the field. Throws Error.
  // Reads a tokenizer.json. Its template decides whether kAuto adds a BOS. If the tokenizer_config.json in
  // the same folder contradicts it, notes() says so. If the template adds no BOS, kAlways puts `bos_token` of
  // that file in front.
  static Tokenizer from_json_file(const std::filesystem::path& path);
  // The same from memory, without a tokenizer_config.json; `where` is its name in messages.
  static Tokenizer from_json_text(std::string_view json, const std::string& where);
  static Tokenizer from_gguf(const GgufFile& file);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Errors: malformed UTF-8 (names the byte's offset); kAlways if the tokenizer has no BOS. Thread-safe.
  [[nodiscard]] Encoding encode(std::string_view text, BosPolicy bos) const;
  // Special tokens are kept. As in the reference decoder, bytes that are not UTF-8 become U+FFFD, and ids
  // without a token (those of a padded vocabulary) become an empty text.
  [[nodiscard]] std::string decode(std::span<const int32_t> ids) const;
  // The raw bytes that one id stands for (not lossy); none for an id that no token has.
  [[nodiscard]] std::string token_bytes(int32_t id) const;
  [[nodiscard]] std::optional<int32_t> token_to_id(std::string_view token) const;
  [[nodiscard]] std::optional<int32_t> bos_id() const;
  // Whether the ids begin with the BOS twice: once from the text itself, and once put in front.
  [[nodiscard]] bool begins_with_two_bos(std::span<const int32_t> ids) const;
  // One sentence for each contradiction between the files, which says what applies. For the user.
  [[nodiscard]] const std::vector<std::string>& notes() const;
  // One more than the largest id that a token has. A model's embedding table may be longer.
  [[nodiscard]] int64_t vocab_size() const;

 private:
  struct Impl;
  explicit Tokenizer(TokenizerParts parts);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tugline
