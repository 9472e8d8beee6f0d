// What a fuzz target does with input that is refused.
#pragma once

#include "tugline/core/error.h"

// Calls `read`. An Error is the right answer to most inputs, and ends nothing else.
template <typename Read>
void attempt(const Read& read) {
  try {
    read();
  } catch (const tugline::Error&) {
  }
}
