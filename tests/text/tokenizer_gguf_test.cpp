// Tokenizers from GGUF metadata, on small files built here.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "tugline/files/gguf.h"
#include "tugline/text/byte_level.h"
#include "tugline/text/tokenizer.h"

namespace tugline {
namespace {

// The metadata of a made-up tokenizer; tests change what they are about.
struct Metadata {
  std::optional<std::string> model = "gpt2";
  std::optional<std::string> pre = "gpt-2";
  std::vector<std::string> tokens;
  std::vector<int32_t> types;
  std::vector<std::string> merges = {"a b", "1 2"};
  std::optional<uint32_t> bos_id;
  std::vector<std::pair<std::string, bool>> flags;

  // 256 bytes; ab 256, 12 257, <s> 258 (control), <think> 259 (user-defined), unused padding 260.
  Metadata() {
    for (int byte = 0; byte < 256; ++byte)
      tokens.push_back(to_byte_level(std::string(1, static_cast<char>(byte))));
    for (const char* token : {"ab", "12", "<s>", "<think>", "[PAD260]"}) tokens.emplace_back(token);
    types.assign(258, 1);
    types.insert(types.end(), {3, 4, 5});
  }

  [[nodiscard]] Bytes bytes() const {
    const uint64_t count =
        2U + (model ? 1 : 0) + (pre ? 1 : 0) + (bos_id ? 1 : 0) + (types.empty() ? 0 : 1) + flags.size();
    Bytes out;
    out.put_raw("GGUF").put<uint32_t>(3).put<uint64_t>(0).put<uint64_t>(count);
    if (model) out.put_string("tokenizer.ggml.model").put<uint32_t>(8).put_string(*model);
    if (pre) out.put_string("tokenizer.ggml.pre").put<uint32_t>(8).put_string(*pre);
    put_strings(out, "tokenizer.ggml.tokens", tokens);
    put_strings(out, "tokenizer.ggml.merges", merges);
    if (!types.empty()) {
      out.put_string("tokenizer.ggml.token_type")
          .put<uint32_t>(9)
          .put<uint32_t>(5)
          .put<uint64_t>(types.size());
      for (const int32_t type : types) out.put(type);
    }
    if (bos_id) out.put_string("tokenizer.ggml.bos_token_id").put<uint32_t>(4).put(*bos_id);
    for (const auto& [key, value] : flags) out.put_string(key).put<uint32_t>(7).put<uint8_t>(value ? 1 : 0);
    return out;
  }

  [[nodiscard]] Tokenizer tokenizer() const {
    const Bytes content = bytes();
    return Tokenizer::from_gguf(GgufFile::parse(content.span(), "t.gguf"));
  }

