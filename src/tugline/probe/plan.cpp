#include "tugline/probe/plan.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "tugline/probe/audit.h"
#include "tugline/probe/growth.h"
#include "tugline/probe/reach.h"

namespace tugline {
namespace {

// What SQLite takes for a unit, a readout row, an example and the empty store: measured on stores
// (tests/cli/dry_run_test.cpp holds the sum to real ones).
constexpr int64_t kUnitBytes = 400;
constexpr int64_t kReadoutRowBytes = 16;
constexpr int64_t kExampleBytes = 2048;
constexpr int64_t kEmptyStoreBytes = int64_t{84} * 1024;

// A push's record: the lengths of its columns and their numbers, of which SQLite keeps a zero in none of 8
// bytes; a sampled KL's error.
constexpr int64_t kPushNumbersBytes = 102;
constexpr int64_t kOneRowBytes =
    8;  // less: of a single row, the KL of the own row or of the rows after it is NULL
constexpr int64_t kZeroPushBytes = 35;
constexpr int64_t kErrorBytes = 8;

// A push in the file: SQLite fills about 8/9 of the pages of a table whose records come in order.
int64_t push_bytes(int64_t record) { return (record + 6) * 9 / 8; }

// Bits that a row's number takes when it is packed (store/number_packing): measured on stores of real models.
int64_t packed_bits(RowType type) {
  switch (type) {
    case RowType::kF32:
      return 24;
    case RowType::kRounded:
      return 18;
    case RowType::kFlag:
      return 1;
    case RowType::kTokens:
      break;  // of each half of a token's eight bytes
  }
  return 24;
}

// The rows' values of one measure in the file, with their share of the index. SQLite puts whole records into
// pages of 4,096 bytes, and of one that is larger than a page all but a first part into pages of its own (its
// file format, "B-tree Pages").
int64_t packed_bytes(int64_t values) {
  constexpr int64_t kPage = 4096;
  constexpr int64_t kPageForCells = kPage - 8;
  constexpr int64_t kMostInPage = kPage - 35;
  constexpr int64_t kLeastInPage = (kPage - 12) * 32 / 255 - 23;
  constexpr int64_t kOverflow = kPage - 4;
  constexpr int64_t kIndexBytes = 24;
  const int64_t record = values + 20;
  if (record <= kMostInPage) return kPage / (kPageForCells / (record + 6)) + kIndexBytes;
  const int64_t rest_in_page = kLeastInPage + (record - kLeastInPage) % kOverflow;
  const int64_t in_page = rest_in_page <= kMostInPage ? rest_in_page : kLeastInPage;
  return (record - in_page + kOverflow - 1) / kOverflow * kPage + kPage / (kPageForCells / (in_page + 10)) +
         kIndexBytes;
}

AskedMeasures measures_of(const SweepOptions& options) {
  return ReadoutOptions{.asked = options.asked}.measures();
}

// Bytes of a record of one response, of a unit that is being measured: its numbers, and for each row of the
// readout its measures and the standard error of its KL (records.h).
int64_t record_bytes(int64_t rows, const AskedMeasures& asked) {
  return 600 + rows * (held_row_bytes(asked) + int64_t{sizeof(double)});
}

// What a sweep holds at each of its stages, and the fullest of them.
class MemoryAccount {
 public:
  MemoryAccount(const ModelConfig& config, const SweepOptions& options, const Arithmetic& arithmetic)
      : config_(config),
        options_(options),
        arithmetic_(arithmetic),
        lowest_(options.layers.front(), options.point) {
    needs_.weights = weight_bytes(config, lowest_, options.vocabulary, arithmetic);
  }

  void add_statistics(int64_t tokens, Moments moments) {
    statistics_ =
        statistics_bytes(width_at(options_.point, config_), std::ssize(options_.layers), tokens, moments);
    reach(needs_.statistics, statistics_.peak(), statistics_.making);
  }

  // `replayed_tokens`: those that the audit's baseline has.
  void begin_example(int64_t tokens, int64_t replayed_tokens) {
    const int64_t layers = std::ssize(options_.layers);
    baseline_ = baseline_bytes(config_, tokens, layers, lowest_);
    audit_baseline_ = audited_baseline_bytes(config_, replayed_tokens, layers, lowest_);
    span_ = {};
    audit_ = {};
    reach(needs_.baseline, baseline_.held, baseline_.making);
  }

