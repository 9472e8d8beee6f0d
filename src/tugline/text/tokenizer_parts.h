// The parts of a tokenizer. The readers (tokenizer_json,
// tokenizer_gguf) make them, and Tokenizer runs them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tugline/text/added_tokens.h"
#include "tugline/text/bpe.h"
#include "tugline/text/normalizer.h"
#include "tugline/text/pre_tokenizer.h"

namespace tugline {

struct TokenizerParts {
  std::string where;  // what messages call the file
  Normalization normalization = Normalization::kNone;
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  std::vector<AddedToken> added_tokens;
  std::optional<int32_t> bos_id;
  bool template_adds_bos = false;
};

}  // namespace tugline
