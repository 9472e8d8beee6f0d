#include "tugline/api/verify.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "tugline/api/compared_numbers.h"
#include "tugline/api/engine.h"
#include "tugline/api/push_count.h"
#include "tugline/api/remeasure.h"
#include "tugline/api/session_facts.h"
#include "tugline/api/settings.h"
#include "tugline/api/unit_faults.h"
#include "tugline/core/error.h"
#include "tugline/core/philox.h"
#include "tugline/core/plural.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"

namespace tugline {
namespace {

constexpr size_t kMostFaults = 100;  // that a check keeps

void add_fault(VerifyCheck& check, std::string fault) {
  ++check.count;
  if (check.faults.size() < kMostFaults) check.faults.push_back(std::move(fault));
}

VerifyCheck check_of(const char* name, const std::string& right, const std::vector<std::string>& faults) {
  VerifyCheck check{.name = name, .result = right};
  for (const std::string& fault : faults) add_fault(check, fault);
  return check;
}

int64_t pushes_in(const std::vector<StoredPart>& parts) {
  int64_t pushes = 0;
  for (const StoredPart& part : parts) pushes += static_cast<int64_t>(part.grid.size());
  return pushes;
}

// The number of units against the plan. A run that is not finished is no fault.
VerifyCheck check_counts(const RunStore& run, const std::vector<StoredPart>& parts) {
  VerifyCheck check{.name = "counts"};
  std::set<UnitKey> units;
  for (const StoredPart& part : parts) units.insert(part.record.key);
  const Provenance meta = run.meta();
  const auto planned = count_in(meta, run.shard().is_whole() ? field::kUnitsPlanned : field::kShardUnits);
  const int64_t failed = std::ssize(run.failures());
  const int64_t done = std::ssize(units);
  check.result = fmt::format("{}{}, {}{}", planned ? fmt::format("{} of ", done) : "",
                             counted(planned ? *planned : done, "unit"), counted(pushes_in(parts), "push"),
                             failed > 0 ? fmt::format(", {} failed", failed) : "");
  if (planned && done < *planned) check.result += ": the run is not finished";
  std::set<int64_t> examples;
  for (const ExampleRecord& example : run.examples()) {
    examples.insert(example.example);
    const bool has_units = std::any_of(units.begin(), units.end(),
                                       [&](const UnitKey& key) { return key.example == example.example; });
    if (has_units && !example.skipped.empty())
      add_fault(check,
                fmt::format("example {} has units and is skipped: {}", example.example, example.skipped));
  }
  for (const UnitKey& key : units)
    if (!examples.contains(key.example)) add_fault(check, described(key) + ": its example is not there");
  return check;
}

VerifyCheck check_values(const RunStore& run, const std::vector<StoredPart>& parts, const Watch& watch) {
  VerifyCheck check{.name = "values"};
  const RunIdentity identity = run.identity();
  UnitExpectations expected{
      .readout = identity_field(identity, field::kReadout),
      .is_estimated = identity_field(identity, field::kVocabulary).starts_with("sampled")};
  for (const auto& [token, piece] : run.tokens()) expected.tokens.insert(token);
  PushCount progress(watch, pushes_in(parts));
  int64_t rows = 0;
  for (const StoredPart& part : parts) {
    try {
      const UnitMeasurement measured = run.measured(part);
      rows += std::ssize(measured.rows) * std::ssize(measured.responses);
      find_unit_faults(part, measured, expected,
                       [&](std::string fault) { add_fault(check, std::move(fault)); });
    } catch (const Error& e) {
      if (e.code() != ErrorCode::kInput) throw;
      add_fault(check, e.what());
    }
    if (!progress.add(static_cast<int64_t>(part.grid.size()), described(part.record.key)))
      throw Error(ErrorCode::kInterrupted, "interrupted");
  }
  check.result = fmt::format("{}, finite and in their ranges", counted(rows, "row"));
  return check;
}

// The names of the facts that differ; a fact that the store lacks differs.
std::vector<std::string> changed_execution(const Provenance& stored, const Provenance& now) {
  std::vector<std::string> changed;
  for (const char* name : kDecidesLastDigits) {
    const auto before = stored.find(name);
    const auto after = now.find(name);
    if (before == stored.end() || after == now.end() || before->second != after->second)
      changed.push_back(name);
  }
  return changed;
}

// Compares each part that is measured again with what the store has of it.
class SampleObserver final : public RepeatObserver {
 public:
  SampleObserver(const RunStore& run, const std::vector<StoredPart>& sample, std::string precision,
                 const Provenance& now, const Watch& watch, VerifyCheck& check)
      : run_(run),
        sample_(sample),
        numbers_(precision),
        precision_(std::move(precision)),
        sessions_(run.sessions_by_number()),
        now_(now),
        count_(watch, pushes_in(sample)),
        check_(check) {}

