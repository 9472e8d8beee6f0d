#include "tugline/store/unit_readers.h"

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "tugline/core/parallel_for.h"

namespace tugline {
namespace {

constexpr size_t kFewestUnits = 16;  // for a part, since opening the store takes time

using Responses = std::vector<ResponseRecord>;

// What was made of the units that have been read and not used yet: at most `most`, because a unit may be
// large.
template <typename Made>
class ReadAhead {
 public:
  ReadAhead(size_t units, size_t most) : units_(units), slots_(most) {}

  // Reads units until each has a reader, or another thread fails.
  template <typename Read>
  void read_all(const Read& read) {
    unless_stopped([&] {
      std::unique_lock lock(mutex_);
      for (;;) {
        changed_.wait(lock, [&] { return is_stopped_ || next_ == units_ || may_read(); });
        if (is_stopped_ || next_ == units_) return;
        read_next(lock, read);
      }
    });
  }

  // Calls use(unit, made) for each unit in order, and reads if nothing is there to be used.
  template <typename Read, typename Use>
  void use_all(const Read& read, const Use& use) {
    unless_stopped([&] {
      std::unique_lock lock(mutex_);
      while (used_ < units_ && !is_stopped_) {
        if (std::optional<Made>& slot = slot_of(used_); slot) {
          Made made = *std::exchange(slot, std::nullopt);
          const size_t unit = used_++;
          changed_.notify_all();
          lock.unlock();
          use(unit, std::move(made));
          lock.lock();
        } else if (may_read()) {
          read_next(lock, read);
        } else {
          changed_.wait(lock);
        }
      }
    });
  }

 private:
  [[nodiscard]] bool may_read() const { return next_ < std::min(units_, used_ + slots_.size()); }
  std::optional<Made>& slot_of(size_t unit) { return slots_[unit % slots_.size()]; }

  template <typename Read>
  void read_next(std::unique_lock<std::mutex>& lock, const Read& read) {
    const size_t unit = next_++;
    lock.unlock();
    Made made = read(unit);
    lock.lock();
    slot_of(unit) = std::move(made);
    changed_.notify_all();
  }

  template <typename Work>
  void unless_stopped(const Work& work) {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      is_stopped_ = true;
      changed_.notify_all();
      throw;
    }
  }

  size_t units_;
  std::mutex mutex_;  // of all that follows
  std::condition_variable changed_;
  std::vector<std::optional<Made>> slots_;  // of the units from used_ on
  size_t next_ = 0;                         // to be read
  size_t used_ = 0;
  bool is_stopped_ = false;
};

// Calls use(unit, make(a reader's store, unit)) for each unit below `units`, in their order.
template <typename Made>
void make_ahead(const RunStore& store, size_t units,
                const std::function<Made(const RunStore& reader, size_t unit)>& make,
                const std::function<void(size_t unit, Made made)>& use) {
  const size_t readers = parts_to_read(units);
  std::vector<RunStore> own;
  for (size_t i = 1; i < readers; ++i) own.push_back(store.another_reader());
  ReadAhead<Made> ahead(units, 2 * readers);
  // The calling thread has number 0: it uses the units, and reads while the next is not there yet.
  parallel_for(static_cast<int64_t>(readers), [&](int64_t number) {
    const RunStore& reader = number == 0 ? store : own[static_cast<size_t>(number - 1)];
    const auto read = [&](size_t unit) { return make(reader, unit); };
    if (number == 0)
      ahead.use_all(read, use);
    else
      ahead.read_all(read);
  });
}

}  // namespace

size_t parts_to_read(size_t units) {
  return std::clamp<size_t>(units / kFewestUnits, 1, std::max(std::thread::hardware_concurrency(), 1U));
}

void for_each_unit(
    const RunStore& store, std::span<const UnitRecord> units, RowValues values,
    const std::function<void(const UnitRecord& unit, std::vector<ResponseRecord> responses)>& use) {
  make_ahead<Responses>(
      store, units.size(),
      [&](const RunStore& reader, size_t unit) { return reader.responses(units[unit].key, values); },
      [&](size_t unit, Responses responses) { use(units[unit], std::move(responses)); });
}

void for_each_text(const RunStore& store, std::span<const UnitRecord> units, RowValues values,
                   const std::function<std::string(const UnitRecord& unit,
                                                   const std::vector<ResponseRecord>& responses)>& text_of,
                   const std::function<void(std::string text)>& use) {
  make_ahead<std::string>(
      store, units.size(),
      [&](const RunStore& reader, size_t unit) {
        return text_of(units[unit], reader.responses(units[unit].key, values));
      },
      [&](size_t, std::string text) { use(std::move(text)); });
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
