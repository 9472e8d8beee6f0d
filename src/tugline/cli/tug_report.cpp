#include "tugline/cli/tug_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tugline/core/plural.h"
#include "tugline/probe/sweep.h"
#include "tugline/report/row_writer.h"
#include "tugline/stats/intervals.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

// The token that a row is about: the one it predicts, or its own.
int64_t token_of_row(const ReadoutChoice& readout, int64_t row) {
  return readout.kind == ReadoutKind::kPredicting ? row + 1 : row;
}

Json json_of(const std::vector<float>& values) {
  Json json = Json::array();
  for (const float value : values) json.push_back(double_of_shortest_text(value));
  return json;
}

// null where no token comes next.
Json delta_logprobs(const RowMeasures& measures, const std::vector<int32_t>& row_tokens) {
  Json json = json_of(measures.delta_logprob);
  for (size_t i = 0; i < row_tokens.size(); ++i)
    if (row_tokens[i] < 0) json[i] = nullptr;
  return json;
}

Json json_of(const RowMeasures& measures, const std::vector<int32_t>& row_tokens) {
  return {{"kl_reverse", json_of(measures.kl_reverse)},
          {"js", json_of(measures.js)},
          {"total_variation", json_of(measures.total_variation)},
          {"entropy_change", json_of(measures.entropy_change)},
          {"delta_logprob", delta_logprobs(measures, row_tokens)},
          {"top1_flip", measures.top1_flip}};
}

Json json_of(const ResponseRecord& response, const std::vector<int32_t>& row_tokens) {
  Json json = {{"direction", response.direction},
               {"epsilon", response.epsilon},
               {"kl", response.kl_rows},
               {"mean", response.kl},
               {"total_variation", response.total_variation},
               {"entropy_change", response.entropy_change},
               {"js", response.js},
               {"by_row", json_of(response.by_row, row_tokens)}};
  if (response.kl_standard_error) json["standard_error"] = *response.kl_standard_error;
  return json;
}

Json json_of(const UnitRecord& unit, const TugResult& result) {
  Json tokens = Json::array();
  for (const int64_t row : unit.rows)
    tokens.push_back(result.text.ids[static_cast<size_t>(token_of_row(result.readout, row))]);
  Json json = {{"layer", unit.key.layer}, {"position", unit.position}, {"rms", unit.rms},
               {"rows", unit.rows},       {"tokens", tokens},          {"seconds", unit.seconds}};
  if (!unit.note.empty()) json["note"] = unit.note;
  json["responses"] = Json::array();
  for (const ResponseRecord& response : unit.responses)
    json["responses"].push_back(json_of(response, unit.row_tokens));
  return json;
}

double epsilon_of_largest_size(const std::vector<double>& epsilons) {
  return *std::max_element(epsilons.begin(), epsilons.end(), [](double a, double b) {
    return std::pair(std::abs(a), a) < std::pair(std::abs(b), b);
  });
}

// Mean over directions of each row's KL at one epsilon.
std::vector<double> row_means(const UnitRecord& unit, double epsilon) {
  std::vector<double> means(unit.rows.size());
  double directions = 0;
  for (const ResponseRecord& response : unit.responses) {
    if (response.epsilon != epsilon) continue;
    ++directions;
    for (size_t i = 0; i < means.size(); ++i) means[i] += response.kl_rows[i];
  }
  for (double& mean : means) mean /= directions;
  return means;
}

// A token as text; by its id where the model has no tokenizer, or no token of that id.
std::string shown(const TugText& text, int64_t token) {
  const auto at = static_cast<size_t>(token);
  return text.pieces[at].empty() ? fmt::format("<{}>", text.ids[at]) : visible(text.pieces[at]);
}

std::string kl_text(double kl) { return kl == 0 ? "0" : fmt::format("{:.3e}", kl); }

std::string estimate_text(const MeanEstimate& kl) {
  if (kl.mean == 0 && kl.standard_error.value_or(0) == 0) return "0";
  return fmt::format("{} ± {}", kl_text(kl.mean),
                     kl.standard_error ? fmt::format("{:.1e}", *kl.standard_error) : "n/a");
}

std::string directions_text(const TugResult& result) {
  if (result.direction_file.empty())
    return fmt::format("{}, seed {}", counted(result.pushes.directions, "random direction"),
                       result.pushes.seed);
  return fmt::format("{} of {}", counted(result.pushes.directions, "direction"), result.direction_file);
}

class TugPage {
 public:
  TugPage(const TugResult& result, Colour colour)
      : result_(result),
        colour_(colour),
        epsilon_(epsilon_of_largest_size(result.pushes.epsilons)),
        scale_(largest()) {}