  bool has(const PartToRepeat&) override { return false; }
  void put_examples(const std::vector<ExampleRecord>&, const std::vector<SkippedSpan>&) override {}
  void put_unit(const UnitRecord& unit) override {
    const StoredPart& part = part_of(unit);
    const UnitMeasurement stored = run_.measured(part);
    ComparedNumbers own(precision_);
    own.add(stored, unit.measured);
    numbers_.add(stored, unit.measured);
    ++measured_;
    const std::vector<std::string> changed = changed_execution(sessions_[part.session], now_);
    for (const std::string& name : changed) changed_.insert(name);
    if (own.is_same()) return;
    if (changed.empty() || !own.is_within_bound())
      add_fault(check_,
                fmt::format("{}: {} of {} differ{}{}", described(unit.key), own.different_responses(),
                            counted(own.responses(), "response"),
                            own.is_within_bound() ? ", within the bound, and nothing that may change "
                                                    "last digits has changed: "
                                                  : " beyond the bound: ",
                            own.different_units() > 0 ? "its place or RMS too; " + own.differences_text()
                                                      : own.differences_text()));
  }
  bool put_failure(const FailedUnit& failed) override {
    add_fault(check_, fmt::format("{}: cannot be measured again: {}", described(failed.key), failed.reason));
    return true;
  }
  bool progress(int64_t pushes) override { return count_.add(pushes); }

  [[nodiscard]] const std::set<std::string>& changed() const { return changed_; }
  [[nodiscard]] const ComparedNumbers& numbers() const { return numbers_; }
  [[nodiscard]] int64_t measured() const { return measured_; }

 private:
  [[nodiscard]] const StoredPart& part_of(const UnitRecord& unit) const {
    const std::optional<PushGrid> grid = grid_of(unit.measured.responses);
    const auto found = std::find_if(sample_.begin(), sample_.end(), [&](const StoredPart& part) {
      return part.record.key == unit.key && grid && part.grid == *grid;
    });
    if (found == sample_.end())
      fail(ErrorCode::kConflict,
           "{}: has other pushes of {} than its sweep would make; the run's settings "
           "cannot be repeated",
           run_.path().string(), described(unit.key));
    return *found;
  }

