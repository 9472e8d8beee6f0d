// Counts a sweep's pushes and work, and reports the progress to the caller.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "tugline/options.h"
#include "tugline/probe/plan.h"

namespace tugline {

class ProgressCount {
 public:
  // `parts` says what is already measured.
  ProgressCount(const ModelConfig& config, const SweepPlan& plan, const SweepOptions& options,
                std::function<void(const CallProgress&)> tell, const PartsOf& parts = no_parts)
      : tell_(std::move(tell)) {
    const SweepCost cost = cost_of(config, plan, options, parts);
    now_.all_pushes = cost.pushes;
    all_flops_ = cost.push_work.total();
  }

  void add(int64_t pushes, double flops) {
    now_.pushes += pushes;
    flops_ += flops;
    now_.work = all_flops_ > 0 ? std::min(flops_ / all_flops_, 1.0) : 0;
    if (tell_ && pushes > 0) tell_(now_);
  }
  void finish_unit(std::string unit) {
    now_.unit = std::move(unit);
    if (tell_) tell_(now_);
  }

 private:
  std::function<void(const CallProgress&)> tell_;
  CallProgress now_;
  double flops_ = 0;
  double all_flops_ = 0;
};

}  // namespace tugline
