#include "tugline/backend/machine.h"

#include <omp.h>
#include <sys/utsname.h>

#include <charconv>
#include <dnnl.hpp>
#include <fstream>
#include <string_view>

#include "tugline/backend/cpu/kernels.h"
#include "tugline/backend/cpu/onednn_linear.h"

namespace tugline {
namespace {

// The value of the first "name : value" line of one of the system's tables.
std::optional<std::string> system_value(const char* path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(':');
    if (colon == std::string::npos || !std::string_view(line).starts_with(name)) continue;
    const size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? std::string() : line.substr(begin);
  }
  return std::nullopt;
}

// Lines such as "MemTotal:       65771488 kB".
std::optional<int64_t> memory_bytes(std::string_view name) {
  const std::optional<std::string> text = system_value("/proc/meminfo", name);
  if (!text) return std::nullopt;
  int64_t kibibytes = 0;
  if (std::from_chars(text->data(), text->data() + text->size(), kibibytes).ec != std::errc())
    return std::nullopt;
  return kibibytes * 1024;
}

// "32768K", as the system writes the size of a cache.
std::optional<int64_t> parse_cache_size(const std::string& text) {
  int64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc()) return std::nullopt;
  const char unit = end == text.data() + text.size() ? ' ' : *end;
  if (unit == 'K') return size * 1024;
  return unit == 'M' ? size * 1024 * 1024 : size;
}

// The largest of the first core's caches, which is the last on the way to memory.
std::optional<int64_t> last_level_cache() {
  std::optional<int64_t> largest;
  constexpr int kCaches = 8;  // more than any CPU has levels
  for (int i = 0; i < kCaches; ++i) {
    std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/size");
    std::string text;
    if (!std::getline(file, text)) break;
    const std::optional<int64_t> size = parse_cache_size(text);
    if (size && size > largest) largest = size;
  }
  return largest;
}

std::string architecture() {
  utsname names{};
  return ::uname(&names) == 0 ? names.machine : "unknown";
}

std::string onednn_version() {
  const dnnl_version_t* version = dnnl_version();
  return std::to_string(version->major) + "." + std::to_string(version->minor) + "." +
         std::to_string(version->patch);
}

// Newer versions know more sets than these; those have no names here.
std::string onednn_isa() {
  const auto isa = dnnl_get_effective_cpu_isa();
  switch (static_cast<unsigned>(isa)) {
    case dnnl_cpu_isa_sse41:
      return "sse41";
    case dnnl_cpu_isa_avx:
      return "avx";
    case dnnl_cpu_isa_avx2:
      return "avx2";
    case dnnl_cpu_isa_avx2_vnni:
      return "avx2_vnni";
    case dnnl_cpu_isa_avx512_core:
      return "avx512_core";
    case dnnl_cpu_isa_avx512_core_vnni:
      return "avx512_core_vnni";
    case dnnl_cpu_isa_avx512_core_bf16:
      return "avx512_core_bf16";
    case dnnl_cpu_isa_avx512_core_amx:
      return "avx512_core_amx";
#if DNNL_VERSION_MAJOR >= 3
    case dnnl_cpu_isa_avx512_core_fp16:
      return "avx512_core_fp16";
#endif
    default:
      return "default";  // no limit on what it chooses from: all that oneDNN says on Arm
  }
}

}  // namespace

MachineInfo describe_machine() {
  MachineInfo machine;
  machine.architecture = architecture();
  machine.cpu = system_value("/proc/cpuinfo", "model name").value_or(machine.architecture);
  machine.instruction_set = cpu::instruction_set();
  machine.onednn_version = onednn_version();
  machine.openmp_version = std::to_string(_OPENMP);
  machine.onednn_isa = onednn_isa();
  cpu::OneDnn onednn;
  machine.missing_bf16 = cpu::missing_bf16_products(onednn);
  machine.threads = omp_get_max_threads();
  machine.memory_total = memory_bytes("MemTotal");
  machine.memory_available = memory_bytes("MemAvailable");
  machine.last_level_cache = last_level_cache();
  return machine;
}

}  // namespace tugline
