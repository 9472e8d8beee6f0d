#include "tugline/cli/doctor_command.h"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "tugline/backend/backend.h"
#include "tugline/backend/machine.h"
#include "tugline/backend/product_speed.h"
#include "tugline/cli/standard_output.h"
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

std::string doctor_text(const MachineInfo& machine, double gflops) {
  return fmt::format(
      "tugline   {}\n"
      "CPU       {} ({}), {} threads\n"
      "kernels   {}\n"
      "oneDNN    {}, {}\n"
      "cache     {}\n"
      "memory    {}\n"
      "products  {:.0f} GFLOP/s in f32 (oneDNN, {} x {} x {}, best of several)\n"
      "bf16      {}\n"
      "GPU       {}\n",
      kVersion, machine.cpu, machine.architecture, machine.threads, machine.instruction_set,
      machine.onednn_version, machine.onednn_isa, cache_text(machine), memory_text(machine), gflops,
      kYardstickRows, kYardstickOut, kYardstickIn, bf16_text(machine), kGpu);
}

std::string doctor_json(const MachineInfo& machine, double gflops) {
  using Json = nlohmann::ordered_json;
  const auto bytes = [](const std::optional<int64_t>& value) { return value ? Json(*value) : Json(); };
  const Json json = {{"tugline_version", kVersion},
                     {"cpu", machine.cpu},
                     {"architecture", machine.architecture},
                     {"threads", machine.threads},
                     {"instruction_set", machine.instruction_set},
                     {"onednn_version", machine.onednn_version},
                     {"onednn_isa", machine.onednn_isa},
                     {"memory_total", bytes(machine.memory_total)},
                     {"memory_available", bytes(machine.memory_available)},
                     {"last_level_cache", bytes(machine.last_level_cache)},
                     {"f32_gflops", gflops},
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
    const auto backend = make_cpu_backend();
    const MachineInfo machine = describe_machine();
    const double gflops = measure_product_speed(*backend) / 1e9;
    write_to_standard_output(*json ? doctor_json(machine, gflops) : doctor_text(machine, gflops));
  });
}

}  // namespace tugline
