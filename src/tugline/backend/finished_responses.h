// The responses of a backend that computes them before it returns.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tugline/backend/backend.h"

namespace tugline {

class FinishedResponses final : public PendingResponses {
 public:
  explicit FinishedResponses(std::vector<RowResponse> responses) : responses_(std::move(responses)) {}
  [[nodiscard]] std::vector<RowResponse> collect() override { return std::move(responses_); }

 private:
  std::vector<RowResponse> responses_;
};

// Runs `compute`, which writes `count` responses to the span that it is given.
template <typename Compute>
[[nodiscard]] std::unique_ptr<PendingResponses> finished_responses(int64_t count, Compute compute) {
  std::vector<RowResponse> responses(static_cast<size_t>(count));
  compute(std::span<RowResponse>(responses));
  return std::make_unique<FinishedResponses>(std::move(responses));
}

}  // namespace tugline
