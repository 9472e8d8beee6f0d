// Reads the weights of a LinearSource, slice by slice and in parallel, because dequantising takes time.
#pragma once

#include <functional>
#include <span>

#include "tugline/backend/backend.h"

namespace tugline::cpu {

// Reads rows [first, first + count) of the source into `to` [count, in]. Throws what the source throws.
void read_rows(const LinearSource& source, int64_t first, int64_t count, float* to);

// Calls visit(begin, rows) once for every slice of the source, in any order, from several threads at a time.
// `rows` [some, in] begins at row `begin`, and is valid only during the call. Throws what the source or
// `visit` throws.
void for_each_slice(const LinearSource& source,
                    const std::function<void(int64_t begin, std::span<const float> rows)>& visit);

}  // namespace tugline::cpu
