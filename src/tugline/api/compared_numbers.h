// Compares the numbers of two measurements of the same pushes: to the bit, and against the bound that two
// right computations in the same precision keep.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tugline/store/records.h"

namespace tugline {

class ComparedNumbers {
 public:
  // How a measure differs, its means and rows together.
  struct OfMeasure {
    double largest = 0;     // absolute difference
    int64_t responses = 0;  // that have any difference
    int64_t beyond = 0;     // of these, beyond the bound
  };

  // `precision`: the run's, which has a bound (store/audit_bounds) unless it is "plain-bf16".
  explicit ComparedNumbers(std::string precision) : precision_(std::move(precision)) {}

  // What is compared besides the responses: the readout rows, the push's position, the RMS and the note.
  // Time is not.
  void add(const UnitMeasurement& stored, const UnitMeasurement& again);

  [[nodiscard]] int64_t units() const { return units_; }
  [[nodiscard]] int64_t responses() const { return responses_; }
  [[nodiscard]] int64_t different_responses() const { return different_; }
  [[nodiscard]] int64_t responses_beyond_bound() const { return beyond_; }
  [[nodiscard]] int64_t different_units() const { return different_units_; }  // in what is not a response
  [[nodiscard]] int64_t missing_responses() const { return missing_; }        // that one of the two lacks
  [[nodiscard]] const ByMeasure<OfMeasure>& measures() const { return measures_; }

  [[nodiscard]] bool is_same() const { return different_ + different_units_ + missing_ == 0; }
  // Within the bound where the bits differ; false for a precision without a bound if they do.
  [[nodiscard]] bool is_within_bound() const { return beyond_ + different_units_ + missing_ == 0; }
  // "kl 3.1e-12 (4 responses), ...": the measures that differ; empty if none does.
  [[nodiscard]] std::string differences_text() const;

 private:
  void add(const ResponseRecord& stored, const ResponseRecord& again);

  std::string precision_;
  int64_t units_ = 0;
  int64_t responses_ = 0;
  int64_t different_ = 0;
  int64_t beyond_ = 0;
  int64_t different_units_ = 0;
  int64_t missing_ = 0;
  ByMeasure<OfMeasure> measures_{};
};

}  // namespace tugline
