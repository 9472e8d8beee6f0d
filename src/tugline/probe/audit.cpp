#include "tugline/probe/audit.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tugline/core/content_hash.h"
#include "tugline/core/error.h"
#include "tugline/core/philox.h"
#include "tugline/probe/plain_replay.h"
#include "tugline/probe/reach.h"

namespace tugline {
namespace {

// A rerun on values carries f64's rounding, some 1e-13 of the logits' size; below this epsilon that is no longer small beside what the
// push does to them, to the digits that the bound of f32 asks for.
constexpr double kSmallestEpsilon = 1e-6;

std::vector<PushIndex> candidates(const PushOptions& options) {
  std::vector<PushIndex> pushes;
  for (int32_t d = 0; d < all_directions(options); ++d)
    for (int32_t e = 0; e < static_cast<int32_t>(options.epsilons.size()); ++e)
      if (std::abs(options.epsilons[static_cast<size_t>(e)]) >= kSmallestEpsilon) pushes.push_back({d, e});
  return pushes;
}

// Apart from the directions' streams, which hash other numbers.
PhiloxStream stream_of(uint64_t seed, const UnitSite& site) {
  ContentHash hash;
  hash.add_text("audit");
  for (const int64_t number : {static_cast<int64_t>(site.example_hash), site.span.begin, site.span.end,
                               static_cast<int64_t>(site.layer.value)})
    hash.add_number(static_cast<uint64_t>(number));
  return {.key = seed, .stream = hash.value()};
}

// Over the whole readout, whose rows before the push have not moved.
std::vector<double> means(const std::vector<RowResponse>& responses, const ReplayRows& rows) {
  const auto read = static_cast<size_t>(rows.read());
  std::vector<double> kl(responses.size() / read);
  for (size_t i = 0; i < responses.size(); ++i)
    kl[i / read] += responses[i].kl / static_cast<double>(rows.readout().size());
  return kl;
}

Baseline::Start start_of(const Model& model, const Baseline& baseline, std::span<const LayerIndex> layers,
                         int64_t tokens) {
  const LayerIndex lowest = *std::min_element(layers.begin(), layers.end());
  return {lowest, baseline.hook(), model.backend().download(baseline.residual(lowest).rows(0, tokens))};
}

}  // namespace

std::optional<double> audit_bound(std::string_view precision) {
  if (precision == "f32") return 1e-4;
  if (precision == "bf16") return 5e-2;
  if (precision == "plain-bf16") return std::nullopt;
  fail(ErrorCode::kInput, "precision '{}' has no bound for its audit; known are f32, bf16, plain-bf16",
       precision);
}

std::optional<double> audit_bound_of(const UnitRecord& unit, std::string_view precision) {
  const std::optional<double> bound = audit_bound(precision);
  if (!bound) return std::nullopt;
  double largest = 0;
  for (const ResponseRecord& response : unit.responses)
    if (response.kl > 0) largest = std::max(largest, response.kl_standard_error.value_or(0) / response.kl);
  return *bound + 5 * largest;
}

double disagreement(double kl, double exact) {
  if (exact == 0) return kl == 0 ? 0 : 1;
  return std::abs(kl - exact) / std::abs(exact);
}

std::vector<PushIndex> choose_audited(const PushOptions& options, const UnitSite& site, int64_t count) {
  std::vector<PushIndex> pushes = candidates(options);
  const auto chosen = std::min(static_cast<size_t>(count), pushes.size());
  std::vector<double> uniforms(chosen);
  fill_uniforms(stream_of(options.seed, site), uniforms);
  for (size_t i = 0; i < chosen; ++i) {  // the first steps of a Fisher-Yates shuffle
    const auto left = static_cast<double>(pushes.size() - i);
    std::swap(pushes[i], pushes[i + static_cast<size_t>(uniforms[i] * left)]);
  }
  pushes.resize(chosen);
  return pushes;
}

Auditor::Auditor(const Model& exact, const Model& model, const Baseline& baseline,
                 std::span<const LayerIndex> layers, int64_t tokens, double temperature)
    : exact_(exact),
      baseline_(exact, {baseline.ids().begin(), baseline.ids().begin() + tokens},
                start_of(model, baseline, layers, tokens), layers),
      temperature_(temperature) {}

const Auditor::Base& Auditor::base_of(const ReplayRows& rows) {
  if (base_ && base_->rows == rows) return *base_;
  const Matrix read = baseline_.final_normed().rows(rows.read_position(0).value, rows.read());
  base_.reset();  // before the next one is made: a plan's memory has room for one
  base_ = {.rows = rows,
           .final_normed = exact_.backend().download(read),
           .readout = read_baseline(exact_, baseline_, rows, {.temperature = temperature_})};
  return *base_;
}

// In f64 the difference of two reruns loses nothing that matters for the pushes that are audited.
std::vector<double> Auditor::rerun(const std::vector<double>& vectors, const ReplayRows& rows,
                                   LayerIndex layer) {
  const Base& base = base_of(rows);
  Backend& backend = exact_.backend();
  const auto pushes = static_cast<int64_t>(vectors.size()) / exact_.config().hidden_size;
  PlainReplayWorkspace workspace(exact_, pushes, rows);
  const Matrix x = PlainReplay(exact_, baseline_, rows, layer, workspace).final_normed(vectors);
  std::vector<double> dx = backend.download(x);
  for (size_t i = 0; i < dx.size(); ++i) dx[i] -= base.final_normed[i % base.final_normed.size()];
  backend.upload(dx, x);
  std::vector<RowResponse> responses(static_cast<size_t>(x.rows));
  backend.divergence(*exact_.weights().head, *base.readout, x, responses);
  return means(responses, rows);
}

void Auditor::audit(UnitRecord& unit, const ReplayRows& rows, const UnitSite& site,
                    const PushOptions& options, int64_t count) {
  if (out_of_reach(exact_.config(), rows, baseline_.site(site.layer))) return;
  const std::vector<PushIndex> pushes = choose_audited(options, site, count);
  constexpr auto kBatch = static_cast<size_t>(kAuditedAtOnce);
  for (size_t begin = 0; begin < pushes.size(); begin += kBatch) {
    const auto batch = std::span(pushes).subspan(begin, std::min(kBatch, pushes.size() - begin));
    std::vector<double> vectors;
    for (const PushIndex push : batch) {
      const std::vector<double> vector = push_vector(options, site, push).vector;
      vectors.insert(vectors.end(), vector.begin(), vector.end());
    }
    const std::vector<double> exact = rerun(vectors, rows, site.layer);
    for (size_t i = 0; i < batch.size(); ++i) {
      const size_t response = static_cast<size_t>(batch[i].direction) * options.epsilons.size() +
                              static_cast<size_t>(batch[i].epsilon);
      const double found = disagreement(unit.responses[response].kl, exact[i]);
      unit.audit_disagreement = std::max(unit.audit_disagreement.value_or(0), found);
    }
  }
  unit.audited = static_cast<int64_t>(pushes.size());
}

}  // namespace tugline
