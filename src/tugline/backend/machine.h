// Describes what the machine offers a backend, for `tugline doctor` and for a run's provenance. Nothing is
// decided by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tugline {

struct MachineInfo {
  std::string cpu;                      // the system's name for it, else the architecture
  std::string architecture;             // "x86_64", "aarch64"
  std::string instruction_set;          // chosen by the kernels: "AVX2", "AVX3" ...
  std::string onednn_version;           // "2.6.0"
  std::string openmp_version;           // the month of its specification: "201511"
  std::string onednn_isa;               // the most that oneDNN may use: "avx512_core_bf16" ...
  std::string missing_bf16;             // why bf16 products do not run natively; empty if they do
  int threads = 0;                      // of a backend on this machine
  std::optional<int64_t> memory_total;  // bytes; no value if the system does not say
  std::optional<int64_t> memory_available;
  std::optional<int64_t> last_level_cache;  // bytes that one core can reach
};

[[nodiscard]] MachineInfo describe_machine();

}  // namespace tugline
