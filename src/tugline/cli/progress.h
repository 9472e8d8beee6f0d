// How far a sweep is, on a StatusLine.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "tugline/cli/status_line.h"

namespace tugline {

class Progress {
 public:
  // What is left is estimated from `total_flops`, since pushes at one layer take longer than at another.
  Progress(int64_t total_pushes, double total_flops);
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
  Clock::time_point start_ = Clock::now();
  StatusLine line_ = {};
};

}  // namespace tugline
