#include "tugline/text/normalizer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// utf8proc's own NFC, which normalize() does not call: it composes pair by pair to know where each byte came
// from.
std::string whole_nfc(const std::string& text) {
  utf8proc_uint8_t* raw = nullptr;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
  const auto size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                 static_cast<utf8proc_ssize_t>(text.size()), &raw, options);
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(raw, &std::free);
  return {reinterpret_cast<const char*>(raw), static_cast<size_t>(size)};
}

rc::Gen<std::string> texts() {
  // Characters that compose, decompose, reorder or stand alone, and any others.
  static const std::u32string kChosen =
      U"aeoq "
      U"A\u00E9\u1EA1\u0301\u0323\u0307\u0308\u0327\u0344\u212B\u0958\u0915\u093C\u09C7\u09BE\u1100\u1161"
      U"\u11A8\uAC00"
      U"\u304B\u3099\u4E2D\U0001D15E\U0001F600\uFB1D\u0F73\u0F71\u1E9B";
  const auto chosen = rc::gen::elementOf(std::vector<char32_t>(kChosen.begin(), kChosen.end()));
  const auto any = rc::gen::map(rc::gen::inRange<uint32_t>(1, 0x10F800), [](uint32_t n) {
    return static_cast<char32_t>(n < 0xD800 ? n : n + 0x800);  // over the surrogates
  });
  const auto one = rc::gen::weightedOneOf<char32_t>({{4, chosen}, {1, any}});
  return rc::gen::map(rc::gen::container<std::u32string>(one), [](const std::u32string& codes) {
    std::string text;
    for (const char32_t code : codes) append_utf8(text, code);
    return text;
  });
}

RC_GTEST_PROP(Normalizer, IsNfc, ()) {
  const std::string text = *texts();
  const NormalizedText normal = normalize(text, 0, Normalization::kNfc);
  RC_ASSERT(std::string(normal.text()) == whole_nfc(text));
}

// Normalising just the source of any stretch of the result gives a text that holds the stretch, and the
// sources of all bytes together cover the original.
RC_GTEST_PROP(Normalizer, SourcesCoverTheOriginal, ()) {
  const std::string text = *texts();
  const NormalizedText normal = normalize(text, 100, Normalization::kNfc);
  RC_ASSERT(normal.source(0, normal.text().size()) ==
            (ByteRange{100, 100 + static_cast<int64_t>(text.size())}));
  std::vector<bool> covered(text.size());
  for (size_t i = 0; i < normal.text().size(); ++i) {
    const ByteRange range = normal.source(i, i + 1);
    RC_ASSERT(range.begin >= 100 && range.begin < range.end &&
              range.end <= 100 + static_cast<int64_t>(text.size()));
    for (int64_t at = range.begin; at < range.end; ++at) covered[static_cast<size_t>(at - 100)] = true;
  }
  RC_ASSERT(std::find(covered.begin(), covered.end(), false) == covered.end());
}

TEST(Normalizer, WithoutNfcNothingChanges) {
  const std::string text = "cafe\u0301";
  const NormalizedText normal = normalize(text, 3, Normalization::kNone);
  EXPECT_EQ(normal.text(), text);
  EXPECT_EQ(normal.source(1, 2), (ByteRange{4, 5}));
}

TEST(Normalizer, AComposedCharacterComesFromAllItsParts) {
  // "xe" + acute (2 bytes) + "y": x, e-acute (2 bytes), y.
  const std::string text = "xe\u0301y";
  const NormalizedText normal = normalize(text, 10, Normalization::kNfc);
  EXPECT_EQ(normal.text(), "x\u00E9y");
  EXPECT_EQ(normal.source(0, 1), (ByteRange{10, 11}));
  EXPECT_EQ(normal.source(1, 2), (ByteRange{11, 14}));  // half of the character: the whole of its source
  EXPECT_EQ(normal.source(2, 3), (ByteRange{11, 14}));
  EXPECT_EQ(normal.source(3, 4), (ByteRange{14, 15}));
  EXPECT_EQ(normal.source(3, 3), (ByteRange{14, 14}));
  EXPECT_EQ(normal.source(4, 4), (ByteRange{15, 15}));
}

// Sources never go back in the text: what changed places comes from the whole stretch.
TEST(Normalizer, ReorderedMarksShareTheirSource) {
  // q + dot above + dot below: the marks change places, nothing composes.
  const std::string text = "q\u0307\u0323";
  const NormalizedText normal = normalize(text, 0, Normalization::kNfc);
  EXPECT_EQ(normal.text(), "q\u0323\u0307");
  for (size_t i = 0; i < 5; ++i) EXPECT_EQ(normal.source(i, i + 1), (ByteRange{0, 5}));
}

}  // namespace
}  // namespace tugline
