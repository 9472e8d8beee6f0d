#include "tugline/files/digest_cache.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/whole_file.h"

namespace tugline {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kNanoseconds = 1'000'000'000;

int64_t nanoseconds(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * kNanoseconds + time.tv_nsec;
}

// What the file was when it was read: any other state has no digest here.
Json state_json(const fs::path& file, const struct stat& state) {
  return {{"path", file.string()},
          {"device", static_cast<uint64_t>(state.st_dev)},
          {"inode", static_cast<uint64_t>(state.st_ino)},
          {"size", static_cast<int64_t>(state.st_size)},
          {"modified_ns", nanoseconds(state.st_mtim)},
          {"changed_ns", nanoseconds(state.st_ctim)}};
}

bool is_digest(const std::string& text) {
  return text.size() == 64 &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// File systems keep times of different coarseness, up to two seconds.
bool is_young(const struct stat& state) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const int64_t last = std::max(nanoseconds(state.st_mtim), nanoseconds(state.st_ctim));
  return nanoseconds(now) - last < 2 * kNanoseconds;
}

}  // namespace

fs::path DigestCache::entry_of(const fs::path& file) const {
  return folder_ / (hex(hash_text(file.string())) + ".json");
}

std::optional<std::string> DigestCache::find(const fs::path& file, const struct stat& state) const {
  if (folder_.empty()) return std::nullopt;
  const fs::path entry = entry_of(file);
  std::string text;
  try {
    text = read_whole_file(entry);
  } catch (const Error& error) {
    if (warn_ && error.code() != ErrorCode::kNotFound)
      warn_(fmt::format("{}; this entry of the cache is not used", error.what()));
    return std::nullopt;
  }
  const Json json = Json::parse(text, nullptr, false);
  const Json wanted = state_json(file, state);
  const bool has_state = json.is_object() && json.contains("state") && json["state"].is_object() &&
                         json.contains("digest") && json["digest"].is_string() &&
                         is_digest(json["digest"].get<std::string>()) && json.contains("check") &&
                         json["check"].is_string();
  const auto check = [&] { return hex(hash_text(json["state"].dump() + json["digest"].get<std::string>())); };
  if (!has_state || json["check"].get<std::string>() != check()) {
    if (warn_)
      warn_(fmt::format("{}: the entry of this cache is damaged and is not used; the file is read again",
                        entry.string()));
    return std::nullopt;
  }
  if (json["state"] != wanted) return std::nullopt;
  return json["digest"].get<std::string>();
}

void DigestCache::keep(const fs::path& file, const struct stat& state, const std::string& digest) const {
  if (folder_.empty() || is_young(state)) return;
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return;
  const Json wanted = state_json(file, state);
  const Json json = {
      {"state", wanted}, {"digest", digest}, {"check", hex(hash_text(wanted.dump() + digest))}};
  const fs::path entry = entry_of(file);
  const fs::path written = entry.string() + fmt::format(".new-{}", ::getpid());
  {
    std::ofstream stream(written, std::ios::binary);
    stream << json.dump(1) << '\n';
    if (!stream.flush()) error = std::make_error_code(std::errc::io_error);
  }
  if (!error) fs::rename(written, entry, error);
  if (error) fs::remove(written, error);
}

}  // namespace tugline
