// What the machine offers a backend, for `tugline doctor` and for a run's provenance. Reads only; decides nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace tugline {

struct MachineInfo {
  std::string cpu;                      // as the system names it, else the architecture
  std::string architecture;             // "x86_64", "aarch64"
  std::string instruction_set;          // that the kernels chose: "AVX2", "AVX3" ...
  std::string onednn_version;           // "2.6.0"
  std::string onednn_isa;               // that oneDNN may use: "avx512_core_bf16" ...
  std::string missing_bf16;             // why bf16 products do not run natively; empty where they do
  int threads = 0;                      // that a backend will run with
  std::optional<int64_t> memory_total;  // bytes; nothing where the system does not say
  std::optional<int64_t> memory_available;
  std::optional<int64_t> last_level_cache;  // bytes that one core can reach
};

[[nodiscard]] MachineInfo describe_machine();

}  // namespace tugline
