// The tokenizer.json reader on arbitrary bytes: an Error, or a tokenizer whose offsets lie in the text.
#include <cstddef>
#include <cstdint>

#include "attempt.h"
#include "use_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    use(tugline::Tokenizer::from_json_text({reinterpret_cast<const char*>(data), size}, "fuzz"));
  });
  return 0;
}
