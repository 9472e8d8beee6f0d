// Runs one sweep over a model with made-up weights and prints what the plan says that it needs, and by how
// much the process grew at most. A process of its own for each: memory_needs_test.cpp starts it.
//
//   memory_needs_program HOOK VOCABULARY PRECISION AUDIT FAMILY
#include <malloc.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "support/random_model.h"
#include "tugline/probe/plan.h"
#include "tugline/probe/sweep.h"

namespace tugline {
namespace {

struct Case {
  Hook hook = Hook::kResidPost;
  Vocabulary vocabulary = Vocabulary::kExact;
  Arithmetic arithmetic{.bf16_products = Bf16Products::kEmulated};  // on any CPU
  int64_t audit = 0;
  DirectionFamily family = DirectionFamily::kIsotropic;
};

// Weights are about half of what is held, so that an error in any other part shows.
ModelConfig middle_sized() {
  ModelConfig config;
  config.name = "made up";
  config.hidden_size = 512;
  config.intermediate_size = 1408;
  config.num_layers = 4;
  config.num_heads = 8;
  config.num_kv_heads = 4;
  config.head_dim = 64;
  config.vocab_size = 20'000;
  return config;
}

ModelConfig small() {
  ModelConfig config = middle_sized();
  config.hidden_size = 64;
  config.intermediate_size = 128;
  config.num_heads = 2;
  config.num_kv_heads = 1;
  config.head_dim = 32;
  config.vocab_size = 3000;
  return config;
}

class Discard final : public SweepObserver {
 public:
  UnitParts parts(const UnitKey& /*key*/) override { return {}; }
  UnitMeasurement measured(const UnitKey& /*key*/, size_t /*part*/) override { return {}; }
  void put_audit(const UnitKey& /*key*/, size_t /*part*/, const AuditResult& /*audit*/) override {}
  void put_examples(const std::vector<ExampleRecord>& /*examples*/,
                    const std::vector<SkippedSpan>& /*skipped*/) override {}
  void put_unit(const UnitRecord& /*unit*/) override {}
  bool progress(int64_t /*pushes*/, double /*flops*/) override { return true; }
};

// Two spans of one transcript, read 150 rows downstream.
struct Work {
  Work(const Case& c, int64_t tokens) {
    options.layers = {{0}, {3}};
    options.point = c.hook;
    options.vocabulary = c.vocabulary;
    options.audit = c.audit;
    options.pushes = {.epsilons = {0, 1}, .directions = 5, .supplied = {}, .family = c.family};
    options.readout = {ReadoutKind::kDownstream, 150};
    PlannedExample planned;
    planned.example = &example;
    for (int64_t i = 0; i < tokens; ++i) planned.ids.push_back(static_cast<int32_t>(i * 7919 % 3000));
    for (const int64_t begin : {tokens - 200, tokens - 180})
      planned.spans.push_back(
          {.kind = Span::Kind::kChunk, .chunk = begin, .tokens = {begin, begin + 10}, .text = {}});
    plan.examples.push_back(std::move(planned));
  }

  Example example;
  SweepOptions options;
  SweepPlan plan;
};

void run(const Case& c, const ModelConfig& config, const Work& work) {
  const auto backend =
      make_cpu_backend({.precision = c.arithmetic.precision, .bf16_products = c.arithmetic.bf16_products});
  const Model model = bench::random_model(config, *backend);
  const auto reference = make_reference_backend();
  const Model exact = bench::random_model(config, *reference);
  Discard observer;
  run_sweep(model, work.plan, work.options, observer, &exact);
}

int64_t status_bytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return std::atoll(line.c_str() + name.size() + 1) * 1024;
  return -1;
}

int64_t growth(const Case& c, const ModelConfig& config, const Work& work) {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << 5;  // the peak counts from now on
  const int64_t before = status_bytes("VmRSS");
  run(c, config, work);
  return status_bytes("VmHWM") - before;
}

Case parse(char** words) {
  Case c;
  const std::string hook = words[1];
  for (const auto& [name, known] : kHooks)
    if (hook == name) c.hook = known;
  if (words[2] == std::string("sampled")) c.vocabulary = Vocabulary::kSampled;
  c.arithmetic.precision = precision_of(words[3]).value();
  c.audit = std::atoi(words[4]);
  c.family = parse_direction_family(words[5]);
  return c;
}

int measure(char** words) {
  const Case c = parse(words);
  run(c, small(), Work(c, 260));  // code, and what libraries keep
  const ModelConfig config = middle_sized();
  const Work work(c, 600);
  const MemoryNeeds planned = cost_of(config, work.plan, work.options, no_parts, c.arithmetic).memory;
  std::cout << nlohmann::json{{"grown", growth(c, config, work)},
                              {"planned", planned.peak},
                              {"weights", planned.weights},
                              {"baseline", planned.baseline},
                              {"span", planned.span},
                              {"batch", planned.batch},
                              {"audit", planned.audit},
                              {"statistics", planned.statistics}}
            << "\n";
  return 0;
}

}  // namespace
}  // namespace tugline

int main(int argc, char** argv) { return argc == 6 ? tugline::measure(argv) : 2; }
