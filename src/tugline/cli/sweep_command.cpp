#include "tugline/cli/sweep_command.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>

#include "tugline/api/engine.h"
#include "tugline/api/settings.h"
#include "tugline/api/sweep_job.h"
#include "tugline/api/sweep_nodes.h"
#include "tugline/backend/machine.h"
#include "tugline/backend/product_speed.h"
#include "tugline/cli/answers.h"
#include "tugline/cli/error_text.h"
#include "tugline/cli/interrupt.h"
#include "tugline/cli/model_argument.h"
#include "tugline/cli/output_check.h"
#include "tugline/cli/plan_report.h"
#include "tugline/cli/progress.h"
#include "tugline/cli/session.h"
#include "tugline/cli/standard_output.h"
#include "tugline/cli/sweep_arguments.h"
#include "tugline/core/plural.h"
#include "tugline/core/thread_count.h"
#include "tugline/store/field_names.h"

namespace tugline {
namespace {

int64_t skipped_examples(const SweepPlan& plan) {
  return std::count_if(plan.examples.begin(), plan.examples.end(),
                       [](const PlannedExample& planned) { return !planned.skipped.empty(); });
}

void report_plan(const SweepJob& job, int64_t pushes) {
  warn_of_plan(job, watch_on_stderr());
  if (!job.shard.is_whole()) spdlog::info("{}: {}", described(job.shard), job.path);
  spdlog::info("{} ({} skipped), {}, {}: {}{} to run", counted(std::ssize(job.plan.examples), "example"),
               skipped_examples(job.plan), counted(job.plan.spans(), "span"),
               counted(std::ssize(job.options.layers), "layer"), job.node_tolerance ? "at most " : "",
               counted(pushes, "push"));
}

// What the store keeps of the command besides.
Provenance facts_of(const SweepArguments& arguments, const SweepOptions& options) {
  Provenance facts{{field::kCommandLine, arguments.command_line},
                   {"model_path", arguments.model},
                   {field::kDirectionFile, arguments.push.direction_file},
                   {"precision_asked_for", arguments.push.precision},
                   {"preset", arguments.preset}};
  if (options.pushes.orthogonal == Orthogonal::kToSubspace)
    facts[field::kOrthogonalFile] = arguments.directions.orthogonal_to;
  return facts;
}

// Everything that can be wrong with the arguments is found before the weights are loaded and a store is made.
// The plan points into the dataset: the job stays where it is.
std::unique_ptr<SweepJob> prepared(const SweepArguments& arguments) {
  if (!arguments.output.empty())
    check_output({.path = arguments.output,
                  .kind = OutputKind::kRunStore,
                  .inputs = {arguments.model, arguments.data.path, arguments.config,
                             arguments.push.direction_file, arguments.directions.orthogonal_to}});
  auto job = std::make_unique<SweepJob>();
  job->data = data_source(arguments.data);
  job->path = arguments.output;
  read_data(*job, watch_on_stderr());
  job->source = find_model(arguments.model, arguments.dry_run ? ModelParts::kTokenizer : ModelParts::kAll);
  job->config = arguments.dry_run ? planned_config(job->source) : read_config(job->source);
  SweepSettings settings = settings_of(arguments, job->config.num_layers);
  const auto tokenizer = std::make_shared<const Tokenizer>(load_tokenizer(job->source));
  settings.push.answers = resolve_answers(arguments.push.answers, tokenizer.get(), job->config.vocab_size);
  job->piece_of = [tokenizer](int32_t token) { return tokenizer->token_bytes(token); };
  job->shard = {.number = settings.shard, .count = settings.shards};
  job->options = resolve(settings, job->config);
  job->node_tolerance = settings.node_tolerance;
  job->keep_going = settings.keep_going;
  check_nodes(*job);
  job->facts = facts_of(arguments, job->options);
  make_plan(*job, *tokenizer, watch_on_stderr());
  return job;
}

PartsOf parts_in(const RunStore* store) {
  if (store == nullptr) return no_parts;
  return [store](const UnitKey& key) { return store->parts(key); };
}

// The share of this speed, in FLOP/s, that the store's units reached.
std::optional<double> reached_share(const RunStore& store, const SweepJob& job, double speed) {
  const double all = cost_of(job.config, job.plan, job.options, no_parts).push_work.total();
  const double left = cost_of(job.config, job.plan, job.options, parts_in(&store)).push_work.total();
  double seconds = 0;
  const std::set<UnitKey> planned = unit_keys(job, job.plan);
  for (const UnitRecord& unit : store.units())
    if (planned.contains(unit.key)) seconds += unit.measured.seconds;
  if (all <= left || seconds <= 0) return std::nullopt;
  return (all - left) / (seconds * speed);
}

// What the shard is of the run; nothing if it is all of it.
std::optional<ShardPart> part_of(const SweepJob& job) {
  if (job.shard.is_whole()) return std::nullopt;
  const auto flops = [&](const SweepPlan& plan) {
    return cost_of(job.config, plan, job.options, no_parts).flops();
  };
  const double all = flops(job.whole);
  return ShardPart{.shard = job.shard,
                   .units_of_run = job.units(job.whole),
                   .share_of_flops = all > 0 ? flops(job.plan) / all : 0};
}

int64_t nonzero(const std::vector<double>& epsilons) {
  return std::ssize(epsilons) - std::ranges::count(epsilons, 0.0);
}

// The options with which the cost of a sweep is counted: with nodes the most epsilons that it may take.
SweepOptions counted_options(const SweepJob& job) {
  SweepOptions options = job.options;
  if (!job.node_tolerance) return options;
  if (auto most = epsilons_at_most(job)) options.pushes.epsilons = std::move(*most);
  return options;
}

// What a sweep with nodes costs at most on the machine of the report; nothing if it leaves nothing out.
std::optional<NodesPlan> nodes_of(const SweepJob& job, const PartsOf& parts, const PlanReport& report) {
  const auto most = epsilons_at_most(job);
  if (!most) return std::nullopt;
  SweepOptions options = job.options;
  options.pushes.epsilons = *most;
  const SweepCost cost = cost_of(job.config, job.plan, options, parts, {.precision = report.precision});
  return NodesPlan{.requested = nonzero(job.options.pushes.epsilons),
                   .most = nonzero(*most),
                   .is_used = job.node_tolerance.has_value(),
                   .pushes = cost.pushes,
                   .seconds = expected_seconds(cost, report.product_speed * report.share.value_or(1))};
}

void dry_run(const SweepArguments& arguments) {
  const ThreadCount threads(arguments.push.threads);
  const auto job = prepared(arguments);
  const SweepPlan& plan = job->plan;
  warn_of_contradictions(job->options.pushes,
                         {.model = job->config, .point = job->options.point, .layers = job->options.layers});
  const std::optional<RunStore> store = existing_store(*job, watch_on_stderr());
  const PartsOf parts = parts_in(store ? &*store : nullptr);
  warn_of_plan(*job, watch_on_stderr());
  const auto backend = make_cpu_backend({.precision = precision_of(arguments.push.precision).value()});
  PlanReport report{
      .model = job->config.name,
      .examples = static_cast<int64_t>(plan.examples.size()),
      .examples_skipped = skipped_examples(plan),
      .spans = plan.spans(),
      .layers = static_cast<int64_t>(job->options.layers.size()),
      .batch_rows = job->options.limits.rows,
      .part = part_of(*job),
      .cost = cost_of(job->config, plan, counted_options(*job), parts, {.precision = backend->precision()})};
  report.precision = backend->precision();
  report.threads = describe_machine().threads;
  report.product_speed = measure_product_speed(*backend);
  if (store) report.share = reached_share(*store, *job, report.product_speed);
  report.seconds = expected_seconds(report.cost, report.product_speed * report.share.value_or(1));
  report.nodes = nodes_of(*job, parts, report);
  write_to_standard_output(arguments.json ? plan_json(report) : plan_text(report));
}

void run(const SweepArguments& arguments) {
  watch_interrupts();
  const auto job = prepared(arguments);
  Watch reading = watch_on_stderr();
  reading.keep_going = [] { return !interrupted(); };
  read_digests(*job, reading);
  const std::optional<RunStore> store = existing_store(*job, watch_on_stderr());
  refuse_empty(*job, watch_on_stderr());
  const LanguageModel model = load_model(job->source, model_options(arguments.push));
  report_plan(
      *job,
      cost_of(job->config, job->plan, counted_options(*job), parts_in(store ? &*store : nullptr)).pushes);
  catch_interrupts();
  const auto start = std::chrono::steady_clock::now();
  ProgressLine line;
  Watch watch = watch_on_stderr();
  watch.progress = [&line](const CallProgress& progress) { line.show(progress); };
  EngineCall call(*model.engine(), watch);
  measure_sweep(*job, {call.model(), job->options.audit > 0 ? &call.exact_model() : nullptr}, watch);
  line.end();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  spdlog::info("done in {}: {}", format_duration(seconds), arguments.output);
  if (const size_t failed = RunStore::open_read_only(arguments.output).failures().size(); failed > 0)
    throw FoundFault(fmt::format(
        "{}: {} failed; tugline summary says why, and the same command tries {} again", arguments.output,
        counted(static_cast<int64_t>(failed), "unit"), failed == 1 ? "it" : "them"));
}

}  // namespace

void add_sweep_command(CLI::App& app, const std::string& command_line) {
  auto arguments = std::make_shared<SweepArguments>();
  arguments->command_line = command_line;
  CLI::App* command =
      app.add_subcommand("sweep", "Push before or at each span, over layers, directions and epsilons");
  add_sweep_options(*command, *arguments);
  command->footer(
      "Examples:\n"
      "  tugline sweep model.gguf examples/traces.json -o run.db --layers 20,24 --epsilons 0:10:11\n"
      "  tugline sweep deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B annotated.json -o run.db --preset full\n"
      "  tugline sweep model.gguf annotated.json --preset full --dry-run\n"
      "  tugline sweep model.gguf annotated.json -o part2.db --preset full --shard 2/4\n"
      "  mpirun tugline sweep model.gguf annotated.json -o 'part-{shard}.db' --preset full --shard auto\n"
      "Running the same command again goes on where it stopped. With more layers, epsilons, directions, "
      "spans, "
      "examples or audits it measures what the store lacks.");
  command->callback([command, arguments] {
    apply_config_and_preset(*command, *arguments);
    resolve_shard(*arguments);
    arguments->dry_run ? dry_run(*arguments) : run(*arguments);
  });
}

}  // namespace tugline
