// A small dataset in letters, a tiny model, and an observer that keeps a sweep's results in memory.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probe/tiny_probe.h"
#include "tugline/core/content_hash.h"
#include "tugline/data/chunking.h"
#include "tugline/probe/sweep.h"

namespace tugline::test {

// One token for each letter, space and full stop.
inline Tokenizer letter_tokenizer() {
  nlohmann::json vocab;
  for (char c = 'a'; c <= 'z'; ++c) vocab[std::string(1, c)] = c - 'a';
  vocab["."] = 26;
  vocab["\u0120"] = 27;
  const nlohmann::json document{
      {"added_tokens", nlohmann::json::array()},
      {"normalizer", nullptr},
      {"pre_tokenizer",
       {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", false}}},
      {"post_processor", nullptr},
      {"decoder", {{"type", "ByteLevel"}}},
      {"model", {{"type", "BPE"}, {"vocab", vocab}, {"merges", nlohmann::json::array()}}}};
  return Tokenizer::from_json_text(document.dump(), "letters");
}

inline Example make_example(int64_t index, const std::string& cot, std::optional<std::string> anchor) {
  Example example;
  example.index = index;
  example.prompt = "ask";
  example.cot = cot;
  example.transcript = "ask. " + cot;
  example.chunks = split_chunks(cot);
  if (anchor) {
    example.anchors.push_back(place_anchor(*anchor, std::nullopt, {.cot = cot, .chunks = example.chunks}));
  } else {
    example.no_anchor = "The example has no anchor";
  }
  example.content_hash = hash_text(example.transcript);
  return example;
}

inline std::vector<Example> dataset() {
  return {make_example(0, "one is. two be. ten", "two be."), make_example(1, "no anchor here.", std::nullopt),
          make_example(2, "we add it. so it is five.", "so it is five.")};
}

inline SweepOptions small_options() {
  SweepOptions options;
  options.layers = {{0}, {1}};
  options.pushes = {
      .epsilons = {0, 1}, .directions = 2, .seed = 42, .sharing = DirectionSharing::kCommon, .supplied = {}};
  return options;
}

class MemoryObserver final : public SweepObserver {
 public:
  UnitParts parts(const UnitKey& key) override {
    const auto found = held.find(key);
    return found == held.end() ? UnitParts() : found->second;
  }
  UnitMeasurement measured(const UnitKey& key, size_t part) override {
    return measured_parts.at(key).at(part);
  }
  void put_examples(const std::vector<ExampleRecord>& all,
                    const std::vector<SkippedSpan>& without_place) override {
    examples = all;
    skipped = without_place;
  }
  void put_unit(const UnitRecord& unit) override {
    hold(unit);
    order.push_back(unit.key);
  }
  void put_audit(const UnitKey& key, size_t part, const AuditResult& audit) override {
    held.at(key).at(part).audited += audit.pushes;
    audits.push_back(audit);
  }
  // As if an earlier sweep had measured it.
  void hold(const UnitRecord& unit) {
    const PushGrid grid = grid_of(unit.measured.responses).value();
    for (const MeasuredPart& part : held[unit.key])
      EXPECT_FALSE(part.grid.size() == 0 || part.grid.shares_a_push(grid)) << "measured twice";
    held[unit.key].push_back({.grid = grid, .audited = unit.audit.pushes});
    measured_parts[unit.key].push_back(unit.measured);
    measured_parts[unit.key].back().seconds = 0;
    if (units.contains(unit.key)) {
      auto& responses = units.at(unit.key).measured.responses;
      responses.insert(responses.end(), unit.measured.responses.begin(), unit.measured.responses.end());
      std::stable_sort(responses.begin(), responses.end(), [](const auto& a, const auto& b) {
        return std::pair(a.direction, a.epsilon) < std::pair(b.direction, b.epsilon);
      });
    } else {
      units.emplace(unit.key, unit).first->second.measured.seconds = 0;
    }
  }
  void put_residuals(LayerIndex layer, const ResidualStatistics& statistics) override {
    residuals[layer] = statistics;
  }
  bool progress(int64_t made, double took) override {
    pushes += made;
    flops += took;
    return pushes < stop_after;
  }

  std::map<UnitKey, UnitRecord> units;  // with the responses of all their parts
  std::map<UnitKey, UnitParts> held;
  std::map<UnitKey, std::vector<UnitMeasurement>> measured_parts;
  std::vector<AuditResult> audits;  // that were added
  std::vector<UnitKey> order;
  std::vector<ExampleRecord> examples;
  std::vector<SkippedSpan> skipped;
  ResidualsByLayer residuals;
  int64_t pushes = 0;
  double flops = 0;
  int64_t stop_after = int64_t{1} << 40;
};

class Sweeps : public testing::Test {
 protected:
  std::unique_ptr<Backend> backend_ = make_cpu_backend();
  Model model_ = load_tiny("llama", *backend_);
  Tokenizer tokenizer_ = letter_tokenizer();
  std::vector<Example> dataset_ = dataset();

  MemoryObserver run(const SweepOptions& options) {
    MemoryObserver observer;
    run_sweep(model_, plan_sweep(dataset_, tokenizer_, options), options, observer);
    return observer;
  }
};

}  // namespace tugline::test
