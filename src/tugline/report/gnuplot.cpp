#include "tugline/report/gnuplot.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include "tugline/core/error.h"
#include "tugline/core/whole_file.h"

namespace tugline {
namespace {

// Plain files and not pipes, so that neither side can wait for the other for ever.
using TemporaryFile = std::unique_ptr<FILE, int (*)(FILE*)>;

TemporaryFile temporary_file() {
  TemporaryFile file(std::tmpfile(), &std::fclose);
  if (!file) {
    fail(ErrorCode::kIo, "cannot make a temporary file for gnuplot: {}",
         std::generic_category().message(errno));
  }
  return file;
}

TemporaryFile holding(const std::string& text) {
  TemporaryFile file = temporary_file();
  if (std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() || std::fflush(file.get()) != 0) {
    fail(ErrorCode::kIo, "cannot write a temporary file for gnuplot: {}",
         std::generic_category().message(errno));
  }
  std::rewind(file.get());
  return file;
}

std::string content_of(FILE* file) {
  std::rewind(file);
  return read_to_end(file, "gnuplot's temporary file");
}

// The child's standard streams; it inherits nothing else.
class FileActions {
 public:
  FileActions(int in, int out, int err) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, in, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, err, STDERR_FILENO);
  }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

pid_t spawn_gnuplot(const FileActions& actions) {
  std::string program = "gnuplot";
  std::string no_user_settings = "-d";
  std::array<char*, 3> arguments{program.data(), no_user_settings.data(), nullptr};
  pid_t child = 0;
  const int error =
      ::posix_spawnp(&child, program.c_str(), actions.get(), nullptr, arguments.data(), environ);
  if (error == ENOENT) {
    fail(ErrorCode::kNotFound,
         "gnuplot is not installed, and figures need it (Debian and Ubuntu: apt install gnuplot-nox)");
  }
  if (error != 0) {
    fail(ErrorCode::kIo, "cannot start gnuplot: {}", std::generic_category().message(error));
  }
  return child;
}

}  // namespace

std::string run_gnuplot(const std::string& script) {
  const TemporaryFile input = holding(script);
  const TemporaryFile output = temporary_file();
  const TemporaryFile errors = temporary_file();
  const pid_t child =
      spawn_gnuplot(FileActions(::fileno(input.get()), ::fileno(output.get()), ::fileno(errors.get())));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) {
      fail(ErrorCode::kIo, "cannot wait for gnuplot: {}", std::generic_category().message(errno));
    }
  }
  const std::string words = content_of(errors.get());
  // gnuplot reports what it could not draw or write and may still end with 0: any word of it is a failure.
  if (status != 0 || !words.empty()) {
    fail(ErrorCode::kIo, "gnuplot could not draw the figure (status {}): {}", status,
         words.empty() ? "it said nothing" : words);
  }
  return content_of(output.get());
}

std::string gnuplot_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "\u2019";
    } else {
      quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return quoted + "'";
}

}  // namespace tugline
