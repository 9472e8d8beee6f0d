#include "tugline/report/run_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>

#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/core/precision.h"
#include "tugline/report/gaps.h"
#include "tugline/store/audit_bounds.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"
#include "tugline/store/unit_readers.h"
#include "tugline/store/unit_rows.h"

namespace tugline {
namespace {

int64_t width_in(const RunStore& store, const Provenance& meta) {
  const char* name = meta.contains(field::kSiteWidth) ? field::kSiteWidth : field::kDModel;
  const auto found = meta.find(name);
  const int64_t width = count_in(meta, name).value_or(0);
  if (width < 1) {
    fail(ErrorCode::kInput, "{}: {} in table meta is {}, expected the width of what is pushed",
         store.path().string(), name, found == meta.end() ? "missing" : '"' + found->second + '"');
  }
  return width;
}

void add_to(std::map<std::string, std::vector<int64_t>>& groups, const std::string& reason, int64_t example) {
  groups[reason].push_back(example);
}

std::vector<SkipGroup> sorted_groups(const std::map<std::string, std::vector<int64_t>>& groups) {
  std::vector<SkipGroup> sorted;
  for (const auto& [reason, examples] : groups) {
    sorted.push_back({.reason = reason, .examples = examples});
  }
  return sorted;
}

void count_examples(const RunStore& store, const std::set<int64_t>& with_units, RunView& view) {
  std::map<std::string, std::vector<int64_t>> skipped;
  std::set<int64_t> skipped_whole;
  for (const ExampleRecord& example : store.examples()) {
    if (!example.skipped.empty()) {
      skipped_whole.insert(example.example);
      add_to(skipped, example.skipped, example.example);
    } else if (!with_units.contains(example.example)) {
      ++view.examples_waiting;
    } else {
      view.measured_contents[example.example] = example.content_hash + example.token_ids;
    }
  }
  view.skipped_examples = sorted_groups(skipped);
  std::map<std::string, std::vector<int64_t>> spans;
  for (const SkippedSpan& span : store.skipped_spans()) {
    if (skipped_whole.contains(span.example)) continue;  // that reason says it
    add_to(spans, span.reason, span.example);
  }
  view.skipped_spans = sorted_groups(spans);
  view.examples_measured = static_cast<int64_t>(with_units.size());
}

void add_audit(const AuditResult& audit, const std::vector<ResponseRecord>& responses, RunView& view) {
  view.audited += audit.pushes;
  take_larger(view.audit_disagreements, audit.disagreements);
  const auto precision = view.identity.fields.find(field::kPrecision);
  if (precision == view.identity.fields.end()) return;
  const auto bounds = audit_bounds_of(responses, precision->second);
  if (bounds && !beyond_bounds(audit, *bounds).empty()) ++view.units_beyond_bound;
}

void widen(CountRange& range, int64_t count, bool is_first) {
  range.least = is_first ? count : std::min(range.least, count);
  range.most = std::max(range.most, count);
}

void count_directions(const std::vector<ResponseRecord>& responses, bool& has_some, RunView& view) {
  std::map<DirectionSet, std::set<int32_t>> directions;
  for (const ResponseRecord& response : responses) {
    directions[response.set].insert(response.direction);
    view.epsilons.insert(response.epsilon);
  }
  if (directions.empty()) return;
  widen(view.directions, std::ssize(directions[DirectionSet::kMain]), !has_some);
  widen(view.null_directions, std::ssize(directions[DirectionSet::kNull]), !has_some);
  has_some = true;
}

void read_units(const RunStore& store, RunView& view) {
  std::set<int64_t> with_units;
  std::map<std::string, NoteGroup> notes;
  CurveBuilder curves(NullRange::kYes);
  bool has_directions = false;
  const auto use = [&](const UnitRecord& unit, const std::vector<ResponseRecord>& responses) {
    curves.add(unit.key, responses);
    view.layers.insert(unit.key.layer);
    count_directions(responses, has_directions, view);
    with_units.insert(unit.key.example);
    view.span_kinds.insert(unit.key.span_kind);
    ++view.units;
    add_audit(unit.audit, responses, view);
    view.units_at_sinks += unit.sink ? 1 : 0;
    if (const std::string& note = unit.measured.note; !note.empty()) {
      NoteGroup& group = notes[note];
      group.note = note;
      group.layers.insert(unit.key.layer);
      ++group.units;
    }
  };
  for_each_unit(store, store.units(), RowValues::kSkip, use);
  for (auto& [text, group] : notes) {
    view.notes.push_back(std::move(group));
  }
  view.curves = curves.build(view.epsilon_is_fraction() ? std::nullopt : std::optional(view.d_model));
  count_examples(store, with_units, view);
  if (view.shard.is_whole()) view.gaps = gaps_of(store);
}

// What the sessions that wrote the store say under one name: mostly one value, several where it was resumed
// elsewhere.
std::string values_over_sessions(const RunView& view, const char* name) {
  std::vector<std::string> values;
  for (const Provenance& session : view.sessions) {
    const auto found = session.find(name);
    if (found != session.end() && std::find(values.begin(), values.end(), found->second) == values.end()) {
      values.push_back(found->second);
    }
  }
  return fmt::format("{}", fmt::join(values, ", "));
}

// "v.safetensors:global.layer20 (file 0123456789abcdef)" for directions from a file.
std::string source_fact(const RunView& view) {
  const std::string source = identity_field(view.identity, field::kDirectionFamily);
  const auto file = view.meta.find(field::kDirectionFile);
  if (file == view.meta.end() || file->second.empty()) return source;
  return fmt::format("of {} ({})", std::filesystem::path(file->second).filename().string(), source);
}

// "residual", or "subspace.npy (file 0123456789abcdef)".
std::string orthogonal_fact(const RunView& view, const std::string& to) {
  const auto file = view.meta.find(field::kOrthogonalFile);
  if (!to.starts_with("file ") || file == view.meta.end()) return to;
  return fmt::format("{} ({})", std::filesystem::path(file->second).filename().string(), to);
}

std::string directions_fact(const RunView& view) {
  std::string text = view.directions.most > 0 ? text_of(view.directions) : "";
  for (const char* name : {field::kDirectionFamily, field::kDirectionSharing}) {
    const std::string value = name == std::string(field::kDirectionFamily)
                                  ? source_fact(view)
                                  : identity_field(view.identity, name);
    if (!value.empty()) {
      text += (text.empty() ? "" : name == std::string(field::kDirectionSharing) ? ", " : " ") + value;
    }
  }
  if (view.null_directions.most > 0) {
    text += ", beside " + text_of(view.null_directions) + " random ones";
  }
  const std::string orthogonal = identity_field(view.identity, field::kOrthogonalTo);
  if (!orthogonal.empty() && orthogonal != "nothing") {
    text += ", orthogonal to " + orthogonal_fact(view, orthogonal);
  }
  return text;
}

// "anchor, control_matched, control_offset": the distances of moved pushes are left out.
std::string spans_fact(const RunView& view) {
  std::vector<std::string> kinds;
  for (const std::string& kind : view.span_kinds) {
    const std::string name = kind.starts_with("control_offset") ? "control_offset" : kind;
    if (std::find(kinds.begin(), kinds.end(), name) == kinds.end()) kinds.push_back(name);
  }
  return fmt::format("{}", fmt::join(kinds, ","));
}

std::string examples_fact(const RunView& view) {
  std::string text = fmt::format("{} measured, {} skipped", view.examples_measured, view.examples_skipped());
  if (view.examples_waiting > 0) {
    text += fmt::format(", {} {}", view.examples_waiting,
                        view.shard.is_whole() ? "still to measure" : "not measured here");
  }
  return text;
}

std::string libraries_fact(const RunView& view) {
  std::vector<std::string> libraries;
  for (const auto& [library, name] :
       {std::pair("oneDNN", field::kOneDnnVersion), std::pair("OpenMP", field::kOpenMpVersion),
        std::pair("SQLite", field::kSqliteVersion)})
    if (const std::string versions = values_over_sessions(view, name); !versions.empty())
      libraries.push_back(fmt::format("{} {}", library, versions));
  return fmt::format("{}", fmt::join(libraries, "; "));
}

// "model.safetensors 0123456789abcdef": the first digits of each file's digest.
std::string digests_fact(const RunView& view) {
  std::vector<std::string> files;
  for (const char* prefix : {field::kWeightsDigest, field::kTokenizerDigest, field::kConfigurationDigest})
    for (const auto& [name, digest] : view.meta)
      if (name.starts_with(prefix))
        files.push_back(
            fmt::format("{} {}", name.substr(std::string_view(prefix).size()), digest.substr(0, 16)));
  return fmt::format("{}", fmt::join(files, ", "));
}

std::string commands_fact(const RunView& view) {
  if (view.commands.empty()) return "";
  std::map<std::string, int64_t> counts;
  for (const CommandRow& command : view.commands) {
    const auto name = command.facts.find(field::kCommand);
    ++counts[name == command.facts.end() ? "unknown" : name->second];
  }
  std::vector<std::string> texts;
  for (const auto& [name, count] : counts) texts.push_back(counted(count, name.c_str()));
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string units_fact(const RunView& view) {
  std::string text = fmt::format("{}", view.units);
  if (view.units_planned) {
    text += fmt::format(" of {}{}", *view.units_planned, view.is_unfinished() ? " (unfinished)" : "");
  }
  if (view.units_failed > 0) text += fmt::format(", {} failed", view.units_failed);
  if (view.units_at_sinks > 0) {
    text += fmt::format(", {} at sink tokens", view.units_at_sinks);
  }
  return text;
}

void count_failures(const RunStore& store, RunView& view) {
  std::map<std::string, std::vector<std::string>> reasons;
  for (const FailedUnit& failed : store.failures()) {
    reasons[failed.reason].push_back(described(failed.key));
    ++view.units_failed;
  }
  for (auto& [reason, units] : reasons) view.failures.push_back({reason, std::move(units)});
}

}  // namespace

int64_t RunView::examples_skipped() const {
  size_t total = 0;
  for (const SkipGroup& group : skipped_examples) {
    total += group.examples.size();
  }
  return static_cast<int64_t>(total);
}

bool RunView::epsilon_is_fraction() const {
  return identity_field(identity, field::kPush) == "interpolation";
}

bool RunView::is_unfinished() const {
  if (!gaps.empty() || (shard.is_whole() && examples_waiting > 0)) return true;
  return units_planned ? units < *units_planned : examples_waiting > 0;
}

std::string text_of(const CountRange& range) {
  return range.least == range.most ? fmt::format("{}", range.most)
                                   : fmt::format("{} to {}", range.least, range.most);
}

int64_t width_of(const RunStore& store) { return width_in(store, store.meta()); }

RunView view_of(const RunStore& store) {
  RunView view;
  view.identity = store.identity();
  view.sessions = store.sessions();
  view.meta = store.meta();
  view.d_model = width_in(store, view.meta);
  view.shard = store.shard();
  view.units_of_run = count_in(view.meta, field::kUnitsPlanned);
  view.units_planned = view.shard.is_whole() ? view.units_of_run : count_in(view.meta, field::kShardUnits);
  read_units(store, view);
  count_failures(store, view);
  // Runs that were merged were planned one by one.
  if (view.units_planned) view.units_planned = std::max(*view.units_planned, view.units);
  return view;
}

std::vector<std::pair<std::string, std::string>> facts_of(const RunView& view) {
  const std::vector<std::pair<std::string, std::string>> all = {
      {"model", values_over_sessions(view, field::kModelName)},
      {"data", values_over_sessions(view, field::kDataName)},
      {"spans", spans_fact(view)},
      {"readout", identity_field(view.identity, field::kReadout)},
      {"hook", identity_field(view.identity, field::kHook)},
      {"head", identity_field(view.identity, field::kHead)},
      {"at", identity_field(view.identity, field::kAt)},
      {"push", identity_field(view.identity, field::kPush)},
      {"directions", directions_fact(view)},
      {"arrays", values_over_sessions(view, field::kDirectionArrays)},
      {"examples", examples_fact(view)},
      {"units", units_fact(view)},
      {"part", shard_text(view)},
      {"precision", precision_label(identity_field(view.identity, field::kPrecision))},
      {"temperature", identity_field(view.identity, field::kTemperature)},
      {"vocabulary", identity_field(view.identity, field::kVocabulary)},
      {"audit", audit_text(view)},
      {"disagreements", disagreements_text(view.audit_disagreements)},
      {"seed", identity_field(view.identity, field::kSeed)},
      {"configuration", view.identity.hash()},
      {"tugline", values_over_sessions(view, field::kVersion)}};
  std::vector<std::pair<std::string, std::string>> known;
  std::copy_if(all.begin(), all.end(), std::back_inserter(known),
               [](const auto& fact) { return !fact.second.empty(); });
  return known;
}

RunView view_with_commands(const RunStore& store) {
  RunView view = view_of(store);
  view.commands = commands_of(store);
  return view;
}

std::vector<std::pair<std::string, std::string>> provenance_of(const RunView& view) {
  std::vector<std::pair<std::string, std::string>> all = {
      {"commit", values_over_sessions(view, field::kCommit)},
      {"host", values_over_sessions(view, field::kHost)},
      {"machine", values_over_sessions(view, field::kMachine)},
      {"cpu level", values_over_sessions(view, field::kCpuLevel)},
      {"threads", values_over_sessions(view, field::kThreads)},
      {"libraries", libraries_fact(view)},
      {"files", digests_fact(view)},
      {"commands", commands_fact(view)}};
  std::erase_if(all, [](const auto& fact) { return fact.second.empty(); });
  return all;
}

std::string fact_of(const RunView& view, const std::string& name) {
  for (const auto& [known, value] : facts_of(view))
    if (known == name) return value;
  return "";
}

std::string shard_text(const RunView& view) {
  if (view.shard.is_whole()) return "";
  return described(view.shard) +
         (view.units_of_run ? fmt::format(" of a run of {} units", *view.units_of_run) : " of a run");
}

std::string audit_text(const RunView& view) {
  if (!view.audit_disagreements[kKl]) return "no push rerun in f64";
  std::string text = fmt::format("{} push{} rerun in f64, largest disagreement {:.1e}", view.audited,
                                 view.audited == 1 ? "" : "es", *view.audit_disagreements[kKl]);
  if (view.units_beyond_bound > 0)
    text += fmt::format(", {} BEYOND the bound of a measure", counted(view.units_beyond_bound, "unit"));
  return text;
}

std::string sentence_of(const FailureGroup& failures) {
  constexpr size_t kNamed = 3;
  const size_t named = std::min(failures.units.size(), kNamed);
  return fmt::format(
      "{} failed: {} ({}{})", counted(std::ssize(failures.units), "unit"), failures.reason,
      fmt::join(failures.units.begin(), failures.units.begin() + static_cast<ptrdiff_t>(named), "; "),
      named < failures.units.size() ? "; ..." : "");
}

std::string sentence_of(const NoteGroup& note) {
  return fmt::format("layer{} {}: {}", note.layers.size() == 1 ? "" : "s", fmt::join(note.layers, ", "),
                     note.note);
}

}  // namespace tugline
