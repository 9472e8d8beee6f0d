// A library for LD_PRELOAD that makes one write of a process fail, as a full or broken disk does:
// TUGLINE_FAIL_WRITE=N fails the N-th call, from 1, of those that write files (write, pwrite, fsync, close of
// a file that is open for writing, rename). With TUGLINE_COUNT_WRITES=FILE each process adds a line with its
// number of such calls to FILE. Messages (descriptor 2) are left alone.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls{0};

bool is_to_fail() {
  const char* wanted = std::getenv("TUGLINE_FAIL_WRITE");
  const long call = ++calls;
  if (wanted == nullptr || call != std::atol(wanted)) return false;
  errno = ENOSPC;
  return true;
}

bool is_written(int descriptor) {
  const int flags = fcntl(descriptor, F_GETFL);
  return descriptor != STDERR_FILENO && flags != -1 && (flags & O_ACCMODE) != O_RDONLY;
}

// The C library's own function of that name.
template <typename Function>
Function* real(Function* /*same*/, const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

bool is_gnuplot() { return std::strcmp(program_invocation_short_name, "gnuplot") == 0; }

// What the C library takes for a failure is 0.
ssize_t write_to_standard_output(void* /*ignored*/, const char* bytes, size_t size) {
  const ssize_t written = ::write(STDOUT_FILENO, bytes, size);
  return written < 0 ? 0 : written;
}

// gnuplot writes through the C library, whose own calls cannot be replaced, so it gets another standard
// output.
[[gnu::constructor]] void begin() {
  if (!is_gnuplot()) return;
  cookie_io_functions_t functions{};
  functions.write = write_to_standard_output;
  stdout = fopencookie(nullptr, "w", functions);
  std::setvbuf(stdout, nullptr, _IOFBF, 4096);  // as for a file
}

[[gnu::destructor]] void end() {
  if (is_gnuplot()) std::fflush(stdout);
  const char* path = std::getenv("TUGLINE_COUNT_WRITES");
  FILE* counts = path == nullptr ? nullptr : std::fopen(path, "a");
  if (counts == nullptr) return;
  std::fprintf(counts, "%ld\n", calls.load());
  std::fclose(counts);
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  return is_written(descriptor) && is_to_fail() ? -1 : real(&write, "write")(descriptor, bytes, size);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t offset) {
  return is_written(descriptor) && is_to_fail()
             ? -1
             : real(&pwrite64, "pwrite64")(descriptor, bytes, size, offset);
}

int fsync(int descriptor) { return is_to_fail() ? -1 : real(&fsync, "fsync")(descriptor); }

int rename(const char* from, const char* to) noexcept {
  return is_to_fail() ? -1 : real(&rename, "rename")(from, to);
}

int close(int descriptor) {
  const bool fails = is_written(descriptor) && is_to_fail();
  const int result = real(&close, "close")(descriptor);
  if (fails) errno = ENOSPC;
  return fails ? -1 : result;
}
}
