// Reading the weights that a LinearSource holds, slice by slice in parallel: dequantising them takes the time.
#pragma once

#include <functional>
#include <span>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// Rows [first, first + count) of the source, into `to` [count, in]. Throws what the source throws.
void read_rows(const LinearSource& source, int64_t first, int64_t count, float* to);

// Calls visit(begin, rows) for every slice of the source once, in any order, from several threads at a time: `rows` [some, in] are those
// from `begin` on, and gone when it returns. Throws what the source or `visit` throws.
void for_each_slice(const LinearSource& source,
                    const std::function<void(int64_t begin, std::span<const float> rows)>& visit);

}  // namespace tugline::cpu
