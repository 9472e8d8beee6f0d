// Makes one allocation of the program fail, the n-th that a parallel region's code of ours makes: for tests
// that what runs out of memory there is an Error. A program that links failing_allocations.cpp has it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>

namespace tugline::test {

// Runs `work` with its first allocation in a parallel region failing, then its second, and so on, until it
// gets through. Each failure must come out as the Error of core/out_of_memory. After `dense`
// allocations, every seventh is tried. Returns how many failures were tried.
int64_t fail_each_parallel_allocation(const std::function<void()>& work, int64_t dense = 100);

}  // namespace tugline::test
