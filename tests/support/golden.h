// The golden responses beside the checkout: cases with explicit directions, made by an independent float64
// reference.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tugline/backend/backend.h"
#include "tugline/files/direction_file.h"
#include "tugline/model/model.h"
#include "tugline/probe/direction.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/replay.h"

namespace tugline::test {

struct GoldenReadout {
  std::vector<int64_t> rows;
  std::vector<std::vector<std::vector<double>>> kl;  // [direction][epsilon][row]
};

struct GoldenCase {
  std::vector<int32_t> ids;
  TokenRange span;
  LayerIndex layer;
  std::vector<double> epsilons;
  std::vector<std::vector<double>> directions;  // unit, [hidden]
  double rms = 0;                               // at the site
  std::vector<double> last_logits;              // the last row's first 32
  std::vector<double> residual_rms;  // of the last token, after each layer; empty if the file has none
  GoldenReadout predicting;
  GoldenReadout following;
};

inline GoldenReadout read_golden_readout(const nlohmann::json& json) {
  return {json.at("rows").get<std::vector<int64_t>>(),
          json.at("kl").get<std::vector<std::vector<std::vector<double>>>>()};
}

inline GoldenCase read_golden_case(const nlohmann::json& json, const std::string& direction_file,
                                   int64_t hidden) {
  GoldenCase golden;
  golden.ids = json.at("ids").get<std::vector<int32_t>>();
  golden.span = {json.at("span").at(0), json.at("span").at(1)};
  golden.layer = {json.at("layer")};
  golden.epsilons = json.at("epsilons").get<std::vector<double>>();
  const std::string file = direction_file + ":" + json.at("directions").get<std::string>();
  golden.directions = unit_rows(*read_direction_file(file).array, hidden);
  golden.rms = json.at("rms");
  golden.last_logits = json.at("last_logits_first32").get<std::vector<double>>();
  golden.residual_rms = json.value("residual_rms_all_layers", std::vector<double>{});
  golden.predicting = read_golden_readout(json.at("predicting"));
  golden.following = read_golden_readout(json.at("following"));
  return golden;
}

// `folder` is the goldens' folder, or families/ in it; `name` the model's there.
inline std::vector<GoldenCase> load_golden(const std::filesystem::path& folder, const std::string& name,
                                           int64_t hidden) {
  std::ifstream file(folder / ("responses_" + name + ".json"));
  const nlohmann::json json = nlohmann::json::parse(file);
  std::vector<GoldenCase> cases;
  for (const auto& one : json.at("cases"))
    cases.push_back(
        read_golden_case(one, (folder / ("directions_" + name + ".safetensors")).string(), hidden));
  return cases;
}

// On values or on differences, as the model's backend asks.
inline std::vector<RowResponse> replay_vectors(const Model& model, const Baseline& baseline,
                                               const SpanBase& base, LayerIndex layer,
                                               const std::vector<double>& vectors) {
  const int64_t pushes = static_cast<int64_t>(vectors.size()) / model.config().hidden_size;
  if (replays_values(model.backend())) {
    PlainReplayWorkspace workspace(model, pushes, base.rows);
    return PlainReplay(model, baseline, base.rows, layer, workspace).submit(vectors)->collect();
  }
  ReplayWorkspace workspace(model, pushes, base.rows);
  return Replay(model, baseline, base, layer, workspace).submit(vectors)->collect();
}

// All pushes of a case in one batch, [direction][epsilon] mean KL over the rows of one readout. Epsilon 0 is
// run like any other.
inline std::vector<std::vector<double>> replay_case(const Model& model, const GoldenCase& golden,
                                                    ReadoutKind readout) {
  const std::vector<LayerIndex> layers{golden.layer};
  const Baseline baseline(model, golden.ids, layers);
  const SpanBase base = read_span(model, baseline, golden.span, readout, golden.layer);
  const ReplayRows& rows = base.rows;
  std::vector<double> vectors;
  for (const auto& direction : golden.directions)
    for (const double epsilon : golden.epsilons)
      for (const double v : direction) vectors.push_back(epsilon * golden.rms * v);
  const std::vector<RowResponse> responses = replay_vectors(model, baseline, base, golden.layer, vectors);
  std::vector<std::vector<double>> means(golden.directions.size(),
                                         std::vector<double>(golden.epsilons.size()));
  const auto read = static_cast<size_t>(rows.read());
  for (size_t i = 0; i < responses.size(); ++i) {
    const size_t push = i / read;
    means[push / golden.epsilons.size()][push % golden.epsilons.size()] +=
        responses[i].kl / static_cast<double>(read);
  }
  return means;
}

}  // namespace tugline::test
