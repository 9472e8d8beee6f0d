// Reads tokenizer.json, the Hugging Face tokenizers library's format. The parts that byte-level BPE models
// use are read exactly; any other part, or a setting that would change ids, is refused by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tugline/text/tokenizer_parts.h"

namespace tugline {

// `json` is the file's content, `where` its name in messages. Throws Error.
[[nodiscard]] TokenizerParts parse_tokenizer_json(std::string_view json, const std::string& where);

// What a tokenizer_config.json says about the BOS.
struct BosSettings {
  std::optional<std::string> token;  // bos_token; no value if it is absent or null
  std::optional<bool> adds;          // add_bos_token, likewise
};
// Throws Error.
[[nodiscard]] BosSettings parse_config_bos(std::string_view json, const std::string& where);

}  // namespace tugline
