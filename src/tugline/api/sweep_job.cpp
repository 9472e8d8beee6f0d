#include "tugline/api/sweep_job.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>

#include "tugline/api/progress_count.h"
#include "tugline/api/session_facts.h"
#include "tugline/api/settings.h"
#include "tugline/api/warn.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/files/mapped_file.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/shard.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

// A large dataset's reasons are in the store and are not all said.
constexpr size_t kMostReasons = 100;

// Keeps a sweep's results in the run store, and tells the caller how far it is.
class StoreObserver final : public SweepObserver {
 public:
  StoreObserver(RunStore& store, std::string precision, const SweepJob& job, const Watch& watch)
      : store_(store),
        precision_(std::move(precision)),
        job_(job),
        watch_(watch),
        count_(job.config, job.plan, job.options, watch.progress,
               [&store](const UnitKey& key) { return store.parts(key); }) {
    store.wait_for_others([this](double seconds) { return wait(seconds); });
  }

  UnitParts parts(const UnitKey& key) override { return store_.parts(key); }
  UnitMeasurement measured(const UnitKey& key, size_t part) override { return store_.measured(key, part); }
  void put_examples(const std::vector<ExampleRecord>& examples,
                    const std::vector<SkippedSpan>& skipped) override {
    store_.put_examples(examples, skipped);
  }
  void put_unit(const UnitRecord& unit) override {
    store_.put_unit(unit, pieces_of(job_, unit.measured));
    const std::string name = name_of(unit.key);
    count_.finish_unit(name);
    warn_of_audit(unit, precision_, name, watch_);
  }
  void put_audit(const UnitKey& key, size_t part, const AuditResult& audit) override {
    store_.put_audit(key, part, audit);
    const std::string name = name_of(key);
    count_.finish_unit(name);
    UnitRecord audited{};
    audited.key = key;
    audited.measured = store_.measured(key, part);
    audited.audit = audit;
    warn_of_audit(audited, precision_, name, watch_);
  }
  bool put_failure(const FailedUnit& failed) override {
    if (!job_.keep_going) return false;
    store_.put_failure(failed);
    warn(watch_, fmt::format("{} failed and is left out: {}", name_of(failed.key), failed.reason));
    return true;
  }
  void put_residuals(LayerIndex layer, const ResidualStatistics& residuals) override {
    if (!residuals.not_finite.empty()) return;  // each unit of the layer says so
    if (watch_.inform)
      watch_.inform(fmt::format("layer {}: {} real residuals for the directions; {} tokens left out as sinks",
                                layer.value, residuals.tokens, residuals.sinks));
  }
  bool progress(int64_t pushes, double flops) override {
    count_.add(pushes, flops);
    return goes_on();
  }

 private:
  static std::string name_of(const UnitKey& key) {
    return fmt::format("example {}, {}, layer {}", key.example, span_text(key.span_kind, key.chunk),
                       key.layer);
  }
  [[nodiscard]] bool goes_on() const { return !watch_.keep_going || watch_.keep_going(); }

  // While a reader keeps the store locked: says so after some seconds, and then once a minute.
  bool wait(double seconds) {
    if (seconds < 5) next_word_ = 5;  // another wait
    if (seconds >= next_word_) {
      warn(watch_,
           fmt::format("{}: another program has had a query on it open for {:.0f} s; the sweep waits until "
                       "that reads its rows to the end or closes the query",
                       store_.path().string(), seconds));
      next_word_ = seconds + 60;
    }
    return goes_on();
  }

  RunStore& store_;
  std::string precision_;
  const SweepJob& job_;
  const Watch& watch_;
  ProgressCount count_;
  double next_word_ = 5;  // seconds of waiting
};

// "cot=reasoning,metric=field": the options --field.
std::string fields_text(const DataSource& data) {
  std::vector<std::string> fields;
  for (const auto& [name, field] : data.fields) fields.push_back(name + "=" + field);
  return fmt::format("{}", fmt::join(fields, ","));
}

