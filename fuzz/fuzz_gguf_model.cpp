// The configuration and the tokenizer in a GGUF file of arbitrary bytes: an Error, or ones that can be used.
#include "attempt.h"
#include "tugline/files/gguf.h"
#include "tugline/model/config.h"
#include "use_tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    const auto file = tugline::GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    attempt([&] { static_cast<void>(tugline::hash_of(tugline::read_config_gguf(file))); });
    attempt([&] { use(tugline::Tokenizer::from_gguf(file)); });
  });
  return 0;
}
