#include "tugline/cli/tug_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <variant>

#include "tugline/core/plural.h"
#include "tugline/probe/sweep.h"
#include "tugline/report/row_writer.h"
#include "tugline/stats/intervals.h"
#include "tugline/store/audit_bounds.h"

namespace tugline {
namespace {

using Json = nlohmann::ordered_json;

// The token that a row is about: the one it predicts, or its own.
int64_t token_of_row(const ReadoutChoice& readout, int64_t row) {
  return readout.kind == ReadoutKind::kPredicting ? row + 1 : row;
}

Json json_of(const Cell& cell) {
  return std::visit(
      [](const auto& value) -> Json {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, std::monostate>)
          return nullptr;
        else
          return value;
      },
      cell);
}

std::string text_of(const TugResult& result, int32_t token) {
  const auto found = result.token_text.find(token);
  return found == result.token_text.end() ? std::string() : found->second;
}

// Of a row: the tokens and their changes.
std::vector<MovedToken> list_of(const ResponseRecord& response, size_t measure, size_t row, size_t rows) {
  const std::vector<double>& numbers = response.rows[measure];
  const size_t each = numbers.size() / rows;
  std::vector<MovedToken> list;
  for (size_t i = row * each; i < (row + 1) * each; i += 2)
    if (numbers[i] >= 0) list.push_back({static_cast<int32_t>(numbers[i]), numbers[i + 1]});
  return list;
}

// One list a row.
Json row_lists(const TugResult& result, const ResponseRecord& response, size_t measure, size_t rows) {
  Json json = Json::array();
  for (size_t row = 0; row < rows; ++row) {
    Json list = Json::array();
    for (const MovedToken& moved : list_of(response, measure, row, rows))
      list.push_back({{"token", moved.token},
                      {"piece", text_of(result, moved.token)},
                      {"change", double_of_shortest_text(static_cast<float>(moved.change))}});
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
Json json_of(const TugResult& result, const ResponseRecord& response,
             const std::vector<int32_t>& row_tokens) {
  Json json = {{"direction", response.direction},
               {"epsilon", response.epsilon},
               {"kl", response.rows[kKl]},
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
  for (const int64_t row : unit.rows)
    tokens.push_back(result.text.ids[static_cast<size_t>(token_of_row(result.readout, row))]);
  Json json = {{"layer", layer.layer.value}, {"position", unit.position}, {"rms", unit.rms},
               {"rows", unit.rows},          {"tokens", tokens},          {"seconds", unit.seconds}};
  if (!unit.note.empty()) json["note"] = unit.note;
  json["responses"] = Json::array();
  for (const ResponseRecord& response : unit.responses)
    json["responses"].push_back(json_of(result, response, unit.row_tokens));
  const auto name = result.pushes.supplied.names.find(layer.layer);
  if (name != result.pushes.supplied.names.end()) json["direction_array"] = name->second;
  json["flops"] = layer.flops;
  if (layer.audit.pushes > 0) json["audit"] = json_of(layer.audit);
  return json;
}

double epsilon_of_largest_size(const std::vector<double>& epsilons) {
  return *std::max_element(epsilons.begin(), epsilons.end(), [](double a, double b) {
    return std::pair(std::abs(a), a) < std::pair(std::abs(b), b);
  });
}

// Mean over directions of each row's KL at one epsilon.
std::vector<double> row_means(const UnitMeasurement& unit, double epsilon) {
  std::vector<double> means(unit.rows.size());
  double directions = 0;
  for (const ResponseRecord& response : unit.responses) {
    if (response.epsilon != epsilon) continue;
    ++directions;
    for (size_t i = 0; i < means.size(); ++i) means[i] += response.rows[kKl][i];
  }
  for (double& mean : means) mean /= directions;
  return means;
}

// A token as text; its id if the model has no tokenizer, or no token of that id.
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
    for (const TugLayer& layer : result_.layers) add_layer(layer);
    return std::move(page_);
  }

 private:
  // One scale for all layers, so that they can be compared.
  [[nodiscard]] double largest() const {
    double found = 0;
    for (const TugLayer& layer : result_.layers)
      for (const double kl : row_means(layer.measured, epsilon_)) found = std::max(found, kl);
    return found;
  }

  void add_header() {
    const TokenRange span = result_.text.span;
    const int64_t pushed = result_.layers.front().measured.position;
    const std::string place = result_.at == PushAt::kEvery
                                  ? fmt::format("each token of the span")
                                  : fmt::format("token {} '{}'", pushed, shown(result_.text, pushed));
    page_ += fmt::format("{}: {}, span {}:{}, pushed at {}\n", result_.model,
                         counted(std::ssize(result_.text.ids), "token"), span.begin, span.end, place);
    if (result_.point != SitePoint()) page_ += hook_text() + ", ";
    page_ += fmt::format("readout {}, {}, {}, vocabulary {}, temperature {}\n", readout_name(result_.readout),
                         directions_text(result_), precision_label(name_of(result_.precision)),
                         vocabulary_text(result_.vocabulary), result_.temperature);
    if (const auto& answers = result_.asked.answers)
      page_ += fmt::format("answers '{}' (id:{}) less '{}' (id:{})\n", name_of_token(answers->first),
                           answers->first, name_of_token(answers->second), answers->second);
    page_ += fmt::format("tokens by KL in nats at epsilon {}, mean over directions", epsilon_);
    page_ += colour_ == Colour::kYes && scale_.level(largest()) > 0 ? fmt::format(": {}\n", scale_.legend())
                                                                    : "\n";
  }

  [[nodiscard]] std::string hook_text() const {
    const std::string head =
        result_.point.hook == Hook::kZ ? fmt::format(" of head {}", result_.point.head) : "";
    return fmt::format("hook {}{}", name_of(result_.point.hook), head);
  }

  void add_layer(const TugLayer& layer) {
    const UnitMeasurement& unit = layer.measured;
    page_ += fmt::format("\nlayer {}: rms {:.4g}, {:.3g} s\n", layer.layer.value, unit.rms, unit.seconds);
    if (!unit.note.empty()) page_ += unit.note + "\n";
    if (layer.audit.pushes > 0)
      page_ +=
          fmt::format("audit: {} rerun in f64, largest disagreements {}\n",
                      counted(layer.audit.pushes, "push"), disagreements_text(layer.audit.disagreements));
    if (colour_ == Colour::kYes) {
      add_coloured_tokens(unit);
    } else {
      add_listed_tokens(unit);
    }
    if (result_.asked.moved > 0) add_moved_tokens(unit);
    add_table(unit);
  }

  // Of each row the push whose KL there is the largest, of those of the epsilon.
  void add_moved_tokens(const UnitMeasurement& unit) {
    page_ += fmt::format("tokens that rose and fell most at epsilon {}, in the direction of the largest KL\n",
                         epsilon_);
    for (size_t row = 0; row < unit.rows.size(); ++row) {
      const ResponseRecord* most = nullptr;
      for (const ResponseRecord& response : unit.responses)
        if (response.epsilon == epsilon_ &&
            (most == nullptr || response.rows[kKl][row] > most->rows[kKl][row]))
          most = &response;
      const int64_t token = token_of_row(result_.readout, unit.rows[row]);
      page_ += fmt::format("{:>9}  '{}', direction {}:", token, shown(result_.text, token), most->direction);
      add_list(" +", list_of(*most, measure_named("rose"), row, unit.rows.size()));
      add_list(" ", list_of(*most, measure_named("fell"), row, unit.rows.size()));
      page_ += '\n';
    }
  }

  void add_list(const char* before, const std::vector<MovedToken>& list) {
    for (const MovedToken& moved : list)
      page_ += fmt::format("{}{:.2e} '{}'", before, moved.change, name_of_token(moved.token));
  }

  [[nodiscard]] std::string name_of_token(int32_t token) const {
    const std::string text = text_of(result_, token);
    return text.empty() ? fmt::format("<{}>", token) : visible(text);
  }

  void add_coloured_tokens(const UnitMeasurement& unit) {
    const std::vector<double> means = row_means(unit, epsilon_);
    for (size_t i = 0; i < means.size(); ++i)
      page_ += scale_.paint(shown(result_.text, token_of_row(result_.readout, unit.rows[i])), means[i]);
    page_ += '\n';
  }

  void add_listed_tokens(const UnitMeasurement& unit) {
    const std::vector<double> means = row_means(unit, epsilon_);
    for (size_t i = 0; i < means.size(); ++i) {
      const int64_t token = token_of_row(result_.readout, unit.rows[i]);
      page_ += fmt::format("{:>9}  {:>9}  '{}'\n", token, kl_text(means[i]), shown(result_.text, token));
    }
  }

  void add_table(const UnitMeasurement& unit) {
    constexpr size_t kAnswers = measure_named("answer_change");
    const std::string heading = result_.asked.answers ? "  change of the answers' difference" : "";
    page_ += fmt::format("{:>9}{:>10}  {}{}\n", "epsilon", "relative",
                         heading.empty() ? "KL" : "KL                   ", heading);
    for (const double epsilon : result_.pushes.epsilons) {
      std::vector<double> means;
      std::vector<double> changes;
      for (const ResponseRecord& response : unit.responses) {
        if (response.epsilon != epsilon) continue;
        means.push_back(response.kl());
        changes.push_back(response.means[kAnswers].value_or(0));
      }
      const double percent = 100 * epsilon / std::sqrt(static_cast<double>(result_.width));
      const std::string kl = estimate_text(mean_of_independent(means));
      page_ += fmt::format("{:>9g}{:>9.2f}%  ", epsilon, percent);
      page_ += result_.asked.answers
                   ? fmt::format("{:<22} {}\n", kl, estimate_text(mean_of_independent(changes)))
                   : kl + "\n";
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
               {"hook", name_of(result.point.hook)},
               {"head", result.point.hook == Hook::kZ ? Json(result.point.head) : Json()},
               {"at", name_of(result.at)},
               {"readout", readout_name(result.readout)},
               {"seed", result.pushes.seed},
               {"precision", name_of(result.precision)},
               {"vocabulary", vocabulary_text(result.vocabulary)},
               {"temperature", result.temperature},
               {"direction_file", result.direction_file.empty() ? Json() : Json(result.direction_file)},
               {"d_model", result.d_model},
               {"answers", nullptr},
               {"moved_tokens", result.asked.moved},
               {"layers", Json::array()}};
  if (const auto& answers = result.asked.answers) json["answers"] = {answers->first, answers->second};
  for (const TugLayer& layer : result.layers) json["layers"].push_back(json_of(layer, result));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string tug_text(const TugResult& result, Colour colour) { return TugPage(result, colour).text(); }

}  // namespace tugline
