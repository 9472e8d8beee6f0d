// A line that says how far some work is: rewritten in place on a terminal, a line of its own now and then
// elsewhere. Writes to stderr.
#pragma once

#include <chrono>
#include <string>

namespace tugline {

class StatusLine {
 public:
  StatusLine();
  ~StatusLine();
  StatusLine(const StatusLine&) = delete;
  StatusLine& operator=(const StatusLine&) = delete;

  // Whether it is time to show another line. A terminal can be rewritten often; a log should stay readable
  // after hours.
  [[nodiscard]] bool is_due() const;
  void show(std::string line);
  // Ends the line on a terminal, so that something else can be written.
  void end();

 private:
  using Clock = std::chrono::steady_clock;
  bool is_live_;
  bool is_open_ = false;
  Clock::time_point shown_ = Clock::now();
};

// "1:05", "2:03:04".
[[nodiscard]] std::string format_duration(double seconds);

}  // namespace tugline
