// Small made-up runs with known numbers, for the tests of store, stats, report and the commands.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/store/field_names.h"
#include "tugline/store/records.h"
#include "tugline/store/run_store.h"

namespace tugline {

inline RunIdentity made_identity() {
  return {{{field::kReadout, "predicting"},
           {field::kHook, "resid_post"},
           {field::kDirectionFamily, "isotropic"},
           {field::kDirectionSharing, "common"},
           {field::kPrecision, "f32"},
           {field::kSeed, "42"}}};
}

inline Provenance made_provenance() {
  return {{field::kVersion, "0.1.0"},
          {field::kModelName, "made-model"},
          {field::kDataName, "made_data.json"},
          {field::kDModel, "576"}};
}

inline ExampleRecord made_example(int64_t example) {
  return {.example = example,
          .content_hash = "00ff" + std::to_string(example),
          .prompt = "What is 6 x 7?\nSay \"why\", briefly.",
          .tokens = 100 + example,
          .skipped = ""};
}

// KL = scale * epsilon^2 * (1 + direction) on average, its two rows a quarter above and below.
inline ResponseRecord made_response(int32_t direction, double epsilon, double scale) {
  const double kl = scale * epsilon * epsilon * (1 + direction);
  // GCC 12 leaves out the rounding in vectorised code, unless the number is seen to be stored.
  const auto f32 = [](double value) {
    const volatile float rounded = static_cast<float>(value);
    return rounded;
  };
  ResponseRecord response{.direction = direction,
                          .epsilon = epsilon,
                          .cosine = epsilon == 0 ? std::nullopt : std::optional(0.125),
                          .rows = unmoved_rows(2),
                          .kl_own_row = kl * 0.75,
                          .kl_after = kl * 1.25};
  const auto set = [&](size_t measure, double mean, double first, double second) {
    response.means[measure] = mean;
    response.rows[measure] = {first, second};
  };
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (kMeasures[m].is_always_measured()) response.means[m] = 0;
  set(kKl, kl, kl * 0.75, kl * 1.25);
  set(measure_named("kl_reverse"), kl * 1.125, f32(kl), f32(kl * 1.25));
  set(measure_named("js"), kl / 4, f32(kl / 8), f32(kl * 3 / 8));
  set(measure_named("top1_flips"), epsilon > 1 ? 0.5 : 0, 0, epsilon > 1 ? 1 : 0);
  set(measure_named("delta_logprob"), -kl / 8, f32(-kl / 16), f32(-kl * 3 / 16));
  set(measure_named("total_variation"), kl / 2, f32(kl / 4), f32(kl * 3 / 4));
  set(measure_named("entropy_change"), kl / 16, f32(kl / 32), f32(kl * 3 / 32));
  return response;
}

inline UnitRecord made_unit(int64_t example, int32_t layer, double scale,
                            std::vector<double> epsilons = {0, 0.5, 2}) {
  UnitRecord unit{.key = {.example = example, .span_kind = "anchor", .chunk = 3, .layer = layer},
                  .span = {11, 13},
                  .span_text = "So, 42.",
                  .sink = false,
                  .measured = {.position = 10,
                               .rms = 1.0 / 3 + layer,
                               .rows = {10, 11},
                               .row_tokens = {7, 2108},
                               .seconds = 0.1},
                  .audit = {.pushes = 2}};
  unit.audit.disagreements[kKl] = scale / 1024;
  unit.audit.disagreements[measure_named("total_variation")] = scale / 512;
  for (int32_t direction = 0; direction < 2; ++direction) {
    for (const double epsilon : epsilons) {
      unit.measured.responses.push_back(made_response(direction, epsilon, scale));
    }
  }
  return unit;
}

// Two measured examples and a skipped one, layers 20 and 29; what layer 29 holds is exactly zero and has a
// note.
inline void make_small_run(const std::filesystem::path& path) {
  RunStore store = RunStore::create_or_resume(path, made_identity(), made_provenance());
  for (int64_t example = 0; example < 3; ++example) {
    ExampleRecord record = made_example(example);
    record.skipped = example == 2 ? "no anchor sentence" : "";
    store.put_example(record);
  }
  for (int64_t example = 0; example < 2; ++example) {
    store.put_unit(made_unit(example, 20, example == 0 ? 0.0625 : 0.1875));
    UnitRecord zero = made_unit(example, 29, 0);
    zero.audit = {};
    zero.measured.note = "the push cannot reach a row that is read";
    store.put_unit(zero);
  }
}

}  // namespace tugline
