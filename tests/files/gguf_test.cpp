#include "tugline/files/gguf.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "files/build_bytes.h"
#include "support/expect_error.h"

namespace tugline {
namespace {

constexpr uint64_t kHuge = uint64_t{1} << 63;

Bytes beginning(uint64_t tensors, uint64_t keys, uint32_t version = 3) {
  Bytes bytes;
  bytes.put_raw("GGUF").put(version).put(tensors).put(keys);
  return bytes;
}

void put_tensor(Bytes& bytes, std::string_view name, const std::vector<uint64_t>& extents, uint32_t type,
                uint64_t offset) {
  bytes.put_string(name).put(static_cast<uint32_t>(extents.size()));
  for (const uint64_t extent : extents) bytes.put(extent);
  bytes.put(type).put(offset);
}

// Two tensors (F32 [2, 3] and Q8_0 [1, 32]) and three keys, ending with the last tensor's last byte.
Bytes small_file(uint32_t version = 3) {
  Bytes bytes = beginning(2, 3, version);
  bytes.put_string("general.alignment").put<uint32_t>(4).put<uint32_t>(64);
  bytes.put_string("words").put<uint32_t>(9).put<uint32_t>(8).put<uint64_t>(2).put_string("ab").put_string(
      "");
  bytes.put_string("ids").put<uint32_t>(9).put<uint32_t>(5).put<uint64_t>(2).put<int32_t>(-1).put<int32_t>(7);
  put_tensor(bytes, "w", {3, 2}, 0, 64);
  put_tensor(bytes, "q", {32, 1}, 8, 0);
  return bytes.pad_to(64).put_zeros(64 + 24);
}

GgufFile parse(const Bytes& bytes) { return GgufFile::parse(bytes.span(), "m.gguf"); }

void expect_refused(ErrorCode code, const Bytes& bytes, std::vector<std::string> parts) {
  parts.emplace_back("m.gguf");
  expect_error(code, parts, [&] { static_cast<void>(parse(bytes)); });
}

void expect_lie(const Bytes& bytes, const std::vector<std::string>& parts) {
  expect_refused(ErrorCode::kInput, bytes, parts);
}

// One tensor over `data_size` bytes.
Bytes with_tensor(const std::vector<uint64_t>& extents, uint32_t type, uint64_t offset, size_t data_size) {
  Bytes bytes = beginning(1, 0);
  put_tensor(bytes, "w", extents, type, offset);
  return bytes.pad_to(32).put_zeros(data_size);
}

TEST(Gguf, ReadsBothVersions) {
  for (const uint32_t version : {2U, 3U}) {
    const Bytes bytes = small_file(version);
    const GgufFile file = parse(bytes);
    EXPECT_EQ(file.version(), version);
    EXPECT_EQ(file.alignment(), 64U);
    EXPECT_EQ(file.names(), (std::vector<std::string>{"q", "w"}));
    EXPECT_EQ(file.keys(), (std::vector<std::string>{"general.alignment", "ids", "words"}));
    EXPECT_EQ(file.find("w")->shape, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(file.find("w")->bytes.data() + 24, bytes.span().data() + bytes.size());
    EXPECT_EQ(file.find("q")->dtype, DType::kQ8_0);
    EXPECT_EQ(file.find("q")->bytes.size(), 34U);
    EXPECT_EQ(file.require_ints("ids"), (std::vector<int64_t>{-1, 7}));
    EXPECT_EQ(file.require_strings("words")[0], "ab");
  }
}

TEST(Gguf, ReadsEveryKindOfMetadataThatTheFormatsOwnPackageWrote) {
  const GgufFile file = GgufFile::open(fixture("every_type.gguf"));
  EXPECT_EQ(file.require_string("general.architecture"), "llama");
  EXPECT_EQ(file.require_u64("test.u8"), 200U);
  EXPECT_EQ(file.require_i64("test.i8"), -100);
  EXPECT_EQ(file.require_u64("test.u16"), 60000U);
  EXPECT_EQ(file.require_i64("test.i16"), -30000);
  EXPECT_EQ(file.require_u64("test.u32"), 4'000'000'000U);
  EXPECT_EQ(file.require_i64("test.i32"), -2'000'000'000);
  EXPECT_EQ(file.require_u64("test.u64"), 18'000'000'000'000'000'000U);
  EXPECT_EQ(file.require_i64("test.i64"), -9'000'000'000'000'000'000);
  EXPECT_EQ(file.require_f64("test.f32"), 1.5);
  EXPECT_EQ(file.require_f64("test.f64"), 0.1);
  EXPECT_TRUE(file.require_bool("test.bool"));
  EXPECT_EQ(file.require_string("test.string"), "h\xc3\xa9llo");
  const auto words = file.require_strings("test.strings");
  EXPECT_EQ(std::vector<std::string_view>(words.begin(), words.end()),
            (std::vector<std::string_view>{"a", "", "\xc4\xa0the"}));
  EXPECT_EQ(file.require_ints("test.ints"), (std::vector<int64_t>{1, -2, 3}));
  EXPECT_EQ(file.require_floats("test.floats"), (std::vector<double>{0.5, -1.25}));
}

TEST(Gguf, ViewsSurviveAMove) {
  GgufFile first = GgufFile::open(fixture("every_type.gguf"));
  const std::string_view word = first.require_string("general.architecture");
  const GgufFile second = std::move(first);
  EXPECT_EQ(word, "llama");
  EXPECT_EQ(second.require_string("general.architecture").data(), word.data());
}

TEST(Gguf, GettersSayWhatIsWrong) {
  const GgufFile file = GgufFile::open(fixture("every_type.gguf"));
  const auto expect = [&](const std::vector<std::string>& parts, const std::function<void()>& act) {
    expect_error(ErrorCode::kInput, parts, act);
  };
  expect({"every_type.gguf", "no metadata 'absent'"}, [&] { static_cast<void>(file.require_u64("absent")); });
  expect({"'test.i8'", "i8 -100", "not negative"}, [&] { static_cast<void>(file.require_u64("test.i8")); });
  expect({"'test.u64'", "u64 18000000000000000000"},
         [&] { static_cast<void>(file.require_i64("test.u64")); });
  expect({"'test.f32'", "f32 1.5"}, [&] { static_cast<void>(file.require_u64("test.f32")); });
  expect({"'test.u64'"}, [&] { static_cast<void>(file.require_f64("test.u64")); });
  expect({"'test.u8'", "bool"}, [&] { static_cast<void>(file.optional_bool("test.u8")); });
  expect({"'test.strings'", "an array of 3 string"},
         [&] { static_cast<void>(file.optional_string("test.strings")); });
  expect({"'test.ints'", "strings"}, [&] { static_cast<void>(file.require_strings("test.ints")); });
  expect({"'test.floats'", "integers"}, [&] { static_cast<void>(file.require_ints("test.floats")); });
  expect({"'test.ints'", "f32 or f64"}, [&] { static_cast<void>(file.require_floats("test.ints")); });
  expect({"'test.u8'", "array"}, [&] { static_cast<void>(file.require_ints("test.u8")); });
  EXPECT_EQ(file.optional_u64("absent"), std::nullopt);
  EXPECT_FALSE(file.optional_strings("absent").has_value());
  EXPECT_EQ(file.require_f64("test.u8"), 200.0);
  EXPECT_EQ(file.require_i64("test.u32"), 4'000'000'000);
}

TEST(Gguf, EveryTruncationAndDamageIsSurvived) {
  const auto parse_part = [](std::span<const std::byte> bytes) {
    static_cast<void>(GgufFile::parse(bytes, "cut"));
  };
  expect_every_truncation_fails(small_file().span(), parse_part);
  expect_every_damage_is_survived(small_file().span(), parse_part);
}

TEST(Gguf, RefusesOtherFilesAndVersions) {
  expect_lie(Bytes().put_raw("GGML").put_zeros(40), {"GGUF"});
  expect_refused(ErrorCode::kUnsupported, beginning(0, 0, 1), {"version 1"});
  expect_refused(ErrorCode::kUnsupported, beginning(0, 0, 4), {"version 4"});
  expect_refused(ErrorCode::kUnsupported, beginning(0, 0, 0x03000000), {"big-endian"});
}

TEST(Gguf, CountsAreBoundedByWhatFollows) {
  expect_lie(beginning(kHuge, 0).put_zeros(64), {"tensors", "9223372036854775808"});
  expect_lie(beginning(0, kHuge).put_zeros(64), {"keys", "9223372036854775808"});
  expect_lie(beginning(0, std::numeric_limits<uint64_t>::max()), {"keys"});
  expect_lie(beginning(0, 1).put<uint64_t>(kHuge).put_zeros(64), {"metadata key"});
  expect_lie(beginning(0, 1).put_string("k").put<uint32_t>(8).put<uint64_t>(kHuge), {"'k'"});
  for (const uint32_t type : {0U, 6U, 8U, 12U}) {
    const uint64_t count = type == 12 ? kHuge / 4 : kHuge;  // 2^61 x 8 bytes is 2^64: it must not wrap to 0
    expect_lie(beginning(0, 1).put_string("k").put<uint32_t>(9).put(type).put(count).put_zeros(64), {"'k'"});
  }
}

TEST(Gguf, RefusesLyingMetadata) {
  expect_lie(beginning(0, 1).put_string("k").put<uint32_t>(13).put_zeros(16), {"'k'", "type 13"});
  expect_lie(beginning(0, 1).put_string("k").put<uint32_t>(7).put<uint8_t>(2), {"'k'", "bool"});
  expect_refused(ErrorCode::kUnsupported,
                 beginning(0, 1).put_string("k").put<uint32_t>(9).put<uint32_t>(9).put_zeros(64),
                 {"array of arrays"});
  const auto twice =
      beginning(0, 2).put_string("k").put<uint32_t>(0).put<uint8_t>(1).put_string("k").put<uint32_t>(0);
  expect_lie(Bytes(twice).put<uint8_t>(1), {"'k'", "twice"});
  for (const uint32_t alignment : {0U, 7U, 33U}) {
    expect_lie(beginning(0, 1).put_string("general.alignment").put<uint32_t>(4).put(alignment),
               {"general.alignment"});
  }
  expect_lie(beginning(0, 1).put_string("general.alignment").put<uint32_t>(8).put_string("32"),
             {"general.alignment"});
}

// Whoever needs such a tensor refuses it; a file may hold others that nothing needs.
TEST(Gguf, TensorsOfTypesThatItDoesNotReadAreSetApart) {
  const std::vector<std::pair<uint32_t, std::string>> types{
      {16, "16 (IQ2_XXS)"}, {26, "26 (I32)"}, {4, "4 (unknown)"}, {0xffffffff, "4294967295 (unknown)"}};
  for (const auto& [number, name] : types) {
    const Bytes bytes = with_tensor({32}, number, 0, 64);
    const GgufFile file = parse(bytes);
    EXPECT_EQ(file.find("w"), nullptr);
    EXPECT_TRUE(file.names().empty());
    ASSERT_NE(find_unreadable(file, "w"), nullptr);
    EXPECT_EQ(find_unreadable(file, "w")->type, name);
    for (const char* readable : {"Q2_K", "Q3_K", "IQ4_NL", "IQ4_XS"})
      EXPECT_NE(file.readable_types().find(readable), std::string::npos);
  }
}

TEST(Gguf, RefusesLyingTensors) {
  expect_lie(with_tensor({1, 1, 1, 1, 1}, 0, 0, 64), {"'w'", "5 dimensions"});
  expect_lie(with_tensor({kHuge}, 0, 0, 64), {"'w'", "9223372036854775808"});
  expect_lie(with_tensor({kHuge / 2}, 0, 0, 64), {"'w'", "product"});
  expect_lie(with_tensor({uint64_t{1} << 32, uint64_t{1} << 32}, 0, 0, 64), {"'w'", "product"});
  expect_lie(with_tensor({48, 2}, 2, 0, 64), {"'w'", "48", "Q4_0", "32"});
  expect_lie(with_tensor({128, 2}, 12, 0, 288), {"'w'", "128", "Q4_K", "256"});
  expect_lie(with_tensor({4}, 0, 16, 64), {"'w'", "multiple of 32"});
  expect_lie(with_tensor({4}, 0, 64, 64), {"'w'", "16 bytes from byte 64", "only 64"});
  expect_lie(with_tensor({17}, 0, 0, 64), {"'w'", "68 bytes"});
  expect_lie(with_tensor({4}, 0, kHuge, 64), {"'w'"});
  expect_lie(with_tensor({4}, 0, uint64_t{0} - 32, 64), {"'w'"});
}

TEST(Gguf, RefusesTensorsThatOverlapOrShareAName) {
  Bytes overlapping = beginning(2, 0);
  put_tensor(overlapping, "a", {9}, 0, 0);
  put_tensor(overlapping, "b", {8}, 0, 32);
  expect_lie(overlapping.pad_to(32).put_zeros(64), {"'a'", "'b'", "overlap"});
  Bytes twins = beginning(2, 0);
  put_tensor(twins, "a", {8}, 0, 0);
  put_tensor(twins, "a", {8}, 0, 32);
  expect_lie(twins.pad_to(32).put_zeros(64), {"'a'", "twice"});
}

TEST(Gguf, EmptyTensorsAndScalarsAreTensors) {
  const Bytes bytes = with_tensor({kHuge / 2, 0}, 0, 0, 0);
  EXPECT_EQ(parse(bytes).find("w")->elements(), 0);
  const Bytes scalar = with_tensor({}, 0, 0, 4);
  EXPECT_EQ(parse(scalar).find("w")->elements(), 1);
}

}  // namespace
}  // namespace tugline
