#include "tugline/cli/unreadable_pages.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <span>
#include <string_view>

#include "tugline/cli/error_text.h"
#include "tugline/core/error.h"

// A signal handler may call all of this: nothing here allocates memory or takes a lock.
namespace tugline {
namespace {

void say(std::string_view words) {
  // If the message cannot be written, the status says that something is wrong.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, words.data(), words.size());
}

// The next line without its end, and of a longer one what fits. Empty at the end of the file.
std::string_view read_line(int file, std::span<char> line) {
  size_t size = 0;
  for (char letter = 0; ::read(file, &letter, 1) == 1 && letter != '\n';)
    if (size < line.size()) line[size++] = letter;
  return {line.data(), size};
}

// Whether `line` of /proc/self/maps, "BEGIN-END ...", is of the mapping that has `address`.
bool has_address(std::string_view line, uintptr_t address) {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  const char* last = line.data() + line.size();
  const auto first = std::from_chars(line.data(), last, begin, 16);
  if (first.ptr == last) return false;
  std::from_chars(first.ptr + 1, last, end, 16);
  return begin <= address && address < end;
}

// The file that is mapped at `address`. Empty if the system does not say.
std::string_view mapped_file(uintptr_t address, std::span<char> line) {
  const int maps = ::open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return {};
  std::string_view found = read_line(maps, line);
  while (!found.empty() && !has_address(found, address)) found = read_line(maps, line);
  return found.substr(std::min(found.find('/'), found.size()));
}

void end_process(int signal, siginfo_t* fault, void* /*context*/) {
  static std::array<char, 8192> line;
  static std::atomic_flag is_ending;
  if (fault->si_code != BUS_ADRERR) {  // another fault, which ends the process as usual after the handler
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  while (is_ending.test_and_set()) ::pause();  // another thread had the same fault
  const std::string_view file = mapped_file(reinterpret_cast<uintptr_t>(fault->si_addr), line);
  say("tugline: ");
  say(file.empty() ? "a mapped file" : file);
  say(": a part of the file cannot be read: its disk failed, or another program cut it short meanwhile; ");
  say("see that the file is whole, and run the command again\n");
  ::_exit(exit_status(ErrorCode::kIo));
}

}  // namespace

void explain_unreadable_pages() {
  struct sigaction action {};
  action.sa_sigaction = end_process;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace tugline
