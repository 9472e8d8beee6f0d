// Reads the units of a store by all threads, each over a connection of its own: most of the time of reading
// goes into checksums.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tugline/store/run_store.h"

namespace tugline {

// Calls use(unit, its responses) for each of `units`, in their order and on the calling thread, while
// the other threads read the next few. Throws what reading and `use` throw.
void for_each_unit(
    const RunStore& store, std::span<const UnitRecord> units, RowValues values,
    const std::function<void(const UnitRecord& unit, std::vector<ResponseRecord> responses)>& use);

// Calls use(text_of(unit, its responses)) for each of `units`, in their order and on the calling thread.
// text_of is called on all threads, several units at a time.
void for_each_text(const RunStore& store, std::span<const UnitRecord> units, RowValues values,
                   const std::function<std::string(const UnitRecord& unit,
                                                   const std::vector<ResponseRecord>& responses)>& text_of,
                   const std::function<void(std::string text)>& use);

// Consecutive parts of [0, units), about equal.
struct UnitRange {
  size_t part = 0;
  size_t begin = 0;
  size_t end = 0;
};
[[nodiscard]] size_t parts_to_read(size_t units);
// Calls read(connection, part) for each of parts_to_read(units) parts, at the same time. Throws what one of
// them throws.
void read_in_parts(const RunStore& store, size_t units,
                   const std::function<void(const RunStore& own, const UnitRange& part)>& read);

}  // namespace tugline