  void begin_span(const ReplayRows& rows) {
    span_ = span_bytes(config_, rows, lowest_, options_.vocabulary, arithmetic_);
    reach(needs_.span, span_.held, span_.making);
  }

  // A unit over the rows of replayed_rows. If they are fewer than the span's, they have their own base.
  void add_unit(const ReplayRows& all, const ReplayRows& rows, Site site, int64_t pushes_of_batch) {
    const MemoryNeed own =
        rows == all ? MemoryNeed{} : span_bytes(config_, rows, site, options_.vocabulary, arithmetic_);
    const int64_t responses = all_directions(options_.pushes) * std::ssize(options_.pushes.epsilons);
    const int64_t records = responses * record_bytes(all.readout().size(), measures_of(options_));
    const int64_t batch = batch_bytes(config_, rows, pushes_of_batch, arithmetic_);
    reach(needs_.batch, batch, records + own.held + std::max(own.making, batch));
    if (options_.audit == 0) return;
    const int64_t audited = std::min({options_.audit, kAuditedAtOnce, responses});
    audit_ = audit_bytes(config_, all, audit_baseline_, audited);
    reach(needs_.audit, audit_.peak(), records + audit_.making);
  }

  [[nodiscard]] MemoryNeeds needs() const {
    MemoryNeeds needs = needs_;
    needs.peak += needs.weights;
    return needs;
  }

 private:
  void reach(int64_t& part, int64_t bytes, int64_t working) {
    part = std::max(part, bytes);
    const int64_t held = statistics_.held + baseline_.held + span_.held + audit_.held;
    needs_.peak = std::max(needs_.peak, held + working);
  }

  const ModelConfig& config_;
  const SweepOptions& options_;
  Arithmetic arithmetic_;
  Site lowest_;
  MemoryNeed statistics_;
  MemoryNeed baseline_;
  MemoryNeed audit_baseline_;
  MemoryNeed span_;
  MemoryNeed audit_;
  MemoryNeeds needs_;
};

class Accountant {
 public:
  Accountant(const ModelConfig& config, const SweepOptions& options, const PartsOf& parts,
             const Arithmetic& arithmetic)
      : config_(config),
        options_(options),
        parts_(parts),
        lowest_(options.layers.front(), options.point),
        memory_(config, options, arithmetic) {
    cost_.store_bytes = kEmptyStoreBytes;
  }

  // Before any example: the residuals of all transcripts that the run measures.
  void add_statistics(const SweepPlan& plan) {
    const std::optional<Moments> moments = needed_moments(options_.pushes);
    if (!moments) return;
    int64_t tokens = 0;
    for (const PlannedExample& planned : plan.examples)
      if (planned.skipped.empty()) tokens += std::ssize(planned.ids);
    memory_.add_statistics(tokens, *moments);
  }

  void add(const PlannedExample& planned) {
    const auto tokens = static_cast<int64_t>(planned.ids.size());
    std::vector<SpanWork> spans;
    for (const Span& span : planned.spans) spans.push_back(work_at(planned, span));
    const bool is_left = std::ranges::any_of(spans, &SpanWork::is_left);
    if (is_left) memory_.begin_example(tokens, replayed_tokens(planned, options_));
    for (const SpanWork& span : spans) add(span);
    if (planned.skipped.empty())
      statistics_ += residual_pass_work(config_, tokens, options_.layers.back().value + 1);
    cost_.store_bytes += kExampleBytes;
    if (!is_left) return;
    ++cost_.baselines_left;
    cost_.shared_work += baseline_work(config_, tokens);
  }

  [[nodiscard]] SweepCost cost() const {
    SweepCost cost = cost_;
    cost.memory = memory_.needs();
    if (cost.units_left > 0 && needed_moments(options_.pushes)) cost.shared_work += statistics_;
    return cost;
  }

 private:
  struct LayerWork {
    LayerIndex layer;
    MissingWork missing;
    bool has_parts = false;
  };
  struct SpanWork {
    ReplayRows rows;
    std::vector<LayerWork> layers;
    [[nodiscard]] bool is_left() const {
      return std::ranges::any_of(layers, [](const LayerWork& work) { return !work.missing.empty(); });
    }
  };

