#include "tugline/cli/doctor_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "tugline/backend/backend.h"
#include "tugline/backend/machine.h"
#include "tugline/cli/standard_output.h"
#include "tugline/core/version.h"

namespace tugline {
namespace {

// A batch of pushes through the widest map of a model of 1.5 billion parameters.
constexpr int64_t kRows = 800;
constexpr int64_t kOut = 8960;
constexpr int64_t kIn = 1536;

constexpr int kRuns = 6;
constexpr double kSecondsOfRuns = 2.0;  // after which a slow machine is not kept any longer

constexpr const char* kGpu = "none: this build computes on the CPU only";

// Numbers between -1/2 and 1/2; which ones decides nothing.
double value_at(int64_t i) { return static_cast<double>(i * 7919 % 1024) / 1024.0 - 0.5; }

LinearSource made_weight() {
  return {.out = kOut,
          .in = kIn,
          .fill_rows =
              [](int64_t begin, std::span<float> out) {
                for (size_t i = 0; i < out.size(); ++i)
                  out[i] = static_cast<float>(value_at(begin * kIn + static_cast<int64_t>(i)));
              },
          .bias = {}};
}

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// The best of several runs: others' work on the machine only ever slows one down.
double measured_gflops(Backend& backend) {
  const auto weight = backend.make_linear(made_weight());
  const auto x = backend.allocate(kRows, kIn);
  const auto y = backend.allocate(kRows, kOut);
  std::vector<double> values(static_cast<size_t>(kRows * kIn));
  for (size_t i = 0; i < values.size(); ++i) values[i] = value_at(static_cast<int64_t>(i));
  backend.upload(values, x->matrix());
  const auto product = [&] { backend.linear(x->matrix(), *weight, y->matrix(), Accumulate::kNo); };
  product();  // the first one makes oneDNN choose its kernel
  double best = seconds_of(product);
  double spent = best;
  for (int run = 1; run < kRuns && spent < kSecondsOfRuns; ++run) {
    const double seconds = seconds_of(product);
    best = std::min(best, seconds);
    spent += seconds;
  }
  return 2.0 * static_cast<double>(kRows * kOut * kIn) / best / 1e9;
}

std::string memory_text(const MachineInfo& machine) {
  constexpr double kGibibyte = 1 << 30;
  if (!machine.memory_total) return "not said by the system";
  std::string text = fmt::format("{:.1f} GiB", static_cast<double>(*machine.memory_total) / kGibibyte);
  if (machine.memory_available)
    text += fmt::format(", {:.1f} GiB available", static_cast<double>(*machine.memory_available) / kGibibyte);
  return text;
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
      "memory    {}\n"
      "products  {:.0f} GFLOP/s in f32 (oneDNN, {} x {} x {}, best of several)\n"
      "bf16      {}\n"
      "GPU       {}\n",
      kVersion, machine.cpu, machine.architecture, machine.threads, machine.instruction_set,
      machine.onednn_version, machine.onednn_isa, memory_text(machine), gflops, kRows, kOut, kIn,
      bf16_text(machine), kGpu);
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
    const double gflops = measured_gflops(*backend);
    write_to_standard_output(*json ? doctor_json(machine, gflops) : doctor_text(machine, gflops));
  });
}

}  // namespace tugline
