#include "tugline/cli/standard_output.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include "tugline/core/error.h"

namespace tugline {

void write_to_standard_output(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    fail(ErrorCode::kIo, "standard output: cannot write: {}", std::generic_category().message(errno));
  }
}

}  // namespace tugline
