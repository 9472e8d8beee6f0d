#include "tugline/cli/plan_report.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "tugline/cli/progress.h"
#include "tugline/core/plural.h"

namespace tugline {
namespace {

std::string bytes_text(int64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

// The text of a part of the memory that not every sweep has.
std::string part_of_memory(const char* name, int64_t bytes) {
  return bytes == 0 ? "" : fmt::format(", {} {}", name, bytes_text(bytes));
}

std::string flops_text(double flops) {
  constexpr std::array kUnits{"GFLOP", "TFLOP", "PFLOP"};
  double value = flops / 1e9;
  size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.3g} {}", value, kUnits[unit]);
}

// What is there and what is missing, if the store has something.
std::string units_text(const SweepCost& cost) {
  const int64_t done = cost.units - cost.units_left;
  if (done == 0 && cost.units_partial == 0) return "";
  std::string text = fmt::format(", {} of them in the store already, {} to run", done, cost.units_left);
  if (cost.units_partial > 0) text += fmt::format(" ({} lack some of their pushes)", cost.units_partial);
  if (cost.audits_left > 0) text += fmt::format(", {} to audit", counted(cost.audits_left, "measured push"));
  return text;
}

std::string part_text(const ShardPart& part, int64_t units) {
  return fmt::format("part      {}: {} of the run's {}, {:.1f} % of its products\n", described(part.shard),
                     units, counted(part.units_of_run, "unit"), 100 * part.share_of_flops);
}

std::string nodes_text(const NodesPlan& nodes, const PlanReport& r) {
  if (nodes.is_used)
    return fmt::format("nodes     at most {} of the {} epsilons; the others are interpolated\n", nodes.most,
                       nodes.requested);
  if (nodes.pushes >= r.cost.pushes) return "";
  return fmt::format(
      "advice    --nodes measures at most {} of the {} epsilons and interpolates the others, each with its "
      "error: {} in place of {}, {} in place of {}\n",
      nodes.most, nodes.requested, counted(nodes.pushes, "push"), r.cost.pushes,
      format_duration(nodes.seconds), format_duration(r.seconds));
}

nlohmann::ordered_json nodes_json(const NodesPlan& nodes) {
  return {{"epsilons_requested", nodes.requested},
          {"epsilons_at_most", nodes.most},
          {"used", nodes.is_used},
          {"pushes", nodes.pushes},
          {"seconds", nodes.seconds}};
}

nlohmann::ordered_json part_json(const ShardPart& part) {
  return {{"number", part.shard.number},
          {"count", part.shard.count},
          {"units_of_run", part.units_of_run},
          {"share_of_flops", part.share_of_flops}};
}

}  // namespace

std::string plan_text(const PlanReport& r) {
  const SweepCost& cost = r.cost;
  const MemoryNeeds& memory = cost.memory;
  std::string text = fmt::format("model     {}\n", r.model) + (r.part ? part_text(*r.part, cost.units) : "") +
                     fmt::format("units     {} ({}, {} skipped; {}; {}){}\n", cost.units,
                                 counted(r.examples, "example"), r.examples_skipped, counted(r.spans, "span"),
                                 counted(r.layers, "layer"), units_text(cost)) +
                     fmt::format("pushes    {} in {} of at most {}\n", cost.pushes,
                                 counted(cost.batches, "batch"), counted(cost.largest_batch_rows, "row"));
  text += fmt::format(
      "products  {}: {} in the layers' maps, {} in attention, {} in the head, {} once a text or span\n",
      flops_text(cost.flops()), flops_text(cost.push_work.linear), flops_text(cost.push_work.attention),
      flops_text(cost.push_work.head), flops_text(cost.shared_work.total()));
  text += fmt::format(
      "memory    {} at the fullest: weights {}, a text's baseline {}, a span {}, a batch {}{}{}\n",
      bytes_text(memory.peak), bytes_text(memory.weights), bytes_text(memory.baseline),
      bytes_text(memory.span), bytes_text(memory.batch), part_of_memory("an audit", memory.audit),
      part_of_memory("the residuals' statistics", memory.statistics));
  text += fmt::format("store     about {}\n", bytes_text(cost.store_bytes));
  text += fmt::format("machine   {:.0f} GFLOP/s of matrix products in {}, {}, measured now\n",
                      r.product_speed / 1e9, name_of(r.precision), counted(r.threads, "thread"));
  text += r.share ? fmt::format("time      about {} at the {:.0f} % of that which the store's units reached",
                                format_duration(r.seconds), 100 * *r.share)
                  : fmt::format("time      at least {}; units reach a part of that speed",
                                format_duration(r.seconds));
  text += ", besides loading the model\n";
  if (r.nodes) text += nodes_text(*r.nodes, r);
  return text;
}

std::string plan_json(const PlanReport& r) {
  using Json = nlohmann::ordered_json;
  const SweepCost& cost = r.cost;
  const Json json = {{"model", r.model},
                     {"examples", r.examples},
                     {"examples_skipped", r.examples_skipped},
                     {"spans", r.spans},
                     {"layers", r.layers},
                     {"shard", r.part ? part_json(*r.part) : Json()},
                     {"units", cost.units},
                     {"units_left", cost.units_left},
                     {"units_partial", cost.units_partial},
                     {"audits_left", cost.audits_left},
                     {"pushes", cost.pushes},
                     {"batches", cost.batches},
                     {"batch_rows", r.batch_rows},
                     {"flops",
                      {{"linear", cost.push_work.linear},
                       {"attention", cost.push_work.attention},
                       {"head", cost.push_work.head},
                       {"shared", cost.shared_work.total()},
                       {"total", cost.flops()}}},
                     {"bytes",
                      {{"weights", cost.memory.weights},
                       {"baseline", cost.memory.baseline},
                       {"span", cost.memory.span},
                       {"batch", cost.memory.batch},
                       {"audit", cost.memory.audit},
                       {"statistics", cost.memory.statistics},
                       {"peak", cost.memory.peak},
                       {"store", cost.store_bytes}}},
                     {"threads", r.threads},
                     {"precision", name_of(r.precision)},
                     {"product_gflops", r.product_speed / 1e9},
                     {"share", r.share ? Json(*r.share) : Json()},
                     {"seconds", r.seconds},
                     {"nodes", r.nodes ? nodes_json(*r.nodes) : Json()}};
  return json.dump(2) + "\n";
}

}  // namespace tugline
