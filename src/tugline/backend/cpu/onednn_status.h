// Turns oneDNN's statuses into exceptions: lack of memory becomes an Error; any other failure is a bug of
// ours, and remains a dnnl::error.
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

// Throws Error (kIo) unless the process can still map the memory that oneDNN needs for a product's code: on a
// processor with AVX-512 18 MB for the two forms of dnnl_sgemm, and less for others. oneDNN 2.6 would
// otherwise dereference a null pointer, or abort.
inline void expect_room_for_code() {
  constexpr size_t kRoom = size_t{24} << 20;
  void* const room = ::mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room == MAP_FAILED) fail_out_of_memory();
  ::munmap(room, kRoom);
}

// Returns the result of `call`, a call of oneDNN's C++ interface.
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
