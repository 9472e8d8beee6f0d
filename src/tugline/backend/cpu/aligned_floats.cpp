#include "tugline/backend/cpu/aligned_floats.h"

#include <sys/mman.h>

#include <algorithm>
#include <new>

#include "tugline/backend/host_view.h"

namespace tugline::cpu {
namespace {

// Weights of gigabytes on pages of 4 KB cost a fault each when they are made and a TLB miss each when they
// are read.
constexpr size_t kHugePage = size_t{1} << 21;

size_t rounded_up(size_t n, size_t unit) { return (n + unit - 1) / unit * unit; }

}  // namespace

AlignedFloats::AlignedFloats(int64_t count) {
  const size_t bytes = static_cast<size_t>(std::max<int64_t>(count, 1)) * sizeof(float);
  const size_t slack = bytes < kHugePage ? 0 : kHugePage;  // never touched: addresses only
  void* mapped = ::mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) throw std::bad_alloc();
  auto* mapping = static_cast<std::byte*>(mapped);
  std::byte* first = mapping;
  if (slack > 0) {
    first += rounded_up(reinterpret_cast<size_t>(mapping), kHugePage) - reinterpret_cast<size_t>(mapping);
#ifdef MADV_HUGEPAGE
    ::madvise(first, bytes / kHugePage * kHugePage,
              MADV_HUGEPAGE);  // only advice: it may be refused
#endif
  }
  data_ = std::unique_ptr<float[], Unmap>(reinterpret_cast<float*>(first), Unmap{mapping, bytes + slack});
}

Matrix FloatRoom::matrix(int64_t rows, int64_t columns) {
  const int64_t count = rows * columns;
  if (!memory_ || count > capacity_) {
    memory_.reset();
    memory_.emplace(count);
    capacity_ = count;
  }
  return view_of(memory_->data(), rows, columns);
}

void Unmap::operator()(float* /*p*/) const { ::munmap(mapping, bytes); }

}  // namespace tugline::cpu
