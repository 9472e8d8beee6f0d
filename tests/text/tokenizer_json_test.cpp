// What tokenizer.json is refused for, and what becomes of broken ones.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "files/build_bytes.h"
#include "support/expect_error.h"
#include "text/cpu_timer.h"
#include "text/tokenizer_cases.h"
#include "tugline/text/tokenizer.h"

namespace tugline {
namespace {

using nlohmann::json;

Tokenizer from(const json& document) { return Tokenizer::from_json_text(document.dump(), "t.json"); }

// A few tokens and one of every part that tugline reads: small enough to be cut and damaged at every byte.
json small() { return json::parse(std::ifstream(std::string(TUGLINE_FIXTURES) + "/small_tokenizer.json")); }

TEST(TokenizerJson, TheSmallOneWorks) {
  const Tokenizer tokenizer = from(small());
  const Encoding encoding = tokenizer.encode("ab.b <s>a", BosPolicy::kAuto);
  EXPECT_EQ(encoding.ids, (std::vector<int32_t>{3, 2, 1, 3, 0}));
  EXPECT_EQ(encoding.offsets, (std::vector<ByteRange>{{0, 0}, {0, 2}, {3, 4}, {4, 8}, {8, 9}}));
  EXPECT_EQ(tokenizer.bos_id(), 3);
  EXPECT_EQ(tokenizer.vocab_size(), 4);
  EXPECT_EQ(tokenizer.token_to_id("<s>"), 3);
  EXPECT_EQ(tokenizer.token_to_id("ab"), 2);
  EXPECT_EQ(tokenizer.token_to_id("c"), std::nullopt);
  EXPECT_EQ(tokenizer.token_bytes(2), "ab");
}

TEST(TokenizerJson, BosByPolicy) {
  const Tokenizer with = from(small());
  EXPECT_EQ(with.encode("", BosPolicy::kAuto).ids, std::vector<int32_t>{3});
  EXPECT_EQ(with.encode("", BosPolicy::kAlways).ids, std::vector<int32_t>{3});
  EXPECT_EQ(with.encode("", BosPolicy::kNever).ids, std::vector<int32_t>{});
  json plain = small();
  plain["post_processor"] = nullptr;
  const Tokenizer without = from(plain);
  EXPECT_EQ(without.encode("a", BosPolicy::kAuto).ids, std::vector<int32_t>{0});
  expect_error(ErrorCode::kUsage, {"t.json", "BOS"}, [&] { (void)without.encode("a", BosPolicy::kAlways); });
}

TEST(TokenizerJson, TheConfigBesideNamesTheBosOfATemplateWithoutOne) {
  const TemporaryFolder folder;
  json plain = small();
  plain["post_processor"] = nullptr;
  const auto path = folder.write("tokenizer.json", plain.dump());
  EXPECT_EQ(Tokenizer::from_json_file(path).bos_id(), std::nullopt);
  for (const char* config :
       {R"({"bos_token": "<s>"})", R"({"bos_token": {"content": "<s>", "special": true}})"}) {
    folder.write("tokenizer_config.json", std::string_view(config));
    const Tokenizer tokenizer = Tokenizer::from_json_file(path);
    EXPECT_EQ(tokenizer.encode("a", BosPolicy::kAuto).ids, std::vector<int32_t>{0});
    EXPECT_EQ(tokenizer.encode("a", BosPolicy::kAlways).ids, (std::vector<int32_t>{3, 0}));
  }
  folder.write("tokenizer_config.json", std::string_view(R"({"bos_token": null})"));
  EXPECT_EQ(Tokenizer::from_json_file(path).bos_id(), std::nullopt);
  folder.write("tokenizer_config.json", std::string_view(R"({"bos_token": "<x>"})"));
  expect_error(ErrorCode::kInput, {"tokenizer_config.json", "<x>"},
               [&] { (void)Tokenizer::from_json_file(path); });
  expect_error(ErrorCode::kNotFound, {"none.json"},
               [&] { (void)Tokenizer::from_json_file(folder.path() / "none.json"); });
}

TEST(TokenizerJson, MalformedTextIsRefusedWithTheOffset) {
  const Tokenizer tokenizer = from(small());
  expect_error(ErrorCode::kInput, {"byte 3", "0xE2"},
               [&] { (void)tokenizer.encode("ab \xE2\x82 b", BosPolicy::kNever); });
  expect_error(ErrorCode::kInput, {"byte 0", "0x80"},
               [&] { (void)tokenizer.encode("\x80", BosPolicy::kNever); });
}

TEST(TokenizerJson, DecodingKeepsBytesApart) {
  const Tokenizer tokenizer = from(tokenizer_with(json::object()));
  const auto ids = tokenizer.encode("\u4E2D", BosPolicy::kNever).ids;
  ASSERT_EQ(ids.size(), 3U);
  EXPECT_EQ(tokenizer.token_bytes(ids[0]), "\xE4");
  EXPECT_EQ(tokenizer.decode(ids), "\u4E2D");
  EXPECT_EQ(tokenizer.decode(std::span(ids).first(2)), "\uFFFD");
  // Ids of a padded vocabulary, and such as cannot be.
  const std::vector<int32_t> strange = {1'000'000, -1};
  EXPECT_EQ(tokenizer.decode(strange), "");
  EXPECT_EQ(tokenizer.token_bytes(-1), "");
}

struct Refusal {
  const char* pointer;  // the field to replace
  json value;
  ErrorCode code;
  std::vector<std::string> names;  // what the message must hold
};

TEST(TokenizerJson, UnsupportedPartsAreRefusedByName) {
  const auto kUnsupported = ErrorCode::kUnsupported;
  const auto kInput = ErrorCode::kInput;
  const json split = small()["pre_tokenizer"]["pretokenizers"][0];
  const std::vector<Refusal> refusals = {
      {"/normalizer", {{"type", "Lowercase"}}, kUnsupported, {"normalizer", "Lowercase"}},
      {"/normalizer/normalizers/0", {{"type", "NFKC"}}, kUnsupported, {"normalizers[0]", "NFKC"}},
      {"/pre_tokenizer", nullptr, kUnsupported, {"pre_tokenizer", "null"}},
      {"/pre_tokenizer", {{"type", "Metaspace"}}, kUnsupported, {"SentencePiece-style", "\u2581"}},
      {"/pre_tokenizer", split, kUnsupported, {"ByteLevel"}},
      {"/pre_tokenizer/pretokenizers/4", split, kUnsupported, {"after ByteLevel"}},
      {"/pre_tokenizer/pretokenizers/0/behavior", "Sideways", kUnsupported, {"behavior", "Sideways"}},
      {"/pre_tokenizer/pretokenizers/0/pattern/Regex", "(", kInput, {"pattern.Regex", "'('"}},
      {"/pre_tokenizer/pretokenizers/0/invert", "no", kInput, {"invert", "string"}},
      {"/post_processor", {{"type", "BertProcessing"}}, kUnsupported, {"post_processor", "BertProcessing"}},
      {"/post_processor/single/2",
       {{"SpecialToken", {{"id", "<s>"}}}},
       kUnsupported,
       {"<s>", "after the text"}},
      {"/post_processor/single/1", {{"Sequence", {{"id", "B"}}}}, kUnsupported, {"'A'"}},
      {"/post_processor/single", json::array(), kInput, {"single"}},
      {"/post_processor/special_tokens", json::object(), kInput, {"special_tokens", "<s>"}},
      {"/post_processor/special_tokens/<s>/ids", {3, 3}, kUnsupported, {"2 tokens"}},
      {"/post_processor/special_tokens/<s>/ids", {9}, kInput, {"id 9"}},
      {"/model/type", "Unigram", kUnsupported, {"SentencePiece-style", "Unigram"}},
      {"/model/type", "WordPiece", kUnsupported, {"model", "WordPiece"}},
      {"/added_tokens/0/content", std::string(100'000, 'x'), kUnsupported, {"added token", "100000 bytes"}},
      {"/model/dropout", 0.1, kUnsupported, {"dropout", "0.1"}},
      {"/model/unk_token", "a", kUnsupported, {"unk_token"}},
      {"/model/byte_fallback", true, kUnsupported, {"byte_fallback"}},
      {"/model/continuing_subword_prefix", "##", kUnsupported, {"continuing_subword_prefix", "##"}},
      {"/model/end_of_word_suffix", "</w>", kUnsupported, {"end_of_word_suffix", "</w>"}},
      {"/model/vocab/a", -1, kInput, {"vocab", "-1"}},
      {"/model/vocab/a", 1e20, kInput, {"vocab", "number"}},
      {"/model/vocab/a", 1, kInput, {"id 1"}},
      {"/model/merges/0", "a b c", kInput, {"merges[0]"}},
      {"/model/merges/0", {"a"}, kInput, {"merges[0]"}},
      {"/model/merges/0", "b a", kInput, {"merge 0", "ba"}},
      {"/added_tokens/0/id", 1, kInput, {"<s>", "id 1"}},
      {"/added_tokens/0/content", "ab", kInput, {"'ab'", "id 2"}},
      {"/added_tokens/0/special", nullptr, kInput, {"added_tokens[0].special"}},
  };
  for (const Refusal& refusal : refusals) {
    json document = small();
    document[json::json_pointer(refusal.pointer)] = refusal.value;
    SCOPED_TRACE(refusal.pointer + (" = " + refusal.value.dump()));
    auto names = refusal.names;
    names.emplace_back("t.json");
    expect_error(refusal.code, names, [&] { (void)from(document); });
  }
}

TEST(TokenizerJson, MissingPartsAreNamed) {
  for (const char* pointer : {"/pre_tokenizer", "/model", "/model/vocab", "/model/merges",
                              "/added_tokens/0/lstrip", "/pre_tokenizer/pretokenizers/3/add_prefix_space"}) {
    const json::json_pointer at(pointer);
    json document = small();
    document[at.parent_pointer()].erase(at.back());
    expect_error(ErrorCode::kInput, {"t.json", at.back()}, [&] { (void)from(document); });
  }
}

// Sequences that the steps' own bound refuses, and the JSON's; the deepest one used to end the process.
TEST(TokenizerJson, DeepNestingIsRefused) {
  for (const int depth : {20, 2000, 100'000}) {
    std::string nested;
    for (int i = 0; i < depth; ++i) nested += R"({"type":"Sequence","normalizers":[)";
    nested += "null";
    for (int i = 0; i < depth; ++i) nested += "]}";
    std::string document = small().dump();
    const std::string own = small()["normalizer"].dump();
    document.replace(document.find(own), own.size(), nested);
    expect_error(depth == 20 ? ErrorCode::kUnsupported : ErrorCode::kInput,
                 {depth == 20 ? "Sequence" : "nested"},
                 [&] { (void)Tokenizer::from_json_text(document, "t.json"); });
  }
}

TEST(TokenizerJson, AFieldGivenTwiceIsRefused) {
  std::string document = small().dump();
  document.insert(1, R"("model":null,)");
  expect_error(ErrorCode::kInput, {"t.json", "'model' twice"},
               [&] { (void)Tokenizer::from_json_text(document, "t.json"); });
}

// What a trainer left in the file, and what only turns ids into text.
TEST(TokenizerJson, SettingsThatDecideNoIdAreAccepted) {
  const std::string text = "ab.b <s>a";
  const std::vector<int32_t> ids = from(small()).encode(text, BosPolicy::kAuto).ids;
  const std::vector<std::pair<const char*, json>> settings = {
      {"truncation",
       {{"direction", "Right"}, {"max_length", 2}, {"strategy", "LongestFirst"}, {"stride", 0}}},
      {"padding", {{"strategy", {{"Fixed", 64}}}, {"direction", "Left"}, {"pad_id", 0}, {"pad_token", "a"}}},
      {"decoder", nullptr},
      {"decoder", {{"type", "Sequence"}, {"decoders", {{{"type", "ByteLevel"}}, {{"type", "Fuse"}}}}}},
      {"decoder", {{"type", "WordPiece"}}}};
  for (const auto& [field, value] : settings) {
    json document = small();
    document[field] = value;
    EXPECT_EQ(from(document).encode(text, BosPolicy::kAuto).ids, ids) << value;
  }
  json without = small();
  without.erase("decoder");
  EXPECT_EQ(from(without).encode(text, BosPolicy::kAuto).ids, ids);
}

// Llama 2's parts: called what the whole is, whichever part is there.
TEST(TokenizerJson, SentencePieceIsCalledSo) {
  const std::string space = "\u2581";
  const std::vector<std::pair<const char*, json>> parts = {
      {"normalizer", {{"type", "Prepend"}, {"prepend", space}}},
      {"normalizer",
       {{"type", "Sequence"},
        {"normalizers", {{{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", space}}}}}},
      {"decoder",
       {{"type", "Sequence"},
        {"decoders",
         {{{"type", "Replace"}, {"pattern", {{"String", space}}}, {"content", " "}},
          {{"type", "ByteFallback"}}}}}}};
  for (const auto& [field, value] : parts) {
    json document = small();
    document[field] = value;
    expect_error(ErrorCode::kUnsupported, {"t.json", "SentencePiece-style", "token ids"},
                 [&] { (void)from(document); });
  }
}

// transformers 5 goes by the template, the Llama classes of transformers 4 by the configuration.
TEST(TokenizerJson, AConfigurationThatContradictsTheTemplateIsNoted) {
  const TemporaryFolder folder;
  const auto notes_of = [&](const json& document, const char* config) {
    const auto path = folder.write("tokenizer.json", document.dump());
    folder.write("tokenizer_config.json", std::string_view(config));
    const Tokenizer tokenizer = Tokenizer::from_json_file(path);
    EXPECT_EQ(tokenizer.encode("a", BosPolicy::kAuto).ids.size(),
              document["post_processor"].is_null() ? 1U : 2U);
    return tokenizer.notes();
  };
  json plain = small();
  plain["post_processor"] = nullptr;
  EXPECT_TRUE(notes_of(small(), R"({"bos_token": "<s>", "add_bos_token": true})").empty());
  EXPECT_TRUE(notes_of(plain, R"({"bos_token": "<s>", "add_bos_token": false})").empty());
  EXPECT_TRUE(notes_of(plain, R"({"bos_token": "<s>"})").empty());
  for (const json& document : {small(), plain}) {
    const bool adds = document == small();
    const auto notes = notes_of(
        document, adds ? R"({"add_bos_token": false})" : R"({"bos_token": "<s>", "add_bos_token": true})");
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_NE(notes[0].find(adds ? "add_bos_token is false" : "add_bos_token is true"), std::string::npos);
    EXPECT_NE(notes[0].find("the template rules"), std::string::npos);
  }
  const auto other = notes_of(small(), R"({"bos_token": "ab"})");
  ASSERT_EQ(other.size(), 1U);
  EXPECT_NE(other[0].find("bos_token is 'ab'"), std::string::npos);
}

TEST(TokenizerJson, ATextWithItsOwnBosHasTwo) {
  const Tokenizer tokenizer = from(small());
  EXPECT_TRUE(tokenizer.begins_with_two_bos(tokenizer.encode("<s>a", BosPolicy::kAuto).ids));
  EXPECT_FALSE(tokenizer.begins_with_two_bos(tokenizer.encode("<s>a", BosPolicy::kNever).ids));
  EXPECT_FALSE(tokenizer.begins_with_two_bos(tokenizer.encode("a<s>", BosPolicy::kAuto).ids));
}

void parse_bytes(std::span<const std::byte> bytes) {
  (void)Tokenizer::from_json_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, "t.json");
}

TEST(TokenizerJson, EveryTruncationIsAnError) {
  const std::string whole = small().dump();
  expect_every_truncation_fails(std::as_bytes(std::span(whole)), parse_bytes);
}

TEST(TokenizerJson, EveryDamageIsSurvived) {
  const std::string whole = small().dump();
  expect_every_damage_is_survived(std::as_bytes(std::span(whole)), parse_bytes);
}

// A pattern that backtracks without end is cut off, not run for ever: exponential in one search, cubic over
// all of them, and one whose every search is just bearable.
TEST(TokenizerJson, ARunawayPatternIsAnError) {
  for (const char* pattern : {"(a|aa)+$", "a*a*[0-9]", "(?:a|b)*(?:a|b)*[0-9]", "a*a*[0-9]|a"}) {
    json document = small();
    document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern;
    const Tokenizer tokenizer = from(document);
    const CpuTimer timer;
    expect_error(ErrorCode::kUnsupported, {"pattern.Regex", pattern, "too many steps"},
                 [&] { (void)tokenizer.encode(std::string(4000, 'a') + "!1", BosPolicy::kNever); });
    EXPECT_LT(timer.seconds(), 20) << pattern;  // 2 s; 84 s without a bound
  }
}

// An archive of a model may hold a named pipe, which would be waited for, or a link to a device without end.
TEST(TokenizerJson, ReadsPlainFilesOnly) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "tokenizer.json";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  expect_error(ErrorCode::kInput, {"tokenizer.json", "regular file"},
               [&] { (void)Tokenizer::from_json_file(path); });
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/dev/zero", path);
  expect_error(ErrorCode::kInput, {"tokenizer.json", "regular file"},
               [&] { (void)Tokenizer::from_json_file(path); });
}

// The budget is the text's: pieces that each take a second's tenth are as much of a runaway as one long one.
TEST(TokenizerJson, ManyBearablePiecesAreARunaway) {
  json document = small();
  json& steps = document["pre_tokenizer"]["pretokenizers"];
  steps[0]["pattern"]["Regex"] = "(?:a|aa)+$";
  json cut = steps[0];
  cut["pattern"] = {{"String", " "}};
  cut["behavior"] = "Isolated";
  steps.insert(steps.begin(), cut);
  const Tokenizer tokenizer = from(document);
  std::string text;
  for (int piece = 0; piece < 2000; ++piece) text += std::string(30, 'a') + "b ";
  const CpuTimer timer;
  expect_error(ErrorCode::kUnsupported, {"pattern.Regex", "(?:a|aa)+$", "too many steps"},
               [&] { (void)tokenizer.encode(text, BosPolicy::kNever); });
  EXPECT_LT(timer.seconds(), 20);  // minutes if each piece has its own budget
}

// Patterns that take time or memory out of proportion to their length.
TEST(TokenizerJson, BoundsWhatPatternsTake) {
  std::string doubling = "(?<a0>x?){0}";
  for (int i = 1; i < 40; ++i) doubling += fmt::format(R"((?<a{0}>\g<a{1}>\g<a{1}>){{0}})", i, i - 1);
  std::string classes = "[a]";
  while (classes.size() < 100'000) classes += "|[^\\p{L}]";
  for (const auto& [pattern, said] : {std::pair(doubling + R"(\g<a39>)", "calls a group"),
                                      {R"(\g'0'?a)", "calls a group"},
                                      {classes, "bytes"}}) {
    json document = small();
    document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = pattern;
    expect_error(ErrorCode::kUnsupported, {"pattern.Regex", said}, [&] { (void)from(document); });
  }
  for (const char* callout : {"(*MAX{2})a", "(?{x})", "(*FAIL)"}) {
    json document = small();
    document["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = callout;
    expect_error(ErrorCode::kInput, {"pattern.Regex", "not a regular expression"},
                 [&] { (void)from(document); });
  }
  json literal = small();  // not a call: the text \g<0>
  literal["pre_tokenizer"]["pretokenizers"][0]["pattern"] = {{"String", R"(\g<0>)"}};
  EXPECT_NO_THROW((void)from(literal).encode("a\\g<0>b", BosPolicy::kNever));
  json deep = small();  // the engine would remember four places for each byte
  deep["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "(?:(?:(?:(a)|b)|c)|d)*";
  expect_error(ErrorCode::kUnsupported, {"pattern.Regex", "too many steps"},
               [&] { (void)from(deep).encode(std::string(1'000'000, 'a'), BosPolicy::kNever); });
}

TEST(TokenizerJson, BoundsTheNumberOfSteps) {
  json document = small();
  json& steps = document["pre_tokenizer"]["pretokenizers"];
  const json digits = {{"type", "Digits"}, {"individual_digits", true}};
  while (steps.size() < 17) steps.insert(steps.begin(), digits);
  EXPECT_NO_THROW((void)from(document));
  steps.insert(steps.begin(), digits);
  expect_error(ErrorCode::kUnsupported, {"pre_tokenizer", "up to 16"}, [&] { (void)from(document); });
}

// What real patterns do to long runs stays within the budget.
TEST(TokenizerJson, LongRunsAreNoRunaways) {
  const json qwen2 = tokenizer_cases().at("variants").at(8).at("replace");
  ASSERT_EQ(tokenizer_cases().at("variants").at(8).at("name"), "added_nfc");
  const Tokenizer tokenizer = from(tokenizer_with(qwen2));
  for (const std::string part : {"a", "1", ".", "\n", "\t", "a b", "\r\n ", "\u3000"}) {
    std::string text;
    while (text.size() < 300'000) text += part;
    EXPECT_FALSE(tokenizer.encode(text, BosPolicy::kNever).ids.empty());
  }
}

}  // namespace
}  // namespace tugline
