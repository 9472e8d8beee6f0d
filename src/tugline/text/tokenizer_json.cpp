#include "tugline/text/tokenizer_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/strict_json.h"
#include "tugline/text/json_fields.h"
#include "tugline/text/tokenizer_json_pre.h"

namespace tugline {
namespace {

std::pair<std::string, std::string> read_merge(const JsonField& merges, size_t index) {
  const nlohmann::json& merge = merges.value()[index];
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    const size_t space = text.find(' ');
    if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  }
  fail(ErrorCode::kInput, "{}[{}]: expected two tokens, as \"a b\" or [\"a\", \"b\"]", merges.where(), index);
}

// An id's address is made only if a message needs it, because there are 150,000 of them.
int32_t vocabulary_id(const nlohmann::json& id, const std::string& token, const JsonField& vocab) {
  if (id.is_number_unsigned() && id.get<uint64_t>() < kIdLimit) return id.get<int32_t>();
  return JsonField(id, vocab.where() + "[\"" + excerpt(token, 40) + "\"]").id();
}

BpeVocabulary read_vocabulary(const JsonField& model) {
  BpeVocabulary out;
  const JsonField vocab = model.at("vocab");
  out.tokens.reserve(vocab.expect_object().value().size());
  for (const auto& [token, id] : vocab.value().items()) {
    out.tokens.emplace_back(token, vocabulary_id(id, token, vocab));
  }
  const JsonField merges = model.at("merges");
  const size_t count = merges.array_size();
  out.merges.reserve(count);
  for (size_t i = 0; i < count; ++i) out.merges.push_back(read_merge(merges, i));
  const JsonField ignore = model.get("ignore_merges");
  out.ignore_merges = !ignore.is_null() && ignore.boolean();
  return out;
}

// Settings that give other ids than plain merging does.
void refuse_model_settings(const JsonField& model) {
  const JsonField type = model.get("type");
  if (!type.is_null() && type.string() != "BPE") {
    fail(ErrorCode::kUnsupported, "{}: '{}' is not supported; tugline has BPE", type.where(),
         excerpt(type.string(), 40));
  }
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const JsonField affix = model.get(key);
    if (!affix.is_null() && !affix.string().empty()) {
      fail(ErrorCode::kUnsupported, "{}: '{}' is not supported; byte-level BPE has none", affix.where(),
           excerpt(affix.string(), 40));
    }
  }
  const JsonField dropout = model.get("dropout");
  if (!dropout.is_null() && dropout.value() != 0) {
    fail(ErrorCode::kUnsupported, "{}: {} is not supported: ids would be random", dropout.where(),
         excerpt(dropout.value().dump(), 40));
  }
}

// The handling of unknown bytes matters only if a byte can be unknown.
void refuse_unknown_handling(const JsonField& model, const Bpe& bpe) {
  if (bpe.covers_every_byte()) return;
  const JsonField unk = model.get("unk_token");
  const JsonField fallback = model.get("byte_fallback");
  const bool falls_back = !fallback.is_null() && fallback.boolean();
  if (unk.is_null() && !falls_back) return;
  fail(ErrorCode::kUnsupported,
       "{}: '{}' with a vocabulary that lacks tokens for some of the 256 bytes is not supported",
       model.where(), unk.is_null() ? "byte_fallback" : "unk_token");
}

Bpe read_model(const JsonField& model, const std::string& where) {
  refuse_model_settings(model);
  Bpe bpe(read_vocabulary(model), where);
  refuse_unknown_handling(model, bpe);
  return bpe;
}

Normalization read_normalizer(const JsonField& field, int depth) {
  if (field.is_null()) return Normalization::kNone;
  const std::string type = field.at("type").string();
  if (type == "NFC") return Normalization::kNfc;
  if (type != "Sequence" || depth >= kDeepestSequence) {
    fail(ErrorCode::kUnsupported, "{}: '{}' is not supported; tugline has NFC", field.where(),
         excerpt(type, 40));
  }
  const JsonField list = field.at("normalizers");
  auto out = Normalization::kNone;
  for (size_t i = 0; i < list.array_size(); ++i) {
    if (read_normalizer(list.element(i), depth + 1) == Normalization::kNfc) out = Normalization::kNfc;
  }
  return out;
}

std::vector<AddedToken> read_added_tokens(const JsonField& field) {
  std::vector<AddedToken> out;
  if (field.is_null()) return out;
  for (size_t i = 0; i < field.array_size(); ++i) {
    const JsonField token = field.element(i);
    out.push_back({.content = token.at("content").string(),
                   .id = token.at("id").id(),
                   .single_word = token.at("single_word").boolean(),
                   .lstrip = token.at("lstrip").boolean(),
                   .rstrip = token.at("rstrip").boolean(),
                   .normalized = token.at("normalized").boolean(),
                   .special = token.at("special").boolean()});
  }
  return out;
}

