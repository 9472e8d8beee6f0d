// Reads tokenizer.json, the Hugging Face tokenizers library's format. The parts that byte-level BPE models
// use are read exactly; any other part, or a setting that would change ids, is refused by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tugline/text/tokenizer_parts.h"

namespace tugline {

// `json` is the file's content, `where` what messages call it. Throws Error.
[[nodiscard]] TokenizerParts parse_tokenizer_json(std::string_view json, const std::string& where);

// `bos_token` of a tokenizer_config.json; nothing where it is absent or null. Throws Error.
[[nodiscard]] std::optional<std::string> parse_config_bos(std::string_view json, const std::string& where);

}  // namespace tugline
