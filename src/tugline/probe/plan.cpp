#include "tugline/probe/plan.h"

#include <algorithm>

namespace tugline {
namespace {

// What SQLite takes for a unit, a readout row, an example and the empty store: measured on stores
// (tests/cli/dry_run_test.cpp holds the sum to real ones).
constexpr int64_t kUnitBytes = 400;
constexpr int64_t kReadoutRowBytes = 16;
constexpr int64_t kExampleBytes = 2048;
constexpr int64_t kEmptyStoreBytes = int64_t{60} * 1024;

// A response's record: the lengths of its columns and their numbers, of which SQLite keeps a zero in none of 8 bytes; for each readout row
// its KL, what else is measured, the flip; a sampled KL's errors.
constexpr int64_t kResponseNumbersBytes = 105;
constexpr int64_t kZeroResponseBytes = 35;
constexpr int64_t kMeasuredRowBytes = 8 + 5 * 4 + 1;
constexpr int64_t kErrorBytes = 10;
constexpr int64_t kRowErrorBytes = 8;

// A response in the file, with its share of the index. SQLite puts whole records into pages of 4,096 bytes, and of one that is larger than a page
// all but a first part into pages of its own (its file format, "B-tree Pages").
int64_t response_bytes(int64_t record) {
  constexpr int64_t kPage = 4096;
  constexpr int64_t kPageForCells = kPage - 8;
  constexpr int64_t kMostInPage = kPage - 35;
  constexpr int64_t kLeastInPage = (kPage - 12) * 32 / 255 - 23;
  constexpr int64_t kOverflow = kPage - 4;
  constexpr int64_t kIndexBytes = 22;
  if (record <= kMostInPage) return kPage / (kPageForCells / (record + 6)) + kIndexBytes;
  const int64_t rest_in_page = kLeastInPage + (record - kLeastInPage) % kOverflow;
  const int64_t in_page = rest_in_page <= kMostInPage ? rest_in_page : kLeastInPage;
  return (record - in_page + kOverflow - 1) / kOverflow * kPage + kPage / (kPageForCells / (in_page + 10)) +
         kIndexBytes;
}

class Accountant {
 public:
  Accountant(const ModelConfig& config, const SweepOptions& options,
             const std::function<bool(const UnitKey&)>& has_unit)
      : config_(config),
        options_(options),
        has_unit_(has_unit),
        lowest_(equivalent_output(options.hook, options.layers.front())) {
    cost_.memory.weights = weight_bytes(config);
    cost_.store_bytes = kEmptyStoreBytes;
  }

  void add(const PlannedExample& planned) {
    const int64_t before = cost_.units_left;
    const auto tokens = static_cast<int64_t>(planned.ids.size());
    for (const Span& span : planned.spans) add(planned, span);
    if (planned.skipped.empty())
      statistics_ += residual_pass_work(config_, tokens, options_.layers.back().value + 1);
    cost_.store_bytes += kExampleBytes;
    if (cost_.units_left == before) return;
    ++cost_.baselines_left;
    cost_.shared_work += baseline_work(config_, tokens);
    const auto kept = static_cast<int64_t>(options_.layers.size());
    keep_largest(cost_.memory.baseline, baseline_bytes(config_, tokens, kept, lowest_));
  }

  [[nodiscard]] SweepCost cost() const {
    SweepCost cost = cost_;
    if (cost.units_left > 0 && needed_moments(options_.pushes)) cost.shared_work += statistics_;
    return cost;
  }

 private:
  void add(const PlannedExample& planned, const Span& span) {
    const ReplayRows rows = planned_rows(planned, span, options_.readout);
    const int64_t before = cost_.units_left;
    for (const LayerIndex layer : options_.layers) add_unit(unit_key(planned, span, layer), rows, layer);
    if (cost_.units_left == before) return;
    ++cost_.spans_left;
    const Work shared = span_work(config_, rows, lowest_);
    cost_.span_work += shared;
    cost_.shared_work += shared;
    keep_largest(cost_.memory.span, span_bytes(config_, rows, lowest_));
  }

  void add_unit(const UnitKey& key, const ReplayRows& all_rows, LayerIndex layer) {
    ++cost_.units;
    cost_.store_bytes += store_bytes(all_rows);
    if (has_unit_(key)) return;
    ++cost_.units_left;
    const LayerIndex output = equivalent_output(options_.hook, layer);
    const int64_t pushes = computed_pushes(config_, all_rows, output, options_.pushes);
    if (pushes == 0) return;
    const ReplayRows rows = replayed_rows(config_, all_rows, output);
    const int64_t each = batch_pushes(config_, rows, pushes, options_.limits);
    cost_.pushes += pushes;
    cost_.batches += (pushes + each - 1) / each;
    cost_.push_work += push_work(config_, rows, output, pushes, options_.vocabulary);
    keep_largest(cost_.largest_batch_rows, each * rows.count);
    keep_largest(cost_.memory.batch, batch_bytes(config_, each * rows.count));
  }

  [[nodiscard]] int64_t store_bytes(const ReplayRows& rows) const {
    const auto& epsilons = options_.pushes.epsilons;
    const auto zeros = static_cast<int64_t>(std::count(epsilons.begin(), epsilons.end(), 0.0));
    const int64_t recorded = rows.readout().size();
    int64_t of_rows = recorded * kMeasuredRowBytes;
    if (options_.vocabulary == Vocabulary::kSampled) of_rows += kErrorBytes + recorded * kRowErrorBytes;
    const int64_t each_direction =
        zeros * response_bytes(kZeroResponseBytes + of_rows) +
        (static_cast<int64_t>(epsilons.size()) - zeros) * response_bytes(kResponseNumbersBytes + of_rows);
    return kUnitBytes + recorded * kReadoutRowBytes + all_directions(options_.pushes) * each_direction;
  }

  static void keep_largest(int64_t& largest, int64_t value) { largest = std::max(largest, value); }

  const ModelConfig& config_;
  const SweepOptions& options_;
  const std::function<bool(const UnitKey&)>& has_unit_;
  LayerIndex lowest_;
  Work statistics_;  // of a pass over all measured transcripts, whichever units are left
  SweepCost cost_;
};

}  // namespace

SweepCost cost_of(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options,
                  const std::function<bool(const UnitKey&)>& has_unit) {
  Accountant accountant(config, options, has_unit);
  for (const PlannedExample& planned : plan.examples) accountant.add(planned);
  return accountant.cost();
}

double expected_seconds(const SweepCost& cost, double speed) { return cost.flops() / speed; }

}  // namespace tugline
