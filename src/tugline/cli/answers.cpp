#include "tugline/cli/answers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <vector>

#include "tugline/cli/terminal.h"
#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/plural.h"

namespace tugline {
namespace {

constexpr std::string_view kIdPrefix = "id:";

// At every comma; nothing is trimmed, because " Yes" and "Yes" are two tokens.
std::vector<std::string> parts_of(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

int32_t parse_id(const std::string& answer, int64_t vocabulary) {
  const std::string_view digits = std::string_view(answer).substr(kIdPrefix.size());
  int32_t id = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
  if (error != std::errc{} || end != digits.data() + digits.size() || id < 0)
    fail(ErrorCode::kUsage, "--answers: '{}' is not id:N with a token's id N", excerpt(answer));
  if (id >= vocabulary)
    fail(ErrorCode::kUsage, "--answers: '{}' is beyond the model's vocabulary of {} tokens", answer,
         vocabulary);
  return id;
}

int32_t token_of(const std::string& answer, const Tokenizer* tokenizer, int64_t vocabulary) {
  if (answer.starts_with(kIdPrefix)) return parse_id(answer, vocabulary);
  if (answer.empty()) fail(ErrorCode::kUsage, "--answers: one of the two is empty; expected A,B");
  if (tokenizer == nullptr)
    fail(ErrorCode::kUsage, "--answers: the model has no tokenizer for '{}'; give id:N", excerpt(answer));
  const std::vector<int32_t> ids = tokenizer->encode(answer, BosPolicy::kNever).ids;
  if (ids.size() == 1) return ids.front();
  constexpr size_t kMostShown = 6;
  std::vector<std::string> pieces;
  for (size_t i = 0; i < std::min(ids.size(), kMostShown); ++i)
    pieces.push_back(fmt::format("'{}' (id:{})", visible(tokenizer->token_bytes(ids[i])), ids[i]));
  fail(ErrorCode::kUsage,
       "--answers: '{}' is {}: {}{}; an answer is one token, with the white space before it if the model "
       "writes it so. "
       "Give the token that tells the answers apart, as text or as id:N",
       excerpt(answer), counted(std::ssize(ids), "token"), fmt::join(pieces, ", "),
       ids.size() > kMostShown ? ", ..." : "");
}

}  // namespace

bool needs_tokenizer(const std::string& answers) {
  if (answers.empty()) return false;
  for (const std::string& answer : parts_of(answers))
    if (!answer.starts_with(kIdPrefix)) return true;
  return false;
}

std::optional<std::pair<int32_t, int32_t>> resolve_answers(const std::string& text,
                                                           const Tokenizer* tokenizer, int64_t vocabulary) {
  if (text.empty()) return std::nullopt;
  const std::vector<std::string> answers = parts_of(text);
  if (answers.size() != 2)
    fail(ErrorCode::kUsage,
         "--answers: '{}' is {}, expected two: A,B (an answer with a comma in it is given as id:N)",
         excerpt(text), counted(std::ssize(answers), "answer"));
  const std::pair<int32_t, int32_t> pair{token_of(answers[0], tokenizer, vocabulary),
                                         token_of(answers[1], tokenizer, vocabulary)};
  if (pair.first == pair.second) fail(ErrorCode::kUsage, "--answers: both are the token {}", pair.first);
  return pair;
}

}  // namespace tugline