  std::string text() {
    add_header();
    for (const UnitRecord& unit : result_.layers) add_layer(unit);
    return std::move(page_);
  }

 private:
  // One scale for all layers, so that they can be compared.
  [[nodiscard]] double largest() const {
    double found = 0;
    for (const UnitRecord& unit : result_.layers)
      for (const double kl : row_means(unit, epsilon_)) found = std::max(found, kl);
    return found;
  }

  void add_header() {
    const TokenRange span = result_.text.span;
    const int64_t pushed = result_.layers.front().position;
    page_ += fmt::format("{}: {}, span {}:{}, pushed at token {} '{}'\n", result_.model,
                         counted(std::ssize(result_.text.ids), "token"), span.begin, span.end, pushed,
                         shown(result_.text, pushed));
    page_ += fmt::format("readout {}, {}, {}, vocabulary {}, temperature {}\n", readout_name(result_.readout),
                         directions_text(result_), precision_label(name_of(result_.precision)),
                         vocabulary_text(result_.vocabulary), result_.temperature);
    page_ += fmt::format("tokens by KL in nats at epsilon {}, mean over directions", epsilon_);
    page_ += colour_ == Colour::kYes && scale_.level(largest()) > 0 ? fmt::format(": {}\n", scale_.legend())
                                                                    : "\n";
  }

  void add_layer(const UnitRecord& unit) {
    page_ += fmt::format("\nlayer {}: rms {:.4g}, {:.3g} s\n", unit.key.layer, unit.rms, unit.seconds);
    if (!unit.note.empty()) page_ += unit.note + "\n";
    if (colour_ == Colour::kYes) {
      add_coloured_tokens(unit);
    } else {
      add_listed_tokens(unit);
    }
    add_table(unit);
  }

  void add_coloured_tokens(const UnitRecord& unit) {
    const std::vector<double> means = row_means(unit, epsilon_);
    for (size_t i = 0; i < means.size(); ++i)
      page_ += scale_.paint(shown(result_.text, token_of_row(result_.readout, unit.rows[i])), means[i]);
    page_ += '\n';
  }

  void add_listed_tokens(const UnitRecord& unit) {
    const std::vector<double> means = row_means(unit, epsilon_);
    for (size_t i = 0; i < means.size(); ++i) {
      const int64_t token = token_of_row(result_.readout, unit.rows[i]);
      page_ += fmt::format("{:>9}  {:>9}  '{}'\n", token, kl_text(means[i]), shown(result_.text, token));
    }
  }

  void add_table(const UnitRecord& unit) {
    page_ += fmt::format("{:>9}{:>10}  KL\n", "epsilon", "relative");
    for (const double epsilon : result_.pushes.epsilons) {
      std::vector<double> means;
      for (const ResponseRecord& response : unit.responses)
        if (response.epsilon == epsilon) means.push_back(response.kl);
      const double percent = 100 * epsilon / std::sqrt(static_cast<double>(result_.d_model));
      page_ +=
          fmt::format("{:>9g}{:>9.2f}%  {}\n", epsilon, percent, estimate_text(mean_of_independent(means)));
    }
  }

  const TugResult& result_;
  Colour colour_;
  double epsilon_;
  HeatScale scale_;
  std::string page_;
};

}  // namespace

std::string tug_json(const TugResult& result) {
  Json json = {{"model", result.model},
               {"ids", result.text.ids},
               {"span", {{"begin", result.text.span.begin}, {"end", result.text.span.end}}},
               {"readout", readout_name(result.readout)},
               {"seed", result.pushes.seed},
               {"precision", name_of(result.precision)},
               {"vocabulary", vocabulary_text(result.vocabulary)},
               {"temperature", result.temperature},
               {"direction_file", result.direction_file.empty() ? Json() : Json(result.direction_file)},
               {"d_model", result.d_model},
               {"layers", Json::array()}};
  for (const UnitRecord& unit : result.layers) json["layers"].push_back(json_of(unit, result));
  for (size_t i = 0; i < result.layers.size(); ++i) {
    const auto name = result.pushes.supplied.names.find(LayerIndex{result.layers[i].key.layer});
    if (name != result.pushes.supplied.names.end()) json["layers"][i]["direction_array"] = name->second;
  }
  for (size_t i = 0; i < result.flops.size(); ++i) json["layers"][i]["flops"] = result.flops[i];
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string tug_text(const TugResult& result, Colour colour) { return TugPage(result, colour).text(); }

}  // namespace tugline