// The ids that a template puts before the text. Tokens after the
// text are refused, because the readout would not account for them.
std::vector<int32_t> read_template(const JsonField& processor) {
  std::vector<int32_t> prefix;
  const JsonField single = processor.at("single");
  bool text_seen = false;
  for (size_t i = 0; i < single.array_size(); ++i) {
    const JsonField item = single.element(i);
    if (const JsonField sequence = item.get("Sequence"); !sequence.is_null()) {
      if (text_seen || sequence.at("id").string() != "A") {
        fail(ErrorCode::kUnsupported, "{}: expected the text once, as sequence 'A'", item.where());
      }
      text_seen = true;
      continue;
    }
    const std::string name = item.at("SpecialToken").at("id").string();
    if (text_seen)
      fail(ErrorCode::kUnsupported, "{}: '{}' after the text is not supported", item.where(),
           excerpt(name, 40));
    const JsonField ids = processor.at("special_tokens").at(name.c_str()).at("ids");
    for (size_t k = 0; k < ids.array_size(); ++k) prefix.push_back(ids.element(k).id());
  }
  if (!text_seen) fail(ErrorCode::kInput, "{}: the template leaves the text out", single.where());
  return prefix;
}

std::vector<int32_t> read_post_processor(const JsonField& field, int depth) {
  if (field.is_null()) return {};
  const std::string type = field.at("type").string();
  if (type == "ByteLevel") return {};  // trims offsets only; tugline's cover every byte of a token
  if (type == "TemplateProcessing") return read_template(field);
  if (type != "Sequence" || depth >= kDeepestSequence) {
    fail(ErrorCode::kUnsupported, "{}: '{}' is not supported; tugline has ByteLevel and TemplateProcessing",
         field.where(), excerpt(type, 40));
  }
  std::vector<int32_t> prefix;
  const JsonField list = field.at("processors");
  for (size_t i = 0; i < list.array_size(); ++i) {
    const auto ids = read_post_processor(list.element(i), depth + 1);
    prefix.insert(prefix.begin(), ids.begin(), ids.end());
  }
  return prefix;
}

// SentencePiece's sign for a space.
constexpr std::string_view kSpaceSign = "\u2581";

// Whether a step of a normaliser, pre-tokenizer or decoder is one that only SentencePiece's conversions have.
// As deep as parse_strict_json lets files be.
bool has_space_sign(const nlohmann::json& step) {
  if (step.is_string())
    return step == "Metaspace" || step.get_ref<const std::string&>().find(kSpaceSign) != std::string::npos;
  return (step.is_object() || step.is_array()) && std::any_of(step.begin(), step.end(), has_space_sign);
}

// Llama 2's, Mistral's and Gemma's tokenizers: BPE or Unigram over text whose spaces are written as U+2581,
// with tokens such as <0x0A> for bytes. They are called what they are, rather than by the first part that is
// not supported.
void refuse_sentencepiece(const JsonField& document) {
  const nlohmann::json& file = document.value();
  const auto part = [&](const char* name) { return file.value(name, nlohmann::json()); };
  const bool has_steps = has_space_sign(part("normalizer")) || has_space_sign(part("pre_tokenizer")) ||
                         has_space_sign(part("decoder"));
  const nlohmann::json model = part("model");
  const bool is_unigram = model.is_object() && model.value("type", nlohmann::json()) == "Unigram";
  if (!has_steps && !is_unigram) return;
  fail(ErrorCode::kUnsupported,
       "{}: a SentencePiece-style tokenizer ({}) is not supported; tugline has byte-level BPE, as Qwen, "
       "Llama 3 and GPT-2 "
       "have it. The model runs token ids from elsewhere",
       document.where(), is_unigram ? "Unigram" : "spaces written as '\u2581'");
}

}  // namespace

TokenizerParts parse_tokenizer_json(std::string_view json, const std::string& where) {
  const nlohmann::json parsed = parse_strict_json(json, where);
  const JsonField document(parsed, where);
  // `truncation` and `padding` are what a trainer left in the file, and no call of a tokenizer uses them; a
  // transcript is run whole. `decoder` turns ids into text and decides no id.
  refuse_sentencepiece(document.expect_object());
  TokenizerParts parts{.where = where,
                       .normalization = read_normalizer(document.get("normalizer"), 0),
                       .pre_tokenizer = read_pre_tokenizer(document.at("pre_tokenizer")),
                       .bpe = read_model(document.at("model"), where),
                       .added_tokens = read_added_tokens(document.get("added_tokens")),
                       .bos_id = std::nullopt,
                       .template_adds_bos = false};
  const auto prefix = read_post_processor(document.get("post_processor"), 0);
  if (prefix.size() > 1) {
    fail(ErrorCode::kUnsupported,
         "{}: post_processor: puts {} tokens before the text; tugline has one, the BOS", where,
         prefix.size());
  }
  if (!prefix.empty()) parts.bos_id = prefix[0];
  parts.template_adds_bos = !prefix.empty();
  return parts;
}

BosSettings parse_config_bos(std::string_view json, const std::string& where) {
  const nlohmann::json parsed = parse_strict_json(json, where);
  const JsonField config(parsed, where);
  BosSettings settings;
  if (const JsonField bos = config.get("bos_token"); !bos.is_null())
    settings.token = bos.value().is_object() ? bos.at("content").string() : bos.string();
  if (const JsonField adds = config.get("add_bos_token"); !adds.is_null()) settings.adds = adds.boolean();
  return settings;
}

}  // namespace tugline
