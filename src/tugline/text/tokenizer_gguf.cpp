#include "tugline/text/tokenizer_gguf.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/files/gguf.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

constexpr const char* kQwen2Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kLlama3Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr const char* kQwen35Pattern =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kTekkenPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr const char* kGpt4oPattern =
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// llama.cpp's rule for files whose converter knew no name: four patterns, one after the other.
constexpr const char* kDefaultPunctuation = R"([\p{P}\$\+<=>\^~\|]+)";
constexpr const char* kDefaultWords =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// A way of cutting: digits, then patterns one after the other, each of which isolates its matches; GPT-2's
// own pattern if there is none.
struct Rule {
  bool individual_digits = false;
  std::array<const char*, 4> patterns{};  // unused ones are nullptr
  Normalization normalization = Normalization::kNone;
  bool ignore_merges = false;
  bool adds_bos = false;  // if tokenizer.ggml.add_bos_token is absent
};

constexpr Rule kGpt2{};
constexpr Rule kGptNeox{.normalization = Normalization::kNfc};
constexpr Rule kDigitsAlone{.individual_digits = true};
constexpr Rule kQwen2{.patterns = {kQwen2Pattern}, .normalization = Normalization::kNfc};
constexpr Rule kQwen35{.patterns = {kQwen35Pattern}, .normalization = Normalization::kNfc};
constexpr Rule kLlama3{.patterns = {kLlama3Pattern}, .ignore_merges = true, .adds_bos = true};
constexpr Rule kLlama3Merged{.patterns = {kLlama3Pattern}};
constexpr Rule kTekken{.patterns = {kTekkenPattern}, .ignore_merges = true, .adds_bos = true};
constexpr Rule kGpt4o{.patterns = {kGpt4oPattern}};
constexpr Rule kDefault{.patterns = {kDefaultPunctuation, kDefaultWords, R"(\p{N}+)", "[0-9][0-9][0-9]"}};

// What a pre-tokenizer's name in GGUF stands for: the rules that the model was trained with, normalisation
// included. Names and rules are those of llama.cpp's vocabulary, whose converter writes the names.
struct NamedRule {
  std::string_view name;
  const Rule* rule = nullptr;
};

constexpr std::array<NamedRule, 31> kRules{{
    {"gpt-2", &kGpt2},
    {"phi-2", &kGpt2},
    {"jais", &kGpt2},
    {"gigachat", &kGpt2},
    {"olmo", &kGptNeox},
    {"smollm", &kDigitsAlone},
    {"starcoder", &kDigitsAlone},
    {"refact", &kDigitsAlone},
    {"codeshell", &kDigitsAlone},
    {"exaone", &kDigitsAlone},
    {"minerva-7b", &kDigitsAlone},
    {"qwen2", &kQwen2},
    {"deepseek-r1-qwen", &kQwen2},
    {"kormo", &kQwen2},
    {"megrez", &kQwen2},
    {"qwen35", &kQwen35},
    {"llama-bpe", &kLlama3},
    {"llama3", &kLlama3},
    {"llama-v3", &kLlama3},
    {"falcon3", &kLlama3},
    {"falcon-h1", &kLlama3},
    {"pixtral", &kLlama3},
    {"lfm2", &kLlama3},
    {"smaug-bpe", &kLlama3Merged},
    {"dbrx", &kLlama3Merged},
    {"chatglm-bpe", &kLlama3Merged},
    {"glm4", &kLlama3Merged},
    {"tekken", &kTekken},
    {"gpt-4o", &kGpt4o},
    {"llama4", &kGpt4o},
    {"default", &kDefault},
}};

// GGUF's token types.
enum TokenType : int64_t { kNormal = 1, kUnknown = 2, kControl = 3, kUserDefined = 4, kUnused = 5 };

const Rule& rule_of(const GgufFile& file) {
  const auto model = file.require_string("tokenizer.ggml.model");
  if (model != "gpt2") {
    fail(ErrorCode::kUnsupported,
         "{}: tokenizer.ggml.model: '{}'{} is not supported; tugline has 'gpt2' (byte-level BPE)",
         file.path(), excerpt(model, 40), model == "llama" ? ", a SentencePiece-style tokenizer," : "");
  }
  const auto name = file.require_string("tokenizer.ggml.pre");
  const auto found =
      std::find_if(kRules.begin(), kRules.end(), [&](const NamedRule& rule) { return rule.name == name; });
  if (found != kRules.end()) return *found->rule;
  std::string known;
  for (const NamedRule& rule : kRules) known += (known.empty() ? "" : ", ") + std::string(rule.name);
  fail(ErrorCode::kUnsupported, "{}: tokenizer.ggml.pre: '{}' is not supported; tugline has {}", file.path(),
       excerpt(name, 40), known);
}

