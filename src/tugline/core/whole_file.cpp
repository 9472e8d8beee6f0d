#include "tugline/core/whole_file.h"

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

}  // namespace

std::string read_whole_file(const std::filesystem::path& path, const std::string& name) {
  std::error_code ignored;  // what cannot be looked up is said when the file does not open
  if (std::filesystem::is_directory(path, ignored))
    fail(ErrorCode::kInput, "{}: expected a file, found a directory", name);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) {
    const int error = errno;
    const bool is_missing = error == ENOENT || error == ENOTDIR;
    fail(is_missing ? ErrorCode::kNotFound : ErrorCode::kIo, "{}: cannot be opened: {}", name, reason(error));
  }
  return read_to_end(file.get(), name);
}

std::string read_whole_file(const std::filesystem::path& path) {
  return read_whole_file(path, path.string());
}

std::string read_to_end(std::FILE* file, const std::string& name) {
  std::string bytes;
  std::array<char, 1 << 16> buffer;
  while (const size_t count = std::fread(buffer.data(), 1, buffer.size(), file))
    bytes.append(buffer.data(), count);
  if (std::ferror(file) != 0) fail(ErrorCode::kIo, "{}: cannot be read to its end: {}", name, reason(errno));
  return bytes;
}

}  // namespace tugline
