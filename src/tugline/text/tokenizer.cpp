#include "tugline/text/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/file_status.h"
#include "tugline/files/mapped_file.h"
#include "tugline/text/token_table.h"
#include "tugline/text/tokenizer_gguf.h"
#include "tugline/text/tokenizer_json.h"
#include "tugline/text/utf8.h"

namespace tugline {
namespace {

// No real one comes near. Looking for added tokens takes a step for each byte of the text and of the longest
// of them.
constexpr size_t kLongestAddedToken = 1024;

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// The tokens that are looked for in the normalised text, or those that are not; special ones first, so that
// of two with the same content a special one is found, as in the reference.
std::vector<AddedToken> tokens_to_match(const TokenizerParts& parts, bool normalized) {
  std::vector<AddedToken> out;
  std::copy_if(parts.added_tokens.begin(), parts.added_tokens.end(), std::back_inserter(out),
               [&](const AddedToken& token) { return token.normalized == normalized; });
  std::stable_partition(out.begin(), out.end(), [](const AddedToken& token) { return token.special; });
  if (!normalized) return out;
  for (AddedToken& token : out) {
    token.content = std::string(normalize(std::string(token.content), 0, parts.normalization).text());
  }
  return out;
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerParts given)
      : parts(std::move(given)),
        tokens(parts.bpe.ids(), parts.added_tokens, parts.where),
        raw_matcher(tokens_to_match(parts, false)),
        normalized_matcher(tokens_to_match(parts, true)) {
    for (const AddedToken& token : parts.added_tokens) {
      if (token.content.size() <= kLongestAddedToken) continue;
      fail(ErrorCode::kUnsupported, "{}: the added token '{}' has {} bytes; tugline has up to {}",
           parts.where, excerpt(token.content, 40), token.content.size(), kLongestAddedToken);
    }
    if (parts.bos_id && !tokens.bytes_of(*parts.bos_id)) {
      fail(ErrorCode::kInput, "{}: the BOS is id {}, which no token has", parts.where, *parts.bos_id);
    }
  }

  [[nodiscard]] bool puts_bos(BosPolicy policy) const {
    if (policy == BosPolicy::kAlways && !parts.bos_id) {
      refuse("bos", "{} has no BOS token; use auto or never", parts.where);
    }
    return policy == BosPolicy::kAlways || (policy == BosPolicy::kAuto && parts.template_adds_bos);
  }

  // The template rules, as in transformers 5: what the configuration says otherwise becomes a note. Its
  // bos_token is taken if the template has none.
  void add_settings(const BosSettings& settings, const std::string& config) {
    const bool is_said_otherwise = settings.adds && *settings.adds != parts.template_adds_bos;
    if (is_said_otherwise) {
      notes.push_back(
          fmt::format("{}: add_bos_token is {}, but the template of {} adds {}: the template rules, as in "
                      "transformers 5 (the Llama "
                      "tokenizers of transformers 4 follow add_bos_token)",
                      config, *settings.adds, parts.where, parts.template_adds_bos ? "a BOS" : "none"));
    }
    if (!settings.token) return;
    const std::optional<int32_t> id = tokens.id_of(*settings.token);
    if (!parts.bos_id) {
      if (!id) {
        fail(ErrorCode::kInput, "{}: bos_token: '{}' is not a token of {}", config,
             excerpt(*settings.token, 40), parts.where);
      }
      parts.bos_id = id;
    } else if (id != parts.bos_id) {
      notes.push_back(fmt::format(
          "{}: bos_token is '{}', but the template of {} puts '{}' in front: the template rules", config,
          excerpt(*settings.token, 40), parts.where, excerpt(*tokens.bytes_of(*parts.bos_id), 40)));
    }
  }

  TokenizerParts parts;
  TokenTable tokens;
  AddedTokenMatcher raw_matcher;
  AddedTokenMatcher normalized_matcher;
  std::vector<std::string> notes;
};

namespace {

// One text on its way through normaliser, pre-tokenizer and merging.
class Encoder {
 public:
  Encoder(const TokenizerParts& parts, const AddedTokenMatcher& normalized_matcher, size_t text_bytes,
          Encoding& out)
      : parts_(parts),
        normalized_matcher_(normalized_matcher),
        budget_(text_bytes),
        cache_(parts.bpe),
        out_(out) {}