// What the command asked for of what is no part of the run's identity: which numbers there are.
Provenance asked_for(const SweepJob& job) {
  const SweepOptions& options = job.options;
  std::vector<int32_t> layers;
  for (const LayerIndex layer : options.layers) layers.push_back(layer.value);
  std::vector<std::string> kinds;
  for (const Span::Kind kind : options.spans) kinds.push_back(kind_name(kind));
  return {{"asked_layers", text_of(layers)},
          {"asked_epsilons", text_of(options.pushes.epsilons)},
          {"asked_directions", std::to_string(options.pushes.directions)},
          {"asked_null_directions", std::to_string(options.pushes.null_directions)},
          {"asked_spans", fmt::format("{}", fmt::join(kinds, ","))},
          {"asked_examples", options.max_examples ? std::to_string(*options.max_examples) : "all"},
          {"asked_audit", std::to_string(options.audit)},
          {"asked_shard", fmt::format("{}/{}", job.shard.number, job.shard.count)}};
}

// The units of the plan and those that the store has besides.
int64_t units_after(const SweepJob& job, const SweepPlan& plan, const std::vector<UnitKey>& stored) {
  std::set<UnitKey> units = unit_keys(job, plan);
  units.insert(stored.begin(), stored.end());
  return std::ssize(units);
}

// A span that the store has, in other tokens: the dataset cuts other chunks, or has other anchors.
void check_places(const RunStore& store, const PlannedExample& planned,
                  const std::map<UnitKey, TokenRange>& places) {
  for (const Span& span : planned.spans) {
    const auto found = places.find(unit_key(planned, span, {0}));
    if (found == places.end() || found->second == span.tokens) continue;
    fail(ErrorCode::kConflict,
         "{}: example {}, {} is tokens [{}, {}) in the store and [{}, {}) in this run: the two have other "
         "chunks or anchors; give the dataset that the run was swept over, or another file",
         store.path().string(), planned.example->index,
         span_text(kind_name(span.kind, span.offset), span.chunk), found->second.begin, found->second.end,
         span.tokens.begin, span.tokens.end);
  }
}

// Examples are compared by content: their ids and the places of their spans, not the file that they are in.
void check_examples(const RunStore& store, const SweepPlan& plan) {
  const std::map<UnitKey, TokenRange> places = store.span_places();
  for (const PlannedExample& planned : plan.examples)
    if (store.has_example(record_of(planned))) check_places(store, planned, places);
}

// Why a curve of this run is flat.
void warn_of_unreachable(const SweepJob& job, const Watch& watch) {
  const SweepOptions& options = job.options;
  const Site highest{options.layers.back(), options.point};
  const bool is_on_span = options.at != PushAt::kBefore;
  const bool reads_pushed_rows = options.readout.kind == ReadoutKind::kPredicting ||
                                 (is_on_span && options.readout.kind == ReadoutKind::kFollowing);
  if (reads_pushed_rows || attention_layers_above(job.config, highest) > 0) return;
  warn(
      watch,
      fmt::format(
          "layer {} is the last: a push after its attention block cannot reach the rows of the readout "
          "'{}', so its KL is exactly 0 at every epsilon. The readout '{}' reads the row that "
          "it does reach",
          job.config.num_layers - 1, readout_name(options.readout), is_on_span ? "following" : "predicting"));
}

// Another program may have emptied, cut or replaced the file while the sweep wrote it: nothing is done unless
// it is there.
void check_written(const SweepJob& job, const RunIdentity& identity) {
  const RunStore store = RunStore::open_read_only(job.path);
  store.check_identity(identity);
  std::set<UnitKey> failed;
  for (const FailedUnit& unit : store.failures()) failed.insert(unit.key);
  const MeasuredPart whole{.grid = whole_grid(job.options.pushes), .audited = job.options.audit};
  const SweepCost left = cost_of(job.config, job.plan, job.options, [&](const UnitKey& key) {
    return failed.contains(key) ? UnitParts{whole} : store.parts(key);
  });
  if (left.units_left > 0)
    fail(ErrorCode::kIo,
         "{}: holds {} of the sweep's {} units: another program changed the file while the sweep wrote it; "
         "run the same sweep again",
         job.path, left.units - left.units_left, left.units);
}

}  // namespace

