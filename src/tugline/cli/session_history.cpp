#include "tugline/cli/session_history.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <string_view>
#include <system_error>

#include "tugline/core/error.h"
#include "tugline/core/whole_file.h"

namespace tugline {
namespace {

constexpr size_t kMostLines = 1000;

[[noreturn]] void fail_with(const std::filesystem::path& file, int error) {
  fail(ErrorCode::kIo, "the history {}: {}; --no-history keeps none", file.string(),
       std::generic_category().message(error));
}

// Only the owner may read what is written here. `flags`: O_APPEND or O_TRUNC.
void write_lines(const std::filesystem::path& file, const std::string& text, int flags) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
  if (opened < 0) fail_with(file, errno);
  const ssize_t written = ::write(opened, text.data(), text.size());
  const int error = errno;
  ::close(opened);
  if (written < 0 || static_cast<size_t>(written) != text.size())
    fail_with(file, written < 0 ? error : ENOSPC);
}

void make_folder(const std::filesystem::path& file) {
  std::error_code error;
  const std::filesystem::path folder = file.parent_path();
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
  std::filesystem::create_directories(folder, error);
  if (error) fail_with(file, error.value());
  ::chmod(folder.c_str(), S_IRWXU);
}

std::string text_of(const std::filesystem::path& file) {
  try {
    return read_whole_file(file, "the history " + file.string());
  } catch (const Error& e) {
    fail(ErrorCode::kIo, "{}; --no-history keeps none", e.what());
  }
}

}  // namespace

std::filesystem::path default_history_file() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  // The variable must be an absolute path; another is passed over, as its specification says.
  if (state != nullptr && *state == '/') return std::filesystem::path(state) / "tugline" / "history";
  if (home == nullptr || *home == '\0') return {};
  return std::filesystem::path(home) / ".local" / "state" / "tugline" / "history";
}

SessionHistory::SessionHistory(std::filesystem::path file) : file_(std::move(file)) {
  if (file_.empty()) return;
  make_folder(file_);
  write_lines(file_, "", O_APPEND);
  std::istringstream kept(text_of(file_));
  for (std::string line; std::getline(kept, line);) lines_.push_back(line);
  const bool is_long = lines_.size() > 2 * kMostLines;
  if (lines_.size() > kMostLines) lines_.erase(lines_.begin(), lines_.end() - kMostLines);
  if (!is_long) return;
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  write_lines(file_, text, O_TRUNC);
}

void SessionHistory::add(const std::string& line) {
  if (line.empty() || line.front() == ' ' || line.find('\n') != std::string::npos) return;
  if (!lines_.empty() && lines_.back() == line) return;
  lines_.push_back(line);
  if (file_.empty()) return;
  try {
    write_lines(file_, line + "\n", O_APPEND);
  } catch (const Error&) {
    file_.clear();
    throw;
  }
}

}  // namespace tugline
