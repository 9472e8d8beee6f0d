// Writes a result file whole or not at all: under another name in the same folder, then renamed into place. A
// device or a pipe (/dev/stdout, a FIFO) is written as it is.
#pragma once

#include <filesystem>
#include <string_view>

namespace tugline {

class OutputFile {
 public:
  // Removes what a killed command left of an earlier try. Throws Error kIo if nothing can be written there.
  explicit OutputFile(const std::filesystem::path& path);
  // Without a commit, what was written is removed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  // Puts the file in its place. Throws Error kIo where the system could not keep all of it.
  void commit();

 private:
  [[noreturn]] void fail_to_write(int error) const;

  std::filesystem::path path_;       // as the user gave it, for messages
  std::filesystem::path target_;     // symbolic links resolved
  std::filesystem::path temporary_;  // empty where the target is written as it is, and after the commit
  int descriptor_ = -1;
};

}  // namespace tugline