  const RunStore& run_;
  const std::vector<StoredPart>& sample_;
  ComparedNumbers numbers_;
  std::string precision_;
  std::map<int64_t, Provenance> sessions_;
  const Provenance& now_;
  PushCount count_;
  VerifyCheck& check_;
  std::set<std::string> changed_;
  int64_t measured_ = 0;
};

// Parts with pushes of their own, in a random order that the seed decides.
std::vector<StoredPart> chosen_parts(const RunStore& run, const VerifySettings& settings) {
  std::vector<StoredPart> parts = run.stored_parts();
  std::erase_if(parts, [](const StoredPart& part) { return part.audit_of.has_value(); });
  const auto count = std::min(static_cast<size_t>(settings.sample), parts.size());
  std::vector<double> uniforms(count);
  fill_uniforms({.key = settings.seed, .stream = 0}, uniforms);
  for (size_t i = 0; i < count; ++i) {  // the first steps of a Fisher-Yates shuffle
    const auto left = static_cast<double>(parts.size() - i);
    std::swap(parts[i], parts[i + static_cast<size_t>(uniforms[i] * left)]);
  }
  parts.resize(count);
  return parts;
}

std::string sample_result(const SampleObserver& observer, const std::vector<StoredPart>& sample) {
  const ComparedNumbers& numbers = observer.numbers();
  std::string text = fmt::format("{} of {} measured again: ", observer.measured(),
                                 counted(std::ssize(sample), "chosen unit"));
  if (numbers.is_same()) {
    text += fmt::format("{} equal to the bit", counted(numbers.responses(), "response"));
  } else {
    text += fmt::format("{} of {} differ, at most by {}", numbers.different_responses(),
                        counted(numbers.responses(), "response"), numbers.differences_text());
    text += numbers.is_within_bound() ? "; within the bound" : "; beyond the bound";
  }
  if (!observer.changed().empty())
    text += fmt::format(" (compared within a bound, because these are other than in the run: {})",
                        fmt::join(observer.changed(), ", "));
  return text;
}

}  // namespace

int64_t Verification::faults() const {
  int64_t count = 0;
  for (const VerifyCheck& check : checks) count += check.count;
  return count;
}

Verification verify_store(const RunStore& run, const Watch& watch) {
  const RunStore::Faults faults =
      run.faults([&](int64_t, int64_t) { return !watch.keep_going || watch.keep_going(); });
  const std::vector<StoredPart> parts = run.stored_parts();
  Verification verification;
  verification.checks = {
      check_of("structure", "SQLite's integrity check passed", faults.structure),
      check_of("references", "every row belongs to one that is there", faults.orphans),
      check_of("checksums",
               fmt::format("{} and every table are what was written", counted(std::ssize(parts), "part")),
               faults.checksums),
      check_counts(run, parts), check_values(run, parts, watch)};
  return verification;
}

void verify_sample(const RunStore& run, const VerifySettings& settings, const LanguageModel& model,
                   const DataSource& data, const Watch& watch, Verification& verification) {
  if (settings.sample < 1) refuse("sample", "{} is not 1 or more", settings.sample);
  SweepJob job{.data = data};
  plan_again(job, run, model, watch);
  job.path = run.path().string();
  read_digests(job, watch);
  (void)existing_store(job, watch);  // settings, files, examples and places are the run's
  const std::vector<StoredPart> sample = chosen_parts(run, settings);
  std::vector<PartToRepeat> parts;
  for (const StoredPart& part : sample) parts.push_back({.key = part.record.key, .grid = part.grid});
  EngineCall call(*model.engine(), watch);
  run.check_identity(
      sweep_identity(call.model(), job.options, job.whole, direction_source(job.options.pushes)));
  const Provenance now = provenance(job, {});
  VerifyCheck check{.name = "sample"};
  SampleObserver observer(run, sample, identity_field(run.identity(), field::kPrecision), now, watch, check);
  repeat_parts(job, parts, {call.model()}, RepeatAudits::kNo, observer);
  if (observer.measured() < std::ssize(sample) && check.count == 0)
    add_fault(check,
              fmt::format("{} of {} are not in the dataset's plan", std::ssize(sample) - observer.measured(),
                          counted(std::ssize(sample), "chosen unit")));
  check.result = sample_result(observer, sample);
  verification.checks.push_back(std::move(check));
}

ResultTable verify_table(const Verification& verification) {
  ResultTable table{.name = "checks", .columns = {"check", "faults", "result"}};
  for (const VerifyCheck& check : verification.checks)
    table.rows.push_back({check.name, check.count, check.result});
  return table;
}

std::string verify_text(const Verification& verification, const std::string& path) {
  std::string text;
  for (const VerifyCheck& check : verification.checks) {
    const bool shows_result = check.count == 0 || check.name == "sample" || check.name == "counts";
    text += fmt::format("{:<12}{}\n", check.name,
                        shows_result ? (check.count == 0 ? "" : "WRONG: ") + check.result
                                     : "WRONG: " + counted(check.count, "fault"));
    for (const std::string& fault : check.faults) text += fmt::format("            {}\n", fault);
    if (const int64_t more = check.count - std::ssize(check.faults); more > 0)
      text += fmt::format("            and {} more\n", more);
  }
  const int64_t faults = verification.faults();
  return text + (faults == 0 ? fmt::format("{} is right\n", path)
                             : fmt::format("{}: {}\n", path, counted(faults, "fault")));
}

std::string verify_json(const Verification& verification, const std::string& path) {
  nlohmann::ordered_json json = {
      {"store", path}, {"faults", verification.faults()}, {"checks", nlohmann::ordered_json::array()}};
  for (const VerifyCheck& check : verification.checks)
    json["checks"].push_back({{"check", check.name},
                              {"faults", check.count},
                              {"result", check.result},
                              {"first_faults", check.faults}});
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tugline
