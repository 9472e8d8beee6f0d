// How many threads parallel loops run on, for as long as a piece of work takes. The process's own setting
// comes back afterwards: a library must not leave another one with fewer threads than it had.
#pragma once

#include <omp.h>

namespace tugline {

// Sets OpenMP's threads for parallel regions that the calling thread starts; 0 leaves them as they are. To be
// destroyed by the thread that made it.
class ThreadCount {
 public:
  explicit ThreadCount(int threads) : before_(omp_get_max_threads()) {
    if (threads > 0) omp_set_num_threads(threads);
  }
  ~ThreadCount() { omp_set_num_threads(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace tugline
