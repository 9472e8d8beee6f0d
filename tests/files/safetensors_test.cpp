#include "tugline/files/safetensors.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "files/build_bytes.h"
#include "support/expect_error.h"

namespace tugline {
namespace {

// `header` over `data_size` bytes of data, parsed from a buffer that lives as long as the source.
struct Parsed {
  explicit Parsed(std::string_view header, size_t data_size)
      : bytes(safetensors_bytes(header, data_size)),
        source(parse_safetensors(bytes.span(), "m.safetensors")) {}
  Bytes bytes;
  std::unique_ptr<TensorSource> source;
};

void expect_refused(ErrorCode code, std::string_view header, size_t data_size,
                    std::vector<std::string> parts) {
  SCOPED_TRACE(header);
  parts.emplace_back("m.safetensors");
  expect_error(code, parts, [&] { const Parsed parsed(header, data_size); });
}

void expect_lie(std::string_view header, size_t data_size, const std::vector<std::string>& parts) {
  expect_refused(ErrorCode::kInput, header, data_size, parts);
}

std::vector<float> values_of(const TensorSource& source, std::string_view name) {
  const TensorView* tensor = source.find(name);
  if (tensor == nullptr) return {};
  std::vector<float> values(static_cast<size_t>(tensor->elements()));
  dequantise(*tensor, 0, values);
  return values;
}

constexpr std::string_view kTwo =
    R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},)"
    R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}  )";

