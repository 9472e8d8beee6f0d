#include "tugline/core/out_of_memory.h"

#include "tugline/core/error.h"

namespace tugline {

void fail_out_of_memory() { fail(ErrorCode::kIo, "{}", kOutOfMemory); }

}  // namespace tugline
