#include "tugline/cli/doctor_command.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tugline/backend/backend.h"
#include "tugline/backend/machine.h"
#include "tugline/backend/product_speed.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/plural.h"
#include "tugline/core/version.h"

namespace tugline {
namespace {

constexpr const char* kGpu = "none: this build computes on the CPU only";

constexpr double kMebibyte = 1 << 20;

std::string memory_text(const MachineInfo& machine) {
  constexpr double kGibibyte = 1 << 30;
  if (!machine.memory_total) return "not said by the system";
  std::string text = fmt::format("{:.1f} GiB", static_cast<double>(*machine.memory_total) / kGibibyte);
  if (machine.memory_available)
    text += fmt::format(", {:.1f} GiB available", static_cast<double>(*machine.memory_available) / kGibibyte);
  return text;
}

std::string cache_text(const MachineInfo& machine) {
  if (!machine.last_level_cache) return "not said by the system";
  return fmt::format("{:.1f} MiB, the last level",
                     static_cast<double>(*machine.last_level_cache) / kMebibyte);
}

std::string bf16_text(const MachineInfo& machine) {
  return machine.missing_bf16.empty() ? "products run natively"
                                      : "products do not run natively: " + machine.missing_bf16;
}

// GFLOP/s of matrix products; in bf16 only if they run natively.
struct ProductSpeeds {
  double f32 = 0;
  std::optional<double> bf16 = {};
};

ProductSpeeds measure_speeds(const MachineInfo& machine) {
  const auto of = [](Precision precision) {
    return measure_product_speed(*make_cpu_backend({.precision = precision})) / 1e9;
  };
  ProductSpeeds speeds{.f32 = of(Precision::kF32)};
  if (machine.missing_bf16.empty()) speeds.bf16 = of(Precision::kBf16);
  return speeds;
}

std::string speeds_text(const ProductSpeeds& speeds) {
  return fmt::format("{:.0f} GFLOP/s in f32", speeds.f32) +
         (speeds.bf16 ? fmt::format(", {:.0f} in bf16", *speeds.bf16) : "");
}

std::string doctor_text(const MachineInfo& machine, const ProductSpeeds& speeds) {
  return fmt::format(
      "tugline   {} (commit {})\n"
      "CPU       {} ({}), {}\n"
      "kernels   {}\n"
      "oneDNN    {}, {}\n"
      "cache     {}\n"
      "memory    {}\n"
      "products  {} (oneDNN, {} x {} x {}, best of several)\n"
      "bf16      {}\n"
      "GPU       {}\n",
      kVersion, commit(), machine.cpu, machine.architecture, counted(machine.threads, "thread"),
      machine.instruction_set, machine.onednn_version, machine.onednn_isa, cache_text(machine),
      memory_text(machine), speeds_text(speeds), kYardstickRows, kYardstickOut, kYardstickIn,
      bf16_text(machine), kGpu);
}

std::string doctor_json(const MachineInfo& machine, const ProductSpeeds& speeds) {
  using Json = nlohmann::ordered_json;
  const auto bytes = [](const std::optional<int64_t>& value) { return value ? Json(*value) : Json(); };
  const Json json = {{"tugline_version", kVersion},
                     {"tugline_commit", commit()},
                     {"cpu", machine.cpu},
                     {"architecture", machine.architecture},
                     {"threads", machine.threads},
                     {"instruction_set", machine.instruction_set},
                     {"onednn_version", machine.onednn_version},
                     {"onednn_isa", machine.onednn_isa},
                     {"memory_total", bytes(machine.memory_total)},
                     {"memory_available", bytes(machine.memory_available)},
                     {"last_level_cache", bytes(machine.last_level_cache)},
                     {"f32_gflops", speeds.f32},
                     {"bf16_gflops", speeds.bf16 ? Json(*speeds.bf16) : Json()},
                     {"bf16_native", machine.missing_bf16.empty()},
                     {"gpu", nullptr}};
  return json.dump(2) + "\n";
}

}  // namespace

void add_doctor_command(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = app.add_subcommand(
      "doctor", "Show what this machine offers: CPU, threads, matrix-product speed, memory, GPU");
  command->add_flag("--json", *json, "Print one JSON object");
  command->footer(
      "Examples:\n"
      "  tugline doctor\n"
      "  OMP_NUM_THREADS=4 tugline doctor --json");
  command->callback([json] {
    const MachineInfo machine = describe_machine();
    const ProductSpeeds speeds = measure_speeds(machine);
    write_to_standard_output(*json ? doctor_json(machine, speeds) : doctor_text(machine, speeds));
  });
}

}  // namespace tugline