  // Text between two added tokens, `base` bytes into the original.
  void add_text(std::string_view original, size_t base) {
    const NormalizedText normal = normalize(original, static_cast<int64_t>(base), parts_.normalization);
    for (const AddedTokenStretch& stretch : normalized_matcher_.split(normal.text())) {
      if (stretch.id) {
        add_token(*stretch.id, normal.source(stretch.begin, stretch.end));
      } else {
        add_pieces(normal, stretch.begin, stretch.end);
      }
    }
  }

  void add_token(int32_t id, ByteRange source) {
    out_.ids.push_back(id);
    out_.offsets.push_back(source);
  }

 private:
  void add_pieces(const NormalizedText& normal, size_t begin, size_t end) {
    const auto text = normal.text().substr(begin, end - begin);
    for (const Piece& piece : parts_.pre_tokenizer.split(text, budget_)) {
      bytes_.clear();
      if (piece.prefix_space) bytes_.push_back(' ');
      bytes_.append(text.substr(piece.begin, piece.end - piece.begin));
      // A prefixed space comes from no byte: what is in front of the piece's own bytes is clamped to its
      // beginning.
      const size_t shift = piece.prefix_space ? 1 : 0;
      const auto place = [&](uint32_t at) { return begin + piece.begin + (at < shift ? 0 : at - shift); };
      for (const PieceToken& token : cache_.encode(bytes_)) {
        add_token(token.id, normal.source(place(token.begin), place(token.end)));
      }
    }
  }

  const TokenizerParts& parts_;
  const AddedTokenMatcher& normalized_matcher_;
  MatchBudget budget_;
  BpeCache cache_;
  Encoding& out_;
  std::string bytes_;
};

}  // namespace

Tokenizer::Tokenizer(TokenizerParts parts) : impl_(std::make_unique<Impl>(std::move(parts))) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

Tokenizer Tokenizer::from_json_text(std::string_view json, const std::string& where) {
  return Tokenizer(parse_tokenizer_json(json, where));
}

Tokenizer Tokenizer::from_json_file(const std::filesystem::path& path) {
  Tokenizer tokenizer = from_json_text(text_of(MappedFile::open(path)), path.string());
  const auto config = path.parent_path() / "tokenizer_config.json";
  if (!is_there(config)) return tokenizer;
  const BosSettings settings = parse_config_bos(text_of(MappedFile::open(config)), config.string());
  tokenizer.impl_->add_settings(settings, config.string());
  return tokenizer;
}

Tokenizer Tokenizer::from_gguf(const GgufFile& file) { return Tokenizer(read_gguf_tokenizer(file)); }

Encoding Tokenizer::encode(std::string_view text, BosPolicy bos) const {
  if (const auto at = first_malformed_byte(text)) {
    fail(ErrorCode::kInput, "the text is not UTF-8: byte {} (0x{:02X}) does not begin a character", *at,
         static_cast<unsigned>(static_cast<uint8_t>(text[*at])));
  }
  Encoding out;
  Encoder encoder(impl_->parts, impl_->normalized_matcher, text.size(), out);
  if (impl_->puts_bos(bos)) encoder.add_token(*impl_->parts.bos_id, {0, 0});
  for (const AddedTokenStretch& stretch : impl_->raw_matcher.split(text)) {
    if (stretch.id) {
      encoder.add_token(*stretch.id,
                        {static_cast<int64_t>(stretch.begin), static_cast<int64_t>(stretch.end)});
    } else {
      encoder.add_text(text.substr(stretch.begin, stretch.end - stretch.begin), stretch.begin);
    }
  }
  return out;
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  std::string bytes;
  for (const int32_t id : ids) {
    if (const std::string* token = impl_->tokens.bytes_of(id)) bytes += *token;
  }
  return replace_malformed(bytes);
}

std::string Tokenizer::token_bytes(int32_t id) const {
  const std::string* token = impl_->tokens.bytes_of(id);
  return token ? *token : std::string();
}

std::optional<int32_t> Tokenizer::token_to_id(std::string_view token) const {
  return impl_->tokens.id_of(token);
}

std::optional<int32_t> Tokenizer::bos_id() const { return impl_->parts.bos_id; }

bool Tokenizer::begins_with_two_bos(std::span<const int32_t> ids) const {
  const std::optional<int32_t> bos = bos_id();
  return bos && ids.size() > 1 && ids[0] == *bos && ids[1] == *bos;
}

const std::vector<std::string>& Tokenizer::notes() const { return impl_->notes; }

int64_t Tokenizer::vocab_size() const { return impl_->tokens.size(); }

}  // namespace tugline
