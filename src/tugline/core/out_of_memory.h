// Turns a lack of memory in a parallel loop or in a compute library into an Error. Anywhere else it is
// std::bad_alloc.
#pragma once

namespace tugline {

// The message for both.
inline constexpr const char* kOutOfMemory =
    "there is not enough memory: the model's weights in f32 and a batch of pushes must fit";

// Throws Error (kIo), because the operating system refused the memory.
[[noreturn]] void fail_out_of_memory();

}  // namespace tugline
