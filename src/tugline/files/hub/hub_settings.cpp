#include "tugline/files/hub/hub_settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <utility>

#include "tugline/core/error.h"
#include "tugline/core/excerpt.h"
#include "tugline/core/whole_file.h"

namespace tugline {
namespace {

namespace fs = std::filesystem;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// The variable that `text` begins with ("$NAME..." or "${NAME}..."): its name, and how many characters it
// takes there. No value if it begins with none.
std::optional<std::pair<std::string, size_t>> variable_at(std::string_view text) {
  if (text.starts_with("${")) {
    const size_t end = text.find('}');
    if (end == std::string_view::npos) return std::nullopt;
    return std::pair(std::string(text.substr(2, end - 2)), end + 1);
  }
  const auto end = std::find_if_not(text.begin() + 1, text.end(), is_name_character);
  const std::string name(text.begin() + 1, end);
  if (name.empty()) return std::nullopt;
  return std::pair(name, name.size() + 1);
}

// As the hub's own tools do: a leading "~" is the home directory, and variables that are set are replaced.
fs::path expanded(const std::string& path) {
  std::string whole = path;
  if (const std::string home = from_environment("HOME");
      !home.empty() && (path == "~" || path.starts_with("~/")))
    whole = home + path.substr(1);
  std::string result;
  for (size_t i = 0; i < whole.size();) {
    const auto variable = whole[i] == '$' ? variable_at(std::string_view(whole).substr(i)) : std::nullopt;
    const bool is_set = variable && std::getenv(variable->first.c_str()) != nullptr;
    result += is_set ? from_environment(variable->first.c_str()) : std::string(1, whole[i]);
    i += is_set ? variable->second : 1;
  }
  return result;
}

fs::path hub_home() {
  if (const auto home = from_environment("HF_HOME"); !home.empty()) return expanded(home);
  if (const auto cache = from_environment("XDG_CACHE_HOME"); !cache.empty())
    return expanded(cache) / "huggingface";
  return fs::path(from_environment("HOME")) / ".cache" / "huggingface";
}

bool is_true(const char* name) {
  std::string value = from_environment(name);
  std::ranges::transform(value, value.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

std::string endpoint() {
  std::string endpoint = from_environment("HF_ENDPOINT");
  if (endpoint.empty()) endpoint = kDefaultHubEndpoint;
  endpoint.erase(endpoint.find_last_not_of('/') + 1);
  const auto is_plain = [](char c) { return c > ' ' && c < 0x7f; };
  if ((endpoint.starts_with("https://") || endpoint.starts_with("http://")) &&
      std::ranges::all_of(endpoint, is_plain))
    return endpoint;
  fail(ErrorCode::kUsage, "HF_ENDPOINT: '{}' is no http:// or https:// address", excerpt(endpoint));
}

std::string without_line_ends(std::string text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.erase(text.find_last_not_of(kSpace) + 1);
  text.erase(0, text.find_first_not_of(kSpace));
  return text;
}

// Throws for a token that would break out of its header. The message does not show it.
std::string checked_token(std::string token, const std::string& origin) {
  token = without_line_ends(std::move(token));
  if (std::ranges::all_of(token, [](char c) { return c > ' ' && c < 0x7f; })) return token;
  fail(ErrorCode::kUsage, "{}: a token is one word of printable ASCII, and this one is not", origin);
}

std::string token() {
  for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"})
    if (std::string token = checked_token(from_environment(name), name); !token.empty()) return token;
  if (is_true("HF_HUB_DISABLE_IMPLICIT_TOKEN")) return "";
  const std::string named = from_environment("HF_TOKEN_PATH");
  const fs::path path = named.empty() ? hub_home() / "token" : expanded(named);
  std::string text;
  try {
    text = read_whole_file(path);
  } catch (const Error&) {  // no token: if the hub refuses, the message says that none was sent
    return "";
  }
  return checked_token(text, path.string());
}

std::chrono::seconds stall_time() {
  constexpr int kDefault = 10;
  constexpr int kLongest = 3600;
  const std::string text = from_environment("HF_HUB_DOWNLOAD_TIMEOUT");
  if (text.empty()) return std::chrono::seconds(kDefault);
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size() && seconds >= 1 && seconds <= kLongest)
    return std::chrono::seconds(seconds);
  fail(ErrorCode::kUsage, "HF_HUB_DOWNLOAD_TIMEOUT: '{}' is no number of seconds from 1 to {}", excerpt(text),
       kLongest);
}

}  // namespace

HubSettings hub_settings(const HubChoices& choices) {
  HubSettings settings{.endpoint = endpoint(),
                       .cache = choices.cache.empty() ? hub_cache_folder() : choices.cache,
                       .offline = choices.offline,
                       .token = choices.token.empty() ? token() : checked_token(choices.token, "token"),
                       .stall = stall_time(),
                       .may_link = !is_true("HF_HUB_DISABLE_SYMLINKS")};
  for (const char* name : {"HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"})
    if (settings.offline.empty() && is_true(name)) settings.offline = name;
  return settings;
}

fs::path hub_cache_folder() {
  if (const auto hub = from_environment("HF_HUB_CACHE"); !hub.empty()) return expanded(hub);
  if (const auto hub = from_environment("HUGGINGFACE_HUB_CACHE"); !hub.empty()) return expanded(hub);
  return hub_home() / "hub";
}

}  // namespace tugline
