// What oneDNN's statuses become: memory that ran out is an Error; any other failure is a bug of ours, and
// stays a dnnl::error.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <dnnl.hpp>

#include "tugline/core/out_of_memory.h"

namespace tugline::cpu {

inline void expect_success(dnnl_status_t status) {
  if (status == dnnl_out_of_memory) fail_out_of_memory();
  dnnl::error::wrap_c_api(status, "oneDNN could not multiply matrices");
}

// Throws Error (kIo) unless the process may still map what oneDNN maps for the code of a product. oneDNN 2.6 runs
// into a null pointer if it may not.
inline void expect_room_for_code() {
  constexpr size_t kRoom = size_t{8} << 20;
  void* const room = ::mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) fail_out_of_memory();
  ::munmap(room, kRoom);
}

// Returns what `call` returns, a call of oneDNN's C++ interface.
template <typename Call>
decltype(auto) with_memory_errors(const Call& call) {
  try {
    return call();
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory) fail_out_of_memory();
    throw;
  }
}

}  // namespace tugline::cpu
