#include "tugline/api/rerun.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tugline/api/engine.h"
#include "tugline/api/interruption.h"
#include "tugline/api/push_count.h"
#include "tugline/api/remeasure.h"
#include "tugline/api/session_facts.h"
#include "tugline/api/settings.h"
#include "tugline/api/warn.h"
#include "tugline/core/error.h"
#include "tugline/core/file_status.h"
#include "tugline/core/plural.h"
#include "tugline/report/cell_json.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"

namespace tugline {
namespace {

bool is_there(const RunStore& store, const PartToRepeat& part) {
  const UnitParts there = store.parts(part.key);
  return std::any_of(there.begin(), there.end(),
                     [&](const MeasuredPart& known) { return known.grid == part.grid; });
}

int64_t pushes_left(const RunStore& store, const std::vector<PartToRepeat>& parts) {
  int64_t pushes = 0;
  for (const PartToRepeat& part : parts)
    if (!is_there(store, part)) pushes += static_cast<int64_t>(part.grid.size());
  return pushes;
}

// Keeps what is measured again in the new store.
class RerunObserver final : public RepeatObserver {
 public:
  RerunObserver(RunStore& store, const SweepJob& job, const std::vector<PartToRepeat>& parts,
                const Watch& watch)
      : store_(store), job_(job), watch_(watch), count_(watch, pushes_left(store, parts)) {}

  bool has(const PartToRepeat& part) override { return is_there(store_, part); }
  void put_examples(const std::vector<ExampleRecord>& examples,
                    const std::vector<SkippedSpan>& skipped) override {
    store_.put_examples(examples, skipped);
  }
  void put_unit(const UnitRecord& unit) override { store_.put_unit(unit, pieces_of(job_, unit.measured)); }
  bool put_failure(const FailedUnit& failed) override {
    store_.put_failure(failed);
    warn(watch_, fmt::format("{} failed and is left out: {}", described(failed.key), failed.reason));
    return true;
  }
  bool progress(int64_t pushes) override { return count_.add(pushes); }

