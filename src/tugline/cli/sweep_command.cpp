#include "tugline/cli/sweep_command.h"

#include <fmt/chrono.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <set>

#include "tugline/backend/machine.h"
#include "tugline/backend/product_speed.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/number_lists.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/plan_report.h"
#include "tugline/cli/progress.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/sweep_arguments.h"
#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/plural.h"
#include "tugline/core/version.h"
#include "tugline/probe/audit.h"
#include "tugline/probe/reach.h"
#include "tugline/probe/shard.h"
#include "tugline/store/field_names.h"
#include "tugline/store/run_store.h"

namespace tugline {
namespace {

std::string span_text(const std::string& kind, int64_t chunk) {
  const bool is_one_of_several = kind == "chunk" || kind == "control_matched" || kind == "control_window";
  return is_one_of_several && chunk >= 0 ? fmt::format("{} {}", kind, chunk) : kind;
}

// Keeps a sweep's results in the run store and shows its progress.
class StoreObserver final : public SweepObserver {
 public:
  StoreObserver(RunStore& store, std::string precision) : store_(store), precision_(std::move(precision)) {
    store.wait_for_others([this](double seconds) { return wait(seconds); });
  }

  void show_progress(const SweepCost& cost) { progress_.emplace(cost.pushes, cost.push_work.total()); }
  void end_progress() { progress_.reset(); }

  bool has_unit(const UnitKey& key) override { return store_.has_unit(key); }
  void put_examples(const std::vector<ExampleRecord>& examples,
                    const std::vector<SkippedSpan>& skipped) override {
    store_.put_examples(examples, skipped);
  }
  void put_unit(const UnitRecord& unit) override {
    store_.put_unit(unit);
    const std::string name = fmt::format("example {}, {}, layer {}", unit.key.example,
                                         span_text(unit.key.span_kind, unit.key.chunk), unit.key.layer);
    progress_->describe(name + " done");
    warn_of_audit(unit, name);
  }
  void put_residuals(LayerIndex layer, const ResidualStatistics& residuals) override {
    spdlog::info("layer {}: {} real residuals for the directions; {} tokens left out as sinks", layer.value,
                 residuals.tokens, residuals.sinks);
  }
  bool progress(int64_t pushes, double flops) override {
    progress_->add(pushes, flops);
    return !interrupted();
  }

 private:
  // While a reader keeps the store locked: says so after some seconds, and then once a minute.
  bool wait(double seconds) {
    if (seconds < 5) next_word_ = 5;  // another wait
    if (seconds >= next_word_) {
      spdlog::warn(
          "{}: another program has had a query on it open for {:.0f} s; the sweep waits until that reads its "
          "rows "
          "to the end or closes the query",
          store_.path().string(), seconds);
      next_word_ = seconds + 60;
    }
    return !interrupted();
  }

  void warn_of_audit(const UnitRecord& unit, const std::string& name) const {
    const std::optional<double> bound = audit_bound_of(unit, precision_);
    if (!bound || unit.audit_disagreement.value_or(0) <= *bound) return;
    spdlog::warn(
        "{}: of {} audited pushes one disagrees with its rerun in f64 by {:.1e} of its KL; {} should stay "
        "below "
        "{:.0e}: do not trust this unit",
        name, unit.audited, *unit.audit_disagreement, precision_, *bound);
  }

