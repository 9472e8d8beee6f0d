// A made-up run of anchors and chunks at two layers, as units for stats, with the metrics of its chunks.
#pragma once

#include <cmath>
#include <vector>

#include "support/made_records.h"
#include "tugline/core/philox.h"
#include "tugline/stats/metric_correlations.h"
#include "tugline/stats/response_grid.h"

namespace tugline {

// Sensitivity of a chunk: what its KL is proportional to, 1 to 3 or so.
inline double made_sensitivity(int64_t example, int64_t chunk) {
  return 1 + 0.25 * static_cast<double>(chunk) + 0.5 * static_cast<double>(example % 2);
}

// KL = sensitivity * (layer 5: 1, layer 9: 2) * 0.01 eps^2 * (a direction's factor), and half as much again
// beyond eps 4.
inline UnitRecord made_grid_unit(UnitKey key, double sensitivity, int32_t directions = 4) {
  const TokenRange span{10 + 5 * key.chunk, 15 + 5 * key.chunk};
  UnitRecord unit = bare_unit(std::move(key), {.position = span.begin - 1}, span);
  std::vector<double> normals(static_cast<size_t>(directions));
  const auto stream = static_cast<uint64_t>(1000 * unit.key.example + 10 * unit.key.chunk + unit.key.layer);
  fill_normals({.key = 77, .stream = stream}, normals);
  for (int32_t direction = 0; direction < directions; ++direction) {
    const double factor = std::exp(0.2 * normals[static_cast<size_t>(direction)]);
    for (const double epsilon : {0.0, 1.0, 2.0, 3.0, 4.0, 8.0}) {
      const double kl = sensitivity * (unit.key.layer == 9 ? 2 : 1) * 0.01 * epsilon * epsilon * factor;
      unit.measured.responses.push_back(kl_response(direction, epsilon, epsilon > 4 ? 1.5 * kl : kl));
    }
  }
  return unit;
}

// Four examples of 3, 4, 5, 3 chunks; the anchor is chunk 1, twice as sensitive as the chunk is.
inline std::vector<UnitRecord> made_grid_units() {
  std::vector<UnitRecord> units;
  for (int64_t example = 0; example < 4; ++example) {
    for (const int32_t layer : {5, 9}) {
      units.push_back(made_grid_unit({.example = example, .span_kind = "anchor", .chunk = 1, .layer = layer},
                                     2 * made_sensitivity(example, 1)));
      for (int64_t chunk = 0; chunk < 3 + example % 3; ++chunk)
        units.push_back(
            made_grid_unit({.example = example, .span_kind = "chunk", .chunk = chunk, .layer = layer},
                           made_sensitivity(example, chunk)));
    }
  }
  return units;
}

inline ResponseGrid grid_of(const std::vector<UnitRecord>& units) {
  ResponseGridBuilder builder;
  for (const UnitRecord& unit : units) builder.add(unit, unit.measured.responses);
  return builder.build();
}

// "rising" with the chunk's number; "same" for all; "few" known for two chunks only.
inline std::vector<ChunkMetric> made_metrics() {
  std::vector<ChunkMetric> metrics{{"rising", {}}, {"same", {}}, {"few", {{{0, 0}, 0.5}, {{2, 1}, 0.25}}}};
  for (int64_t example = 0; example < 4; ++example) {
    for (int64_t chunk = 0; chunk < 3 + example % 3; ++chunk) {
      metrics[0].values[{example, chunk}] = 0.1 * static_cast<double>(chunk);
      metrics[1].values[{example, chunk}] = 0.5;
    }
  }
  return metrics;
}

}  // namespace tugline