Dataset load_data(const DataSource& data, const Watch& watch) {
  Dataset dataset =
      data.text ? parse_dataset(*data.text, data.path, data.fields) : load_dataset(data.path, data.fields);
  for (const std::string& warning : dataset.warnings) warn(watch, warning);
  return dataset;
}

std::string name_of(const DataSource& data) {
  return data.text ? data.path : std::filesystem::path(data.path).filename().string();
}

uint64_t hash_of(const DataSource& data) {
  const uint64_t bytes = data.text ? hash_bytes(std::as_bytes(std::span(*data.text)))
                                   : hash_bytes(MappedFile::open(data.path).bytes());
  if (data.fields.empty()) return bytes;
  ContentHash hash;
  hash.add_number(bytes);
  for (const auto& [name, field] : data.fields) {
    hash.add_text(name);
    hash.add_text(field);
  }
  return hash.value();
}

void warn_of_two_bos(const Tokenizer& tokenizer, const SweepPlan& plan, const Watch& watch) {
  const auto count = std::count_if(
      plan.examples.begin(), plan.examples.end(),
      [&](const PlannedExample& planned) { return tokenizer.begins_with_two_bos(planned.ids); });
  warn_of_two_bos(tokenizer, count, std::ssize(plan.examples), watch);
}

void read_data(SweepJob& job, const Watch& watch) {
  if (!job.path.empty()) RunStore::check_path(job.path);
  job.dataset = load_data(job.data, watch);
}

void make_plan(SweepJob& job, const Tokenizer& tokenizer, const Watch& watch) {
  job.whole = plan_sweep(job.dataset.examples, tokenizer, job.options);
  warn_of_two_bos(tokenizer, job.whole, watch);
  check_plan(job.config, job.whole, job.options);
  job.plan = job.shard.is_whole() ? job.whole : plan_of_shard(job.config, job.whole, job.options, job.shard);
}

std::set<UnitKey> unit_keys(const SweepJob& job, const SweepPlan& of) {
  std::set<UnitKey> keys;
  for (const PlannedExample& planned : of.examples)
    for (const Span& span : planned.spans)
      for (const LayerIndex layer : job.options.layers) keys.insert(unit_key(planned, span, layer));
  return keys;
}

std::string span_text(const std::string& kind, int64_t chunk) {
  const bool is_one_of_several = kind == "chunk" || kind == "control_matched" || kind == "control_window";
  return is_one_of_several && chunk >= 0 ? fmt::format("{} {}", kind, chunk) : kind;
}

std::vector<std::string> skip_reasons(const SweepPlan& plan) {
  std::vector<std::string> reasons;
  for (const PlannedExample& planned : plan.examples) {
    if (!planned.skipped.empty()) {
      reasons.push_back(fmt::format("example {} is skipped: {}", planned.example->index, planned.skipped));
      continue;
    }
    for (const SkippedSpan& span : planned.skipped_spans)
      reasons.push_back(fmt::format("example {}, {} is skipped: {}", span.example,
                                    span_text(span.span_kind, span.chunk), span.reason));
  }
  return reasons;
}

void warn_of_skips(const SweepPlan& plan, const Watch& watch) {
  const std::vector<std::string> reasons = skip_reasons(plan);
  for (size_t i = 0; i < std::min(reasons.size(), kMostReasons); ++i) warn(watch, reasons[i]);
  if (reasons.size() > kMostReasons)
    warn(watch, fmt::format("{} more are skipped; `tugline inspect` shows all reasons",
                            reasons.size() - kMostReasons));
}

void refuse_empty(const SweepJob& job, const Watch& watch) {
  if (job.whole.spans() > 0) return;
  warn_of_skips(job.whole, watch);
  expect_something_to_measure(job.whole);
}

