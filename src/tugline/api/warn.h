// Passes warnings to the watcher of a call.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tugline/options.h"
#include "tugline/store/records.h"
#include "tugline/store/run_store.h"
#include "tugline/text/tokenizer.h"

namespace tugline {

// Passes the sentence on, if there is a watcher.
inline void warn(const Watch& watch, const std::string& sentence) {
  if (watch.warn) watch.warn(sentence);
}

// Warns of each measure in which the unit's audit found more than its bound. `precision` is the run's, `name`
// the unit's in messages.
void warn_of_audit(const UnitRecord& unit, std::string_view precision, const std::string& name,
                   const Watch& watch);

// Warns of what report/part_warnings says of the store.
void warn_of_part(const RunStore& store, const Watch& watch);

// Warns of what the tokenizer's files contradict each other about.
void warn_of_notes(const Tokenizer& tokenizer, const Watch& watch);

// Warns if `count` of `texts` begin with the BOS and get another one in front.
void warn_of_two_bos(const Tokenizer& tokenizer, int64_t count, int64_t texts, const Watch& watch);

}  // namespace tugline
