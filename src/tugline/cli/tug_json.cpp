#include "tugline/cli/tug_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tugline/probe/sweep.h"
#include "tugline/report/cell_json.h"
#include "tugline/report/row_writer.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

// One list a row.
Json row_lists(const TugResult& result, const ResponseRecord& response, size_t measure, size_t rows) {
  Json json = Json::array();
  for (size_t row = 0; row < rows; ++row) {
    Json list = Json::array();
    for (const MovedToken& moved : moved_in_row(response, measure, row, rows))
      list.push_back({{"token", moved.token},
                      {"piece", bytes_of_token(result, moved.token)},
                      {"change", shortest_double(moved.change)}});
    json.push_back(list);
  }
  return json;
}

// One value a row; null where the row has none.
Json row_values(const Measure& measure, const std::vector<double>& values,
                const std::vector<int32_t>& row_tokens) {
  Json json = Json::array();
  for (size_t i = 0; i < values.size(); ++i) {
    const bool has_value = measure.rows != RowsWithValue::kWithNextToken || row_tokens[i] >= 0;
    json.push_back(has_value ? json_of(row_cell(measure.type, values[i])) : Json());
  }
  return json;
}

// `mean` is KL's and `kl` are its rows; the other measures have their own names, those that are asked for.
Json response_json(const TugResult& result, const ResponseRecord& response,
                   const std::vector<int32_t>& row_tokens) {
  Json json = {{"direction", response.direction},
               {"epsilon", response.epsilon},
               {"kl", row_values(kMeasures[kKl], response.rows[kKl], row_tokens)},
               {"mean", response.kl()}};
  Json by_row;
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    const Measure& measure = kMeasures[m];
    if (m == kKl || response.rows[m].empty()) continue;
    if (measure.has_mean()) json[std::string(measure.name)] = json_of(cell_of(response.means[m]));
    by_row[std::string(measure.row_name)] = measure.has_mean()
                                                ? row_values(measure, response.rows[m], row_tokens)
                                                : row_lists(result, response, m, row_tokens.size());
  }
  json["by_row"] = by_row;
  if (response.kl_standard_error) json["standard_error"] = *response.kl_standard_error;
  return json;
}

Json json_of(const AuditResult& audit) {
  Json disagreements = Json::object();
  for (size_t m = 0; m < kMeasures.size(); ++m)
    if (audit.disagreements[m]) disagreements[std::string(kMeasures[m].name)] = *audit.disagreements[m];
  return {{"pushes", audit.pushes}, {"disagreements", disagreements}};
}

Json json_of(const TugLayer& layer, const TugResult& result) {
  const UnitMeasurement& unit = layer.measured;
  Json tokens = Json::array();
  Json pieces = Json::array();
  for (const int64_t row : unit.rows) {
    const auto token = static_cast<size_t>(token_of_row(result.readout, row));
    tokens.push_back(result.text.ids[token]);
    pieces.push_back(result.text.pieces[token]);
  }
  Json json = {{"layer", layer.layer.value}, {"position", unit.position}, {"rms", unit.rms},
               {"rows", unit.rows},          {"tokens", tokens},          {"pieces", pieces},
               {"seconds", unit.seconds}};
  if (!unit.note.empty()) json["note"] = unit.note;
  json["responses"] = Json::array();
  for (const ResponseRecord& response : unit.responses)
    json["responses"].push_back(response_json(result, response, unit.row_tokens));
  const auto name = result.pushes.supplied.names.find(layer.layer);
  if (name != result.pushes.supplied.names.end()) json["direction_array"] = name->second;
  json["flops"] = layer.flops;
  if (layer.audit.pushes > 0) json["audit"] = json_of(layer.audit);
  return json;
}

Json json_of(const TokenRange& tokens) { return {{"begin", tokens.begin}, {"end", tokens.end}}; }

Json layers_of(const TugSpan& span, const TugResult& result) {
  Json layers = Json::array();
  for (const TugLayer& layer : span.layers) layers.push_back(json_of(layer, result));
  return layers;
}

void add_settings(const TugResult& result, Json& json) {
  const PushOptions& pushes = result.pushes;
  const bool is_of_family = pushes.supplied.empty() && pushes.kind != PushKind::kInterpolation;
  json["hook"] = name_of(result.point.hook);
  json["head"] = result.point.hook == Hook::kZ ? Json(result.point.head) : Json();
  json["at"] = name_of(result.at);
  json["readout"] = readout_name(result.readout);
  json["seed"] = pushes.seed;
  json["precision"] = name_of(result.precision);
  json["vocabulary"] = vocabulary_text(result.vocabulary);
  json["temperature"] = result.temperature;
  json["push"] = name_of(pushes.kind);
  json["direction_family"] = is_of_family ? Json(name_of(pushes.family)) : Json();
  json["direction_sharing"] = pushes.sharing == DirectionSharing::kCommon ? "common" : "independent";
  json["orthogonal_to"] = orthogonal_text(pushes);
  json["direction_file"] = result.direction_file.empty() ? Json() : Json(result.direction_file);
  json["null_directions"] = pushes.null_directions;
  json["d_model"] = result.d_model;
  const auto& answers = result.asked.answers;
  json["answers"] = answers ? Json{answers->first, answers->second} : Json();
  json["moved_tokens"] = result.asked.moved;
}

Json beginning(const TugResult& result) {
  Json json = {{"model", result.model}, {"ids", result.text.ids}};
  json["data"] = result.data.empty() ? Json() : Json(result.data);
  json["example"] = result.data.empty() ? Json() : Json(result.example);
  return json;
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string tug_json(const TugResult& result) {
  const TugSpan& span = result.spans.front();
  Json json = beginning(result);
  json["span"] = json_of(span.tokens);
  add_settings(result, json);
  json["layers"] = layers_of(span, result);
  return line_of(json);
}

std::string sentences_json(const TugResult& result) {
  Json json = beginning(result);
  add_settings(result, json);
  json["sentences"] = Json::array();
  for (const TugSpan& span : result.spans) {
    const auto rank = 1 + std::count_if(result.spans.begin(), result.spans.end(),
                                        [&](const TugSpan& other) { return other.response > span.response; });
    json["sentences"].push_back({{"sentence", span.sentence},
                                 {"text", span.text},
                                 {"span", json_of(span.tokens)},
                                 {"rank", rank},
                                 {"response", span.response},
                                 {"layers", layers_of(span, result)}});
  }
  return line_of(json);
}

}  // namespace tugline
