// A folder for temporary files, under the system's folder for them. It is removed with the object. If the
// process was killed, the next ScratchFolder of the same prefix removes it.
#pragma once

#include <filesystem>
#include <string>

namespace tugline {

class ScratchFolder {
 public:
  // The folder's name is the prefix and six random characters. Errors: kIo if it cannot be made.
  explicit ScratchFolder(const std::string& prefix);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int descriptor_ = -1;  // its lock says that the folder is in use
};

}  // namespace tugline
