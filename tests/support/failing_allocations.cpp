#include "support/failing_allocations.h"

#include <link.h>
#include <omp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

#include "tugline/core/error.h"
#include "tugline/core/out_of_memory.h"

namespace {

// Allocations that still succeed; below 0 all of them do.
std::atomic<int64_t> left = -1;

struct CodeRange {
  uintptr_t begin = 0;
  uintptr_t end = 0;
};
// oneDNN's own code, whose own parallel regions no exception can leave.
CodeRange onednn;

int find_onednn(dl_phdr_info* module, size_t /*size*/, void* /*data*/) {
  if (std::string_view(module->dlpi_name).find("libdnnl") == std::string_view::npos) return 0;
  for (int i = 0; i < module->dlpi_phnum; ++i) {
    const auto& segment = module->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    onednn = {module->dlpi_addr + segment.p_vaddr, module->dlpi_addr + segment.p_vaddr + segment.p_memsz};
  }
  return 1;
}

bool fails(const void* caller) {
  if (left.load(std::memory_order_relaxed) < 0 || omp_in_parallel() == 0) return false;
  const auto address = reinterpret_cast<uintptr_t>(caller);
  if (address >= onednn.begin && address < onednn.end) return false;
  return left.fetch_sub(1) == 0;
}

void* allocate(size_t size, const void* caller) {
  void* memory = fails(caller) ? nullptr : std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) { return allocate(size, __builtin_return_address(0)); }
void* operator new[](size_t size) { return allocate(size, __builtin_return_address(0)); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t /*size*/) noexcept { std::free(memory); }
void operator delete[](void* memory, size_t /*size*/) noexcept { std::free(memory); }

#ifndef TUGLINE_SANITIZED  // which has a mmap of its own
extern "C" void* mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) noexcept {
  if ((flags & MAP_ANONYMOUS) != 0 && fails(__builtin_return_address(0))) {
    errno = ENOMEM;
    return MAP_FAILED;
  }
  return reinterpret_cast<void*>(syscall(SYS_mmap, at, size, protection, flags, file, offset));
}
#endif

namespace tugline::test {
namespace {

// Whether `work` got through, with its n-th allocation in a parallel region failing.
bool gets_through(const std::function<void()>& work, int64_t n) {
  left = n;
  try {
    work();
    left = -1;
    return true;
  } catch (const Error& error) {
    left = -1;
    EXPECT_EQ(error.code(), ErrorCode::kIo) << "allocation " << n;
    EXPECT_STREQ(error.what(), kOutOfMemory) << "allocation " << n;
  }
  return false;
}

}  // namespace

int64_t fail_each_parallel_allocation(const std::function<void()>& work, int64_t dense) {
  const int threads = omp_get_max_threads();
  omp_set_num_threads(2);
  dl_iterate_phdr(find_onednn, nullptr);
  work();  // what is made once is there from now on
  int64_t failures = 0;
  for (int64_t n = 0; !gets_through(work, n); n += n < dense ? 1 : 7) ++failures;
  omp_set_num_threads(threads);
  return failures;
}

}  // namespace tugline::test