TEST(Safetensors, GivesTensorsByName) {
  const Parsed parsed(kTwo, 12);
  EXPECT_EQ(parsed.source->names(), (std::vector<std::string>{"a", "b"}));
  const TensorView* b = parsed.source->find("b");
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(b->dtype, DType::kF32);
  EXPECT_EQ(b->shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(b->elements(), 2);
  EXPECT_EQ(b->bytes.data(), parsed.bytes.span().data() + 8 + kTwo.size() + 4);
  EXPECT_EQ(b->bytes.size(), 8U);
  EXPECT_EQ(parsed.source->find("c"), nullptr);
  EXPECT_EQ(parsed.source->find(""), nullptr);
}

TEST(Safetensors, ReadsWhatTheFormatsOwnPackageWrote) {
  const auto source = open_safetensors(fixture("small.safetensors"));
  EXPECT_EQ(source->names(), (std::vector<std::string>{"bf16", "empty", "f16", "f32", "f64", "scalar"}));
  for (const char* name : {"bf16", "f16", "f32", "f64"}) {
    EXPECT_EQ(source->find(name)->shape, (std::vector<int64_t>{2, 3})) << name;
    EXPECT_EQ(values_of(*source, name), (std::vector<float>{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5})) << name;
  }
  EXPECT_EQ(values_of(*source, "scalar"), (std::vector<float>{7}));
  EXPECT_EQ(source->find("empty")->elements(), 0);
}

TEST(Safetensors, EveryTruncationAndDamageIsSurvived) {
  const Bytes whole = safetensors_bytes(kTwo, 12);
  const auto parse = [](std::span<const std::byte> bytes) {
    static_cast<void>(parse_safetensors(bytes, "cut"));
  };
  expect_every_truncation_fails(whole.span(), parse);
  expect_every_damage_is_survived(whole.span(), parse);
}

TEST(Safetensors, RefusesLyingHeaders) {
  Bytes huge;
  huge.put<uint64_t>(uint64_t{1} << 63).put_raw("{}");
  expect_error(ErrorCode::kInput, {"9223372036854775808"},
               [&] { static_cast<void>(parse_safetensors(huge.span(), "x")); });
  expect_lie("", 0, {"JSON"});
  expect_lie("[]", 0, {"array", "object"});
  expect_lie(R"({"a":)", 0, {"JSON"});
  expect_lie(R"({"a":1})", 0, {"'a'", "number", "object"});
  expect_lie(std::string(200'000, '['), 0, {"nested"});
  expect_lie(R"({"__metadata__":{"a":1}})", 0, {"__metadata__"});
  expect_lie(R"({"__metadata__":[]})", 0, {"__metadata__"});
  expect_lie(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}})", 4, {"'a'", "'x'"});
  expect_lie(R"({"a":{"dtype":"F32","shape":[1]}})", 4, {"'a'", "data_offsets"});
  expect_lie(R"({"a":{"dtype":7,"shape":[1],"data_offsets":[0,4]}})", 4, {"'a'", "dtype", "string"});
}

TEST(Safetensors, RefusesNamesThatAreThereTwice) {
  constexpr std::string_view kEntry = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  expect_lie(fmt::format(R"({{"a":{0},"a":{0}}})", kEntry), 4, {"'a'", "twice"});
  expect_lie(R"({"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4,
             {"'dtype'", "twice"});
}

// Whoever needs such a tensor refuses it; a file may hold others that nothing needs.
TEST(Safetensors, TensorsOfOtherDtypesAreSetApart) {
  for (const char* dtype : {"I64", "F8_E4M3", "BOOL", "f32", ""}) {
    const Parsed parsed(fmt::format(R"({{"w":{{"dtype":"{}","shape":[1],"data_offsets":[4,8]}},)"
                                    R"("a":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}}})",
                                    dtype),
                        8);
    EXPECT_EQ(parsed.source->names(), (std::vector<std::string>{"a"}));
    ASSERT_NE(find_unreadable(*parsed.source, "w"), nullptr);
    EXPECT_EQ(find_unreadable(*parsed.source, "w")->type, fmt::format("'{}'", dtype));
    EXPECT_EQ(find_unreadable(*parsed.source, "a"), nullptr);
  }
}

// The library's own callback parser looks through a whole object after each member: hours here.
TEST(Safetensors, AHeaderOfManyTensorsIsReadInLinearTime) {
  constexpr int kTensors = 200'000;
  std::string header = "{";
  for (int i = 0; i < kTensors; ++i)
    header +=
        fmt::format(R"({}"t{}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}})", i == 0 ? "" : ",", i);
  const auto start = std::chrono::steady_clock::now();
  const Parsed parsed(header + "}", 0);
  EXPECT_EQ(parsed.source->names().size(), static_cast<size_t>(kTensors));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

TEST(Safetensors, OtherContentIsCalledWhatItIs) {
  const auto expect_called = [](std::string_view content, const std::string& name) {
    expect_error(ErrorCode::kInput, {"m.safetensors", name}, [&] {
      static_cast<void>(parse_safetensors(std::as_bytes(std::span(content)), "m.safetensors"));
    });
  };
  expect_called("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 2471645608\n",
                "git lfs pull");
  expect_called("<!DOCTYPE html><html></html>", "web page");
  expect_called("PK\x03\x04 and the rest of an archive", "pickle");
  expect_called("GGUF and what follows in such a file", "GGUF");
}

void expect_shape_refused(std::string_view shape, const std::vector<std::string>& parts) {
  expect_lie(fmt::format(R"({{"w":{{"dtype":"F32","shape":{},"data_offsets":[0,4]}}}})", shape), 4, parts);
}

TEST(Safetensors, RefusesImpossibleShapes) {
  expect_shape_refused("[-1]", {"'w'", "-1"});
  expect_shape_refused("[1.0]", {"'w'", "1.0"});
  expect_shape_refused("[\"1\"]", {"'w'"});
  expect_shape_refused("{}", {"'w'", "shape", "list"});
  expect_shape_refused("[9223372036854775808]", {"'w'", "9223372036854775808"});
  expect_shape_refused("[18446744073709551616]", {"'w'"});
  expect_shape_refused("[1e999]", {"too large"});
  expect_shape_refused("[4294967296,4294967296]", {"'w'", "product"});
  expect_shape_refused("[4611686018427387904]", {"'w'", "product"});
  expect_shape_refused("[2]", {"'w'", "need 8 bytes", "span 4"});
  expect_shape_refused("[4611686018427387904,4611686018427387904,0]", {"'w'", "need 0 bytes"});
}

void expect_offsets_refused(std::string_view offsets, const std::vector<std::string>& parts) {
  expect_lie(fmt::format(R"({{"w":{{"dtype":"F32","shape":[1],"data_offsets":{}}}}})", offsets), 4, parts);
}

TEST(Safetensors, RefusesImpossibleOffsets) {
  expect_offsets_refused("[4,0]", {"'w'", "begin <= end"});
  expect_offsets_refused("[0]", {"'w'"});
  expect_offsets_refused("[0,4,8]", {"'w'"});
  expect_offsets_refused("[-4,0]", {"'w'"});
  expect_offsets_refused("[4,8]", {"'w'", "hole"});
  expect_offsets_refused("[9223372036854775803,9223372036854775807]", {"'w'"});
  constexpr std::string_view kPair =
      R"({{"v":{{"dtype":"F32","shape":[1],"data_offsets":[0,4]}},"w":{{"dtype":"F32","shape":[1],"data_offsets":[{},{}]}}}})";
  expect_lie(fmt::format(kPair, 2, 6), 6, {"'w'", "overlap"});
  expect_lie(fmt::format(kPair, 0, 4), 4, {"'w'", "overlap"});
  expect_lie(fmt::format(kPair, 6, 10), 10, {"'w'", "hole"});
  expect_lie(fmt::format(kPair, 4, 8), 7, {"'w'", "truncated"});
  expect_lie(fmt::format(kPair, 4, 8), 9, {"1 bytes follow"});
}

TEST(Safetensors, ShowsHostileNamesHarmlessly) {
  const std::string message = error_of([] { const Parsed parsed(R"({"\u001b[2J":1})", 0); }).what();
  EXPECT_EQ(message.find('\x1b'), std::string::npos);
  EXPECT_NE(message.find("\\x1b[2J"), std::string::npos) << message;
}

}  // namespace
}  // namespace tugline
