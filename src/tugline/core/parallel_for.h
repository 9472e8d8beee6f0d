// Loops over OpenMP's threads, out of which an exception comes as it does out of a plain loop: OpenMP itself ends the
// process when one leaves a parallel region. Every parallel loop of the library is one of these.
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
  // Runs `work` unless an earlier call has thrown, and keeps what it throws. Thread-safe.
  template <typename Work>
  void guard(const Work& work) noexcept {
    if (failed_.load(std::memory_order_relaxed)) return;
    try {
      work();
    } catch (...) {
      if (!failed_.exchange(true)) error_ = std::current_exception();
    }
  }
  // After the region: throws what was kept. Memory that ran out becomes an Error.
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

// kOne: the calling thread alone, for loops that are too short to wake others for.
enum class Team { kAll, kOne };

// Calls body(state, i) once for each i of [0, count); each thread has a `state` of its own, made by make(). After the
// first exception no further call begins, and that exception is thrown when all threads are done; as of
// FirstError::rethrow, std::bad_alloc becomes an Error.
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
