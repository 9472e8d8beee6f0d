// How far a sweep is: one live line on a terminal, a plain line now and then elsewhere. Writes to stderr.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tugline {

class Progress {
 public:
  // What is left is estimated from `total_flops`, since pushes at one layer take longer than at another.
  Progress(int64_t total_pushes, double total_flops);
  ~Progress();
  void add(int64_t pushes, double flops);
  // What is being worked on, such as "example 3, layer 24".
  void describe(std::string what) { what_ = std::move(what); }

 private:
  using Clock = std::chrono::steady_clock;
  void show();

  int64_t total_;
  int64_t done_ = 0;
  double total_flops_;
  double done_flops_ = 0;
  std::string what_;
  bool live_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
};

// "1:05", "2:03:04".
[[nodiscard]] std::string format_duration(double seconds);

}  // namespace tugline
