#include "tugline/data/given_chunks.h"

#include <fmt/format.h>

#include <algorithm>

#include "tugline/core/white_space.h"

namespace tugline {
namespace {

using nlohmann::json;

constexpr const char* kExpected =
    "a list of strings, or of [begin, end) pairs in characters of the reasoning text";

bool is_pair(const json& value) {
  return value.is_array() && value.size() == 2 && value[0].is_number_unsigned() &&
         value[1].is_number_unsigned();
}

// In the text's order; texts[i] is looked for after texts[i - 1].
std::vector<ByteRange> find_texts(const json& texts, std::string_view cot) {
  const FoldedText folded = fold_white_space(cot);
  std::vector<ByteRange> chunks;
  size_t from = 0;
  for (const json& text : texts) {
    const std::string wanted =
        fold_white_space(trimmed(std::string_view(text.get_ref<const std::string&>()))).text;
    const size_t at = wanted.empty() ? std::string::npos : folded.text.find(wanted, from);
    if (at == std::string::npos) {
      chunks.push_back({0, 0});
      continue;
    }
    from = at + wanted.size();
    chunks.push_back(folded.source(at, from));
  }
  return chunks;
}

// The byte at which each character begins, and the text's size at the end.
std::vector<int64_t> character_begins(std::string_view text) {
  std::vector<int64_t> begins;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xC0) != 0x80) begins.push_back(static_cast<int64_t>(i));
  }
  begins.push_back(static_cast<int64_t>(text.size()));
  return begins;
}

std::vector<ByteRange> read_offsets(const ExampleFields& fields, const std::string& name, const json& pairs,
                                    std::string_view cot) {
  const std::vector<int64_t> begins = character_begins(cot);
  std::vector<ByteRange> chunks;
  uint64_t last_end = 0;
  for (const json& pair : pairs) {
    const auto begin = pair[0].get<uint64_t>();
    const auto end = pair[1].get<uint64_t>();
    if (begin < last_end || begin >= end || end >= begins.size()) {
      fields.refuse(
          fmt::format("field {}[{}]: [{}, {}) is not a range after {} in a reasoning text of {} characters.",
                      fields.name_in_file(name), chunks.size(), begin, end, last_end, begins.size() - 1));
    }
    last_end = end;
    chunks.push_back(trimmed(cot, {begins[begin], begins[end]}));
  }
  return chunks;
}

}  // namespace

std::optional<std::vector<ByteRange>> read_given_chunks(const ExampleFields& fields, const std::string& name,
                                                        std::string_view cot) {
  const json* value = fields.find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_array()) fields.refuse(name, kExpected, *value);
  const bool are_texts =
      std::all_of(value->begin(), value->end(), [](const json& element) { return element.is_string(); });
  if (are_texts) return find_texts(*value, cot);
  for (size_t i = 0; i < value->size(); ++i) {
    if (!is_pair((*value)[i])) fields.refuse(fmt::format("{}[{}]", name, i), kExpected, (*value)[i]);
  }
  return read_offsets(fields, name, *value, cot);
}

}  // namespace tugline
