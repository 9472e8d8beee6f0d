// Reads GGUF, llama.cpp's model format, versions 2 and 3, little-endian: metadata
// (configuration, tokenizer) and tensors. The file is memory-mapped, and checked
// completely when it is opened. model/ and text/ interpret the metadata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tugline/files/mapped_file.h"
#include "tugline/files/tensor_source.h"
#include "tugline/files/tensor_table.h"

namespace tugline {

// Types of metadata values, by the format's numbers.
enum class GgufType : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};

// "u32", "string": for messages.
[[nodiscard]] std::string_view name_of(GgufType type);

struct GgufArray {
  GgufType type = GgufType::kU8;  // of the elements; not kArray
  uint64_t count = 0;
  std::span<const std::byte> bytes;       // the elements as the file has them; empty for strings
  std::vector<std::string_view> strings;  // into the file, for strings
};

struct GgufValue {
  GgufType type = GgufType::kU8;
  // Unsigned, signed and floating types are widened.
  std::variant<uint64_t, int64_t, double, bool, std::string_view, GgufArray> value;
};

// What a GGUF file holds (gguf_parser.h).
struct GgufContents {
  uint32_t version = 0;
  uint64_t alignment = 0;
  std::map<std::string_view, GgufValue> metadata;
  FileTensors tensors;  // shapes row-major: the reverse of the file's order
};

// The views that it returns are valid as long as it lives, also after it is moved. Thread-safe once made.
class GgufFile final : public TensorSource {
 public:
  // One file, or all parts of a model in several (NAME-00001-of-00003.gguf), of which any may be named.
  // Throws Error naming the file, the key or tensor, expected and found; a part that is missing or does not
  // belong is named.
  static GgufFile open(const std::filesystem::path& path);
  // A file's content in memory, which outlives the GgufFile; `label` is what messages call it.
  static GgufFile parse(std::span<const std::byte> bytes, const std::string& label);

  [[nodiscard]] const TensorView* find(std::string_view name) const override { return table_.find(name); }
  [[nodiscard]] std::vector<std::string> names() const override { return table_.names(); }
  [[nodiscard]] std::span<const UnreadableTensor> unreadable() const override { return table_.unreadable(); }
  [[nodiscard]] std::string readable_types() const override;
  [[nodiscard]] std::string path() const override { return label_; }
  void release(std::span<const std::byte> bytes) const override {
    for (const MappedFile& file : files_) file.release(bytes);
  }

  [[nodiscard]] uint32_t version() const { return version_; }
  [[nodiscard]] uint64_t alignment() const { return alignment_; }
  [[nodiscard]] bool has(std::string_view key) const { return metadata_.contains(key); }
  [[nodiscard]] std::vector<std::string> keys() const;  // ascending

  // The value of a key; no value if the key is absent. Throws Error if it has another
  // type. u64 and i64 accept every integer type whose value fits. f64 also accepts
  // f32 (widened, so 1e-5 reads as the f32 nearest to it) and integers below 2^53.
  [[nodiscard]] std::optional<uint64_t> optional_u64(std::string_view key) const;
  [[nodiscard]] std::optional<int64_t> optional_i64(std::string_view key) const;
  [[nodiscard]] std::optional<double> optional_f64(std::string_view key) const;
  [[nodiscard]] std::optional<bool> optional_bool(std::string_view key) const;
  [[nodiscard]] std::optional<std::string_view> optional_string(std::string_view key) const;
  [[nodiscard]] std::optional<std::span<const std::string_view>> optional_strings(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<int64_t>> optional_ints(std::string_view key) const;
  [[nodiscard]] std::optional<std::vector<double>> optional_floats(std::string_view key) const;

  // The same; an absent key is an Error (kInput).
  [[nodiscard]] uint64_t require_u64(std::string_view key) const;
  [[nodiscard]] int64_t require_i64(std::string_view key) const;
  [[nodiscard]] double require_f64(std::string_view key) const;
  [[nodiscard]] bool require_bool(std::string_view key) const;
  [[nodiscard]] std::string_view require_string(std::string_view key) const;
  [[nodiscard]] std::span<const std::string_view> require_strings(std::string_view key) const;
  [[nodiscard]] std::vector<int64_t> require_ints(std::string_view key) const;
  [[nodiscard]] std::vector<double> require_floats(std::string_view key) const;

 private:
  GgufFile(std::vector<MappedFile> files, GgufContents contents, std::string label);

  [[nodiscard]] const GgufValue* value_of(std::string_view key) const;
  [[nodiscard]] const GgufArray* array_of(std::string_view key, std::string_view expected) const;
  [[noreturn]] void wrong_type(std::string_view key, std::string_view expected, const GgufValue& found) const;
  [[noreturn]] void missing(std::string_view key) const;

  std::vector<MappedFile> files_;  // what the views below point into; none where the content is the caller's
  std::string label_;
  uint32_t version_;
  uint64_t alignment_;
  std::map<std::string_view, GgufValue> metadata_;
  TensorTable table_;
};

}  // namespace tugline
