// Calls on the library from Python: without the GIL, stopped by Ctrl-C, with warnings and progress handed to
// Python functions, and errors as Python's exceptions.
#pragma once

#include <nanobind/nanobind.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <optional>
#include <thread>

#include "tugline/options.h"

namespace tugline_python {

namespace nb = nanobind;

// Throws the exception class of tugline/_errors.py that belongs to the error.
[[noreturn]] void throw_error(const tugline::Error& error);

// One call, made and destroyed by the calling thread while it holds the GIL. Meanwhile SIGINT is blocked in
// this thread and in those that it starts: a compute library may have the stack pointer elsewhere while it
// multiplies, where a signal's handler would write into its data. The signal is let in, and Python's handler
// run, each time that the library asks whether to go on.
class Call {
 public:
  // `warn(sentence)` and `progress(pushes, all_pushes, work, unit)` are Python functions, or None.
  Call(nb::object warn, nb::object progress);
  // While a model is downloaded, calls fetched(bytes, all_bytes), or nothing if it is None.
  void tell_fetched(nb::object fetched);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Runs work(watch) without the GIL.
  template <typename Work>
  auto run(const Work& work) -> decltype(work(std::declval<const tugline::Watch&>())) {
    try {
      const nb::gil_scoped_release released;
      return work(watch_);
    } catch (const tugline::Error& error) {
      fail(error);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  bool keep_going();
  // With the GIL held, keeps the exception that Python raised and asks the library to stop.
  void stop_with_python_error();
  template <typename Function>
  void call_python(const Function& function);
  [[noreturn]] void fail(const tugline::Error& error);

  tugline::Watch watch_;
  nb::object warn_;
  nb::object progress_;
  nb::object fetched_;
  std::thread::id caller_ = std::this_thread::get_id();
  sigset_t before_;
  std::atomic<bool> stopped_ = false;
  std::optional<nb::python_error> raised_;
  Clock::time_point asked_ = Clock::now();
  Clock::time_point told_ = {};
};

// Runs quick work while the GIL is held.
template <typename Work>
auto guarded(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const tugline::Error& error) {
    throw_error(error);
  }
}

}  // namespace tugline_python
