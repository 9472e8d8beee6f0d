// The tokenizer.json reader on arbitrary bytes: an Error, or a tokenizer whose offsets lie in the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/text/tokenizer.h"

namespace {

constexpr std::string_view kText = "So 12 cafe\u0301 ab.b <s> a\n\n \u4E2D\u1100\u1161 it's";

void encode(const tugline::Tokenizer& tokenizer) {
  const auto encoding = tokenizer.encode(kText, tugline::BosPolicy::kAuto);
  if (encoding.ids.size() != encoding.offsets.size()) std::abort();
  for (const tugline::ByteRange& range : encoding.offsets) {
    if (range.begin < 0 || range.begin > range.end || range.end > static_cast<int64_t>(kText.size()))
      std::abort();
  }
  static_cast<void>(tokenizer.decode(encoding.ids));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    encode(tugline::Tokenizer::from_json_text({reinterpret_cast<const char*>(data), size}, "fuzz"));
  } catch (const tugline::Error&) {  // the right answer to most inputs
  }
  return 0;
}
