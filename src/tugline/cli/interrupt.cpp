#include "tugline/cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <system_error>
#include <thread>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::atomic<bool> are_caught = false;
std::atomic<bool> asked_to_stop = false;

sigset_t watched_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

// As if the signal had never been blocked.
void end_process(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  std::raise(signal);
}

void watch() {
  const sigset_t signals = watched_signals();
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (!are_caught || asked_to_stop) end_process(signal);
    asked_to_stop = true;
  }
}

}  // namespace

void watch_interrupts() {
  const sigset_t signals = watched_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  try {
    std::thread(watch).detach();
  } catch (const std::system_error& e) {
    fail(ErrorCode::kIo, "the thread that waits for Ctrl-C cannot be started: {}", e.what());
  }
}

void catch_interrupts() { are_caught = true; }

bool interrupted() { return asked_to_stop; }

}  // namespace tugline
