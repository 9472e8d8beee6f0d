// Reads a tokenizer from the metadata of a GGUF file. GGUF names its pre-tokenizer and leaves its rules to
// the reader: a closed table here, and a name that is not in it is refused.
#pragma once

#include "tugline/text/tokenizer_parts.h"

namespace tugline {

class GgufFile;

// Throws Error naming the file and the key.
[[nodiscard]] TokenizerParts read_gguf_tokenizer(const GgufFile& file);

}  // namespace tugline