void warn_of_plan(const SweepJob& job, const Watch& watch) {
  warn_of_skips(job.plan, watch);
  if (job.plan.spans() == 0 && job.whole.spans() > 0)
    warn(watch, fmt::format("{} has nothing to measure: the run has only {}", described(job.shard),
                            counted(job.whole.spans(), "span")));
  warn_of_unreachable(job, watch);
}

void read_digests(SweepJob& job, const Watch& watch) { job.digests = digests_of(job.source, watch); }

std::optional<RunStore> existing_store(const SweepJob& job, const Watch& watch) {
  if (job.path.empty() || !RunStore::is_there(job.path)) return std::nullopt;
  RunStore store = RunStore::open_read_only(job.path);
  const RunIdentity stored = store.identity();
  RunIdentity wanted = sweep_settings(job.options, job.whole, direction_source(job.options.pushes));
  wanted.fields[field::kModelConfig] = hex(hash_of(job.config));
  for (const char* name : {field::kBackend, field::kModelWeights, field::kPrecision})
    if (stored.fields.contains(name)) wanted.fields[name] = stored.fields.at(name);
  store.check_identity(wanted);
  check_examples(store, job.whole);
  if (!job.digests.empty()) check_digests(store, job.digests, watch);
  warn_of_versions(store, watch);
  return store;
}

Provenance provenance(const SweepJob& job, const std::vector<UnitKey>& stored) {
  Provenance facts{{field::kCommand, "sweep"},
                   {field::kModelName, job.config.name},
                   {field::kDataName, name_of(job.data)},
                   {field::kDModel, std::to_string(job.config.hidden_size)},
                   {field::kUnitsPlanned, std::to_string(units_after(job, job.whole, stored))},
                   {"num_layers", std::to_string(job.config.num_layers)},
                   {"data_path", job.data.path},
                   {"data_fields", fields_text(job.data)},
                   {"folder", std::filesystem::current_path().string()},
                   {"dataset", hex(hash_of(job.data))}};
  facts.merge(session_facts());
  facts.merge(asked_for(job));
  facts.merge(digest_facts(job.digests));
  facts.merge(execution_settings(job.options));
  if (const int64_t width = width_at(job.options.point, job.config); width != job.config.hidden_size)
    facts[field::kSiteWidth] = std::to_string(width);
  if (const auto& supplied = job.options.pushes.supplied; !supplied.names.empty())
    facts[field::kDirectionArrays] = array_names(supplied);
  if (!job.source.commit.empty()) facts["model_commit"] = job.source.commit;
  if (!job.shard.is_whole()) facts[field::kShardUnits] = std::to_string(units_after(job, job.plan, stored));
  for (const auto& [name, value] : job.facts) facts[name] = value;
  return facts;
}

std::map<int32_t, std::string> pieces_of(const SweepJob& job, const UnitMeasurement& measured) {
  std::map<int32_t, std::string> pieces;
  std::set<int32_t> tokens = moved_tokens_of(measured.responses);
  tokens.insert(measured.row_tokens.begin(), measured.row_tokens.end());
  tokens.erase(-1);  // the row after which there is no token
  for (const int32_t token : tokens) pieces[token] = job.piece_of(token);
  return pieces;
}

void measure(const SweepJob& job, const SweepModels& models, const Watch& watch) {
  for (const std::string& sentence :
       contradictions_of(job.options.pushes, {.model = job.config,
                                             .weights = hex(models.model.fingerprint()),
                                             .point = job.options.point,
                                             .layers = job.options.layers}))
    warn(watch, sentence);
  const RunIdentity identity =
      sweep_identity(models.model, job.options, job.whole, direction_source(job.options.pushes));
  {
    std::vector<UnitKey> stored;
    if (RunStore::is_there(job.path)) stored = RunStore::open_read_only(job.path).unit_keys();
    RunStore store = RunStore::create_or_resume(job.path, identity, provenance(job, stored), job.shard);
    check_examples(store, job.whole);
    StoreObserver observer(store, identity.fields.at(field::kPrecision), job, watch);
    run_sweep(models.model, job.plan, job.options, observer, models.exact);
  }
  check_written(job, identity);
}

}  // namespace tugline
