#include "tugline/cli/standard_output.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "tugline/core/error.h"

namespace tugline {
namespace {

bool is_written = false;

[[noreturn]] void fail_to_write(int error) {
  fail(ErrorCode::kIo, "standard output: cannot write: {}", std::generic_category().message(error));
}

}  // namespace

void write_to_standard_output(std::string_view text) {
  is_written = true;
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // a pipe that another program made non-blocking
      pollfd ready{.fd = STDOUT_FILENO, .events = POLLOUT, .revents = 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      fail_to_write(errno);
    }
  }
}

void close_standard_output() {
  if (is_written && ::close(STDOUT_FILENO) != 0) fail_to_write(errno);
}

void open_missing_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1) continue;
    // open() takes the lowest free number, which is this one. Reading only: a result that is written there is
    // an error.
    (void)::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace tugline
