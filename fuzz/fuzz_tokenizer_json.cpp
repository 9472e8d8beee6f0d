// tokenizer.json and tokenizer_config.json of arbitrary bytes: an Error, or a tokenizer whose offsets lie in
// the text.
#include <cstddef>
#include <cstdint>

#include "attempt.h"
#include "tugline/text/tokenizer_json.h"
#include "use_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  attempt([&] { use(tugline::Tokenizer::from_json_text(json, "fuzz")); });
  attempt([&] { static_cast<void>(tugline::parse_config_bos(json, "fuzz")); });
  return 0;
}
