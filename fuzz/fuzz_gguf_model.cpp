// The configuration and the tokenizer in a GGUF file of arbitrary bytes: an Error, or ones that can be used.
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/files/gguf.h"
#include "tugline/model/config.h"
#include "tugline/text/tokenizer.h"

namespace {

constexpr std::string_view kText = "So 12 cafe\u0301 ab.b <s> a\n\n \u4E2D\u1100\u1161 it's";

template <typename Read>
void attempt(Read read) {
  try {
    read();
  } catch (const tugline::Error&) {  // the right answer to most inputs
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  attempt([&] {
    const auto file = tugline::GgufFile::parse(std::as_bytes(std::span(data, size)), "fuzz");
    attempt([&] { static_cast<void>(tugline::hash_of(tugline::read_config_gguf(file))); });
    attempt([&] {
      const auto tokenizer = tugline::Tokenizer::from_gguf(file);
      static_cast<void>(tokenizer.decode(tokenizer.encode(kText, tugline::BosPolicy::kAuto).ids));
    });
  });
  return 0;
}
