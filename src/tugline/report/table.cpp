#include "tugline/report/table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "tugline/core/plural.h"
#include "tugline/report/cell_json.h"

namespace tugline {
namespace {

constexpr size_t kLayersAcross = 5;  // a block of columns that fits into 120 characters
constexpr size_t kCellWidth = 22;
constexpr size_t kExamplesNamed = 10;

// Text of `width` characters on a terminal; the plus-minus sign is one of them and two bytes.
std::string padded(const std::string& text, size_t width) {
  const auto characters = static_cast<size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
  return std::string(width > characters ? width - characters : 0, ' ') + text;
}

std::string cell_text(const MeanEstimate& kl) {
  if (kl.mean == 0 && kl.standard_error.value_or(0) == 0) {
    return "0";
  }
  const std::string mean = fmt::format("{:.3e}", kl.mean);
  return kl.standard_error ? fmt::format("{} ± {:.1e}", mean, *kl.standard_error) : mean + " ± n/a   ";
}

using Grid = std::map<double, std::map<int32_t, const CurvePoint*>>;  // epsilon, layer

std::string block_text(const Grid& grid, std::span<const int32_t> layers) {
  const bool is_fraction =
      !grid.begin()->second.begin()->second->epsilon_relative;  // of the way to another residual
  std::string text =
      is_fraction ? fmt::format("{:>9}", "fraction") : fmt::format("{:>9}{:>10}", "epsilon", "relative");
  for (const int32_t layer : layers) {
    text += padded(fmt::format("layer {}", layer), kCellWidth);
  }
  text += '\n';
  for (const auto& [epsilon, row] : grid) {
    text += fmt::format("{:>9.5g}", epsilon);
    if (const auto relative = row.begin()->second->epsilon_relative)
      text += fmt::format("{:>9.2f}%", 100 * *relative);
    for (const int32_t layer : layers) {
      const auto found = row.find(layer);
      text += padded(found == row.end() ? "-" : cell_text(found->second->kl), kCellWidth);
    }
    text += '\n';
  }
  return text;
}

std::string range_text(int64_t low, int64_t high, const char* noun) {
  return low == high ? counted(low, noun) : fmt::format("{} to {}", low, counted(high, noun));
}

// Counts may differ from layer to layer while a sweep is under way.
std::string counts_text(const std::vector<const CurvePoint*>& points) {
  const auto range = [&](auto member, const char* noun) {
    const auto less = [&](const CurvePoint* a, const CurvePoint* b) { return a->*member < b->*member; };
    const auto [low, high] = std::minmax_element(points.begin(), points.end(), less);
    return range_text((*low)->*member, (*high)->*member, noun);
  };
  return fmt::format("{} of {}, {} each", range(&CurvePoint::spans, "span"),
                     range(&CurvePoint::examples, "example"), range(&CurvePoint::directions, "direction"));
}

// What the standard error is over: it differs from point to point while a sweep is under way.
std::string error_text(const std::vector<const CurvePoint*>& points) {
  std::set<std::string> over;
  for (const CurvePoint* point : points)
    over.insert(point->examples > 1 ? "examples" : point->spans > 1 ? "spans" : "directions");
  return over.size() == 1 ? "standard error over " + *over.begin() : "standard error";
}

std::string kind_text(const std::string& what, const std::vector<const CurvePoint*>& points) {
  Grid grid;
  std::set<int32_t> layer_set;
  for (const CurvePoint* point : points) {
    grid[point->epsilon][point->layer] = point;
    layer_set.insert(point->layer);
  }
  const std::vector<int32_t> layers(layer_set.begin(), layer_set.end());
  std::string text = fmt::format("\n{}: KL(pushed || base) in nats, mean ± {} ({})\n", what,
                                 error_text(points), counts_text(points));
  for (size_t first = 0; first < layers.size(); first += kLayersAcross) {
    const size_t count = std::min(kLayersAcross, layers.size() - first);
    if (first > 0) text += '\n';
    text += block_text(grid, std::span(layers).subspan(first, count));
  }
  return text;
}

std::string examples_named(const std::vector<int64_t>& examples) {
  const size_t shown = std::min(examples.size(), kExamplesNamed);
  return fmt::format("example{} {}{}", examples.size() == 1 ? "" : "s",
                     fmt::join(examples.begin(), examples.begin() + static_cast<ptrdiff_t>(shown), ", "),
                     shown < examples.size() ? ", ..." : "");
}

std::string skips_text(const std::vector<SkipGroup>& groups, const char* what) {
  std::string text;
  for (const SkipGroup& group : groups) {
    text += fmt::format("skipped        {} {}{}: {} ({})\n", group.examples.size(), what,
                        group.examples.size() == 1 ? "" : "s", group.reason, examples_named(group.examples));
  }
  return text;
}

nlohmann::ordered_json number_or_null(const std::optional<double>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json skips_json(const std::vector<SkipGroup>& groups) {
  auto list = nlohmann::ordered_json::array();
  for (const SkipGroup& group : groups) {
    list.push_back(
        {{"reason", group.reason}, {"count", group.examples.size()}, {"examples", group.examples}});
  }
  return list;
}

nlohmann::ordered_json curves_json(const RunView& view) {
  auto list = nlohmann::ordered_json::array();
  for (const CurvePoint& point : view.curves) {
    list.push_back({{"span_kind", point.span_kind},
                    {"layer", point.layer},
                    {"epsilon", point.epsilon},
                    {"epsilon_relative", number_or_null(point.epsilon_relative)},
                    {"kl", point.kl.mean},
                    {"standard_error", number_or_null(point.kl.standard_error)},
                    {"ci_low", number_or_null(point.kl.ci_low)},
                    {"ci_high", number_or_null(point.kl.ci_high)},
                    {"spans", point.spans},
                    {"examples", point.examples},
                    {"directions", point.directions},
                    {"null_direction", point.set == DirectionSet::kNull ? 1 : 0}});
  }
  return list;
}

nlohmann::ordered_json commands_json(const RunView& view) {
  auto list = nlohmann::ordered_json::array();
  for (const CommandRow& command : view.commands) {
    nlohmann::ordered_json object;
    const std::vector<Cell> cells = cells_of(command);
    for (size_t i = 0; i < cells.size(); ++i) object[std::string(kCommandColumns[i])] = json_of(cells[i]);
    list.push_back(std::move(object));
  }
  return list;
}

// `largest_disagreement` is KL's.
nlohmann::ordered_json audit_json(const RunView& view) {
  nlohmann::ordered_json json = {{"pushes", view.audited},
                                 {"largest_disagreement", number_or_null(view.audit_disagreements[kKl])},
                                 {"disagreements", nlohmann::ordered_json::object()},
                                 {"units_beyond_bound", view.units_beyond_bound}};
  for (size_t m = 0; m < kMeasures.size(); ++m)
    json["disagreements"][std::string(kMeasures[m].name)] = number_or_null(view.audit_disagreements[m]);
  return json;
}

}  // namespace

std::string summary_text(const RunView& view) {
  std::string text;
  for (const auto& [name, value] : facts_of(view)) {
    text += fmt::format("{:<15}{}\n", name, value);
  }
  for (const auto& [name, value] : provenance_of(view)) text += fmt::format("{:<15}{}\n", name, value);
  text += skips_text(view.skipped_examples, "example");
  text += skips_text(view.skipped_spans, "span");
  for (const FailureGroup& group : view.failures)
    text += fmt::format("failed         {}\n", sentence_of(group));
  for (const std::string& gap : view.gaps) text += fmt::format("gap            {}\n", gap);
  for (const NoteGroup& note : view.notes) {
    text += fmt::format("note           {}\n", sentence_of(note));
  }
  std::map<std::pair<std::string, DirectionSet>, std::vector<const CurvePoint*>> kinds;
  for (const CurvePoint& point : view.curves) {
    kinds[{point.span_kind, point.set}].push_back(&point);
  }
  for (const auto& [kind, points] : kinds) {
    const char* beside = kind.second == DirectionSet::kNull ? ", random directions beside the vectors" : "";
    text += kind_text(kind.first + " spans" + beside, points);
  }
  return text + (kinds.empty() ? "\nnothing is measured yet\n" : "");
}

std::string summary_json(const RunView& view) {
  nlohmann::ordered_json json;
  json["configuration"] = view.identity.hash();
  json["identity"] = view.identity.fields;
  json["meta"] = view.meta;
  json["examples"] = {{"measured", view.examples_measured},
                      {"waiting", view.examples_waiting},
                      {"skipped", skips_json(view.skipped_examples)}};
  json["skipped_spans"] = skips_json(view.skipped_spans);
  json["units"] = {{"done", view.units},
                   {"planned", nullptr},
                   {"at_sinks", view.units_at_sinks},
                   {"failed", view.units_failed}};
  if (view.units_planned) {
    json["units"]["planned"] = *view.units_planned;
  }
  json["shard"] = nullptr;
  if (!view.shard.is_whole()) {
    json["shard"] = {{"number", view.shard.number}, {"count", view.shard.count}, {"units_of_run", nullptr}};
    if (view.units_of_run) {
      json["shard"]["units_of_run"] = *view.units_of_run;
    }
  }
  json["measured"] = {{"span_kinds", view.span_kinds},
                      {"layers", view.layers},
                      {"epsilons", view.epsilons},
                      {"directions", {view.directions.least, view.directions.most}},
                      {"null_directions", {view.null_directions.least, view.null_directions.most}},
                      {"gaps", view.gaps}};
  json["audit"] = audit_json(view);
  json["failures"] = nlohmann::ordered_json::array();
  for (const FailureGroup& group : view.failures)
    json["failures"].push_back(
        {{"reason", group.reason}, {"count", group.units.size()}, {"units", group.units}});
  json["notes"] = nlohmann::ordered_json::array();
  for (const NoteGroup& note : view.notes) {
    json["notes"].push_back({{"note", note.note}, {"layers", note.layers}, {"units", note.units}});
  }
  json["curves"] = curves_json(view);
  json["commands"] = commands_json(view);
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tugline
