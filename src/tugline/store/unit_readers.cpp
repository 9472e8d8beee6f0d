#include "tugline/store/unit_readers.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>

#include "tugline/core/parallel_for.h"

namespace tugline {
namespace {

constexpr size_t kFewestUnits = 16;  // for a part, since opening the store takes time

}  // namespace

size_t parts_to_read(size_t units) {
  return std::clamp<size_t>(units / kFewestUnits, 1, std::max(std::thread::hardware_concurrency(), 1U));
}

void for_each_unit(
    const RunStore& store, std::span<const UnitRecord> units, RowValues values,
    const std::function<void(const UnitRecord& unit, std::vector<ResponseRecord> responses)>& use) {
  const size_t readers = parts_to_read(units.size());
  std::vector<RunStore> own;
  for (size_t i = 1; i < readers; ++i) own.push_back(store.another_reader());
  std::vector<std::vector<ResponseRecord>> read(readers);  // one unit each: a unit may be large
  for (size_t begin = 0; begin < units.size(); begin += readers) {
    const size_t count = std::min(readers, units.size() - begin);
    parallel_for(static_cast<int64_t>(count), [&](int64_t number) {
      const auto i = static_cast<size_t>(number);
      read[i] = (i == 0 ? store : own[i - 1]).responses(units[begin + i].key, values);
    });
    for (size_t i = 0; i < count; ++i) use(units[begin + i], std::move(read[i]));
  }
}

void read_in_parts(const RunStore& store, size_t units,
                   const std::function<void(const RunStore& own, const UnitRange& part)>& read) {
  const size_t parts = parts_to_read(units);
  parallel_for(static_cast<int64_t>(parts), [&](int64_t number) {
    const auto part = static_cast<size_t>(number);
    const RunStore own = store.another_reader();
    read(own, {.part = part, .begin = units * part / parts, .end = units * (part + 1) / parts});
  });
}

}  // namespace tugline
