// Decides how often, and after which pauses, a request is tried again. Internal to files/hub/.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "tugline/files/hub/http.h"

namespace tugline {

class Retries {
 public:
  // `say` gets a line for each pause; it may be empty.
  Retries(const HttpClient& client, std::function<void(const std::string&)> say)
      : client_(client), say_(std::move(say)) {}

  // Call it after progress: the next failure counts as the first again.
  void made_progress() { failures_ = 0; }
  // Sleeps before the next attempt: 1, 2, 4 and 8 seconds, or as the server asked. Throws Error: kIo after
  // the fifth failure in a row, or if the server asks for more than two minutes; kInterrupted.
  void wait_after(const TransientFailure& failure);

 private:
  const HttpClient& client_;
  std::function<void(const std::string&)> say_;
  int failures_ = 0;
};

// Repeats `attempt` until it throws no TransientFailure, and returns its result.
template <typename Attempt>
auto with_retries(Retries retries, const Attempt& attempt) {
  for (;;) {
    try {
      return attempt();
    } catch (const TransientFailure& failure) {
      retries.wait_after(failure);
    }
  }
}

}  // namespace tugline
