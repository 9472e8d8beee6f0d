// Memory that runs out in a parallel loop or in a compute library, as an Error; anywhere else it is std::bad_alloc.
#pragma once

namespace tugline {

// For messages, whichever of the two it is.
inline constexpr const char* kOutOfMemory =
    "there is not enough memory: the model's weights in f32 and a batch of pushes must fit";

// Throws Error kIo, since the operating system refused.
[[noreturn]] void fail_out_of_memory();

}  // namespace tugline
