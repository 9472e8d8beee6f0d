// Runs a command line through the shell and keeps what it says; for tests of the built program.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "support/temporary_folder.h"

namespace tugline {

struct ProgramOutcome {
  int status = -1;  // exit status; 128 + signal where it was killed
  std::string out;
  std::string err;
};

inline std::string file_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline ProgramOutcome run_program(const std::string& command) {
  const TemporaryFolder folder;
  const std::string err = (folder / "err").string();
  ProgramOutcome outcome;
  FILE* pipe = ::popen(("( " + command + " ) 2>'" + err + "'").c_str(), "r");
  if (pipe == nullptr) {
    return outcome;
  }
  std::array<char, 4096> piece{};
  for (size_t size = 0; (size = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    outcome.out.append(piece.data(), size);
  }
  const int status = ::pclose(pipe);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  outcome.err = file_text(err);
  return outcome;
}

}  // namespace tugline
