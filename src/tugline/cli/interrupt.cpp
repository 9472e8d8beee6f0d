#include "tugline/cli/interrupt.h"

#include <atomic>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "tugline/core/error.h"

namespace tugline {
namespace {

std::atomic<bool> are_caught = false;
std::atomic<bool> is_session = false;
std::mutex last_is_used;
std::function<void()> last;
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
  {
    const std::scoped_lock lock(last_is_used);
    if (last) last();
  }
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
    const bool ends = is_session ? signal == SIGTERM : asked_to_stop.load();
    if (!are_caught || ends) end_process(signal);
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

void catch_interrupts_of_session() {
  is_session = true;
  are_caught = true;
}

void forget_interrupts() { asked_to_stop = false; }

void before_signal_ends_process(std::function<void()> function) {
  const std::scoped_lock lock(last_is_used);
  last = std::move(function);
}

bool interrupted() { return asked_to_stop; }

}  // namespace tugline
