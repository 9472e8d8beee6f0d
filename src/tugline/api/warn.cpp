#include "tugline/api/warn.h"

#include <fmt/format.h>

#include "tugline/core/printable.h"
#include "tugline/report/part_warnings.h"
#include "tugline/store/audit_bounds.h"

namespace tugline {

void warn_of_audit(const UnitRecord& unit, std::string_view precision, const std::string& name,
                   const Watch& watch) {
  const auto bounds = audit_bounds_of(unit.measured.responses, precision);
  if (!bounds) return;
  for (const size_t m : beyond_bounds(unit.audit, *bounds))
    warn(watch,
         fmt::format("{}: of {} audited pushes one disagrees with its rerun in f64 by {:.1e} in {}; {} "
                     "should stay within {:.1e}: do not trust this unit",
                     name, unit.audit.pushes, *unit.audit.disagreements[m], kMeasures[m].name, precision,
                     (*bounds)[m]));
}

void warn_of_part(const RunStore& store, const Watch& watch) {
  for (const std::string& warning : part_warnings(store)) warn(watch, warning);
}

void warn_of_notes(const Tokenizer& tokenizer, const Watch& watch) {
  for (const std::string& note : tokenizer.notes())
    warn(watch, fmt::format("{}. bos always and bos never overrule both", note));
}

void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts, const Watch& watch) {
  if (count == 0) return;
  warn(watch,
       fmt::format(
           "{} begin{} with the BOS '{}' already and get{} another; take it out of the text, or set bos to "
           "never",
           texts == 1 ? "the text" : fmt::format("{} of {} texts", count, texts), count == 1 ? "s" : "",
           printable(tokenizer.token_bytes(*tokenizer.bos_id())), count == 1 ? "s" : ""));
}

}  // namespace tugline
