#include "tugline/backend/backend.h"
#include "tugline/backend/cpu/cpu_backend.h"
#include "tugline/backend/cpu/plain_bf16_backend.h"
#include "tugline/core/error.h"

namespace tugline {
namespace {

cpu::DifferenceProducts bf16_products(Bf16Products wanted) {
  if (wanted == Bf16Products::kEmulated) return cpu::DifferenceProducts::kEmulatedBf16;
  cpu::OneDnn onednn;
  return cpu::missing_bf16_products(onednn).empty() ? cpu::DifferenceProducts::kBf16
                                                    : cpu::DifferenceProducts::kF32;
}

}  // namespace

std::unique_ptr<Backend> make_cpu_backend(const CpuBackendOptions& options) {
  switch (options.precision) {
    case Precision::kF32:
      return std::make_unique<cpu::CpuBackend>(cpu::DifferenceProducts::kF32, options.keep_going);
    case Precision::kBf16:
      return std::make_unique<cpu::CpuBackend>(bf16_products(options.bf16_products), options.keep_going);
    case Precision::kPlainBf16:
      return std::make_unique<cpu::PlainBf16Backend>(options.keep_going);
    case Precision::kF64:
      break;
  }
  fail(ErrorCode::kUnsupported, "the CPU backend does not compute in {}; the reference backend does",
       name_of(options.precision));
}

}  // namespace tugline