  [[nodiscard]] SpanWork work_at(const PlannedExample& planned, const Span& span) const {
    SpanWork work{.rows = planned_rows(planned, span, options_), .layers = {}};
    for (const LayerIndex layer : options_.layers) {
      const UnitParts parts = parts_(unit_key(planned, span, layer));
      const bool is_reached = !out_of_reach(config_, work.rows, {layer, options_.point});
      work.layers.push_back({.layer = layer,
                             .missing = missing_work(options_, parts, is_reached),
                             .has_parts = !parts.empty()});
    }
    return work;
  }

  void add(const SpanWork& span) {
    if (span.is_left()) memory_.begin_span(span.rows);
    for (const LayerWork& work : span.layers) add_unit(span.rows, work);
    if (!span.is_left()) return;
    ++cost_.spans_left;
    const Work shared = span_work(config_, span.rows, lowest_);
    cost_.span_work += shared;
    cost_.shared_work += shared;
  }

  void add_unit(const ReplayRows& all_rows, const LayerWork& work) {
    ++cost_.units;
    cost_.store_bytes += store_bytes(all_rows);
    for (const MissingWork::Audit& audit : work.missing.audits)
      cost_.audits_left += audit.range.end - audit.range.begin;
    if (work.missing.grids.empty()) return;
    ++cost_.units_left;
    if (work.has_parts) ++cost_.units_partial;
    for (const PushGrid& grid : work.missing.grids) add_pushes(grid, all_rows, {work.layer, options_.point});
  }

  void add_pushes(const PushGrid& grid, const ReplayRows& all_rows, Site site) {
    const int64_t pushes = computed_pushes(config_, all_rows, site, grid);
    if (pushes == 0) return;
    const ReplayRows rows = replayed_rows(config_, all_rows, site);
    const int64_t each = batch_pushes(config_, rows, pushes, options_.limits);
    cost_.pushes += pushes;
    cost_.batches += (pushes + each - 1) / each;
    cost_.push_work += push_work(config_, rows, site, pushes, options_.vocabulary);
    cost_.largest_batch_rows = std::max(cost_.largest_batch_rows, each * rows.count);
    memory_.add_unit(all_rows, rows, site, each);
  }

  [[nodiscard]] int64_t store_bytes(const ReplayRows& rows) const {
    const auto& epsilons = options_.pushes.epsilons;
    const auto zeros = static_cast<int64_t>(std::count(epsilons.begin(), epsilons.end(), 0.0));
    const int64_t recorded = rows.readout().size();
    const int64_t directions = all_directions(options_.pushes);
    const int64_t values = directions * std::ssize(epsilons) * recorded;  // of a measure
    const bool is_sampled = options_.vocabulary == Vocabulary::kSampled;
    int64_t bytes = kUnitBytes + grid_bytes_ + recorded * kReadoutRowBytes;
    bytes += directions * zeros * push_bytes(kZeroPushBytes);
    bytes +=
        directions * (std::ssize(epsilons) - zeros) *
        push_bytes(kPushNumbersBytes + (is_sampled ? kErrorBytes : 0) - (recorded == 1 ? kOneRowBytes : 0));
    for (const Measure& measure : kMeasures)
      if (asked_.has(measure))
        bytes += packed_bytes(values * asked_.numbers(measure) * packed_bits(measure.type) / 8);
    if (is_sampled) bytes += packed_bytes(values * packed_bits(RowType::kRounded) / 8);
    return bytes;
  }

  const ModelConfig& config_;
  const SweepOptions& options_;
  const PartsOf& parts_;
  AskedMeasures asked_ = measures_of(options_);
  int64_t grid_bytes_ = std::ssize(text_of(whole_grid(options_.pushes).directions)) +
                        std::ssize(text_of(options_.pushes.epsilons));
  Site lowest_;
  MemoryAccount memory_;
  Work statistics_;  // of a pass over all measured transcripts, whichever units are left
  SweepCost cost_;
};

}  // namespace

SweepCost cost_of(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options,
                  const PartsOf& parts, const Arithmetic& arithmetic) {
  Accountant accountant(config, options, parts, arithmetic);
  accountant.add_statistics(plan);
  for (const PlannedExample& planned : plan.examples) accountant.add(planned);
  return accountant.cost();
}

double expected_seconds(const SweepCost& cost, double speed) { return cost.flops() / speed; }

}  // namespace tugline
