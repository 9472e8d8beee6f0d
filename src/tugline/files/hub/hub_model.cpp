#include "tugline/files/hub/hub_model.h"

#include <algorithm>

namespace tugline {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_hub_word(std::string_view word) {
  constexpr size_t kLongest = 96;
  const auto allowed = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.'; };
  return !word.empty() && word.size() <= kLongest && word.front() != '.' && word.back() != '.' &&
         word.find("..") == std::string_view::npos && word.find("--") == std::string_view::npos &&
         std::ranges::all_of(word, allowed);
}

// git's rules for the names of references, applied to one part between slashes.
bool is_revision_part(std::string_view part) {
  constexpr std::string_view kForbidden = "~^:?*[\\\"'<>|$`";
  const auto allowed = [&](char c) {
    return c > ' ' && c < 0x7f && kForbidden.find(c) == std::string_view::npos;
  };
  return !part.empty() && part.front() != '.' && part.find("..") == std::string_view::npos &&
         !part.ends_with(".lock") && std::ranges::all_of(part, allowed);
}

bool is_revision(std::string_view revision) {
  constexpr size_t kLongest = 200;
  if (revision.size() > kLongest || revision.starts_with('-')) return false;
  for (size_t begin = 0; begin <= revision.size();) {
    const size_t end = std::min(revision.find('/', begin), revision.size());
    if (!is_revision_part(revision.substr(begin, end - begin))) return false;
    begin = end + 1;
  }
  return true;
}

}  // namespace

std::optional<HubModel> parse_hub_model(std::string_view argument) {
  const size_t at = argument.find('@');
  const std::string_view repository = argument.substr(0, at);
  const size_t slash = repository.find('/');
  if (slash == std::string_view::npos || argument.ends_with(".gguf")) return std::nullopt;
  HubModel model{.organisation = std::string(repository.substr(0, slash)),
                 .name = std::string(repository.substr(slash + 1))};
  if (!is_hub_word(model.organisation) || !is_hub_word(model.name)) return std::nullopt;
  if (at == std::string_view::npos) return model;
  model.revision = argument.substr(at + 1);
  if (!is_revision(model.revision)) return std::nullopt;
  return model;
}

bool is_commit(std::string_view revision) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return revision.size() == 40 && std::ranges::all_of(revision, is_hex);
}

}  // namespace tugline
