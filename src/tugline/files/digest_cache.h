// The user's cache of files' digests: one small JSON file for each file, by a hash of its path. Internal to
// files/.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace tugline {

class DigestCache {
 public:
  // `warn` receives a sentence about an entry that is damaged. An empty folder keeps nothing.
  DigestCache(std::filesystem::path folder, std::function<void(const std::string&)> warn)
      : folder_(std::move(folder)), warn_(std::move(warn)) {}

  // The digest that was kept of the file in this state; no value if none was, or the entry is damaged.
  [[nodiscard]] std::optional<std::string> find(const std::filesystem::path& file,
                                                const struct stat& state) const;
  // Keeps it, if the system allows. A file whose state is younger than two seconds is left out.
  void keep(const std::filesystem::path& file, const struct stat& state, const std::string& digest) const;

 private:
  [[nodiscard]] std::filesystem::path entry_of(const std::filesystem::path& file) const;
  std::filesystem::path folder_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace tugline
