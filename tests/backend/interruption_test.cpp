// Work that is asked to stop ends before its next product, on every backend, and is taken up again
// afterwards.
#include <gtest/gtest.h>

#include <atomic>

#include "backend/both_backends.h"
#include "support/expect_error.h"

namespace tugline::test {
namespace {

void expect_interruptible(Backend& backend, std::atomic<bool>& going) {
  const LinearSource source = source_of(std::vector<double>(size_t{40} * 24, 0.5), 40, 24);
  const auto weight = backend.make_linear(source);
  const auto head = backend.make_head(source);
  const auto x = backend.allocate(3, 24);
  const auto y = backend.allocate(3, 40);
  const std::vector<int32_t> targets(3);
  const auto run = [&] { backend.linear(x->matrix(), *weight, y->matrix(), Accumulate::kNo); };
  const auto run_difference = [&] {
    backend.linear_difference(x->matrix(), *weight, y->matrix(), Accumulate::kNo);
  };
  const auto read_out = [&] { (void)backend.make_readout(*head, x->matrix(), targets); };
  for (const std::function<void()>& work : {std::function<void()>(run), {run_difference}, {read_out}}) {
    work();
    going = false;
    expect_error(ErrorCode::kInterrupted, {"interrupted"}, work);
    going = true;
    work();
  }
}

TEST(Interruption, StopsEveryBackend) {
  std::atomic<bool> going = true;
  const KeepGoing keep_going = [&] { return going.load(); };
  expect_interruptible(*make_reference_backend(keep_going), going);
  for (const Precision precision : {Precision::kF32, Precision::kBf16, Precision::kPlainBf16})
    expect_interruptible(
        *make_cpu_backend(
            {.precision = precision, .bf16_products = Bf16Products::kEmulated, .keep_going = keep_going}),
        going);
}

}  // namespace
}  // namespace tugline::test
