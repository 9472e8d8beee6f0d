#include "tugline/report/run_grid.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "tugline/core/error.h"
#include "tugline/core/precision.h"
#include "tugline/store/audit_bounds.h"
#include "tugline/store/field_names.h"
#include "tugline/store/identity_field.h"
#include "tugline/store/unit_readers.h"

namespace tugline {
namespace {

RunFacts::Directions directions_of(const std::string& family) {
  static const std::set<std::string> kRandom{"",           "isotropic", "mean-centred", "covariance-diagonal",
                                             "covariance", "difference"};
  if (kRandom.contains(family)) return RunFacts::Directions::kRandom;
  return family == "principal" ? RunFacts::Directions::kPrincipal : RunFacts::Directions::kSupplied;
}

// What one thread has read of some units.
struct Part {
  ResponseGridBuilder main;
  ResponseGridBuilder null;
  std::vector<ResponseGridBuilder> by_length;
  RunFacts facts = {};
  std::set<std::string> measures = {};  // that some push has
};

Part empty_part(const ResponseMeasure& measure) {
  Part part{.main = ResponseGridBuilder(measure), .null = ResponseGridBuilder(measure), .by_length = {}};
  for (const char* name : {"kl", "kl_own_row", "kl_sum"})
    part.by_length.emplace_back(response_measure_named(name));
  return part;
}

void add_audit(const UnitRecord& unit, const std::vector<ResponseRecord>& responses,
               const std::string& precision, RunFacts& facts) {
  ++facts.units;
  facts.audited += unit.audit.pushes;
  const std::optional<double>& found = unit.audit.disagreements[kKl];
  if (found && (!facts.worst_disagreement || *found > *facts.worst_disagreement)) {
    facts.worst_disagreement = found;
    facts.worst_unit = unit.key;
  }
  if (precision.empty()) return;
  const auto bounds = audit_bounds_of(responses, precision);
  if (bounds && !beyond_bounds(unit.audit, *bounds).empty()) facts.beyond_bound.push_back(unit.key);
}

void add_unit(const UnitRecord& unit, std::vector<ResponseRecord> responses, const std::string& precision,
              Part& part) {
  add_audit(unit, responses, precision, part.facts);
  if (!responses.empty())
    for (std::string& name : names_of_measures_in(responses.front())) part.measures.insert(std::move(name));
  const auto null = std::stable_partition(
      responses.begin(), responses.end(),
      [](const ResponseRecord& response) { return response.set == DirectionSet::kMain; });
  const std::span<const ResponseRecord> of_main(responses.begin(), null);
  part.main.add(unit, of_main);
  for (ResponseGridBuilder& builder : part.by_length) builder.add(unit, of_main);
  part.null.add(unit, {null, responses.end()});
}

// `part` is about later units.
void append(Part part, Part& whole) {
  whole.main.append(std::move(part.main));
  whole.null.append(std::move(part.null));
  for (size_t i = 0; i < whole.by_length.size(); ++i) whole.by_length[i].append(std::move(part.by_length[i]));
  whole.measures.merge(part.measures);
  RunFacts& facts = whole.facts;
  facts.units += part.facts.units;
  facts.audited += part.facts.audited;
  facts.beyond_bound.insert(facts.beyond_bound.end(), part.facts.beyond_bound.begin(),
                            part.facts.beyond_bound.end());
  if (part.facts.worst_disagreement &&
      (!facts.worst_disagreement || *part.facts.worst_disagreement > *facts.worst_disagreement)) {
    facts.worst_disagreement = part.facts.worst_disagreement;
    facts.worst_unit = part.facts.worst_unit;
  }
}

std::vector<Part> read_parts(const RunStore& store, const ResponseMeasure& measure,
                             const std::string& precision) {
  const std::vector<UnitRecord> units = store.units();
  std::vector<Part> parts(parts_to_read(units.size()), empty_part(measure));
  read_in_parts(store, units.size(), [&](const RunStore& own, const UnitRange& range) {
    for (size_t i = range.begin; i < range.end; ++i)
      add_unit(units[i], own.responses(units[i].key, RowValues::kSkip), precision, parts[range.part]);
  });
  return parts;
}

}  // namespace

ResponseGrid read_grid(const RunStore& store, DirectionSet set, const ResponseMeasure& measure) {
  ResponseGridBuilder builder(measure);
  for_each_unit(store, store.units(), RowValues::kSkip,
                [&](const UnitRecord& unit, std::vector<ResponseRecord> responses) {
                  std::erase_if(responses,
                                [set](const ResponseRecord& response) { return response.set != set; });
                  builder.add(unit, responses);
                });
  return builder.build();
}

RunReading read_run(const RunStore& store, const ResponseMeasure& measure) {
  const RunIdentity identity = store.identity();
  Part whole = empty_part(measure);
  for (Part& part : read_parts(store, measure, identity_field(identity, field::kPrecision)))
    append(std::move(part), whole);
  if (!whole.measures.empty() && !whole.measures.contains(measure.name))
    refuse("measure", "the run has no {}; it has {}", measure.name, fmt::join(whole.measures, ", "));
  RunReading reading{.facts = std::move(whole.facts)};
  reading.facts.directions = directions_of(identity_field(identity, field::kDirectionFamily));
  reading.facts.is_rounding_noise =
      identity_field(identity, field::kPrecision) == name_of(Precision::kPlainBf16);
  reading.grids.main = whole.main.build();
  reading.grids.null = whole.null.build();
  for (const ResponseGridBuilder& builder : whole.by_length)
    reading.grids.by_length.push_back(builder.build());
  return reading;
}

}  // namespace tugline
