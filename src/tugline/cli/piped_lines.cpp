#include <cstdio>
#include <iostream>

#include "tugline/cli/line_source.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

class PipedLines final : public LineSource {
 public:
  std::optional<std::string> next(const std::string& /*prompt*/) override {
    std::string line;
    if (std::getline(std::cin, line)) return line;
    if (std::ferror(stdin) != 0) fail(ErrorCode::kIo, "standard input: could not be read to its end");
    return std::nullopt;
  }
};

}  // namespace

std::unique_ptr<LineSource> piped_lines() { return std::make_unique<PipedLines>(); }

}  // namespace tugline
