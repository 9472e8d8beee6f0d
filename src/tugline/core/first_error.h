// Carries an exception out of a parallel loop, which none may leave by itself.
#pragma once

#include <exception>
#include <mutex>

namespace tugline {

class FirstError {
 public:
  // Runs `work`; keeps the first exception that any call throws. Thread-safe.
  template <typename Work>
  void guard(Work work) noexcept {
    try {
      work();
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
  // After the loop: throws what was kept.
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  std::mutex mutex_;
  std::exception_ptr error_;
};

}  // namespace tugline