  RunStore& store_;
  std::string precision_;
  std::optional<Progress> progress_;
  double next_word_ = 5;  // seconds of waiting
};

std::string now_utc() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

std::string machine_text() {
  const MachineInfo machine = describe_machine();
  return fmt::format("{}, {}, oneDNN {} {}", machine.cpu, counted(machine.threads, "thread"),
                     machine.onednn_version, machine.onednn_isa);
}

int64_t skipped_examples(const SweepPlan& plan) {
  return std::count_if(plan.examples.begin(), plan.examples.end(),
                       [](const PlannedExample& planned) { return !planned.skipped.empty(); });
}

// A large dataset's reasons are in the store and not all on the terminal.
constexpr size_t kMostReasons = 100;

void report_skipped(const SweepPlan& plan) {
  std::vector<std::string> reasons;
  for (const PlannedExample& planned : plan.examples) {
    if (!planned.skipped.empty())
      reasons.push_back(fmt::format("example {} is skipped: {}", planned.example->index, planned.skipped));
    for (const SkippedSpan& span : planned.skipped_spans)
      reasons.push_back(fmt::format("example {}, {} is skipped: {}", span.example,
                                    span_text(span.span_kind, span.chunk), span.reason));
  }
  for (size_t i = 0; i < std::min(reasons.size(), kMostReasons); ++i) spdlog::warn("{}", reasons[i]);
  if (reasons.size() > kMostReasons)
    spdlog::warn("{} more are skipped; `tugline inspect MODEL --data DATA` shows all reasons",
                 reasons.size() - kMostReasons);
}

// Before the weights are loaded: without spans there is nothing to load them for.
void refuse_empty_plan(const SweepPlan& plan) {
  if (plan.spans() > 0) return;
  report_skipped(plan);
  expect_something_to_measure(plan);
}

void report_plan(const SweepPlan& plan, const SweepOptions& options, int64_t pushes) {
  report_skipped(plan);
  spdlog::info("{} ({} skipped), {}, {}: {} to run", counted(std::ssize(plan.examples), "example"),
               skipped_examples(plan), counted(plan.spans(), "span"),
               counted(std::ssize(options.layers), "layer"), counted(pushes, "push"));
}

// Why a curve of this run is flat.
void report_unreachable(const SweepOptions& options, const ModelConfig& config) {
  const Site highest{options.layers.back(), options.hook};
  if (options.readout.kind != ReadoutKind::kPredicting && attention_layers_above(config, highest) == 0)
    spdlog::warn(
        "layer {} is the last: a push after its attention block cannot reach the rows of the readout "
        "'{}', so its "
        "KL is exactly 0 at "
        "every epsilon. --readout predicting reads the row that it does reach",
        config.num_layers - 1, readout_name(options.readout));
}

struct Prepared {
  Dataset dataset;
  ModelSource source;
  ModelConfig config;
  SweepOptions options;
  Shard shard;
  SweepPlan whole;  // of all shards
  SweepPlan plan;   // of this one
};

void warn_of_two_bos(const Tokenizer& tokenizer, const SweepPlan& plan) {
  const auto count = std::count_if(
      plan.examples.begin(), plan.examples.end(),
      [&](const PlannedExample& planned) { return tokenizer.begins_with_two_bos(planned.ids); });
  warn_of_two_bos(tokenizer, count, static_cast<int64_t>(plan.examples.size()));
}

// Everything that can be wrong with the arguments is found before the weights are loaded and a store is made.
std::unique_ptr<Prepared> prepare(const SweepArguments& arguments) {
  auto ready = std::make_unique<Prepared>();  // the plan points into the dataset: it stays where it is
  ready->shard = parse_shard(arguments.shard);
  if (!arguments.output.empty()) {
    check_output({.path = arguments.output,
                  .kind = OutputKind::kRunStore,
                  .inputs = {arguments.model, arguments.data.path, arguments.config,
                             arguments.push.direction_file, arguments.directions.orthogonal_to}});
    RunStore::check_path(arguments.output);
  }
  ready->dataset = load_data(arguments.data);
  ready->source = find_model(arguments.model, arguments.dry_run ? ModelParts::kTokenizer : ModelParts::kAll);
  ready->config = arguments.dry_run ? planned_config(ready->source) : checked_config(ready->source);
  ready->options = resolve_sweep_options(arguments, ready->config);
  const Tokenizer tokenizer = load_tokenizer(ready->source);
  ready->whole = plan_sweep(ready->dataset.examples, tokenizer, ready->options);
  warn_of_two_bos(tokenizer, ready->whole);
  check_plan(ready->config, ready->whole, ready->options);
  ready->plan = ready->shard.is_whole()
                    ? ready->whole
                    : plan_of_shard(ready->config, ready->whole, ready->options, ready->shard);
  return ready;
}

int64_t units_of(const SweepPlan& plan, const SweepOptions& options) {
  return plan.spans() * static_cast<int64_t>(options.layers.size());
}

void report_empty_shard(const Prepared& ready) {
  if (ready.plan.spans() == 0 && ready.whole.spans() > 0)
    spdlog::warn("{} has nothing to measure: the run has only {}", described(ready.shard),
                 counted(ready.whole.spans(), "span"));
}

Provenance provenance(const SweepArguments& arguments, const Model& model, const Prepared& ready) {
  Provenance facts{{field::kVersion, std::string(kVersion)},
                   {field::kMachine, machine_text()},
                   {field::kStarted, now_utc()},
                   {field::kCommandLine, arguments.command_line},
                   {field::kModelName, model.config().name},
                   {field::kDataName, data_name(arguments.data)},
                   {field::kDModel, std::to_string(model.config().hidden_size)},
                   {field::kUnitsPlanned, std::to_string(units_of(ready.whole, ready.options))},
                   {"num_layers", std::to_string(model.config().num_layers)},
                   {"model_path", arguments.model},
                   {"data_path", arguments.data.path},
                   {field::kDirectionFile, arguments.push.direction_file},
                   {"precision_asked_for", arguments.push.precision},
                   {"preset", arguments.preset}};
  if (ready.options.pushes.orthogonal == Orthogonal::kToSubspace)
    facts[field::kOrthogonalFile] = arguments.directions.orthogonal_to;
  if (const auto& supplied = ready.options.pushes.supplied; !supplied.names.empty())
    facts[field::kDirectionArrays] = array_names(supplied);
  if (!ready.source.commit.empty()) facts["model_commit"] = ready.source.commit;
  if (!ready.shard.is_whole())
    facts[field::kShardUnits] = std::to_string(units_of(ready.plan, ready.options));
  return facts;
}

// Another version may compute other last digits, or cut other chunks; it is no part of the run's identity.
void warn_of_versions(const RunStore& store) {
  std::set<std::string> others;
  for (const Provenance& session : store.sessions()) {
    const auto version = session.find(field::kVersion);
    if (version != session.end() && version->second != kVersion) others.insert(version->second);
  }
  if (!others.empty())
    spdlog::warn(
        "{}: was measured with tugline {} so far, and this is tugline {}: where the two compute differently, "
        "the "
        "store will hold numbers of both",
        store.path().string(), fmt::join(others, ", "), kVersion);
}

// The store that the sweep would go on with. Its identity is checked but for what only loading the model tells.
std::optional<RunStore> existing_store(const SweepArguments& arguments, const Prepared& ready) {
  if (arguments.output.empty() || !RunStore::is_there(arguments.output)) return std::nullopt;
  RunStore store = RunStore::open_read_only(arguments.output);
  const RunIdentity stored = store.identity();
  RunIdentity wanted =
      sweep_settings(ready.options, hash_of_data(arguments.data), direction_source(ready.options.pushes));
  wanted.fields[field::kModelConfig] = hex(hash_of(ready.config));
  for (const char* name : {field::kBackend, field::kModelWeights, field::kPrecision})
    if (stored.fields.contains(name)) wanted.fields[name] = stored.fields.at(name);
  store.check_identity(wanted);
  store.check_shard(ready.shard);
  for (const PlannedExample& planned : ready.whole.examples) (void)store.has_example(record_of(planned));
  warn_of_versions(store);
  return store;
}

// How near the store's units came to so many FLOP/s.
std::optional<double> reached_share(const RunStore& store, const Prepared& ready, double speed) {
  const SweepCost done = cost_of(ready.config, ready.plan, ready.options,
                                 [&](const UnitKey& key) { return !store.has_unit(key); });
  double seconds = 0;
  for (const UnitRecord& unit : store.units()) seconds += unit.seconds;
  if (done.pushes == 0 || seconds <= 0) return std::nullopt;
  return done.push_work.total() / (seconds * speed);
}

// What the shard is of the run; nothing where it is all of it.
std::optional<ShardPart> part_of(const Prepared& ready) {
  if (ready.shard.is_whole()) return std::nullopt;
  const auto flops = [&](const SweepPlan& plan) {
    return cost_of(ready.config, plan, ready.options, [](const UnitKey&) { return false; }).flops();
  };
  const double all = flops(ready.whole);
  return ShardPart{.shard = ready.shard,
                   .units_of_run = units_of(ready.whole, ready.options),
                   .share_of_flops = all > 0 ? flops(ready.plan) / all : 0};
}

void dry_run(const SweepArguments& arguments) {
  const auto ready = prepare(arguments);
  const auto& [dataset, source, config, options, shard, whole, plan] = *ready;
  warn_of_contradictions(options.pushes, {.model = config, .hook = options.hook, .layers = options.layers});
  const std::optional<RunStore> store = existing_store(arguments, *ready);
  report_skipped(plan);
  report_empty_shard(*ready);
  report_unreachable(options, config);
  const auto backend = make_cpu_backend(backend_options(arguments.push));
  PlanReport report{.model = config.name,
                    .examples = static_cast<int64_t>(plan.examples.size()),
                    .examples_skipped = skipped_examples(plan),
                    .spans = plan.spans(),
                    .layers = static_cast<int64_t>(options.layers.size()),
                    .batch_rows = options.limits.rows,
                    .part = part_of(*ready),
                    .cost = cost_of(config, plan, options,
                                    [&](const UnitKey& key) { return store && store->has_unit(key); },
                                    {.precision = backend->precision()})};
  report.precision = backend->precision();
  report.threads = describe_machine().threads;
  report.product_speed = measure_product_speed(*backend);
  if (store) report.share = reached_share(*store, *ready, report.product_speed);
  report.seconds = expected_seconds(report.cost, report.product_speed * report.share.value_or(1));
  write_to_standard_output(arguments.json ? plan_json(report) : plan_text(report));
}

// Another program may have emptied, cut or replaced the file while the sweep wrote it: nothing is done unless it is there.
void check_written(const SweepArguments& arguments, const Prepared& ready, const RunIdentity& identity) {
  const RunStore store = RunStore::open_read_only(arguments.output);
  store.check_identity(identity);
  int64_t units = 0;
  int64_t planned = 0;
  for (const PlannedExample& example : ready.plan.examples)
    for (const Span& span : example.spans)
      for (const LayerIndex layer : ready.options.layers) {
        ++planned;
        units += store.has_unit(unit_key(example, span, layer)) ? 1 : 0;
      }
  if (units < planned)
    fail(ErrorCode::kIo,
         "{}: holds {} of the sweep's {} units: another program changed the file while the sweep wrote it; "
         "run the "
         "same command again",
         arguments.output, units, planned);
}

void run(const SweepArguments& arguments) {
  watch_interrupts();
  const auto ready = prepare(arguments);
  const auto& [dataset, source, config, options, shard, whole, plan] = *ready;
  (void)existing_store(arguments, *ready);  // what is refused is refused before the weights are read
  refuse_empty_plan(whole);
  const LoadedModel loaded = load_model(source, backend_options(arguments.push));
  const Model& model = *loaded.model;
  warn_of_contradictions(
      options.pushes,
      {.model = config, .weights = hex(model.fingerprint()), .hook = options.hook, .layers = options.layers});

  const RunIdentity identity =
      sweep_identity(model, options, hash_of_data(arguments.data), direction_source(options.pushes));
  std::optional<RunStore> store =
      RunStore::create_or_resume(arguments.output, identity, provenance(arguments, model, *ready), shard);
  StoreObserver observer(*store, identity.fields.at(field::kPrecision));
  const SweepCost cost =
      cost_of(config, plan, options, [&](const UnitKey& key) { return observer.has_unit(key); });
  report_plan(plan, options, cost.pushes);
  report_empty_shard(*ready);
  report_unreachable(options, config);
  catch_interrupts();
  observer.show_progress(cost);
  const auto start = std::chrono::steady_clock::now();
  const LoadedModel exact = options.audit > 0 ? load_exact_model(source) : LoadedModel{};
  run_sweep(model, plan, options, observer, exact.model.get());
  observer.end_progress();
  store.reset();
  check_written(arguments, *ready, identity);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spdlog::info("done in {}: {}", format_duration(seconds), arguments.output);
}

}  // namespace

void add_sweep_command(CLI::App& app, const std::string& command_line) {
  auto arguments = std::make_shared<SweepArguments>();
  arguments->command_line = command_line;
  CLI::App* command =
      app.add_subcommand("sweep", "Push at the token before each span, over layers, directions and epsilons");
  add_sweep_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tugline sweep model.gguf examples/traces.json -o run.db --layers 20,24 --epsilons 0:10:11\n"
      "  tugline sweep deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B annotated.json -o run.db --preset full\n"
      "  tugline sweep model.gguf annotated.json --preset full --dry-run\n"
      "  tugline sweep model.gguf annotated.json -o part2.db --preset full --shard 2/4\n"
      "Running the same command again goes on where it stopped.");
  command->callback([command, arguments] {
    apply_config_and_preset(*command, *arguments);
    arguments->dry_run ? dry_run(*arguments) : run(*arguments);
  });
}

}  // namespace tugline