PreTokenizer make_pre_tokenizer(const Rule& rule, const std::string& where) {
  std::vector<PreTokenizer::Step> steps;
  if (rule.individual_digits) steps.emplace_back(DigitSplit{true});
  for (const char* pattern : rule.patterns) {
    if (pattern == nullptr) break;
    steps.emplace_back(RegexSplit{Regex(pattern, where), SplitBehavior::kIsolated, false});
  }
  return {std::move(steps), ByteLevelSplit{false, rule.patterns[0] == nullptr}};
}

// One type for each token; all are normal if the file has no types.
std::vector<int64_t> token_types(const GgufFile& file, size_t tokens) {
  auto types =
      file.optional_ints("tokenizer.ggml.token_type").value_or(std::vector<int64_t>(tokens, kNormal));
  if (types.size() == tokens) return types;
  fail(ErrorCode::kInput, "{}: tokenizer.ggml.token_type: expected one for each of {} tokens, found {}",
       file.path(), tokens, types.size());
}

// Tokens and added tokens. Unused ones are padding: no text becomes them.
void read_tokens(const GgufFile& file, BpeVocabulary& vocabulary, std::vector<AddedToken>& added) {
  const auto tokens = file.require_strings("tokenizer.ggml.tokens");
  const auto types = token_types(file, tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    const int64_t type = types[i];
    if (type == kUnused) continue;
    if (type < kNormal || type > kUnused) {
      fail(ErrorCode::kUnsupported,
           "{}: tokenizer.ggml.token_type: type {} of token {} is not supported in byte-level BPE",
           file.path(), type, i);
    }
    if (first_malformed_byte(tokens[i])) {
      fail(ErrorCode::kInput, "{}: tokenizer.ggml.tokens: token {} is not UTF-8", file.path(), i);
    }
    const auto id = static_cast<int32_t>(i);
    vocabulary.tokens.emplace_back(tokens[i], id);
    if (type == kNormal) continue;
    added.push_back({.content = std::string(tokens[i]), .id = id, .special = type != kUserDefined});
  }
}

void read_merges(const GgufFile& file, BpeVocabulary& vocabulary) {
  const auto merges = file.require_strings("tokenizer.ggml.merges");
  vocabulary.merges.reserve(merges.size());
  for (size_t i = 0; i < merges.size(); ++i) {
    const size_t space = merges[i].find(' ');
    if (space == std::string_view::npos || merges[i].find(' ', space + 1) != std::string_view::npos ||
        first_malformed_byte(merges[i])) {
      fail(ErrorCode::kInput, "{}: tokenizer.ggml.merges: merge {} is not two tokens with a space between",
           file.path(), i);
    }
    vocabulary.merges.emplace_back(merges[i].substr(0, space), merges[i].substr(space + 1));
  }
}

// Settings that would put something but a BOS around the text.
void refuse_settings(const GgufFile& file) {
  for (const char* key : {"tokenizer.ggml.add_space_prefix", "tokenizer.ggml.add_eos_token"}) {
    if (file.optional_bool(key).value_or(false)) {
      fail(ErrorCode::kUnsupported, "{}: {}: true is not supported", file.path(), key);
    }
  }
}

std::optional<int32_t> read_bos(const GgufFile& file) {
  const auto id = file.optional_u64("tokenizer.ggml.bos_token_id");
  if (!id) return std::nullopt;
  if (*id < file.require_strings("tokenizer.ggml.tokens").size()) return static_cast<int32_t>(*id);
  fail(ErrorCode::kInput, "{}: tokenizer.ggml.bos_token_id: {} is not the id of a token", file.path(), *id);
}

}  // namespace

TokenizerParts read_gguf_tokenizer(const GgufFile& file) {
  const Rule& rules = rule_of(file);
  refuse_settings(file);
  BpeVocabulary vocabulary;
  vocabulary.ignore_merges = rules.ignore_merges;
  std::vector<AddedToken> added;
  read_tokens(file, vocabulary, added);
  read_merges(file, vocabulary);
  TokenizerParts parts{.where = file.path(),
                       .normalization = rules.normalization,
                       .pre_tokenizer = make_pre_tokenizer(rules, file.path()),
                       .bpe = Bpe(std::move(vocabulary), file.path()),
                       .added_tokens = std::move(added),
                       .bos_id = read_bos(file),
                       .template_adds_bos = false};
  parts.template_adds_bos = file.optional_bool("tokenizer.ggml.add_bos_token").value_or(rules.adds_bos);
  if (parts.template_adds_bos && !parts.bos_id) {
    fail(ErrorCode::kInput, "{}: tokenizer.ggml.bos_token_id is missing, and the tokenizer adds a BOS",
         file.path());
  }
  return parts;
}

}  // namespace tugline