 private:
  RunStore& store_;
  const SweepJob& job_;
  const Watch& watch_;
  PushCount count_;
};

void compare_fields(const std::map<std::string, std::string>& stored,
                    const std::map<std::string, std::string>& again,
                    std::vector<SettingDifference>& differences) {
  std::set<std::string> names;
  for (const auto& [name, value] : stored) names.insert(name);
  for (const auto& [name, value] : again) names.insert(name);
  for (const std::string& name : names) {
    const auto value_in = [&](const std::map<std::string, std::string>& fields) {
      const auto found = fields.find(name);
      return found == fields.end() ? std::string() : found->second;
    };
    if (value_in(stored) != value_in(again)) differences.push_back({name, value_in(stored), value_in(again)});
  }
}

// What decides numbers, or may.
bool is_of_files(const std::string& name) {
  return name.starts_with(field::kWeightsDigest) || name.starts_with(field::kTokenizerDigest) ||
         name.starts_with(field::kConfigurationDigest) || name == "dataset" || name == "model_commit";
}

// Where everything was.
bool is_of_place(const std::string& name) {
  static const std::set<std::string> names = {field::kHost, field::kSqliteVersion, "model_path", "data_path"};
  return names.contains(name);
}

// What may change last digits, and where everything was. Times and command lines always differ.
bool is_of_execution(const std::string& name) {
  return std::ranges::find(kDecidesLastDigits, name) != std::end(kDecidesLastDigits) ||
         name == field::kMachine || name == field::kOpenMpVersion || is_of_place(name);
}

Provenance facts_if(const Provenance& facts, bool (*wanted)(const std::string&)) {
  Provenance found;
  for (const auto& [name, value] : facts)
    if (wanted(name)) found[name] = value;
  return found;
}

// The example's content and token ids, by "example 3, content_hash".
std::map<std::string, std::string> example_fields(const RunStore& run) {
  std::map<std::string, std::string> fields;
  for (const ExampleRecord& example : run.examples()) {
    fields[fmt::format("example {}, content_hash", example.example)] = example.content_hash;
    fields[fmt::format("example {}, token_ids", example.example)] = example.token_ids;
  }
  return fields;
}

UnitMeasurement whole_unit(const RunStore& run, const UnitRecord& unit) {
  UnitMeasurement measured = unit.measured;
  measured.responses = run.responses(unit.key);
  return measured;
}

ResultTable numbers_table(const RunComparison& comparison) {
  const ComparedNumbers& numbers = comparison.numbers;
  return {.name = "numbers",
          .columns = {"units", "responses", "different_responses", "beyond_bound", "different_units",
                      "missing", "same_bits", "within_bound"},
          .rows = {{numbers.units(), numbers.responses(), numbers.different_responses(),
                    numbers.responses_beyond_bound(), numbers.different_units(),
                    std::ssize(comparison.missing) + comparison.extra + numbers.missing_responses(),
                    int64_t{comparison.is_same() ? 1 : 0}, int64_t{comparison.is_within_bound() ? 1 : 0}}}};
}

std::string shown(const std::string& value) { return value.empty() ? "nothing" : value; }

}  // namespace

RerunInputs rerun_inputs(const RunStore& run) {
  const Provenance meta = run.meta();
  const auto fact = [&](const char* name) {
    const auto found = meta.find(name);
    return found == meta.end() ? std::string() : found->second;
  };
  const auto path = [&](const char* name) {
    const std::filesystem::path given = fact(name);
    const std::filesystem::path there = std::filesystem::path(fact("folder")) / given;
    return !is_there(given) && is_there(there) ? there.string() : given.string();
  };
  std::vector<std::string> fields;
  std::istringstream text(fact("data_fields"));
  for (std::string field; std::getline(text, field, ',');) fields.push_back(field);
  RerunInputs inputs{
      .model = path("model_path"),
      .data = path("data_path"),
      .fields = std::move(fields),
      .precision = identity_field(run.identity(), field::kPrecision),
      .threads = static_cast<int>(std::clamp<int64_t>(count_in(meta, field::kThreads).value_or(0), 0, 4096))};
  if (inputs.precision.empty())
    fail(ErrorCode::kInput, "{}: the identity has no precision", run.path().string());
  return inputs;
}

void rerun(const RunStore& run, const LanguageModel& model, const DataSource& data,
           const std::filesystem::path& path, const Provenance& facts, const Watch& watch) {
  std::error_code error;
  if (std::filesystem::equivalent(run.path(), path, error))
    refuse("output", "{} is the run that is repeated; give another file", path.string());
  RunStore::check_path(path);
  SweepJob job{.data = data, .path = path.string(), .facts = facts};
  plan_again(job, run, model, watch);
  read_digests(job, watch);
  const Provenance meta = run.meta();
  job.facts[field::kCommand] = "rerun";
  job.facts["rerun_of"] = fmt::format("{} ({})", run.path().string(), run.identity().hash());
  if (const auto asked = meta.find(field::kEpsilonsRequested); asked != meta.end())
    job.facts[field::kEpsilonsRequested] = asked->second;
  const std::vector<PartToRepeat> parts = parts_to_repeat(run);
  std::set<UnitKey> units;
  for (const PartToRepeat& part : parts) units.insert(part.key);
  job.facts[field::kUnitsPlanned] = std::to_string(units.size());
  const bool has_audits =
      std::any_of(parts.begin(), parts.end(), [](const PartToRepeat& part) { return part.audited > 0; });
  EngineCall call(*model.engine(), watch);
  const SweepModels models{call.model(), has_audits ? &call.exact_model() : nullptr};
  say_what_is_kept(kept_units(path.string()), [&] {
    RunStore store = RunStore::create_or_resume(
        path, sweep_identity(models.model, job.options, job.whole, direction_source(job.options.pushes)),
        provenance(job, {}));
    RerunObserver observer(store, job, parts, watch);
    repeat_parts(job, parts, models, RepeatAudits::kYes, observer);
  });
}

RunComparison compare_runs(const RunStore& run, const RunStore& again, const Watch& watch) {
  RunComparison comparison{.numbers = ComparedNumbers(identity_field(run.identity(), field::kPrecision))};
  compare_fields(run.identity().fields, again.identity().fields, comparison.settings);
  compare_fields(facts_if(run.meta(), is_of_files), facts_if(again.meta(), is_of_files), comparison.settings);
  compare_fields(example_fields(run), example_fields(again), comparison.settings);
  compare_fields(facts_if(run.meta(), is_of_execution), facts_if(again.meta(), is_of_execution),
                 comparison.facts);
  std::map<UnitKey, UnitRecord> others;
  for (UnitRecord& unit : again.units()) others.emplace(unit.key, std::move(unit));
  for (const UnitRecord& unit : run.units()) {
    if (watch.keep_going && !watch.keep_going()) throw Error(ErrorCode::kInterrupted, "interrupted");
    const auto other = others.find(unit.key);
    if (other == others.end()) {
      comparison.missing.push_back(described(unit.key));
      continue;
    }
    comparison.numbers.add(whole_unit(run, unit), whole_unit(again, other->second));
    others.erase(other);
  }
  comparison.extra = std::ssize(others);
  comparison.failed = std::ssize(again.failures());
  return comparison;
}

std::vector<ResultTable> comparison_tables(const RunComparison& comparison) {
  ResultTable settings{.name = "differences", .columns = {"name", "stored", "again", "decides"}};
  for (const SettingDifference& difference : comparison.settings)
    settings.rows.push_back({difference.name, difference.stored, difference.again, std::string("numbers")});
  for (const SettingDifference& difference : comparison.facts)
    settings.rows.push_back({difference.name, difference.stored, difference.again,
                             std::string(is_of_place(difference.name) ? "nothing" : "last digits")});
  ResultTable measures{.name = "measures", .columns = {"measure", "largest", "responses", "beyond_bound"}};
  for (size_t m = 0; m < kMeasures.size(); ++m) {
    const ComparedNumbers::OfMeasure& found = comparison.numbers.measures()[m];
    measures.rows.push_back({std::string(kMeasures[m].name), found.largest, found.responses, found.beyond});
  }
  return {std::move(settings), std::move(measures), numbers_table(comparison)};
}

std::string comparison_text(const RunComparison& comparison) {
  std::string text;
  const auto add = [&](const char* what, const std::vector<SettingDifference>& differences) {
    for (const SettingDifference& difference : differences)
      text += fmt::format("{:<12}{}: {} in the run, {} now\n", what, difference.name,
                          shown(difference.stored), shown(difference.again));
  };
  add("setting", comparison.settings);
  add("execution", comparison.facts);
  for (const std::string& unit : comparison.missing) text += fmt::format("missing     {}\n", unit);
  if (comparison.extra > 0) text += fmt::format("more        {}\n", counted(comparison.extra, "unit"));
  if (comparison.failed > 0) text += fmt::format("failed      {}\n", counted(comparison.failed, "unit"));
  const ComparedNumbers& numbers = comparison.numbers;
  text += fmt::format("numbers     {}, {}: ", counted(numbers.units(), "unit"),
                      counted(numbers.responses(), "response"));
  if (comparison.is_same()) return text + "equal to the bit\n";
  text += fmt::format("{} differ", numbers.different_responses());
  if (const std::string differences = numbers.differences_text(); !differences.empty())
    text += ", at most by " + differences;
  return text + (comparison.is_within_bound() ? "; within the bound\n" : "; NOT the same run's numbers\n");
}

std::string comparison_json(const RunComparison& comparison) {
  nlohmann::ordered_json json;
  for (const ResultTable& table : comparison_tables(comparison)) {
    auto rows = nlohmann::ordered_json::array();
    for (const std::vector<Cell>& row : table.rows) {
      nlohmann::ordered_json object;
      for (size_t i = 0; i < row.size(); ++i) object[table.columns[i]] = json_of(row[i]);
      rows.push_back(std::move(object));
    }
    json[table.name] = table.name == "numbers" ? std::move(rows.front()) : std::move(rows);
  }
  json["numbers"]["same_bits"] = comparison.is_same();
  json["numbers"]["within_bound"] = comparison.is_within_bound();
  json["missing"] = comparison.missing;
  json["failed"] = comparison.failed;
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tugline
