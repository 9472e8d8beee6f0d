#include "tugline/report/captions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string_view>

#include "tugline/core/plural.h"
#include "tugline/report/figure_style.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

std::map<std::string, std::string, std::less<>> facts_by_name(const RunView& view) {
  std::map<std::string, std::string, std::less<>> facts;
  for (const auto& [name, value] : facts_of(view)) facts[name] = value;
  return facts;
}

std::string unfinished_fact(const RunView& view) {
  if (!view.is_unfinished()) return "";
  return view.units_planned ? fmt::format("UNFINISHED: {} of {} units", view.units, *view.units_planned)
                            : "UNFINISHED";
}

// Those of the named facts that the run has, in the order of the names; "" stands for `spans`.
std::string joined_facts(const RunView& view, const std::string& spans,
                         std::initializer_list<std::string_view> names) {
  const auto facts = facts_by_name(view);
  std::vector<std::string> parts;
  for (const std::string_view name : names) {
    if (name.empty()) {
      parts.push_back(spans);
    } else if (name == "unfinished") {
      parts.push_back(unfinished_fact(view));
    } else if (const auto fact = facts.find(name); fact != facts.end()) {
      const char* mark = name == "tugline" ? " " : ": ";
      const std::string_view title = name == "model" ? "Model" : name == "part" ? "PARTIAL" : name;
      parts.push_back(fmt::format("{}{}{}", title, mark, fact->second));
    }
  }
  std::erase(parts, "");
  return fmt::format("{}.", fmt::join(parts, "; "));
}

}  // namespace

void set_headings(Sheet& sheet, const RunView& view, const std::string& title, const std::string& subject) {
  constexpr size_t kLongestName = 60;
  sheet.title = title;
  std::vector<std::string> parts;
  for (const char* name : {"model", "data"})
    if (const std::string value = fact_of(view, name); !value.empty())
      parts.push_back(shortened(value, kLongestName));
  parts.push_back(subject);
  sheet.subtitle = fmt::format("{}", fmt::join(parts, ", "));
}

std::string warnings_text(const RunView& view) {
  std::string text;
  if (!view.shard.is_whole()) text += fmt::format(" PARTIAL: {}.", shard_text(view));
  if (view.is_unfinished()) text += " " + unfinished_fact(view) + ".";
  if (view.units_beyond_bound > 0) text += " Audit: " + audit_text(view) + ".";
  for (const NoteGroup& note : view.notes) text += fmt::format(" Note on {}.", sentence_of(note));
  return text;
}

void set_captions(Sheet& sheet, const RunView& view, const Words& words) {
  const std::string drawn = words.drawn.empty() ? "" : " " + words.drawn;
  sheet.caption = fmt::format("{}; {}.{}{}", words.spans, pushes_text(view), drawn, warnings_text(view));
  sheet.description = provenance_text(view, words.spans) + drawn + warnings_text(view);
}

std::string provenance_text(const RunView& view, const std::string& spans) {
  return joined_facts(
      view, spans,
      {"model", "data", "readout", "hook", "head", "at", "push", "directions", "", "audit", "part",
       "unfinished", "precision", "temperature", "vocabulary", "seed", "configuration", "tugline"});
}

std::string shared_provenance_text(const RunView& view, const std::string& spans) {
  return joined_facts(view, spans,
                      {"model", "data", "readout", "hook", "head", "at", "", "precision", "temperature",
                       "vocabulary", "seed", "tugline"});
}

std::string pushes_text(const RunView& view) {
  std::string text = "directions: " + fact_of(view, "directions");
  for (const char* name : {"readout", "hook", "head", "at", "push", "temperature"}) {
    const std::string value = fact_of(view, name);
    const bool is_usual = value.empty() || value == "additive" || value == "before" || value == "1";
    if (!is_usual) text += fmt::format("; {}: {}", name, value);
  }
  return text;
}

std::string spans_text(const RunView& view, const CurvePoint& point) {
  return fmt::format("{} of {} ({} skipped)", counted(point.spans, point.span_kind + " span"),
                     counted(point.examples, "example"), view.examples_skipped());
}

std::string axis_name(const ResponseMeasure& measure) {
  const std::string label = measure.name == "kl"           ? "KL(pushed ‖ base)"
                            : measure.name == "kl_reverse" ? "KL(base ‖ pushed)"
                                                           : measure.label;
  return measure.unit.empty() ? label : label + ", " + measure.unit;
}

std::string epsilon_name(const RunView& view) {
  return view.epsilon_is_fraction() ? "fraction ε of the way to another residual"
                                    : "push size ε (RMS of the residual at the site)";
}

std::string name_of_kind(const std::string& span_kind) {
  constexpr std::string_view kOffset = "control_offset_";
  if (span_kind == "control_matched") return "matched control";
  if (span_kind == "control_window") return "window control";
  if (!span_kind.starts_with(kOffset)) return span_kind;
  const int64_t offset = std::atoll(span_kind.substr(kOffset.size()).c_str());
  return fmt::format("push {} {}", counted(std::abs(offset), "token"), offset < 0 ? "earlier" : "later");
}

}  // namespace tugline
