// Parallel loops over OpenMP's threads that throw exceptions like plain loops. (If an exception leaves an
// OpenMP region, the process ends.) Every parallel loop of the library is one of these.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>

#include "tugline/core/out_of_memory.h"

namespace tugline {

// Carries the first exception of several threads out of a parallel region.
class FirstError {
 public:
  // Runs `work`, and keeps the exception that it throws. Does nothing if an earlier call has thrown.
  // Thread-safe.
  template <typename Work>
  void guard(const Work& work) noexcept {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      work();
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
  }
  // Call it after the region: throws the kept exception, if there is one. std::bad_alloc becomes an Error.
  void rethrow() const {
    if (!error_) return;
    try {
      std::rethrow_exception(error_);
    } catch (const std::bad_alloc&) {
      fail_out_of_memory();
    }
  }

 private:
  std::atomic<bool> failed_ = false;
  std::exception_ptr error_;  // written by the one thread that set failed_
};

// How indices are dealt to threads: in equal runs, in turn, or to whichever thread is free.
enum class Schedule { kStatic, kInterleaved, kDynamic };

// Which threads run the loop. kOne: only the calling one, for loops that are too short to wake others.
enum class Team { kAll, kOne };

// Calls body(state, i) once for each i of [0, count). Each thread has its own
// `state`, made by make(). After the first exception no further call begins;
// when all threads are done, that exception is thrown as by FirstError::rethrow.
template <Schedule schedule = Schedule::kStatic, typename Make, typename Body>
void parallel_for_with(int64_t count, const Make& make, const Body& body, Team team = Team::kAll) {
  FirstError error;
#pragma omp parallel if (team == Team::kAll)
  {
    std::optional<decltype(make())> state;
    error.guard([&] { state.emplace(make()); });
    const auto step = [&](int64_t i) { error.guard([&] { body(*state, i); }); };
    if constexpr (schedule == Schedule::kStatic) {
#pragma omp for schedule(static)
      for (int64_t i = 0; i < count; ++i) step(i);
    } else if constexpr (schedule == Schedule::kInterleaved) {
#pragma omp for schedule(static, 1)
      for (int64_t i = 0; i < count; ++i) step(i);
    } else {
#pragma omp for schedule(dynamic)
      for (int64_t i = 0; i < count; ++i) step(i);
    }
  }
  error.rethrow();
}

// The same for a body(i) that needs no state.
template <Schedule schedule = Schedule::kStatic, typename Body>
void parallel_for(int64_t count, const Body& body, Team team = Team::kAll) {
  struct None {};
  parallel_for_with<schedule>(
      count, [] { return None(); }, [&](None, int64_t i) { body(i); }, team);
}

}  // namespace tugline
