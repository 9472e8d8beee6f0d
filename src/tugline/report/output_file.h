// Writes a result file completely or not at all: under another name in the same folder, which is then
// renamed. A device or a pipe
// (/dev/stdout, a FIFO) is written to directly.
#pragma once

#include <filesystem>
#include <string_view>

namespace tugline {

class OutputFile {
 public:
  // Removes what a killed command left behind. Throws Error (kIo) if the file cannot be written.
  explicit OutputFile(const std::filesystem::path& path);
  // Removes what was written, unless it was committed.
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  // Gives the file its name. Throws Error (kIo) if the system could not write all of it.
  void commit();

 private:
  [[noreturn]] void fail_to_write(int error) const;

  std::filesystem::path path_;       // as the user gave it, for messages
  std::filesystem::path target_;     // symbolic links resolved
  std::filesystem::path temporary_;  // empty if the target is written directly, and after the commit
  int descriptor_ = -1;
};

}  // namespace tugline