 private:
  static void put_strings(Bytes& out, std::string_view key, const std::vector<std::string>& strings) {
    out.put_string(key).put<uint32_t>(9).put<uint32_t>(8).put<uint64_t>(strings.size());
    for (const std::string& s : strings) out.put_string(s);
  }
};

std::vector<int32_t> ids_of(const Metadata& metadata, std::string_view text) {
  return metadata.tokenizer().encode(text, BosPolicy::kAuto).ids;
}

TEST(TokenizerGguf, MergesAndAddedTokens) {
  Metadata metadata;
  EXPECT_EQ(ids_of(metadata, "ab<think>12<s>"), (std::vector<int32_t>{256, 259, 257, 258}));
  EXPECT_EQ(ids_of(metadata, "[PAD260]").size(), 8U);  // unused tokens are not looked for
  EXPECT_EQ(metadata.tokenizer().decode(std::vector<int32_t>{256, 259, 32}), "ab<think> ");
  metadata.types.clear();  // all tokens are normal then
  EXPECT_EQ(ids_of(metadata, "<s>").size(), 3U);
}

TEST(TokenizerGguf, TheNameDecidesTheRules) {
  Metadata metadata;
  EXPECT_EQ(ids_of(metadata, "12").size(), 1U);
  for (const char* name :
       {"smollm", "starcoder", "refact", "codeshell", "qwen2", "deepseek-r1-qwen", "qwen35", "tekken"}) {
    if (std::string_view(name) == "tekken") metadata.bos_id = 258;
    metadata.flags = {{"tokenizer.ggml.add_bos_token", false}};
    metadata.pre = name;
    EXPECT_EQ(ids_of(metadata, "12").size(), 2U) << name;  // each digit is a piece of its own
  }
  metadata = {};
  metadata.pre = "smollm";
  EXPECT_EQ(ids_of(metadata, "e\u0301").size(), 3U);  // as it stands
  metadata.pre = "qwen2";
  EXPECT_EQ(ids_of(metadata, "e\u0301").size(), 2U);  // NFC
  metadata.pre = "llama-bpe";
  metadata.bos_id = 258;
  EXPECT_EQ(ids_of(metadata, "12"),
            (std::vector<int32_t>{258, 257}));  // adds a BOS unless the file says otherwise
  metadata.flags = {{"tokenizer.ggml.add_bos_token", false}};
  EXPECT_EQ(ids_of(metadata, "12"), std::vector<int32_t>{257});
}

// Other names of rules that are there, as llama.cpp's vocabulary has them: Llama 3's pattern with merges and
// without a BOS, and what it cuts by if the converter knew no name.
TEST(TokenizerGguf, OtherNamesOfKnownRules) {
  Metadata metadata;
  for (const char* name : {"smaug-bpe", "dbrx", "glm4", "chatglm-bpe"}) {
    metadata.pre = name;
    EXPECT_EQ(ids_of(metadata, "12345"), (std::vector<int32_t>{257, '3', '4', '5'})) << name;  // 123|45
    EXPECT_EQ(metadata.tokenizer().encode("3451", BosPolicy::kAuto).ids.size(), 4U);  // 345|1: no "12" across
  }
  metadata.pre = "default";
  EXPECT_EQ(ids_of(metadata, "912"), (std::vector<int32_t>{'9', 257}));  // by threes
  EXPECT_EQ(ids_of(metadata, "9991 2"), (std::vector<int32_t>{'9', '9', '9', '1', ' ', '2'}));
  metadata.pre = "phi-2";
  EXPECT_EQ(ids_of(metadata, "9912"), (std::vector<int32_t>{'9', '9', 257}));  // GPT-2 cuts no number
  metadata.pre = "gpt-4o";
  EXPECT_EQ(ids_of(metadata, "9912"), (std::vector<int32_t>{'9', '9', '1', '2'}));  // 991|2
  for (const char* name : {"tekken", "falcon3", "pixtral", "lfm2", "llama3"}) {
    metadata.pre = name;
    metadata.bos_id = 258;
    EXPECT_EQ(ids_of(metadata, "a").front(), 258) << name;
  }
}

TEST(TokenizerGguf, BosByPolicy) {
  Metadata metadata;
  metadata.bos_id = 258;
  EXPECT_EQ(metadata.tokenizer().encode("a", BosPolicy::kAlways).ids, (std::vector<int32_t>{258, 97}));
  EXPECT_EQ(ids_of(metadata, "a"), std::vector<int32_t>{97});
  metadata.flags = {{"tokenizer.ggml.add_bos_token", true}};
  EXPECT_EQ(ids_of(metadata, "a"), (std::vector<int32_t>{258, 97}));
}

void expect_refused(const Metadata& metadata, ErrorCode code, const std::vector<std::string>& parts) {
  expect_error(code, parts, [&] { (void)metadata.tokenizer(); });
}

TEST(TokenizerGguf, WhatIsNotThereIsRefusedByName) {
  Metadata metadata;
  metadata.model = "llama";
  expect_refused(metadata, ErrorCode::kUnsupported,
                 {"t.gguf", "tokenizer.ggml.model", "llama", "SentencePiece-style"});
  metadata = {};
  metadata.pre = "chameleon";
  expect_refused(metadata, ErrorCode::kUnsupported, {"tokenizer.ggml.pre", "chameleon", "qwen2"});
  metadata.pre = std::nullopt;
  expect_refused(metadata, ErrorCode::kInput, {"tokenizer.ggml.pre"});
  for (const char* key : {"tokenizer.ggml.add_space_prefix", "tokenizer.ggml.add_eos_token"}) {
    metadata = {};
    metadata.flags = {{key, true}};
    expect_refused(metadata, ErrorCode::kUnsupported, {key});
  }
  metadata = {};
  metadata.types[0] = 6;
  expect_refused(metadata, ErrorCode::kUnsupported, {"token_type", "type 6", "token 0"});
}

TEST(TokenizerGguf, ContradictionsAreErrors) {
  Metadata metadata;
  metadata.types.pop_back();
  expect_refused(metadata, ErrorCode::kInput, {"token_type", "261", "260"});
  metadata = {};
  metadata.merges = {"ab"};
  expect_refused(metadata, ErrorCode::kInput, {"merges", "merge 0"});
  metadata = {};
  metadata.tokens[5] = "\xFF";
  expect_refused(metadata, ErrorCode::kInput, {"tokens", "token 5", "UTF-8"});
  metadata = {};
  metadata.bos_id = 261;
  expect_refused(metadata, ErrorCode::kInput, {"bos_token_id", "261"});
  metadata.bos_id = 260;  // padding
  expect_refused(metadata, ErrorCode::kInput, {"BOS", "260"});
  metadata = {};
  metadata.flags = {{"tokenizer.ggml.add_bos_token", true}};
  expect_refused(metadata, ErrorCode::kInput, {"bos_token_id"});
}

}  // namespace
}  // namespace tugline
